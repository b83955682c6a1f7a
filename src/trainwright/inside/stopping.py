"""Whether the platform wants the training to end: asked as often as the script likes."""

from __future__ import annotations

import os
import signal
import threading
import time

from .place import FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_LOOK_S = 0.2


class _Held(threading.local):
    """By thread, as signal masks are."""

    sigterm = False  # it is we who keep it back


class _Watcher:
    """Looks for the platform's word, and keeps SIGTERM, which comes with it, from ending who asks for it."""

    def __init__(self) -> None:
        self._stop = False
        self._looked_at = 0.0
        self._catcher = 0  # the process that catches SIGTERM
        self._awaited = True  # the platform's SIGTERM has not come yet; a fork goes on with its parent's
        self._held = _Held()
        os.register_at_fork(before=self._hold, after_in_parent=self._release, after_in_child=self._forked)

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        if self._stop:
            return True
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S:
            return False
        self._looked_at = now
        self._catch()
        self._stop = _asked_for()
        return self._stop

    def _catch(self) -> None:
        """Only where the script does not care for SIGTERM itself; Python hears of signals in its main thread alone."""
        pid = os.getpid()
        if self._catcher == pid or not os.environ.get(FOLDER):
            return
        if threading.current_thread() is not threading.main_thread():
            return
        self._catcher = pid  # before the handler, which asks for it
        if signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, self._on_term):
            signal.signal(signal.SIGTERM, self._on_term)

    def _on_term(self, number: int, frame: FrameType | None) -> None:
        """The platform's SIGTERM goes once to every process of the training. Who asks `should_stop` hears it there; one
        that was forked from it before it came (a data loader's worker) passes over it, for its parent still needs it.
        """
        catches = self._catcher == os.getpid()
        if (catches or self._awaited) and _asked_for():
            self._awaited = False
            self._stop = self._stop or catches
            return
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not from the platform: as without us
        os.kill(os.getpid(), signal.SIGTERM)

    def _hold(self) -> None:
        """Before a fork, where SIGTERM is ours: the child gets it once it can tell what it is. Python would forget one
        that comes before the child's first step, and on a busy machine that step is late; the worker would then take
        its parent's `terminate()` for the platform's.
        """
        if signal.getsignal(signal.SIGTERM) == self._on_term:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
            self._held.sigterm = signal.SIGTERM not in before

    def _release(self) -> None:
        """In the parent and in the child."""
        if self._held.sigterm:
            self._held.sigterm = False
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))

    def _forked(self) -> None:
        """In the child."""
        self._looked_at = 0.0
        self._release()


def _asked_for() -> bool:
    folder = os.environ.get(FOLDER)
    return bool(folder) and os.path.exists(os.path.join(folder or "", "stop"))


_watcher = _Watcher()


def should_stop() -> bool:
    """Whether the training is to end soon: a user stopped the job, its time is up, or its machine is wanted back.

    Save a checkpoint then, and leave: what still runs after the grace (30 s, `spec.stop_grace_seconds`) is killed. True
    for good once it is; False off the platform. It may be asked at every step: it looks at most every 0.2 s.

    With the stop comes SIGTERM. Once this was called in the main thread of a script that has no handler of its own for
    it, SIGTERM does not end that process any more, as long as it is the platform's.
    """
    return _watcher.should_stop()
