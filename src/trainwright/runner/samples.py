"""One-second samples on their way to the server: bounded, in runs without gaps."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEPT_S = 3600  # while the server is away; older samples are dropped, they are not worth more memory
_RUN_S = 60


class SampleBuffer:
    """Collects samples; `batches` gives them as the server wants them, `forget` drops what it has."""

    def __init__(self) -> None:
        self._runs: list[dict[str, Any]] = []

    def add(self, second: int, values: dict[str, float]) -> None:
        """One sample of the UTC second `second`; a second that was sampled before is ignored."""
        run = self._runs[-1] if self._runs else None
        if run is not None:
            following = run["start_s"] + _length(run)
            if second < following:
                return
            if second > following or _length(run) >= _RUN_S or run["values"].keys() != values.keys():
                run = None
        if run is None:
            run = {"start_s": second, "values": {name: [] for name in values}}
            self._runs.append(run)
            del self._runs[: -KEPT_S // _RUN_S]
        for name, value in values.items():
            run["values"][name].append(value)

    def batches(self) -> list[dict[str, Any]]:
        """What is waiting, as copies."""
        return [
            {
                "start_s": run["start_s"],
                "values": {name: list(values) for name, values in run["values"].items()},
            }
            for run in self._runs
        ]

    def forget(self, sent: list[dict[str, Any]]) -> None:
        """Drop what is in `sent`; what has come since is kept."""
        for batch in sent:
            count = _length(batch)
            for run in self._runs:
                if run["start_s"] == batch["start_s"]:
                    run["start_s"] += count
                    for values in run["values"].values():
                        del values[:count]
        self._runs = [run for run in self._runs if _length(run)]


def _length(run: dict[str, Any]) -> int:
    return max((len(values) for values in run["values"].values()), default=0)
