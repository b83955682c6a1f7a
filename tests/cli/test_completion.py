"""What Tab offers: as a shell asks for it, with a server and without."""

import subprocess
import sys

import pytest

from tests.cli.canned import Shell, job_answer, page_of
from trainwright.cli.main import main

BUCKETS = {"buckets": [{"name": "data", "created_at_ms": 1}, {"name": "other", "created_at_ms": 1}]}


def tab(shell_words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What Bash is offered; words as Bash cuts them, the last one being typed."""
    words = shell_words.split(" ")
    monkeypatch.setenv("_TRAINWRIGHT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([])
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out.split()


def test_commands_and_options(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without asking anybody."""
    assert tab("trainwright da", monkeypatch, capsys) == ["dataset"]
    assert tab("trainwright job create --fla", monkeypatch, capsys) == ["--flavor"]


def test_names_of_jobs(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked for by what is typed already."""
    shell.server.answers["POST /v2/training-job-searches"] = (
        200,
        page_of(job_answer("digits-1"), job_answer("x")),
    )
    assert tab("trainwright job show dig", monkeypatch, capsys) == ["digits-1"]
    (search,) = shell.server.bodies("POST /v2/training-job-searches")
    assert search["filters"] == [{"key": "name", "operator": "like", "value": ["dig"]}]


def test_buckets_and_folders_also_where_bash_cuts_at_colons(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bash replaces only what stands behind the colon."""
    shell.server.answers["GET /v1/buckets"] = (200, BUCKETS)
    listing = {
        "objects": [{"key": "d/a", "size": 1, "etag": "", "modified_at_ms": 1}],
        "prefixes": ["d/b/"],
        "next_after": "",
    }
    shell.server.answers["GET /v1/buckets/data/objects"] = (200, listing)
    assert tab("trainwright obs ls o", monkeypatch, capsys) == ["obs://data/", "obs://other/"]
    assert tab("trainwright obs ls obs : //d", monkeypatch, capsys) == ["//data/"]
    assert tab("trainwright obs ls obs : //data/d/", monkeypatch, capsys) == ["//data/d/b/", "//data/d/a"]
    assert tab("trainwright obs ls ./here", monkeypatch, capsys) == []


def test_no_server_no_rights_no_words(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said, and nobody waits long: a server that does not answer is given up."""
    shell.server.answers["GET /v2/training-job-flavors"] = (403, {"error_code": "x", "error_msg": "no"})
    assert tab("trainwright job create --flavor ", monkeypatch, capsys) == []
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", "http://127.0.0.1:9")
    assert tab("trainwright job show d", monkeypatch, capsys) == []
    for name in ("TRAINWRIGHT_ENDPOINT", "TRAINWRIGHT_PROJECT", "TRAINWRIGHT_TOKEN"):
        monkeypatch.delenv(name)
    assert tab("trainwright job show d", monkeypatch, capsys) == []


def test_a_silent_server_is_given_up() -> None:
    """The process ends although the answer never comes."""
    probe = (
        "import time; import trainwright.cli.completion as c\n"
        "import typer; from typer.main import get_command; from trainwright.cli.main import app\n"
        "c.connect = lambda **_: time.sleep(600)\n"
        "print(c.complete_jobs(typer.Context(get_command(app)), 'd'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
