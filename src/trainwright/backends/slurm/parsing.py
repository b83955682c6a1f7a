"""Slurm's answers as data. Pure: text in, rows out. Lines that cannot be understood are left out, as are newer columns.

Formats checked against Slurm 22.05 (tests/backends/slurm/recorded).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

QUEUE_FORMAT = "%i|%T|%N|%S|%V|%Q|%P|%r|%k|%j"
QUEUE_COMMAND = ("squeue", "--me", "-h", "-a", "-t", "all", "-o", QUEUE_FORMAT)
ACCOUNT_FORMAT = "JobIDRaw,State,ExitCode,NodeList,JobName"
NODES_COMMAND = ("scontrol", "show", "node", "-o", "-d")
PARTITIONS_COMMAND = ("scontrol", "show", "partition", "-o")
MIB_UNITS = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024 * 1024}
UNUSABLE = frozenset(
    {
        *("DOWN", "DRAIN", "DRAINED", "DRAINING", "FAIL", "FAILING", "FUTURE", "MAINT", "UNKNOWN", "ERROR"),
        *("NOT_RESPONDING", "INVAL", "POWERING_DOWN"),
    }
)
_KEY = re.compile(r"(?:^| )([A-Za-z][A-Za-z0-9_:/]*)=")
_RANGES = re.compile(r"([^,\[\]]+)(?:\[([^\]]*)\])?([^,\[\]]*)")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One job (or one part of a heterogeneous one) in the queue. Times are ms since the epoch, 0: not known.

    `job_id` is that of the whole; `submitted_ms` tells it from a former job of that number.
    """

    job_id: str
    state: str
    nodes: tuple[str, ...] = ()
    starts_at_ms: int = 0
    submitted_ms: int = 0
    priority: int = 0
    partition: str = ""
    reason: str = ""
    comment: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What accounting keeps of a job that has left the queue."""

    job_id: str
    state: str
    exit_code: str
    nodes: tuple[str, ...]
    name: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node. `gres` and `gres_used`: how many of each, by name with type (`gpu:a100`) and without."""

    name: str
    address: str
    cpus: int
    cpus_used: int
    memory_mib: int
    memory_used_mib: int
    gres: dict[str, int]
    gres_used: dict[str, int]
    state: str
    partitions: tuple[str, ...]
    reason: str

    @property
    def is_usable(self) -> bool:
        """Whether Slurm starts jobs there."""
        return not (self._flags & UNUSABLE or "*" in self.state)

    @property
    def is_lost(self) -> bool:
        """Whether the node itself is away."""
        return bool(self._flags & {"DOWN", "NOT_RESPONDING"}) or "*" in self.state

    @property
    def _flags(self) -> set[str]:
        return set(re.split(r"[+*~#!%$@^-]+", self.state))


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """A partition. `max_minutes` 0: no limit."""

    name: str
    nodes: tuple[str, ...]
    max_minutes: int
    is_up: bool


def parse_queue(text: str) -> list[QueueRow]:
    """The rows of squeue in `QUEUE_FORMAT`."""
    rows = []
    for line in text.splitlines():
        fields = line.split("|", 9)
        job_id = fields[0].split("+")[0]
        if len(fields) != 10 or not job_id.isdigit():
            continue
        _, state, nodes, starts, submitted, priority, partition, reason, comment, name = fields
        rows.append(
            QueueRow(
                job_id=job_id,
                state=state.strip(),
                nodes=expand_nodes(nodes),
                starts_at_ms=_ms(starts),
                submitted_ms=_ms(submitted),
                priority=int(priority) if priority.isdigit() else 0,
                partition=partition,
                reason=reason.strip("() "),
                comment=comment,
                name=name,
            )
        )
    return rows


def parse_accounts(text: str) -> list[AccountRow]:
    """The jobs (not their steps) that sacct lists in `ACCOUNT_FORMAT` with -P -n, oldest first."""
    rows = []
    for line in text.splitlines():
        fields = line.split("|", 4)
        if len(fields) == 5 and fields[0].split("+")[0].isdigit():
            rows.append(
                AccountRow(fields[0].split("+")[0], fields[1], fields[2], expand_nodes(fields[3]), fields[4])
            )
    return rows


def parse_nodes(text: str) -> list[NodeRow]:
    """What `scontrol show node -o -d` lists."""
    rows = []
    for line in text.splitlines():
        found = _pairs(line)
        if not found.get("NodeName") or not found.get("CPUTot", "").isdigit():
            continue
        rows.append(
            NodeRow(
                name=found["NodeName"],
                address=found.get("NodeAddr", ""),
                cpus=int(found.get("CPUEfctv") or found["CPUTot"]),
                cpus_used=int(found.get("CPUAlloc") or 0),
                memory_mib=_mib(found.get("RealMemory", "")) - _mib(found.get("MemSpecLimit", "")),
                memory_used_mib=_mib(found.get("AllocMem", "")),
                gres=_gres(found.get("Gres", "")),
                gres_used=_gres(found.get("GresUsed", "")),
                state=found.get("State", "").upper(),
                partitions=tuple(p for p in found.get("Partitions", "").split(",") if p),
                reason=found.get("Reason", "").strip(),
            )
        )
    return rows


def parse_partitions(text: str) -> list[PartitionRow]:
    """What `scontrol show partition -o` lists."""
    return [
        PartitionRow(
            name=found["PartitionName"],
            nodes=expand_nodes(found.get("Nodes", "")),
            max_minutes=_minutes(found.get("MaxTime", "")),
            is_up=found.get("State", "").upper() == "UP",
        )
        for line in text.splitlines()
        if (found := _pairs(line)).get("PartitionName")
    ]


def expand_nodes(text: str) -> tuple[str, ...]:
    """Names of a host list: `n[1-3,05],m1` → n1 n2 n3 n05 m1. Nothing in it: no names."""
    names: list[str] = []
    if text.strip() in ("", "(null)", "None assigned", "N/A"):
        return ()
    for head, ranges, tail in _RANGES.findall(text.strip()):
        if not ranges:
            names.append(f"{head}{tail}")
            continue
        for part in ranges.split(","):
            first, _, last = part.partition("-")
            if not first.isdigit() or (last and not last.isdigit()):
                continue
            width = len(first)
            names += [f"{head}{n:0{width}}{tail}" for n in range(int(first), int(last or first) + 1)]
    return tuple(names)


def _pairs(line: str) -> dict[str, str]:
    """`Key=value` of a line; a value goes on up to the next key."""
    return dict(_each_pair(line))


def _each_pair(line: str) -> Iterator[tuple[str, str]]:
    keys = list(_KEY.finditer(line))
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        value = line[key.end() : following.start() if following else len(line)]
        yield key.group(1), "" if value.strip() in ("(null)", "N/A") else value.strip()


def _gres(text: str) -> dict[str, int]:
    """`gpu:a100:4(S:0-1),npu:8` → {gpu: 4, gpu:a100: 4, npu: 8}."""
    found: dict[str, int] = {}
    for part in re.sub(r"\([^)]*\)", "", text).split(","):
        *names, count = part.split(":")
        number = re.fullmatch(r"(\d+)([KMG]?)", count)
        if not names or number is None:
            continue
        for length in range(1, len(names) + 1):
            name = ":".join(names[:length])
            found[name] = found.get(name, 0) + int(number.group(1))
    return found


def _mib(text: str) -> int:
    number = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)B?", text.strip())
    return 0 if number is None else int(float(number.group(1)) * MIB_UNITS.get(number.group(2) or "M", 1))


def _minutes(text: str) -> int:
    """`1-12:00:00`, `02:00:00` or UNLIMITED; 0: no limit."""
    days, _, clock = text.strip().rpartition("-")
    parts = clock.split(":")
    if not all(part.isdigit() for part in (*parts, days or "0")):
        return 0
    hours, minutes = (int(parts[0]), int(parts[1])) if len(parts) > 1 else (0, int(parts[0]))
    return int(days or 0) * 1440 + hours * 60 + minutes


def _ms(text: str) -> int:
    return int(text) * 1000 if text.strip().isdigit() else 0
