"""`trainwright job shell` as a user has it: the real program on a real terminal, against a real server."""

import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.live import LiveServer, processes_of, wait_for

UP = "echo up; sleep 600"


def environment(server: LiveServer) -> dict[str, str]:
    return os.environ | {
        "TRAINWRIGHT_ENDPOINT": server.url,
        "TRAINWRIGHT_PROJECT": server.project_id,
        "TRAINWRIGHT_TOKEN": server.token,
        "TERM": "xterm",
        "LINES": "24",
        "COLUMNS": "80",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "trainwright.cli.main", "job", "shell", *arguments]


def run(server: LiveServer, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(*arguments),
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment(server),
    )


@pytest.fixture
def job(server: LiveServer) -> Iterator[str]:
    """A running job; stopped afterwards, and then nothing of it may be left."""
    job_id = server.create(server.body(f"shell-{time.monotonic_ns()}", command=UP))
    wait_for(lambda: b"up\n" in server.log(job_id), what="the command")
    yield job_id
    server.call("POST", f"/v2/{{P}}/training-jobs/{job_id}/actions", json={"action_type": "terminate"})
    server.wait(job_id)
    assert not processes_of(job_id)


class Screen:
    """What a user sees and types."""

    def __init__(self, server: LiveServer, *arguments: str) -> None:
        self.end, other = os.openpty()
        self.size(24, 80)
        self.process = subprocess.Popen(
            command(*arguments),
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment(server),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )
        os.close(other)
        os.set_blocking(self.end, False)
        self.seen = b""

    def size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def prompt(self) -> None:
        """Until bash has shown its own: what is typed before may be thrown away."""
        wait_for(self._has_prompt, timeout_s=30, what="a prompt")

    def _has_prompt(self) -> bool:
        with suppress(BlockingIOError):
            self.seen += os.read(self.end, 65536)
        return self.seen.endswith((b"# ", b"$ "))

    def expect(self, text: str, timeout_s: float = 30.0) -> None:
        """Until `text` has come; it and what was before it are taken out."""
        give_up = time.monotonic() + timeout_s
        while text.encode() not in self.seen:
            assert time.monotonic() < give_up, f"{text!r} never came: {self.seen!r}"
            try:
                self.seen += os.read(self.end, 65536)
            except BlockingIOError:
                time.sleep(0.005)
            except OSError as error:
                raise AssertionError(f"{text!r} never came, it ended: {self.seen!r}") from error
        self.seen = self.seen.partition(text.encode())[2]


@contextmanager
def screen(server: LiveServer, *arguments: str) -> Iterator[Screen]:
    it = Screen(server, *arguments)
    try:
        yield it
    finally:
        it.process.kill()
        it.process.wait()
        os.close(it.end)


def sleeping(job_id: str, seconds: str) -> list[int]:
    """Processes `sleep SECONDS` of the job."""
    found = []
    for pid in processes_of(job_id):
        try:
            if Path(f"/proc/{pid}/cmdline").read_bytes() == f"sleep\0{seconds}\0".encode():
                found.append(pid)
        except OSError:
            continue
    return found


def test_a_shell_from_prompt_to_exit_code(server: LiveServer, job: str) -> None:
    with screen(server, job) as user:
        user.expect("Ctrl-] leaves")
        user.prompt()
        user.type("PS1='>>'' '\n")
        user.expect(">> ")
        user.type("stty size\n")
        user.expect("24 80\r\n")
        user.size(40, 132)
        user.expect(">> ")
        user.type(
            "until stty size | grep 132; do sleep 0.1; done\n"
        )  # it arrives after what was typed before
        user.expect("40 132\r\n")
        user.type("echo $MA_CURRENT_INSTANCE_NAME\n")
        user.expect(f"modelarts-job-{job}-worker-0\r\n")
        user.type("nvidia-smi 2>/dev/null || echo no ''card\n")
        user.expect("no card")
        user.type("echo wai''ting; sleep 77\n")
        user.expect("waiting")
        time.sleep(0.3)
        user.type("\x03")
        user.expect(">> ")
        user.type("exit 9\n")
        assert user.process.wait(20) == 9
    told = [event for event in server.events(job) if "shell" in event]
    assert told[0] == "admin opened a shell in worker-0."
    assert told[1].startswith("The shell of admin in worker-0 ended after ")
    assert "终端" in " ".join(server.events(job, "zh-cn"))


def test_the_key_leaves_and_nothing_stays(server: LiveServer, job: str) -> None:
    with screen(server, job, "worker-0", "--", "sleep", "4242") as user:
        user.expect("Ctrl-] leaves")
        wait_for(lambda: sleeping(job, "4242"))
        user.type("\x1d")
        user.expect("Left worker-0.")
        assert user.process.wait(20) == 0
    wait_for(lambda: not sleeping(job, "4242"), timeout_s=10)
    assert sleeping(job, "600")


def test_a_client_that_vanishes_leaves_nothing(server: LiveServer, job: str) -> None:
    with screen(server, job, "--", "bash", "-c", "trap '' HUP; setsid sleep 4242 & sleep 4243") as user:
        wait_for(lambda: sleeping(job, "4242"))
        user.process.send_signal(signal.SIGKILL)
        user.process.wait()
        wait_for(lambda: not sleeping(job, "4242") + sleeping(job, "4243"), timeout_s=15)


def test_in_pipes(server: LiveServer, job: str) -> None:
    """Bytes as they are, both ways, and the exit code."""
    data = bytes(range(256)) * 4096
    done = run(server, job, "--", "bash", "-c", "cat; exit 4", given=data)
    assert (done.returncode, len(done.stdout), done.stdout == data) == (4, len(data), True)
    assert run(server, job, given=b"echo $((40+2))\n").stdout == b"42\n"


def test_it_ends_with_the_task(server: LiveServer) -> None:
    job_id = server.create(server.body(f"short-{time.monotonic_ns()}", command="echo up; sleep 4"))
    wait_for(lambda: b"up\n" in server.log(job_id), what="the command")
    with screen(server, job_id) as user:
        user.expect("Ctrl-] leaves")
        user.type("sleep 4242\n")
        assert user.process.wait(30) == 137
    assert server.wait(job_id)["status"]["phase"] == "Completed"
    late = run(server, job_id, "--", "true")
    assert late.returncode == 3
    assert b"runs no command at the moment" in late.stderr


def refusal(server: LiveServer, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    """How an attempt to open one is refused."""
    url = server.url.replace("http", "ws") + path.replace("{P}", server.project_id)
    with pytest.raises(InvalidStatus) as caught, connect(url, additional_headers=headers, proxy=None):
        pass
    said = caught.value.response
    return said.status_code, json.loads(said.body or b"{}")


def test_who_may_not(server: LiveServer, job: str) -> None:
    """Refusals come as answers in the contract's form, before there is a terminal."""
    path = f"/v2/{{P}}/training-jobs/{job}/tasks/worker-0/shell"
    mine = {"X-Auth-Token": server.token}
    assert refusal(server, path)[0] == 401
    assert refusal(server, path, **{"X-Auth-Token": "wrong"})[0] == 401
    assert refusal(server, path.replace("{P}", "0" * 32), **mine)[0] == 403
    assert refusal(server, path.replace("worker-0", "worker-7"), **mine)[0] == 404
    assert refusal(server, path + "?rows=-1", **mine)[0] == 400
    status, said = refusal(server, path, **mine, Origin="https://evil.example")
    assert (status, said["error_code"]) == (403, "Trainwright.1204")
    made = server.call(
        "POST", "/v1/{P}/users", json={"name": f"viewer{time.monotonic_ns()}", "roles": ["viewer"]}
    )
    assert made.status_code == 201, made.text
    token = server.call("POST", f"/v1/{{P}}/tokens?user_id={made.json()['id']}", json={}).json()
    assert refusal(server, path, **{"X-Auth-Token": token["token"]})[0] == 403


def test_a_restart_of_the_server_ends_the_shell_and_not_the_job(tmp_path: Path) -> None:
    """Both an orderly one and kill -9."""
    server = LiveServer(tmp_path / "data").start()
    try:
        job_id = server.create(server.body("restart", command=UP))
        wait_for(lambda: b"up\n" in server.log(job_id), what="the command")
        for how in (signal.SIGTERM, signal.SIGKILL):
            with screen(server, job_id, "--", "bash", "-c", "trap '' HUP; sleep 4242; sleep 4243") as user:
                wait_for(lambda: sleeping(job_id, "4242"))
                server.kill(how)
                assert user.process.wait(20) == 4
                user.expect("Cannot reach the Trainwright server")
            wait_for(lambda: not sleeping(job_id, "4242") + sleeping(job_id, "4243"), timeout_s=15)
            server.start()
        assert sleeping(job_id, "600")
        assert run(server, job_id, "--", "true").returncode == 0
        server.call("POST", f"/v2/{{P}}/training-jobs/{job_id}/actions", json={"action_type": "terminate"})
        server.wait(job_id)
    finally:
        server.stop()
