"""A command under its shim, as the supervisor sees it: started once, found again, told to end, asked for its result."""

from __future__ import annotations

import os
import sys
import time

from . import deferred, procfs
from .rundir import RunDir, read_json, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, NoReturn
else:
    import _signal as signal  # the same without enums, which cost 1 ms

_LOOK_S = 0.5


class Running:
    """The command of one step. `start` or, after a restart, `adopt`; then wait for `finished`."""

    def __init__(self, rundir: RunDir, step: str) -> None:
        self._rundir = rundir
        self.step = step
        self._child = 0  # our own child, if it was we who forked it
        self._shim: dict[str, Any] | None = None
        self._looked_at = 0.0
        self._alive = True

    def begun(self) -> bool:
        """Whether a shim has ever been started for this step."""
        return os.path.exists(self._rundir.shim(self.step)) or os.path.exists(self._rundir.exit(self.step))

    def start(self, command: dict[str, Any]) -> None:
        """Fork a shim for `command`. There must be no other thread: what they hold would be held for ever in the child.

        Forked, not started anew: a second interpreter would cost 25 ms before the user's first line, and 8 MB.
        """
        write_json(self._rundir.command(self.step), command)
        deferred.load("shim")  # before the fork: a failing import is better seen here
        self._child = os.fork()
        if self._child == 0:
            self._be_shim()

    def _be_shim(self) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            os.setsid()
            code = deferred.load("shim").main(self._rundir, self.step)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            raise
        finally:
            os._exit(code)

    @property
    def pid(self) -> int:
        """The shim's process; 0 while unknown or gone."""
        if self._shim is None:
            self._shim = read_json(self._rundir.shim(self.step))
        return int(self._shim["pid"]) if self._shim is not None and self._alive else 0

    def finished(self) -> bool:
        """Whether it has ended, or its shim is gone without a result."""
        if os.path.exists(self._rundir.exit(self.step)):
            self._reap()
            return True
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S and not self._reap():
            return False
        self._looked_at = now
        if self.pid:
            self._alive = procfs.is_alive(self._shim or {})
        else:
            self._alive = self._child > 0 and procfs.start_ticks(self._child) is not None
        return not self._alive

    def _reap(self) -> bool:
        """Collect our child if it has ended; True when it just has."""
        if not self._child:
            return False
        pid, _ = os.waitpid(self._child, os.WNOHANG)
        if pid:
            self._child = 0
        return pid != 0

    def result(self) -> dict[str, Any] | None:
        """What the shim wrote at its end; None when it is gone without."""
        return read_json(self._rundir.exit(self.step))

    def stop(self) -> None:
        """Let the shim read `stop.json`. A shim that is only starting reads it by itself."""
        self._signal(signal.SIGTERM)

    def kill(self, cause: str) -> None:
        """Kill the command and its tree now; `cause` (`memory`, `disk`, `closed`) comes back in the result."""
        if not os.path.exists(self._rundir.kill(self.step)):
            write_json(self._rundir.kill(self.step), {"cause": cause})
        self._signal(signal.SIGUSR1)

    def _signal(self, number: int) -> None:
        if self.pid and procfs.is_alive(self._shim or {}):
            procfs.kill(self.pid, number)
