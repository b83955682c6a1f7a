"""Programs of others that are asked something (nvidia-smi, npu-smi, py-spy), without waiting for them in a thread:
before a shim is forked there must be none.
"""

from __future__ import annotations

import os
import time

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .pump import Pump

SAID_MAX = 1 << 20
_LOOK_S = 0.05


class Tool:
    """One run of `argv`. Call `finished` until it is true; then `status` (None: given up) and `said` hold.

    Raises `OSError` when it cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        patience_s: float,
        environment: Mapping[str, str] | None = None,
        errors: bool = False,
    ) -> None:
        self.said = b""
        self.status: int | None = None
        self._give_up_at = time.monotonic() + patience_s
        self._output, write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._output, False)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        actions = [
            (os.POSIX_SPAWN_DUP2, null, 0),
            (os.POSIX_SPAWN_DUP2, write_end, 1),
            (os.POSIX_SPAWN_DUP2, write_end if errors else null, 2),
        ]
        self._pid = 0
        try:
            self._pid = os.posix_spawnp(
                argv[0], list(argv), os.environ if environment is None else environment, file_actions=actions
            )
        except OSError:
            os.close(self._output)
            raise
        finally:
            os.close(write_end)
            os.close(null)

    def finished(self) -> bool:
        """Read what it says; true once it has ended or was given up. Never blocks."""
        if not self._pid:
            return True
        try:
            while True:
                piece = os.read(self._output, 65536)
                if not piece:
                    break
                if len(self.said) < SAID_MAX:
                    self.said += piece
        except BlockingIOError:
            if time.monotonic() < self._give_up_at:
                return False
            self.close()
            return True
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:  # it has closed its output and lives on
            if time.monotonic() < self._give_up_at:
                return False
            self.close()
            return True
        self.status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        self._forget()
        return True

    def close(self) -> None:
        """End it if it still runs."""
        if self._pid:
            procfs.kill(self._pid)
            os.waitpid(self._pid, 0)
            self._forget()

    @property
    def text(self) -> str:
        """What it has said."""
        return self.said.decode("utf-8", "replace")

    def _forget(self) -> None:
        os.close(self._output)
        self._pid, self._output = 0, -1


def ask(
    pump: Pump, argv: Sequence[str], *, patience_s: float, environment: Mapping[str, str] | None = None
) -> tuple[int | None, str]:
    """Run `argv` while everything else goes on; its exit status (None: given up; 127: not installed) and what it said,
    errors included.

    Raises:
        Closed, Refused: the server wants nothing of this any more.
    """
    try:
        tool = Tool(argv, patience_s=patience_s, environment=environment, errors=True)
    except OSError as error:
        return 127, f"{argv[0]}: {error.strerror}"
    timer = pump.every(_LOOK_S, lambda: None)
    try:
        pump.until(tool.finished)
    finally:
        pump.cancel(timer)
        tool.close()
    return tool.status, tool.text
