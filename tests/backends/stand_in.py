"""A tiny runner that keeps the promises of docs/design/runner.md about RUNDIR, without a server or a user's job.

    stand_in.py MODE RUNDIR

wait: until ../release appears or a stop comes. own-end: as wait, but a stop finds its job ended by itself.
slow-end: as wait, but a stop takes a second. once: ends at once. slow: as wait, but says late who it is.
tree: as wait, with a shim, a child and a grandchild in sessions of their own. stubborn: as tree, and deaf to SIGTERM.
crash: dies without a result. crash-first: so does the first task of a role, the others wait.
"""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path

LOOK_S = 0.01


def identity() -> dict[str, object]:
    """Who this process is."""
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"pid": os.getpid(), "start_ticks": int(stat[19]), "boot_id": boot_id}


def write(path: Path, content: object) -> None:
    """In one step."""
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(json.dumps(content))
    fresh.rename(path)


def note(rundir: Path, word: str) -> None:
    """One line in the ledger of all tasks."""
    ledger = os.open(rundir.parent.parent.parent / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(ledger, f"{word} {rundir.parent.name}/{rundir.name}\n".encode())
    os.close(ledger)


def sleep_for_ever() -> None:
    """A user's process."""
    while True:
        time.sleep(3600)


def grow_tree(rundir: Path, lock: int, *, deaf: bool) -> None:
    """Shim → child → grandchild that left both sessions. The lock is the supervisor's alone."""
    if (rundir / "shim-command.json").exists() or os.fork():
        return
    os.close(lock)
    os.setsid()
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
        sleep_for_ever()
    write(rundir / "shim-command.json", identity())
    sleep_for_ever()


def shim_is_up(rundir: Path) -> bool:
    """Whether the shim has said who it is."""
    return (rundir / "shim-command.json").exists()


def end_tree(rundir: Path) -> None:
    """What a shim would do: it and its descendants end. The grandchild that left is found by the backend."""
    shim = json.loads((rundir / "shim-command.json").read_text())
    os.kill(shim["pid"], signal.SIGKILL)


def main(mode: str, rundir: Path) -> int:
    """One life of a supervisor."""
    lock = os.open(rundir / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 3
    if (rundir / "done.json").exists():  # another one started for this RUNDIR has done it all meanwhile
        return 0
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: None if mode == "stubborn" else asked.append(number))
    if mode == "slow":
        time.sleep(0.3)
    write(rundir / "supervisor.json", identity())
    note(rundir, "start")
    if mode == "crash" or (mode == "crash-first" and rundir.name.endswith("-0")):
        return 1
    if mode in ("tree", "stubborn"):
        grow_tree(rundir, lock, deaf=mode == "stubborn")
        while not shim_is_up(rundir):
            time.sleep(LOOK_S)
    release, stop, done = rundir.parent / "release", rundir / "stop.json", rundir / "done.json"
    reason = "completed"
    while mode != "once" and not release.exists() and not done.exists():
        if (asked or stop.exists()) and mode != "stubborn":
            if mode == "slow-end":
                time.sleep(1)
            if mode != "own-end":
                told = json.loads(stop.read_text()) if stop.exists() else {}
                reason = told.get("reason", "stopped_by_user")
            break
        time.sleep(LOOK_S)
    if shim_is_up(rundir):
        end_tree(rundir)
    note(rundir, "end")
    write(done, {"closed": False, "reason": reason})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
