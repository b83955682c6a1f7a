"""MPI over the hosts of a job without ssh: `mpi-run` on worker 0, `mpi-serve` on all others, `mpi-shell` in between.

`mpirun` starts its daemons on other hosts through a program that it calls like `ssh HOST COMMAND`. Ours is `mpi-shell`:
it asks the `mpi-serve` of that host to start the command, over TCP, and both sides prove that they know the secret of
the attempt. `mpi-run` stays connected with all servers; with its end theirs comes, with the same exit code.

Messages: one letter, four bytes of length, the bytes. Requests carry a MAC over random numbers of both sides, so that
none can be used twice.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from .rundir import read_json, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHELL = "trainwright-mpi-shell"
PLAN_VARIABLE = "TRAINWRIGHT_MPI_PLAN"
LOST = 255  # exit code when the other side is gone, as that of ssh
_NOT_FOUND = 127
_CONNECT_S = 600.0  # for the other workers to come up: they may still be fetching a checkpoint
_TRY_S = 5.0
_AGAIN_S = 0.1
_SPEAK_S = 20.0
_MESSAGE_BYTES_MAX = 1 << 20
_PIECE = 64 << 10
_KILLED_WITHIN_S = 5.0
_STRANGERS_MAX = 64  # connections at a time that have not shown yet that they know the secret
_RELIEF_S = 0.1


class Broken(Exception):
    """The other side is gone, or not who it should be."""


def secret_of(token: str, attempt_key: str) -> str:
    """What all tasks of an attempt know and nobody else: the token itself stays out of the job's reach."""
    return hmac.new(token.encode(), f"mpi {attempt_key}".encode(), hashlib.sha256).hexdigest()


def words(text: str) -> list[str]:
    """`text` as a shell splits it."""
    return shlex.split(text)


# -- messages


def send(connection: socket.socket, kind: bytes, data: bytes = b"") -> None:
    """One message. Raises `Broken`."""
    try:
        connection.sendall(kind + len(data).to_bytes(4, "big") + data)
    except OSError as error:
        raise Broken(str(error)) from error


def receive(connection: socket.socket) -> tuple[bytes, bytes]:
    """The next message. Raises `Broken`, also at the end."""
    head = _exactly(connection, 5)
    length = int.from_bytes(head[1:], "big")
    if length > _MESSAGE_BYTES_MAX:
        raise Broken("a message is too long")
    return head[:1], _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        try:
            piece = connection.recv(min(_PIECE, count - len(data)))
        except OSError as error:
            raise Broken(str(error)) from error
        if not piece:
            raise Broken("the connection has ended")
        data += piece
    return data


def _mac(secret: str, *parts: bytes) -> bytes:
    return hmac.new(
        secret.encode(), b"\0".join(part.hex().encode() for part in parts), hashlib.sha256
    ).digest()


def ask(connection: socket.socket, secret: str, request: dict[str, Any]) -> None:
    """Greet a server, make sure that it is one of ours, and hand over `request`. Raises `Broken`."""
    mine = os.urandom(16)
    send(connection, b"h", mine)
    kind, answer = receive(connection)
    theirs, proof = answer[:16], answer[16:]
    if kind != b"h" or not hmac.compare_digest(proof, _mac(secret, b"server", mine, theirs)):
        raise Broken("the server does not know the secret")
    data = json.dumps(request).encode()
    send(connection, b"r", _mac(secret, b"request", mine, theirs, data) + data)


def heed(connection: socket.socket, secret: str) -> dict[str, Any]:
    """Take a request from whoever connected. Raises `Broken` when it is not one of ours."""
    kind, theirs = receive(connection)
    mine = os.urandom(16)
    if kind != b"h" or len(theirs) != 16:
        raise Broken("not a greeting")
    send(connection, b"h", mine + _mac(secret, b"server", theirs, mine))
    kind, data = receive(connection)
    proof, data = data[:32], data[32:]
    if kind != b"r" or not hmac.compare_digest(proof, _mac(secret, b"request", theirs, mine, data)):
        raise Broken("whoever asks does not know the secret")
    request: dict[str, Any] = json.loads(data)
    return request


def connect(plan: dict[str, Any], index: int, *, within_s: float) -> socket.socket:
    """A connection to the server of worker `index`, tried until it is there. Raises `Broken`."""
    address, port = plan["servers"][index]
    give_up_at = time.monotonic() + within_s
    while True:
        try:
            connection = socket.create_connection((address, port), timeout=_TRY_S)
            connection.settimeout(_SPEAK_S)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return connection
        except OSError as error:
            if time.monotonic() > give_up_at:
                raise Broken(f"worker {index} at {address}:{port}: {error}") from error
            time.sleep(_AGAIN_S)


# -- mpi-run: worker 0


def run(plan_path: str) -> int:
    """Start `mpirun` and stay until it has ended; tell the other workers its exit code, which is returned."""
    plan = _plan(plan_path)
    others = [index for index in range(len(plan["servers"])) if index != plan["own"]]
    links = []
    try:
        for index in others:
            link = connect(plan, index, within_s=_CONNECT_S)
            ask(link, plan["secret"], {"stay": True})
            links.append(link)
    except Broken as error:
        _say(f"mpirun cannot be started: {error}")
        return _farewell(links, LOST)
    environment = {**os.environ, **_steering(plan, plan_path)}
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    _deafen()
    try:
        process = subprocess.Popen(plan["argv"], env=environment, stdin=subprocess.DEVNULL)
    except OSError as error:
        _say(f"{plan['argv'][0]} cannot be started: {error.strerror}")
        return _farewell(links, _NOT_FOUND)
    code = process.wait()
    return _farewell(links, 128 - code if code < 0 else code)


def _deafen() -> None:
    """What this thread starts from now on does not hear SIGTERM: mpirun and its daemons would kill the ranks a second
    after it. Ranks hear it (Open MPI unblocks all signals for them), from the supervisor of the worker they run on.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _shell() -> str:
    """Bash leaves blocked signals blocked, which Debian's sh does not."""
    return shutil.which("bash") or "/bin/sh"


def _farewell(links: list[socket.socket], code: int) -> int:
    for link in links:
        try:
            send(link, b"x", bytes([code & 0xFF]))
        except Broken:
            continue  # it has ended before
        finally:
            link.close()
    return code


def _steering(plan: dict[str, Any], plan_path: str) -> dict[str, str]:
    """Variables that make Open MPI (4 and 5) use `mpi-shell`. One that is set already stays as it is."""
    folder = os.path.join(os.path.dirname(plan_path), "bin")
    os.makedirs(folder, exist_ok=True)
    script = os.path.join(folder, SHELL)
    words = " ".join(shlex.quote(word) for word in [*plan["helper"], "mpi-shell"])
    draft = f"{script}.{os.getpid()}"
    with open(draft, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {words} "$@"\n')
    os.chmod(draft, 0o700)
    os.rename(draft, script)
    steering = {
        "PRTE_MCA_plm_ssh_agent": SHELL,
        "PRTE_MCA_plm_ssh_no_tree_spawn": "1",  # only mpirun itself has `mpi-shell`
        "PRTE_MCA_prte_do_not_resolve": "1",  # several tasks of a job may be on one machine
        "OMPI_MCA_plm_rsh_agent": SHELL,
        "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
        "OMPI_MCA_orte_do_not_resolve": "1",
    }
    for prefix in ("OMPI", "PRTE"):  # under the process launcher we may be root, and it is meant so
        steering[f"{prefix}_ALLOW_RUN_AS_ROOT"] = steering[f"{prefix}_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    steering = {name: value for name, value in steering.items() if name not in os.environ}
    steering["PATH"] = f"{folder}:{os.environ.get('PATH', '')}"
    steering[PLAN_VARIABLE] = plan_path
    return steering


# -- mpi-shell: called by mpirun


def shell(words: list[str]) -> int:
    """`[options] HOST COMMAND…`: run the command on that host, its output as ours; returns its exit code."""
    _deafen()  # with this connection the daemon over there ends, and with it the ranks
    plan = _plan(os.environ.get(PLAN_VARIABLE, ""))
    at = next((index for index, word in enumerate(words) if not word.startswith("-")), len(words))
    host, command = (words[at : at + 1] or [""])[0], " ".join(words[at + 1 :])
    index = plan["names"].get(host, plan["names"].get(host.split(".")[0]))
    if index is None:
        _say(f"{SHELL}: {host} is no host of this job")
        return LOST
    if index == plan["own"]:
        return subprocess.call([_shell(), "-c", command], stdin=subprocess.DEVNULL)
    try:
        connection = connect(plan, index, within_s=_TRY_S)
        ask(connection, plan["secret"], {"command": command})
        connection.settimeout(None)  # until the command ends: keep-alive notices a host that is gone
        while True:
            kind, data = receive(connection)
            if kind == b"x":
                return data[0]
            write_all(2 if kind == b"e" else 1, data)
    except Broken as error:
        _say(f"{SHELL}: {host}: {error}")
        return LOST


# -- mpi-serve: all other workers


class Server:
    """Starts what worker 0 asks for, and ends when worker 0 does."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._secret: str = plan["secret"]
        address, port = plan["servers"][plan["own"]]
        self._listener = _listener(address, int(port))
        self._strangers: list[socket.socket] = []
        self._lock = threading.Lock()  # of `_strangers`: who is in there is not closed yet
        self._ended = threading.Event()
        self._code = LOST

    def run(self) -> int:
        """Until worker 0 says its exit code, or is gone (255)."""
        signal.signal(signal.SIGTERM, lambda number, frame: None)  # with worker 0's end this one's comes
        threading.Thread(target=self._accept, daemon=True).start()
        while not self._ended.wait(1.0):
            pass
        return self._code

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # it was gone already, or there are no descriptors or no memory
                self._make_room(len(self._strangers) // 2)
                time.sleep(_RELIEF_S)
                continue
            self._make_room(_STRANGERS_MAX - 1)
            with self._lock:
                self._strangers.append(connection)
            try:
                threading.Thread(target=self._attend, args=(connection,), daemon=True).start()
            except RuntimeError:  # no thread is to be had
                self._known(connection)
                connection.close()

    def _make_room(self, most: int) -> None:
        """Hang up the oldest strangers: whoever is one of ours has shown it long since."""
        with self._lock:
            for connection in self._strangers[: max(0, len(self._strangers) - most)]:
                try:
                    connection.shutdown(socket.SHUT_RDWR)  # its thread closes it
                except OSError:
                    pass  # it has hung up itself
                self._strangers.remove(connection)

    def _known(self, connection: socket.socket) -> bool:
        """It is no stranger any more; False when it was hung up meanwhile."""
        with self._lock:
            if connection not in self._strangers:
                return False
            self._strangers.remove(connection)
            return True

    def _attend(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(_SPEAK_S)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                request = heed(connection, self._secret)
            except (Broken, OSError, ValueError):
                return  # not one of ours: nothing to say to it
            finally:
                kept = self._known(connection)
            if not kept:
                return
            connection.settimeout(None)
            if request.get("stay"):
                self._stay(connection)
            else:
                _execute(connection, request["command"])

    def _stay(self, connection: socket.socket) -> None:
        """Worker 0's own connection: with it the work ends."""
        try:
            kind, data = receive(connection)
            self._code = data[0] if kind == b"x" else LOST
        except Broken:
            self._code = LOST
        self._ended.set()


def _listener(address: str, port: int) -> socket.socket:
    """A socket for those who know us by this address; for all, where it is not this machine's own (behind a NAT)."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        listener.bind(("", port))
    listener.listen(64)
    return listener


def _execute(connection: socket.socket, command: str) -> None:
    """Run `command` and send its output and exit code. When whoever asked is gone, it is killed."""
    _deafen()
    process = subprocess.Popen(
        [_shell(), "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    streams = {process.stdout.fileno(): b"o", process.stderr.fileno(): b"e"}
    poll = select.poll()
    for descriptor in (*streams, connection.fileno()):
        poll.register(descriptor, select.POLLIN)
    try:
        while streams:
            over = process.poll() is not None  # what holds its output open is a daemon that it left behind
            ready = poll.poll(0 if over else 200)
            if over and not any(descriptor in streams for descriptor, _ in ready):
                break
            for descriptor, _ in ready:
                if descriptor == connection.fileno():
                    raise Broken("nobody waits for the command any more")
                data = os.read(descriptor, _PIECE)
                if data:
                    send(connection, streams[descriptor], data)
                else:
                    poll.unregister(descriptor)
                    del streams[descriptor]
        code = process.wait()
        send(connection, b"x", bytes([(128 - code if code < 0 else code) & 0xFF]))
    except Broken:
        _end(process)
    finally:
        process.stdout.close()
        process.stderr.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to all of its session that is still in its first process group; the shim sees to the rest."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_KILLED_WITHIN_S)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass  # it ended by itself, or hangs in the kernel


def _plan(path: str) -> dict[str, Any]:
    plan = read_json(path)
    if plan is None:
        raise FileNotFoundError(path)
    return plan


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def serve(plan_path: str) -> int:
    """Be the server of this worker; returns its exit code."""
    return Server(_plan(plan_path)).run()
