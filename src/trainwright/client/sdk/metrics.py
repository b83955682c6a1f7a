"""What a job reported of its training: series of numbers over steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainwright.client.sdk.html import curve, table_html
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from typing import Any, TypeAlias

    from trainwright.wire.training_metrics import TrainingMetricsResponse, TrainingSeries

    Array: TypeAlias = Any

_numpy: Any = deferred("numpy")
_pandas: Any = deferred("pandas")


class Series:
    """One metric of one task's attempt, ascending by step. `total` points are stored; fewer may have been asked for."""

    def __init__(self, name: str, task: str, attempt: int, total: int) -> None:
        self.name = name
        self.task = task
        self.attempt = attempt
        self.total = total
        self._steps: list[int] = []
        self._values: list[float] = []
        self._times: list[int] = []

    def extend(self, page: TrainingSeries) -> None:
        """Take in the points that follow."""
        self._steps += page.steps
        self._values += page.values
        self._times += page.times

    @property
    def steps(self) -> Array:
        """The steps: a NumPy array of integers where NumPy is installed, else a list."""
        return _array(self._steps, "int64")

    @property
    def values(self) -> Array:
        """The numbers, NaN and infinities among them: a NumPy array of floats where NumPy is installed, else a list."""
        return _array(self._values, "float64")

    @property
    def times(self) -> Array:
        """When each was reported, in ms since 1970: a NumPy array where NumPy is installed, else a list."""
        return _array(self._times, "int64")

    @property
    def last(self) -> float | None:
        """The number of the highest step; None without points."""
        return self._values[-1] if self._values else None

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        """Step and number of each point."""
        return iter(zip(self._steps, self._values, strict=True))

    def rows(self) -> list[dict[str, object]]:
        """Each point with all that is known of it."""
        return [
            {
                "name": self.name,
                "task": self.task,
                "attempt": self.attempt,
                "step": step,
                "value": value,
                "time_ms": time_ms,
            }
            for step, value, time_ms in zip(self._steps, self._values, self._times, strict=True)
        ]

    def summary(self) -> dict[str, object]:
        """What tables show of it."""
        numbers = [value for value in self._values if value == value]
        return {
            "name": self.name,
            "task": self.task,
            "points": self.total,
            "last": "" if self.last is None else f"{self.last:g}",
            "min": f"{min(numbers):g}" if numbers else "",
            "max": f"{max(numbers):g}" if numbers else "",
        }

    def __repr__(self) -> str:
        return f"Series({self.name!r}, task={self.task!r}, {len(self)} points, last={self.last})"

    def _repr_html_(self) -> str:
        return table_html([{**self.summary(), "": curve(self._values)}])


class Metrics(Mapping[str, Series]):
    """Series by name. Where several tasks report the same name, that of the first task is meant; `series` holds all.

    >>> metrics = job.metrics()
    >>> metrics.names
    ['accuracy', 'loss']
    >>> metrics["loss"].values[-1]
    0.25
    """

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = tuple(series)

    @property
    def names(self) -> list[str]:
        """All names, in order."""
        return sorted({each.name for each in self.series})

    @property
    def tasks(self) -> list[str]:
        """All tasks that report, in order."""
        return sorted({each.task for each in self.series})

    def of(self, task: str) -> Metrics:
        """Those of one task."""
        return Metrics([each for each in self.series if each.task == task])

    def to_dataframe(self) -> Any:
        """A pandas DataFrame of all points: name, task, attempt, step, value, time.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            make = _pandas.DataFrame
        except ImportError as exc:
            raise ImportError(
                "to_dataframe() needs pandas: `pip install pandas`. Without it, metrics['name'].steps and .values hold "
                "the same numbers."
            ) from exc
        columns = ["name", "task", "attempt", "step", "value", "time_ms"]
        frame = make([row for each in self.series for row in each.rows()], columns=columns)
        frame["time"] = _pandas.to_datetime(frame.pop("time_ms"), unit="ms", utc=True)
        return frame

    def __getitem__(self, name: str) -> Series:
        for each in self.series:
            if each.name == name:
                return each
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Metrics({', '.join(map(repr, self.series))})"

    def _repr_html_(self) -> str:
        rows = [{**each.summary(), "": curve([value for _, value in each])} for each in self.series]
        return table_html(rows, "" if rows else "no metrics were reported")


def collect(
    names: Sequence[str], task: str | None, attempt: int | None, max_points: int
) -> Generator[Mapping[str, Any], TrainingMetricsResponse, Metrics]:
    """The metrics, put together from what is answered to the queries this yields (arguments of `training_metrics`)."""
    found: list[Series] = []
    for name in names or (None,):
        page = yield {"name": name, "task": task, "attempt": attempt, "max_points": max_points}
        for each in page.series:
            series = Series(each.name, each.task, each.attempt, each.total)
            series.extend(each)
            found.append(series)
            while not max_points and not each.complete and each.steps:
                query = {"name": each.name, "task": each.task, "attempt": each.attempt, "max_points": 0}
                more = yield {**query, "after_step": each.steps[-1]}
                if not more.series:
                    break
                each = more.series[0]
                series.extend(each)
    return Metrics(found)


def _array(values: Sequence[float], kind: str) -> Array:
    try:
        return _numpy.asarray(values, dtype=kind)
    except ImportError:
        return list(values)
