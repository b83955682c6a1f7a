"""How busy a task's accelerators are, asked of the vendors' own tools without waiting for them."""

from __future__ import annotations

import os

from . import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Parse = Callable[[str], dict[str, float]]

PERIOD_S = 5.0
_PATIENCE_S = 10.0
_QUERY = ("--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits")


class AcceleratorMeter:
    """`values` holds the latest answer. `step` starts the tool, collects what it said, and gives it up if it hangs."""

    def __init__(self, resources: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.values: dict[str, float] = {}
        self._argv: list[str] = []
        self._parse: Parse = parse_nvidia
        if resources["accelerators"] and resources["accelerator_kind"] == "gpu":
            devices = environment.get("CUDA_VISIBLE_DEVICES", "")
            self._argv = ["nvidia-smi", *_QUERY, *(["-i", devices] if devices else [])]
        elif resources["accelerators"] and resources["accelerator_kind"] == "npu":
            devices = environment.get("ASCEND_VISIBLE_DEVICES", "") or "0"
            self._argv = [
                "sh",
                "-c",
                'for i in $0; do npu-smi info -t usages -i "$i"; done',
                devices.replace(",", " "),
            ]
            self._parse = parse_ascend
        self._pid = 0
        self._output = -1
        self._said = b""
        self._began = 0.0

    def step(self, now: float) -> None:
        """Go on. Never blocks. A machine without the tool is asked once only."""
        if self._pid:
            self._collect(now)
        elif self._argv and now - self._began >= PERIOD_S:
            self._start(now)

    def close(self) -> None:
        """End a tool that still runs."""
        if self._pid:
            procfs.kill(self._pid)
            os.waitpid(self._pid, 0)
            self._forget()

    def _start(self, now: float) -> None:
        self._began = now
        self._output, write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._output, False)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        actions = [
            (os.POSIX_SPAWN_DUP2, null, 0),
            (os.POSIX_SPAWN_DUP2, write_end, 1),
            (os.POSIX_SPAWN_DUP2, null, 2),
        ]
        try:
            self._pid = os.posix_spawnp(self._argv[0], self._argv, os.environ, file_actions=actions)
        except OSError:
            self._argv = []  # not installed: do not ask again
            os.close(self._output)
        finally:
            os.close(write_end)
            os.close(null)

    def _collect(self, now: float) -> None:
        try:
            while True:
                piece = os.read(self._output, 65536)
                if not piece:
                    break
                self._said += piece
        except BlockingIOError:
            if now - self._began > _PATIENCE_S:
                self.close()
            return
        _, status = os.waitpid(self._pid, 0)
        if status == 0:
            self.values = self._parse(self._said.decode("utf-8", "replace"))
        self._forget()

    def _forget(self) -> None:
        os.close(self._output)
        self._pid, self._output, self._said = 0, -1, b""


def parse_nvidia(text: str) -> dict[str, float]:
    """Means over the cards of `utilization, memory used, memory total` lines; unreadable ones are left out."""
    busy, filled = [], []
    for line in text.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if (
            len(fields) == 3
            and all(field.replace(".", "", 1).isdigit() for field in fields)
            and float(fields[2])
        ):
            busy.append(float(fields[0]))
            filled.append(float(fields[1]) * 100 / float(fields[2]))
    return {"gpuUtil": _mean(busy), "gpuMemUsage": _mean(filled)}


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
