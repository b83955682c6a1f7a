"""The CLI against the real server: what a person does on the first day, and what must survive a crash."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer, wait_for

TIMEOUT_S = 120
MARK = b"[ModelArts Service Log]"


@dataclass
class Terminal:
    """Runs `trainwright` as its own process with a home of its own."""

    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that goes on by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "trainwright.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )

    def run(self, *arguments: str) -> tuple[int, bytes, str]:
        """Exit code, stdout, stderr."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, err.decode()

    def ok(self, *arguments: str) -> bytes:
        """Stdout of a command that has to succeed."""
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return out


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A running server."""
    live = LiveServer(tmp_path_factory.mktemp("data"), {"TRAINWRIGHT_SANDBOX": "off"}).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def terminal(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal that finds the server by its data folder alone."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRAINWRIGHT_", "XDG_", "L"))
    }
    home = tmp_path_factory.mktemp("home")
    return Terminal({**kept, "HOME": str(home), "TRAINWRIGHT_DATA_DIR": str(server.data_dir)})


def create(
    terminal: Terminal, server: LiveServer, folder: Path, name: str, script: str, *more: str
) -> list[str]:
    """Arguments of `job create` for a code folder with one script."""
    code = folder / name
    code.mkdir()
    (code / "main.py").write_text(script)
    return [
        "job", "create", "--name", name, "--code-dir", str(code), "--boot-file", "main.py",
        "--engine", server.python_engine(), "--flavor", server.flavor(), *more,
    ]  # fmt: skip


def test_files_go_up_and_come_down_identical(terminal: Terminal, tmp_path: Path) -> None:
    """mb, cp, ls, cp back, rm, rb."""
    content = {
        "a.txt": b"a",
        "empty": b"",
        "sub dir/数 #%.bin": os.urandom(70_000),
        "big.bin": os.urandom(3 << 20),
    }
    for name, data in content.items():
        path = tmp_path / "up" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    terminal.ok("obs", "mb", "obs://files")
    assert b"4 files copied" in terminal.ok("obs", "cp", "-r", str(tmp_path / "up"), "obs://files/x/")
    listing = json.loads(terminal.ok("obs", "ls", "obs://files/", "-r", "-o", "json"))
    assert {item["key"]: item["size"] for item in listing["objects"]} == {
        f"x/{name}": len(data) for name, data in content.items()
    }
    assert b"obs://files/x/" in terminal.ok("obs", "ls", "obs://files")
    terminal.ok("obs", "cp", "-r", "obs://files/x/", str(tmp_path / "down"))
    assert {
        str(p.relative_to(tmp_path / "down")): p.read_bytes()
        for p in (tmp_path / "down").rglob("*")
        if p.is_file()
    } == content
    assert b"4 unchanged" in terminal.ok(
        "obs", "cp", "--skip-unchanged", str(tmp_path / "up"), "obs://files/x/"
    )
    assert terminal.run("obs", "rb", "obs://files")[0] == 3
    terminal.ok("obs", "rm", "-r", "obs://files/x")
    terminal.ok("obs", "rb", "obs://files")


def test_a_large_file_is_uploaded_in_parts(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """Past the limit for one piece; byte-identical back by ranges."""
    data = os.urandom(1 << 20) * 70
    (tmp_path / "large").write_bytes(data)
    terminal.ok("obs", "mb", "obs://large")
    terminal.ok("obs", "cp", str(tmp_path / "large"), "obs://large/")
    terminal.ok("obs", "cp", "obs://large/large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == data


def test_followed_job_ends_with_its_result(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """Exit code, log on stdout, events on stderr."""
    script = "import sys; print('hello', flush=True); sys.exit(3)"
    code, out, err = terminal.run(*create(terminal, server, tmp_path, "exits-3", script, "--follow"))
    assert code == 3
    assert [line for line in out.splitlines() if MARK not in line] == [b"hello"]
    assert "exit code 3" in err
    assert "Failed" in err
    code, out, _ = terminal.run(
        *create(terminal, server, tmp_path, "exits-0", "print('fine')", "--follow", "--output", "json")
    )
    assert code == 0
    assert json.loads(out)["status"]["phase"] == "Completed"


def test_answers_for_programs_parse(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """Every listing as JSON."""
    terminal.ok(*create(terminal, server, tmp_path, "parsed", "print(1)", "--follow"))
    for arguments in (
        ["job", "list"], ["job", "show", "parsed"], ["job", "tasks", "parsed"], ["job", "events", "parsed"],
        ["job", "metrics", "parsed"], ["engine", "list"], ["flavor", "list"], ["backend", "show"],
        ["obs", "ls"], ["config", "show"],
    ):  # fmt: skip
        assert json.loads(terminal.ok(*arguments, "--output", "json")), arguments
    for line in terminal.ok("job", "events", "-f", "parsed", "-o", "json").splitlines():
        assert json.loads(line)["seq"]
    assert b"FROM" in terminal.ok("config", "show")


def test_log_by_lines_and_whole(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """`logs`, `--tail`, and `-f` of an ended job give the same bytes."""
    script = "for n in range(2000): print(f'line {n}')\nprint('no newline', end='')"
    terminal.ok(*create(terminal, server, tmp_path, "lines", script, "--follow"))
    whole = terminal.ok("job", "logs", "lines")
    assert b"line 0\n" in whole
    assert terminal.ok("job", "logs", "-f", "lines") == whole
    lines = whole.splitlines(keepends=True)
    for count in (1, 7, 600, 5000):
        assert terminal.ok("job", "logs", "lines", "--tail", str(count)) == b"".join(lines[-count:])
    assert terminal.ok("job", "logs", "lines", "--tail", "3", "-f") == b"".join(lines[-3:])


def test_finding_lines_and_all_tasks_as_one(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """`--search`, `--regex` and `--errors` number lines as an editor does; `--all-tasks` names each line's task."""
    script = "for n in range(1500): print(f'line {n}')\nraise KeyError('odd')"
    terminal.run(*create(terminal, server, tmp_path, "found", script, "--follow"))
    lines = terminal.ok("job", "logs", "found").decode().splitlines()
    numbered = [f"{number}:{line}" for number, line in enumerate(lines, start=1)]
    found = terminal.ok("job", "logs", "found", "--search", "LINE 1").decode().splitlines()
    assert found == [line for line in numbered if ":line 1" in line]
    found = terminal.ok("job", "logs", "found", "--search", "e 7{3}$", "--regex").decode().splitlines()
    assert found == [line for line in numbered if line.endswith(":line 777")]
    errors = terminal.ok("job", "logs", "found", "--errors").decode()
    assert (
        "Traceback" in errors and "KeyError: 'odd'" in errors and "line" not in errors.split("Traceback")[0]
    )
    merged = [f"worker-0 | {line}" for line in lines]
    assert terminal.ok("job", "logs", "found", "--all-tasks").decode().splitlines() == merged
    for count in (1, 1200):
        tail = terminal.ok("job", "logs", "found", "--all-tasks", "--tail", str(count), "-f")
        assert tail.decode().splitlines() == merged[-count:]
    assert terminal.run("job", "logs", "found", "--errors", "-f")[0] == 2


def test_following_survives_a_killed_server(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """kill -9 of the server in the middle: the follower sees every byte once and gets the job's exit code."""
    script = (
        "import pathlib, sys, time\n"
        "for n in range(400):\n"
        "    print(f'line {n} ' + 'x' * 500, flush=True)\n"
        "    time.sleep(0.01)\n"
        "sys.exit(5)\n"
    )
    with terminal.start(*create(terminal, server, tmp_path, "survives", script, "--follow")) as follower:
        wait_for(lambda: _running(server), what="running")
        for _ in range(2):
            server.kill(signal.SIGKILL)
            server.start()
        out, err = follower.communicate(timeout=TIMEOUT_S)
    assert follower.returncode == 5, err.decode()
    assert out == terminal.ok("job", "logs", "survives")
    assert [line for line in out.splitlines() if MARK not in line] == [
        f"line {n} ".encode() + b"x" * 500 for n in range(400)
    ]


def test_ctrl_c_leaves_the_job_running(terminal: Terminal, server: LiveServer, tmp_path: Path) -> None:
    """The way back is said; stopping ends the follower with 143."""
    script = "import time; print('up', flush=True); time.sleep(600)"
    arguments = create(terminal, server, tmp_path, "long", script, "--follow")
    with terminal.start(*arguments) as follower:
        assert follower.stdout is not None
        while b"up" not in follower.stdout.readline():
            pass
        follower.send_signal(signal.SIGINT)
        _, err = follower.communicate(timeout=TIMEOUT_S)
    assert follower.returncode == 130
    assert b"trainwright job follow long" in err
    assert b"Traceback" not in err
    assert json.loads(terminal.ok("job", "show", "long", "-o", "json"))["status"]["phase"] == "Running"
    with terminal.start("job", "follow", "long") as follower:
        assert follower.stdout is not None
        while b"up" not in follower.stdout.readline():
            pass
        terminal.ok("job", "stop", "long")
        follower.communicate(timeout=TIMEOUT_S)
    assert follower.returncode == 143
    terminal.ok("job", "delete", "long")
    assert terminal.run("job", "show", "long")[0] == 3


def test_login_writes_what_the_next_command_uses(
    terminal: Terminal, server: LiveServer, tmp_path: Path
) -> None:
    """From another machine there is no data folder to look into."""
    away = Terminal(
        {**terminal.environment, "HOME": str(tmp_path), "TRAINWRIGHT_DATA_DIR": str(tmp_path / "none")}
    )
    assert away.run("job", "list")[0] == 2
    away.ok("login", "--endpoint", server.url, "--project", server.project_id, "--token", server.token)
    away.ok("job", "list")
    assert away.run("--token", "wrong", "job", "list")[0] == 3


def _running(server: LiveServer) -> bool:
    jobs = server.call("POST", "/v2/{P}/training-job-searches", json={"limit": 1}).json()["items"]
    if not jobs or jobs[0]["metadata"]["name"] != "survives":
        return False
    return b"line 40 " in server.log(jobs[0]["metadata"]["id"])
