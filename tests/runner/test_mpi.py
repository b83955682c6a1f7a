"""The programs that stand in for ssh: who may ask, what comes back, and how the other workers end."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.runner.rig import poll_until
from trainwright.runner import mpi
from trainwright.runner.rendezvous import HeldPort
from trainwright.runner.rundir import write_json

SECRET = mpi.secret_of("token", "attempt")


def plan_in(folder: Path, own: int, *, ports: list[int], argv: list[str] | None = None) -> Path:
    """The plan of worker `own`."""
    plan = {
        "argv": argv or ["true"],
        "secret": SECRET,
        "own": own,
        "names": {f"w{index}": index for index in range(len(ports))},
        "servers": [["127.0.0.1", port] for port in ports],
        "helper": [sys.executable, "-m", "trainwright.runner"],
    }
    path = folder / f"plan-{own}.json"
    write_json(str(path), plan)
    return path


def free_ports(count: int) -> list[int]:
    held = [HeldPort() for _ in range(count)]
    for port in held:
        port.release()
    return [port.number for port in held]


@contextmanager
def program(*words: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One of the runner's programs; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trainwright.runner", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def connected(port: int) -> socket.socket:
    found: list[socket.socket] = []

    def attempt() -> bool:
        try:
            found.append(socket.create_connection(("127.0.0.1", port), timeout=10))
        except OSError:
            return False
        return True

    poll_until(attempt)
    return found[0]


def test_secret_depends_on_token_and_attempt() -> None:
    """And does not give the token away."""
    assert len({SECRET, mpi.secret_of("token", "other"), mpi.secret_of("other", "attempt")}) == 3
    assert "token" not in SECRET


def test_commands_run_over_there(tmp_path: Path) -> None:
    """Output, errors and the exit code come back; options before the host are passed over as ssh's are."""
    ports = free_ports(2)
    plan = plan_in(tmp_path, 0, ports=ports)
    with program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports)), WHERE="there"):
        connected(ports[1]).close()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "trainwright.runner", "mpi-shell", "-x", "w1.domain"),
                *("echo", '"$WHERE $((1 + 1))";', "echo oops >&2;", "exit 7"),
            ],
            env={**os.environ, mpi.PLAN_VARIABLE: str(plan)},
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout, done.stderr) == (7, b"there 2\n", b"oops\n")


def test_daemon_left_behind_does_not_hold_the_answer(tmp_path: Path) -> None:
    """As mpirun's daemons: the command ends, what it started lives on."""
    ports = free_ports(2)
    with program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))):
        with connected(ports[1]) as connection:
            mpi.ask(connection, SECRET, {"command": "sleep 600 & echo $!"})
            kind, data = mpi.receive(connection)
            pid = int(data)
            assert kind == b"o"
            assert mpi.receive(connection) == (b"x", b"\0")
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1]])
def test_without_the_secret_nothing_is_run(tmp_path: Path, secret: str) -> None:
    """Whoever asks finds out that the server does not talk to it; nor does it trust a server that knows nothing."""
    ports = free_ports(2)
    trace = tmp_path / "ran"
    with program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))):
        with connected(ports[1]) as connection, pytest.raises(mpi.Broken):
            mpi.ask(connection, secret, {"command": f"touch {trace}"})
        with connected(ports[1]) as connection:  # one that goes on whatever the server's proof is
            mpi.send(connection, b"h", b"m" * 16)
            mpi.receive(connection)
            mpi.send(connection, b"r", b"0" * 32 + json.dumps({"command": f"touch {trace}"}).encode())
            with pytest.raises(mpi.Broken):
                mpi.receive(connection)
    assert not trace.exists()


def test_a_request_cannot_be_used_twice(tmp_path: Path) -> None:
    """What was overheard is worth nothing: the server's number is another one."""
    ours, theirs = socket.socketpair()
    heard: list[bytes] = []

    class Recorder:
        def sendall(self, data: bytes) -> None:
            heard.append(data)
            ours.sendall(data)

        def recv(self, count: int) -> bytes:
            return ours.recv(count)

    got: list[dict[str, Any]] = []
    server = threading.Thread(target=lambda: got.append(mpi.heed(theirs, SECRET)))
    server.start()
    mpi.ask(Recorder(), SECRET, {"command": "true"})  # type: ignore[arg-type]  # all that it needs of a socket
    server.join(10)
    assert got == [{"command": "true"}]
    again, other = socket.socketpair()
    for data in heard:
        again.sendall(data)
    with pytest.raises(mpi.Broken):
        mpi.heed(other, SECRET)
    for each in (ours, theirs, again, other):
        each.close()


@pytest.mark.parametrize("code", [0, 3])
def test_others_end_with_the_first_workers_code(tmp_path: Path, code: int) -> None:
    """Also when they come up later than it."""
    ports = free_ports(3)
    run = plan_in(tmp_path, 0, ports=ports, argv=["sh", "-c", f"exit {code}"])
    with (
        program("mpi-run", str(run)) as first,
        program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))) as second,
        program("mpi-serve", str(plan_in(tmp_path, 2, ports=ports))) as third,
    ):
        assert [each.wait(60) for each in (first, second, third)] == [code] * 3


def test_a_lost_first_worker_ends_the_others(tmp_path: Path) -> None:
    """kill -9 of it: 255, as ssh."""
    ports = free_ports(2)
    run = plan_in(tmp_path, 0, ports=ports, argv=["sh", "-c", f"echo $$ > {tmp_path}/up; exec sleep 600"])
    with (
        program("mpi-run", str(run)) as first,
        program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))) as second,
    ):
        poll_until(lambda: (tmp_path / "up").exists() and bool((tmp_path / "up").read_text().strip()))
        first.kill()
        assert second.wait(60) == mpi.LOST
        os.kill(int((tmp_path / "up").read_text()), signal.SIGKILL)  # there is no shim here that would


def test_unknown_program(tmp_path: Path) -> None:
    """127, as a shell gives."""
    with program("mpi-run", str(plan_in(tmp_path, 0, ports=free_ports(1), argv=["no-such-mpirun"]))) as first:
        assert first.wait(60) == 127


@pytest.mark.parametrize("descriptors", [0, 24])
def test_silent_strangers_keep_nobody_out(tmp_path: Path, descriptors: int) -> None:
    """Neither by their number nor by the descriptors that they cost: the oldest are hung up."""
    ports = free_ports(2)
    with program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))) as server:
        strangers = [connected(ports[1])]
        if descriptors:
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (descriptors, descriptors))
        strangers += [socket.create_connection(("127.0.0.1", ports[1]), timeout=10) for _ in range(90)]
        if descriptors:
            for each in strangers:
                each.close()
        with connected(ports[1]) as connection:
            connection.settimeout(20)
            mpi.ask(connection, SECRET, {"command": "echo here"})
            assert mpi.receive(connection) == (b"o", b"here\n")
        for each in strangers:
            each.close()


def test_only_those_who_know_its_address_reach_a_server(tmp_path: Path) -> None:
    """An address that is not this machine's own is no reason not to serve."""
    ports = free_ports(2)
    with program("mpi-serve", str(plan_in(tmp_path, 1, ports=ports))):
        connected(ports[1]).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.9", ports[1]), timeout=10)
    plan = json.loads(plan_in(tmp_path, 1, ports=ports).read_text())
    plan["servers"][1][0] = "192.0.2.1"
    write_json(str(tmp_path / "plan.json"), plan)
    with program("mpi-serve", str(tmp_path / "plan.json")):
        connected(ports[1]).close()
