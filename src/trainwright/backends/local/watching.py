"""Says on the event loop when a process ends: by pidfd where the kernel has it, else by looking five times a second."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from trainwright.backends.local.processes import Identity, is_alive, read_stat

POLL_S = 0.2


@dataclass
class _Watch:
    """One process being watched."""

    ended: Callable[[], None]
    descriptor: int = -1
    timer: asyncio.TimerHandle | None = None


class Watcher:
    """Watches processes, ours and those of a former server. Ended children of ours are collected."""

    def __init__(self, boot_id: str, *, use_pidfd: bool = True) -> None:
        self._boot_id = boot_id
        self._use_pidfd = use_pidfd and hasattr(os, "pidfd_open")
        self._watches: dict[int, _Watch] = {}

    def watch(self, pid: int, ended: Callable[[], None], expected: Identity | None = None) -> Identity | None:
        """Call `ended` once, on the running loop, when `pid` ends; returns who it is.

        None (and `ended` is never called) when it is gone already or is not the `expected` one. Watching it again
        replaces the former `ended`.
        """
        descriptor = self._open(pid)
        stat = read_stat(
            pid
        )  # after the descriptor was taken: from here on the pid cannot change hands unseen
        identity = None if stat is None else Identity(pid, stat.start_ticks, self._boot_id)
        if identity is None or (expected is not None and identity != expected):
            if descriptor >= 0:
                os.close(descriptor)
            return None
        former = self._watches.pop(pid, None)
        if former is not None:
            _release(former)
        watch = self._watches[pid] = _Watch(ended, descriptor)
        loop = asyncio.get_running_loop()
        if descriptor >= 0:
            loop.add_reader(descriptor, self._end, pid)
        else:
            watch.timer = loop.call_later(0, self._poll, identity)
        return identity

    def close(self) -> None:
        """Forget them all; they run on."""
        for watch in self._watches.values():
            _release(watch)
        self._watches.clear()

    def _open(self, pid: int) -> int:
        if not self._use_pidfd:
            return -1
        try:
            return os.pidfd_open(pid)
        except OSError:  # gone, an old kernel, or forbidden in this container: `read_stat` and polling tell
            return -1

    def _poll(self, identity: Identity) -> None:
        watch = self._watches[identity.pid]
        if not is_alive(identity, self._boot_id):
            self._end(identity.pid)
            return
        watch.timer = asyncio.get_running_loop().call_later(POLL_S, self._poll, identity)

    def _end(self, pid: int) -> None:
        watch = self._watches.pop(pid)
        _release(watch)
        collect(pid)
        watch.ended()


def collect(pid: int) -> None:
    """Collect an ended child; someone else's child is none of our business."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _release(watch: _Watch) -> None:
    if watch.timer is not None:
        watch.timer.cancel()
    if watch.descriptor >= 0:
        asyncio.get_running_loop().remove_reader(watch.descriptor)
        os.close(watch.descriptor)
