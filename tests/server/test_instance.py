"""One server per data directory, its address, and the modes of private files."""

import json
import os
import stat
from pathlib import Path

import pytest

from trainwright.server.instance import CannotStart, last_port, listening, only_one, publish
from trainwright.server.private_files import read_json, read_or_create, write_private
from trainwright.server.settings import Settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_second_server_is_refused_with_the_first_ones_address(tmp_path: Path) -> None:
    """The message names process and URL of the one that runs; afterwards the directory is free again."""
    with only_one(tmp_path / "d"):
        publish(tmp_path / "d", "http://127.0.0.1:9")
        with (
            pytest.raises(CannotStart, match=rf"pid {os.getpid()}, http://127.0.0.1:9"),
            only_one(tmp_path / "d"),
        ):
            pass
    with only_one(tmp_path / "d"):
        pass


def test_data_directory_and_files_are_private(tmp_path: Path) -> None:
    """0700 for the directory we make, 0600 for the files, whatever the umask."""
    umask = os.umask(0)
    try:
        with only_one(tmp_path / "d"):
            publish(tmp_path / "d", "http://127.0.0.1:9")
    finally:
        os.umask(umask)
    assert mode(tmp_path / "d") == 0o700
    assert {mode(path) for path in (tmp_path / "d").iterdir()} == {0o600}


def test_unusable_data_directory_is_said(tmp_path: Path) -> None:
    """A file in its place gives a sentence, not a traceback."""
    (tmp_path / "d").write_text("")
    with pytest.raises(CannotStart, match="cannot be used"), only_one(tmp_path / "d"):
        pass


def test_port_zero_takes_the_last_port_again(tmp_path: Path) -> None:
    """Runners of the last life report to its port, so the next one takes it when it can."""
    settings = Settings(data_dir=tmp_path, port=0)
    assert last_port(tmp_path) == 0
    with listening(settings) as sock:
        port = sock.getsockname()[1]
    publish(tmp_path, settings.local_url(port))
    with listening(settings) as sock:
        assert sock.getsockname()[1] == port
        with listening(settings) as other:
            assert other.getsockname()[1] not in (0, port)


def test_taken_port_is_said(tmp_path: Path) -> None:
    """The message says what to do."""
    with listening(Settings(data_dir=tmp_path, port=0)) as sock:
        taken = Settings(data_dir=tmp_path, port=sock.getsockname()[1])
        with pytest.raises(CannotStart, match="--port"), listening(taken):
            pass


def test_damaged_address_file_is_no_obstacle(tmp_path: Path) -> None:
    """Half a file from a full disk, or anything else, only means that nothing is known."""
    for content in ('{"url"', "[]", '{"url": 5}', '{"url": "http://h:99999"}', "\0"):
        (tmp_path / "server.json").write_text(content)
        assert last_port(tmp_path) == 0


def test_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """The second life reads what the first wrote; a widened mode is put right."""
    path = tmp_path / "secret.key"
    assert read_or_create(path, lambda: b"one") == b"one"
    path.chmod(0o644)
    assert read_or_create(path, lambda: b"two") == b"one"
    assert mode(path) == 0o600


def test_leftover_draft_does_not_hinder(tmp_path: Path) -> None:
    """A crash in the middle of writing leaves a draft; the next write replaces it."""
    (tmp_path / f".x.{os.getpid()}").write_text("half")
    write_private(tmp_path / "x", json.dumps({"a": 1}).encode())
    assert read_json(tmp_path / "x") == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
