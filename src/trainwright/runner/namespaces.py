"""Going where another process is: its namespaces, as far as they are not ours already.

Python has `os.setns` from 3.12 on only, so that is libc's. Source: setns(2), ioctl_ns(2), user_namespaces(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import os

_NS_GET_USERNS = 0xB701
_CLONE_NEWUSER = 0x10000000
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITIES = 64
_JOINED_LAST = "mnt"  # from then on paths mean something else
_KINDS = ("ipc", "uts", "net", "cgroup", "pid", _JOINED_LAST)

_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int) -> bool:
    """Enter the namespaces of `pid`; children that are forked from now on are in its process namespace, too.

    Returns whether it was another user namespace: then the caller has all rights in there until `give_up_rights`.

    Raises:
        OSError: the process is gone, or this is not permitted. It may have happened in part: the caller must end.
    """
    found = {kind: descriptor for kind in (*_KINDS, "user") if (descriptor := _open_other(pid, kind)) >= 0}
    try:
        user = found.pop("user", -1)
        others = [found[kind] for kind in _KINDS if kind in found]
        now_in = _join_owner(others[-1]) if user >= 0 and others else _own_user()
        for descriptor in others:
            _setns(descriptor, 0)
        if user >= 0 and _identity(os.fstat(user)) != now_in:
            _setns(user, _CLONE_NEWUSER)
        return user >= 0
    finally:
        for descriptor in {*found.values(), user} - {-1}:
            os.close(descriptor)


def hide() -> None:
    """Nobody may look into this process, or at its program file, from in there."""
    _prctl(_PR_SET_DUMPABLE, 0)


def give_up_rights() -> None:
    """No more rights than an ordinary program in a sandbox has, now and for whatever is started from here."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for number in range(_CAPABILITIES):
        try:
            _prctl(_PR_CAPBSET_DROP, number)
        except OSError:
            break  # the kernel knows no more of them


def _open_other(pid: int, kind: str) -> int:
    """The namespace of `pid`, open; -1 when we are in it, or the kernel has none of this kind."""
    path = f"/proc/{pid}/ns/{kind}"
    try:
        theirs, ours = os.stat(path), os.stat(f"/proc/self/ns/{kind}")
    except FileNotFoundError:
        if not os.path.exists(f"/proc/{pid}"):
            raise
        return -1
    if _identity(theirs) == _identity(ours):
        return -1
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _join_owner(namespace: int) -> tuple[int, int]:
    """Enter the user namespace that made `namespace`: rights over it can be had only there. bubblewrap makes two, one
    inside the other, and the job is in the inner one. Returns which we are in now.
    """
    owner = fcntl.ioctl(namespace, _NS_GET_USERNS)
    try:
        found = _identity(os.fstat(owner))
        if found != _own_user():
            _setns(owner, _CLONE_NEWUSER)
        return found
    finally:
        os.close(owner)


def _own_user() -> tuple[int, int]:
    return _identity(os.stat("/proc/self/ns/user"))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _setns(descriptor: int, kind: int) -> None:
    if _libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _prctl(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
