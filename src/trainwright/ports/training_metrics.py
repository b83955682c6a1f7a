"""Training metrics: the numbers that a job reports itself, as series of one task's attempt; and how far its log was
searched for them. Also which requests made which jobs (`CreationRepository`).
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trainwright.domain.entities import Job

STEP_MAX = 2**53
"""Steps and times lie within ± this: JSON readers know no larger whole numbers."""


def _whole() -> "array[int]":
    return array("q")


def _real() -> "array[float]":
    return array("d")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one series in ascending order of their steps, each step once. Values may be NaN and infinite; times are
    ms UTC. Three arrays of one length.
    """

    steps: "array[int]" = field(default_factory=_whole)
    values: "array[float]" = field(default_factory=_real)
    times: "array[int]" = field(default_factory=_whole)

    def __len__(self) -> int:
        return len(self.steps)

    def part(self, start: int, end: int) -> "Curve":
        """The points from index `start` up to `end`."""
        return Curve(self.steps[start:end], self.values[start:end], self.times[start:end])


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which series."""

    attempt_key: str
    task: str
    name: str


@dataclass(frozen=True, slots=True)
class Series:
    """One series; `total`: its points."""

    key: SeriesKey
    total: int


PROGRESS_NAMES = ("epoch", "progress", "train/epoch", "train_epoch")
"""Series of these names, in letters of either case, tell how far a training is."""


@dataclass(frozen=True, slots=True)
class LastPoint:
    """The newest point of a series by its step."""

    key: SeriesKey
    step: int
    value: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What is remembered of one task besides its series.

    `points`: of all its series. `reading`: its log is still to be searched, from byte `position` on. `counts`: how many
    points each rule has given. `told`: what was said in an event already.
    """

    points: int = 0
    reading: bool = False
    position: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    told: frozenset[str] = frozenset()


class TrainingMetricRepository(Protocol):
    """Series of the scope's jobs; removed with their jobs. Who writes has taken the task's row before (`tasks.get`), so
    that there is one at a time.
    """

    def mark(self, attempt_key: str, task: str) -> Mark:
        """What is remembered of the task; nothing yet is `Mark()`."""
        ...

    def save_mark(self, attempt_key: str, task: str, mark: Mark) -> None:
        """Write it. Raises `AttemptClosed`: there is no such attempt."""
        ...

    def reading(self) -> tuple[tuple[str, str], ...]:
        """Attempt key and task of all logs that are still to be searched."""
        ...

    def totals(self, attempt_key: str, task: str) -> dict[str, int]:
        """Points of each of the task's series, by name."""
        ...

    def put(self, key: SeriesKey, curve: Curve, *, total: int, room: int) -> int:
        """Merge points into a series that has `total` now; a step that is there is replaced. Returns the new total.

        Of steps that are new at most the first `room` are taken. Raises `AttemptClosed`: there is no such attempt.
        """
        ...

    def list_series(
        self, attempt_keys: Sequence[str], *, task: str = "", name: str = "", limit: int
    ) -> tuple[Series, ...]:
        """By attempt key, task and name; at most `limit`. Empty texts do not count."""
        ...

    def last_points(self, attempt_keys: Sequence[str]) -> dict[str, tuple[LastPoint, ...]]:
        """Of each attempt that has series: the last point of the one that stands for it (a loss, else an accuracy, else
        the first by name), then those of series named in `PROGRESS_NAMES`.
        """
        ...

    def pieces(self, key: SeriesKey, *, after_step: int | None = None) -> Iterator[Curve]:
        """The points behind `after_step` (None: all) in ascending order, in pieces of bounded size."""
        ...


class CreationRepository(Protocol):
    """Which request made a job that was created with an idempotency key."""

    def note(self, job: Job, digest: str) -> None:
        """Remember the digest of the request that makes this job, in the unit that adds the job."""
        ...

    def find(self, job_id: str) -> str | None:
        """The digest, also when the job was deleted since; None when no request of the scope's project made it with a
        key.
        """
        ...

    def forget(self, before_ms: int) -> None:
        """Remove what was noted before `before_ms` of jobs that are gone."""
        ...
