"""What Python has no call for: attributes of a process, and names of its own."""

from __future__ import annotations

import ctypes
import os

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUTS = 0x04000000
_CLONE_NEWUSER = 0x10000000
_MS_BIND = 1 << 12
_MS_REC = 1 << 14
_MS_SLAVE = 1 << 19

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


def own_names(hosts_file: str, host: str) -> bool:
    """Give this process (and what it starts) `hosts_file` as /etc/hosts and `host` as host name; others see nothing.

    Works with the rights of an administrator, or where users may make namespaces; False where neither holds: then
    everything is as it was. Source: mount_namespaces(7), user_namespaces(7).
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(ctypes.c_int(_CLONE_NEWNS | _CLONE_NEWUTS)) != 0:
        if _libc.unshare(ctypes.c_int(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWUTS)) != 0:
            return False
        try:
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{user} {user} 1"),
                ("gid_map", f"{group} {group} 1"),
            ):
                with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                    file.write(text)
        except OSError:
            return False
    flags = ctypes.c_ulong(_MS_REC | _MS_SLAVE)  # what is mounted outside later is still seen
    if _libc.mount(b"none", b"/", None, flags, None) != 0:
        return False
    if _libc.mount(os.fsencode(hosts_file), b"/etc/hosts", None, ctypes.c_ulong(_MS_BIND), None) != 0:
        return False
    shown = host.encode("ascii", "replace")
    _libc.sethostname(ctypes.c_char_p(shown), ctypes.c_size_t(len(shown)))  # only for show: it may fail
    return True
