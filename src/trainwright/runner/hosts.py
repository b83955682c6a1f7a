"""Who is who among the tasks of a job: names, addresses and ports, and the files that tell them to programs."""

from __future__ import annotations

import binascii
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .beneath import Place

_HOST_NAME_MAX = 64
FALLBACK_PORT = 6666  # of a task that has told none


class Peers:
    """All tasks of the attempt. Before they have met, only this task's own address is known."""

    def __init__(self, order: dict[str, Any], go: dict[str, Any] | None, ip: str, port: int = 0) -> None:
        self.roles: list[dict[str, Any]] = list(order.get("roles") or ())
        if not self.roles:
            self.roles = [{"name": order["role"], "hosts": order["hosts"]}]
        self.role_index = int(order.get("role_index") or 0)
        self._role = order["role"]
        self._own = order["task"]
        self._ip = ip
        self._port = port
        self._told = {peer["task"]: peer for peer in (go or {}).get("peers", ())}

    def ip(self, role: str, index: int) -> str:
        """Address of a task; empty while it is not known."""
        told = self._told.get(f"{role}-{index}")
        if told is not None and told["ip"]:
            return str(told["ip"])
        return self._ip if f"{role}-{index}" == self._own else ""

    def port(self, role: str, index: int) -> int:
        """The port that was free on a task's machine."""
        own = self._port if f"{role}-{index}" == self._own else 0
        return int(self._told.get(f"{role}-{index}", {}).get("port") or own or FALLBACK_PORT)

    def endpoints(self, role: dict[str, Any]) -> list[str]:
        """`host:port` of every task of a role."""
        return [f"{host}:{self.port(role['name'], index)}" for index, host in enumerate(role["hosts"])]

    @property
    def own_role(self) -> dict[str, Any]:
        """The role this task belongs to."""
        return next((role for role in self.roles if role["name"] == self._role), self.roles[0])

    def lines(self) -> list[str]:
        """Lines of /etc/hosts: address, full name, short name."""
        found: list[str] = []
        for role in self.roles:
            for index, host in enumerate(role["hosts"]):
                ip = self.ip(role["name"], index)
                if ip and not _is_address(host):
                    found.append(f"{ip} {' '.join(dict.fromkeys((host, host_name(host.split('.')[0]))))}")
        return found

    def addresses(self, role: dict[str, Any]) -> list[str]:
        """Addresses in place of names, where names do not resolve; the name where the address is not known."""
        return [self.ip(role["name"], index) or host for index, host in enumerate(role["hosts"])]


def own_address(guessed: str, task: str) -> str:
    """`guessed`, or a loopback address of the task's own when all tasks are on this machine.

    Programs tell hosts apart by their addresses: with one for all, every worker takes itself for the first.
    """
    if not guessed.startswith("127."):
        return guessed
    number = binascii.crc32(task.encode("utf-8", "replace"))
    return f"127.{1 + number % 254}.{number >> 8 & 0xFF}.{1 + (number >> 16) % 254}"


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def host_name(name: str) -> str:
    """`name` cut to what the kernel takes as a host name."""
    return name[:_HOST_NAME_MAX]


def write_host_files(where: Place, peers: Peers) -> None:
    """`<role>.host` and `task<i>.host` in a folder, which is made: the names of a role's hosts, one a line."""
    folder = where.open(make=True)
    for number, role in enumerate(peers.roles):
        text = "".join(f"{host}\n" for host in role["hosts"])
        for name in (str(role["name"]).replace("/", "_"), f"task{number}"):
            folder.write(f"{name}.host", text.encode("utf-8"), mode=0o644)


def write_mounts(
    folder: str, peers: Peers, users: Sequence[str], *, groups: Sequence[str] = (), etc: str = "/etc"
) -> None:
    """Write the `hosts`, `passwd` and `group` that the job sees into `folder`: `users` and `groups` after those of the
    folder `etc`, which is the machine's or an image's.
    """
    os.makedirs(folder, mode=0o700, exist_ok=True)
    texts = {
        "hosts": _machine_file("/etc/hosts") + "".join(f"{line}\n" for line in peers.lines()),
        "passwd": _machine_file(f"{etc}/passwd") + "".join(f"{line}\n" for line in users),
        "group": _machine_file(f"{etc}/group") + "".join(f"{line}\n" for line in groups),
    }
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def _machine_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return ""
    return text if text.endswith("\n") or not text else text + "\n"
