"""Where settings come from, which source wins, and what is said of bad ones."""

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from trainwright.server.loading import MASK, BadSettings, load
from trainwright.server.program import main
from trainwright.server.settings import Settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own environment gets in."""
    for name in [name for name in os.environ if name.startswith("TRAINWRIGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_defaults_need_nothing(tmp_path: Path) -> None:
    """Without any source the server listens on loopback and keeps its data in the XDG folder."""
    loaded = load({})
    assert loaded.settings.data_dir == tmp_path / "xdg" / "trainwright"
    assert (loaded.settings.host, loaded.settings.port) == ("127.0.0.1", 8600)
    assert loaded.settings.database == f"sqlite:///{tmp_path}/xdg/trainwright/trainwright.db"
    assert {source for _, _, source in loaded.rows()} == {"default"}


def test_flag_beats_environment_beats_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Precedence, and where each value is said to come from."""
    path = write(
        tmp_path / "s.toml", 'host = "file"\nport = 1\nlanguage = "zh-cn"\n[storage]\nregion = "r1"\n'
    )
    monkeypatch.setenv("TRAINWRIGHT_HOST", "env")
    monkeypatch.setenv("TRAINWRIGHT_PORT", "2")
    monkeypatch.setenv("TRAINWRIGHT_POOL__CPUS", "1.5")
    loaded = load({"port": "3", "host": None}, path)
    settings = loaded.settings
    assert (settings.port, settings.host, settings.storage.region, settings.pool.cpus) == (
        3,
        "env",
        "r1",
        1.5,
    )
    sources = {name: source for name, _, source in loaded.rows()}
    assert sources["port"] == "--port"
    assert sources["host"] == "TRAINWRIGHT_HOST"
    assert sources["pool.cpus"] == "TRAINWRIGHT_POOL__CPUS"
    assert sources["language"] == sources["storage.region"] == str(path)
    assert sources["storage.kind"] == "default"


def test_file_is_found_in_the_data_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`<data_dir>/server.toml` counts, `$TRAINWRIGHT_CONFIG` replaces it, `--config` replaces that."""
    write(tmp_path / "d" / "server.toml", "port = 11")
    assert load({"data_dir": str(tmp_path / "d")}).settings.port == 11
    monkeypatch.setenv("TRAINWRIGHT_CONFIG", str(write(tmp_path / "e.toml", "port = 12")))
    assert load({"data_dir": str(tmp_path / "d")}).settings.port == 12
    assert (
        load({"data_dir": str(tmp_path / "d")}, write(tmp_path / "f.toml", "port = 13")).settings.port == 13
    )


def test_empty_variables_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exported but empty variable is no value."""
    monkeypatch.setenv("TRAINWRIGHT_PORT", "")
    assert load({}).settings.port == 8600


def test_every_bad_field_is_named_with_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line a field: name, what is wrong, where it stands."""
    path = write(tmp_path / "s.toml", 'prot = 1\nsandbox = "maybe"\npublic_url = "ftp://x"\n')
    monkeypatch.setenv("TRAINWRIGHT_STORAGE__KIND", "tape")
    with pytest.raises(BadSettings) as caught:
        load({"port": "70000"}, path)
    lines = dict(line.split(": ", 1) for line in caught.value.problems)
    assert set(lines) == {"prot", "sandbox", "public_url", "storage.kind", "port"}
    assert "no such setting" in lines["prot"] and f"[{path}]" in lines["prot"]
    assert "[--port]" in lines["port"] and "65535" in lines["port"]
    assert "[TRAINWRIGHT_STORAGE__KIND]" in lines["storage.kind"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = ", "not TOML"),
        ('storage = "s3"', "storage"),
        ('[storage]\nkind = "s3"', "access_key"),
        ('[storage]\nendpoint = "http://store"', "allow_http"),
        ("upload_period_s = 0", "upload_period_s"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, said: str) -> None:
    """Each kind of mistake in a file is told apart."""
    with pytest.raises(BadSettings, match=said):
        load({}, write(tmp_path / "s.toml", text))


def test_named_file_must_exist(tmp_path: Path) -> None:
    """A typo in `--config` is not silently ignored."""
    with pytest.raises(BadSettings, match="no such file"):
        load({}, tmp_path / "nowhere.toml")


def test_secrets_are_masked_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither rows, nor repr, nor an error message shows a secret."""
    monkeypatch.setenv("TRAINWRIGHT_STORAGE__SECRET_KEY", "hunter2")
    monkeypatch.setenv("TRAINWRIGHT_DATABASE_URL", "postgresql://u:hunter2@h/d")
    loaded = load({})
    assert loaded.settings.storage.secret_key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(loaded.rows()) + repr(loaded)
    assert MASK in {value for _, value, _ in loaded.rows()}
    monkeypatch.setenv("TRAINWRIGHT_STORAGE__KIND", "s3")
    with pytest.raises(BadSettings) as caught:
        load({})
    assert "hunter2" not in str(caught.value)


def test_settings_are_frozen() -> None:
    """Nobody changes a setting while the server runs."""
    settings = load({}).settings
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize(
    ("host", "url", "loopback"),
    [
        ("127.0.0.1", "http://127.0.0.1:5", True),
        ("localhost", "http://localhost:5", True),
        ("0.0.0.0", "http://127.0.0.1:5", False),
        ("::", "http://[::1]:5", False),
        ("::1", "http://[::1]:5", True),
        ("10.0.0.1", "http://10.0.0.1:5", False),
    ],
)
def test_local_url(tmp_path: Path, host: str, url: str, loopback: bool) -> None:
    """Programs on this machine get an address they can call, whatever the server binds to."""
    settings = Settings(data_dir=tmp_path, host=host)
    assert (settings.local_url(5), settings.is_loopback) == (url, loopback)


def test_config_show_prints_values_and_sources(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`config show` as a table and as JSON."""
    monkeypatch.setenv("TRAINWRIGHT_STORAGE__SECRET_KEY", "hunter2")
    assert main(["config", "show", "--output", "json", "--port", "7"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["port"] == {"value": 7, "source": "--port"}
    assert shown["storage.secret_key"] == {"value": MASK, "source": "TRAINWRIGHT_STORAGE__SECRET_KEY"}
    assert main(["config", "show"]) == 0
    table = capsys.readouterr().out
    assert "hunter2" not in table
    assert [line.split() for line in table.splitlines() if line.startswith("port ")] == [
        ["port", "8600", "default"]
    ]


def test_bad_settings_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says what is wrong and exits with 2."""
    assert main(["run", "--port", "many"]) == 2
    assert "error: port:" in capsys.readouterr().err
