"""The keeper: what a cluster starts on a node for each task of an attempt (`runner.pyz keep ATTEMPT`).

It finds its task by the rank that the cluster gave it, makes sure that nobody else runs it, and stays with the
supervisor: starts it again when it dies, passes SIGTERM on, and notes how it ended. It needs nothing but the shared
folder, and exits 0 whenever it has said there what there is to say: how tasks of a job that fail are judged is not the
cluster's business.

    ATTEMPT/attempt.json          tasks in order of their ranks, and the times below
    ATTEMPT/status/<task>.owner   who runs the task; its beat counts up for as long as it does
    ATTEMPT/status/<task>.json    the task is over on its node, and why, if the keeper knows
    ATTEMPT/<task>/               RUNDIR

A cluster may start an attempt twice (a controller that forgot, a submission whose answer was lost). The owner file is
made by `link`, which one of them wins; the other one leaves. It is taken over only from a dead process of this node,
or when its beat has stood still for `stale_s`; a keeper that finds it taken over ends what it started.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from . import deferred, procfs
from .rundir import RunDir, read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # the same without enums, which cost 1 ms

RESTARTS_MAX, RESTART_WINDOW_S, RESTART_PAUSE_MAX_S = 20, 600.0, 10.0
_LOOK_S = 0.5
_TRIAL_S = 2.0
_KEPT = frozenset(
    (
        *(
            "HOME",
            "LOGNAME",
            "USER",
            "PATH",
            "LD_LIBRARY_PATH",
            "LIBRARY_PATH",
            "TMPDIR",
            "LANG",
            "LANGUAGE",
            "TZ",
        ),
        *("XDG_CONFIG_DIRS", "XDG_CONFIG_HOME", "RANK_TABLE_FILE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"),
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"),
    )
)
_KEPT_PREFIXES = ("PIP_", "LC_", "NVIDIA_", "CUDA_", "NCCL_", "ASCEND_", "GPU_", "ROCR_")
_BWRAP_TRIAL = (
    *("bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "true"),  # noqa: S108
)


class Claim:
    """The right to run one task."""

    def __init__(self, path: str, stale_s: float, job: str) -> None:
        self._path = path
        self._stale_s = stale_s
        self._beat = 0
        node = node_name()
        self._mine = {**procfs.identity(os.getpid()), "node": node, "job": job, "nonce": os.urandom(8).hex()}

    def take(self) -> bool:
        """Whether it is ours now. Waits up to `stale_s` for a sign of life of an owner on another node."""
        draft = f"{self._path}.{self._mine['nonce']}"
        write_json(draft, {**self._mine, "beat": 0})
        try:
            os.link(draft, self._path)
            won = True
        except OSError:
            won = os.stat(draft).st_nlink == 2  # over NFS it may have worked although the answer was lost
        if won:
            os.unlink(draft)
            return True
        if self._lives(self._read()):
            os.unlink(draft)
            return False
        os.rename(draft, self._path)
        time.sleep(
            min(1.0, self._stale_s)
        )  # another one may take it over at the same moment: the last one has it
        return self.is_ours()

    def is_ours(self) -> bool:
        """Whether nobody has taken it over."""
        return bool((self._read() or {}).get("nonce") == self._mine["nonce"])

    def beat(self) -> bool:
        """Show that we live; False when the task has been taken over."""
        if not self.is_ours():
            return False
        self._beat += 1
        write_json(self._path, {**self._mine, "beat": self._beat})
        return True

    def _lives(self, owner: dict[str, Any] | None) -> bool:
        if owner is None:
            return False
        if owner.get("node") == self._mine["node"] and owner.get("boot_id") == self._mine["boot_id"]:
            return bool(procfs.is_alive(owner))
        until = time.monotonic() + self._stale_s
        while time.monotonic() < until:
            time.sleep(_LOOK_S)
            now = self._read()
            if now is not None and (now.get("beat"), now.get("nonce")) != (
                owner.get("beat"),
                owner.get("nonce"),
            ):
                return True
        return False

    def _read(self) -> dict[str, Any] | None:
        try:
            return read_json(self._path)
        except ValueError:  # a disk that lost its end
            return None


class Keeper:
    """Stays with one task."""

    def __init__(self, folder: str, attempt: dict[str, Any], task: str) -> None:
        self._attempt = attempt
        self._task = task
        self._key = os.path.basename(os.path.abspath(folder))
        self._rundir = RunDir(os.path.join(folder, task))
        self._job = os.environ.get("SLURM_JOB_ID", "")
        self._ended = os.path.join(folder, "status", f"{task}.json")
        owner = os.path.join(folder, "status", f"{task}.owner")
        self._claim = Claim(owner, float(attempt["stale_s"]), self._job)
        self._pid = 0
        self._starts: list[float] = []
        self._asked = False  # the cluster wants us to end
        self._told: set[str] = set()  # which stops this supervisor has heard of
        self._kill_at = 0.0

    def run(self) -> None:
        """Keep the supervisor going until the task is over."""
        if os.path.exists(self._rundir.done) or not self._claim.take():
            return
        self._prepare()
        next_beat = time.monotonic() + float(self._attempt["beat_s"])
        restart_at = 0.0
        while True:
            now = time.monotonic()
            if now >= next_beat:
                if not self._claim.beat():
                    self._kill()
                    return
                next_beat = now + float(self._attempt["beat_s"])
            if self._pid and self._has_ended():
                restart_at = now + self._pause_s()
            if not self._pid:
                if os.path.exists(self._rundir.done):
                    self._end("", "")
                    return
                if len(self._starts) > RESTARTS_MAX:
                    self._kill()
                    self._end("runner_lost", f"the runner ended {len(self._starts)} times without a result")
                    return
                if now >= restart_at:
                    self._start()
            self._pass_on()
            if self._kill_at and now >= self._kill_at:
                self._kill()
                self._end("", "killed after a stop")
                return
            self._wait()

    # -- the supervisor

    def _start(self) -> None:
        now = time.monotonic()
        self._starts = [at for at in self._starts if at > now - RESTART_WINDOW_S] + [now]
        self._told = set()
        pid = os.fork()
        if pid == 0:
            self._become()
        self._pid = pid

    def _become(self) -> None:
        """In the child, never to return: the supervisor, in this very process, since starting another takes time."""
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM, signal.SIGCHLD])
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or name.startswith(_KEPT_PREFIXES)
        }
        environment["TRAINWRIGHT_RUNDIR"] = self._rundir.path
        argv = list(self._attempt.get("supervisor") or ())
        if argv:
            os.execve(argv[0], [*argv, self._rundir.path], environment)  # noqa: S606  # no shell is meant
        os.environ.clear()
        os.environ.update(environment)
        os._exit(int(deferred.load("supervisor").main(self._rundir)))

    def _has_ended(self) -> bool:
        pid, _status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            return False
        self._pid = 0
        return True

    def _pause_s(self) -> float:
        """The first restart is immediate, the next ones wait longer and longer."""
        restarts = len(self._starts) - 1
        return 0.0 if restarts == 0 else min(RESTART_PAUSE_MAX_S, 0.1 * 2.0 ** min(restarts - 1, 10))

    # -- stopping

    def _pass_on(self) -> None:
        """Tell the supervisor of a stop: what stop.json says, or the cluster's SIGTERM."""
        stop = self._read_stop()
        if stop is not None and int(stop.get("grace_s", 0)) == 0 and not self._kill_at:
            self._kill_at = time.monotonic() + float(self._attempt["hard_kill_s"])
        word = f"stop {stop.get('grace_s')}" if stop is not None else "cluster" if self._asked else ""
        if not word or word in self._told or not self._pid or not self._is_ready():
            return
        self._told.add(word)
        os.kill(self._pid, signal.SIGTERM)

    def _is_ready(self) -> bool:
        """Whether the supervisor has said who it is: before, SIGTERM would just end it."""
        return (self._read(self._rundir.supervisor) or {}).get("pid") == self._pid

    def _read_stop(self) -> dict[str, Any] | None:
        """A stop of the whole task; that of its command only is between its supervisor and the server."""
        stop = self._read(self._rundir.stop)
        return None if stop is None or stop.get("keep") else stop

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            return read_json(path)
        except ValueError:  # being replaced on a file system that shows it
            return None

    def _wait(self) -> None:
        """Until a signal comes, or it is time to look at the folder again."""
        timeout = _LOOK_S if self._pid else 0.05
        got = signal.sigtimedwait([signal.SIGTERM, signal.SIGCHLD], timeout)
        if got is not None and got.si_signo == signal.SIGTERM:
            self._asked = True

    def _kill(self) -> None:
        """Leave no process of the task behind."""
        if self._pid:
            procfs.kill(self._pid)
            os.waitpid(self._pid, 0)
            self._pid = 0
        for _ in range(50):
            left = procfs.marked(f"{self._key}/{self._task}")
            if not left:
                return
            for pid in left:
                procfs.kill(pid)
            time.sleep(0.02)

    # -- what is written

    def _prepare(self) -> None:
        """Put into launch.json what only the node knows."""
        launch = read_json(self._rundir.launch)
        if launch is None:
            return  # the supervisor will say so
        launch["node"] = node_name()
        if launch.get("launcher") == "auto":
            launch["launcher"] = "sandbox" if _bwrap_works() else "process"
        write_json(self._rundir.launch, launch)

    def _end(self, reason: str, detail: str) -> None:
        asked = self._asked and self._read_stop() is None
        said = {"reason": reason, "detail": detail, "node": node_name(), "job": self._job, "asked": asked}
        write_json(self._ended, said, durable=True)


def node_name() -> str:
    """The cluster's name of this machine."""
    return os.environ.get("SLURMD_NODENAME") or os.uname().nodename


def _bwrap_works() -> bool:
    try:
        done = subprocess.run(
            _BWRAP_TRIAL, timeout=_TRIAL_S, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main(folder: str) -> int:
    """Keep the task of this rank. Returns 0, also when there is nothing to do; 4 when there is no such rank."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGCHLD])
    attempt = read_json(os.path.join(folder, "attempt.json"))
    if attempt is None:
        return 0  # reaped
    rank = int(os.environ.get("SLURM_PROCID", "0"))
    tasks = attempt["tasks"]
    if rank >= len(tasks):
        print(f"rank {rank} of {len(tasks)} tasks", file=sys.stderr)
        return 4
    Keeper(folder, attempt, tasks[rank]).run()
    return 0
