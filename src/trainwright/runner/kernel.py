"""The two process attributes that Python has no call for."""

from __future__ import annotations

import ctypes
import os

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: ctypes.c_ulong | ctypes.c_char_p) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), value, zero, zero, zero) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def become_subreaper() -> None:
    """From now on orphaned descendants become children of this process instead of getting away."""
    _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))


def die_with_parent(number: int) -> None:
    """Let the kernel send signal `number` to this process when its parent dies."""
    _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(number))


def set_name(name: str) -> None:
    """The name `ps` and `top` show, at most 15 bytes."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode("ascii")))
