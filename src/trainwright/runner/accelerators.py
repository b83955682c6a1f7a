"""How busy a task's accelerators are, asked of the vendors' own tools without waiting for them."""

from __future__ import annotations

from .tools import Tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Parse = Callable[[str], dict[str, float]]

PERIOD_S = 5.0
_PATIENCE_S = 10.0
_QUERY = (
    "--query-gpu=utilization.gpu,memory.used,memory.total,ecc.errors.uncorrected.volatile.total,pci.bus_id",
    "--format=csv,noheader,nounits",
)


class AcceleratorMeter:
    """`values` holds the latest answer. `step` starts the tool, collects what it said, and gives it up if it hangs."""

    def __init__(self, resources: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.values: dict[str, float] = {}
        self.errors: int | None = None  # of memory, as first counted; None: the GPUs have not answered yet
        self.kind = str(resources["accelerator_kind"]) if resources["accelerators"] else ""
        self._argv: list[str] = []
        self._parse: Parse = parse_nvidia
        if self.kind == "gpu":
            self._argv = nvidia_argv(environment)
        elif self.kind == "npu":
            self._argv = npu_argv("usages", environment)
            self._parse = parse_ascend
        self._tool: Tool | None = None
        self._began = 0.0

    @property
    def utilisation(self) -> float | None:
        """How busy the cards are on average, in percent; None where there are none, or they do not tell."""
        value = self.values.get(self.kind + "Util", -1.0)
        return value if value >= 0 else None

    def step(self, now: float) -> None:
        """Go on. Never blocks. A machine without the tool is asked once only."""
        if self._tool is not None:
            if self._tool.finished():
                worked = self._tool.status == 0
                self.values = self._parse(self._tool.text) if worked else {}
                if worked and self.kind == "gpu" and self.errors is None:
                    self.errors = sum(row[3] for row in parse_nvidia_rows(self._tool.text))
                self._tool = None
        elif self._argv and now - self._began >= PERIOD_S:
            self._began = now
            try:
                self._tool = Tool(self._argv, patience_s=_PATIENCE_S)
            except OSError:
                self._argv = []  # not installed: do not ask again

    def close(self) -> None:
        """End a tool that still runs."""
        if self._tool is not None:
            self._tool.close()


def nvidia_argv(environment: Mapping[str, str]) -> list[str]:
    """The command that asks nvidia-smi about every GPU of the task."""
    devices = environment.get("CUDA_VISIBLE_DEVICES", "")
    return ["nvidia-smi", *_QUERY, *(["-i", devices] if devices else [])]


def npu_argv(what: str, environment: Mapping[str, str]) -> list[str]:
    """The command that asks npu-smi about every NPU of the task: `usages`, `health`."""
    devices = environment.get("ASCEND_VISIBLE_DEVICES", "") or "0"
    line = f'for i in $0; do npu-smi info -t {what} -i "$i" || exit; done'
    return ["sh", "-c", line, devices.replace(",", " ")]


def parse_nvidia_rows(text: str) -> list[tuple[float, float, float, int, str]]:
    """Of every card: percent busy, memory used and in all (MiB), uncorrectable memory errors (0 where they are not
    counted), PCI address. Unreadable lines are left out.
    """
    rows = []
    for line in text.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) < 3 or not all(field.replace(".", "", 1).isdigit() for field in fields[:3]):
            continue
        errors = int(fields[3]) if len(fields) > 3 and fields[3].isdigit() else 0
        device = fields[4] if len(fields) > 4 else ""
        rows.append((float(fields[0]), float(fields[1]), float(fields[2]), errors, device))
    return rows


def parse_nvidia(text: str) -> dict[str, float]:
    """Means over the cards: how busy they are, and their memory, in percent."""
    rows = [row for row in parse_nvidia_rows(text) if row[2]]
    return {
        "gpuUtil": _mean([row[0] for row in rows]),
        "gpuMemUsage": _mean([row[1] * 100 / row[2] for row in rows]),
    }


def parse_health(text: str) -> list[str]:
    """What npu-smi says of every NPU in `Health Status : OK` (or `Health : OK`) lines."""
    pairs = [line.partition(":") for line in text.splitlines()]
    return [
        value.strip()
        for name, _, value in pairs
        if name.strip() in ("Health", "Health Status") and value.strip()
    ]


def parse_ascend(text: str) -> dict[str, float]:
    """Means over the cards of `Aicore Usage Rate(%) : n` and `HBM` (or `Memory`) `Usage Rate(%) : n` lines."""
    busy, filled = [], []
    for line in text.splitlines():
        name, _, value = line.rpartition(":")
        if value.strip().isdigit():
            if name.strip().startswith("Aicore Usage Rate"):
                busy.append(float(value))
            elif name.strip().startswith(("HBM Usage Rate", "Memory Usage Rate")):
                filled.append(float(value))
    return {"npuUtil": _mean(busy), "npuMemUsage": _mean(filled)}


def _mean(numbers: list[float]) -> float:
    return round(sum(numbers) / len(numbers), 2) if numbers else -1.0
