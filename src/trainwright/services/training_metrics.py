"""Training metrics: kept as runners report them and logs show them, and shown as series."""

import logging
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trainwright.domain.entities import Event, Slots
from trainwright.domain.errors import InvalidQuery
from trainwright.domain.specs import attempt_key
from trainwright.domain.texts import Text, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.training_metrics import STEP_MAX, Curve, Mark, Series, SeriesKey
from trainwright.ports.uow import Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.reading import check_task_name, scope_of
from trainwright.services.thinning import thinned
from trainwright.wire.runner import Points
from trainwright.wire.training_metrics import TrainingMetricsResponse, TrainingSeries

log = logging.getLogger(__name__)

NAMES_MAX = 1000  # of one task
POINTS_MAX = 1_000_000  # of one series
TASK_POINTS_MAX = 5_000_000
SERIES_SHOWN_MAX = 2000
POINTS_SHOWN_MAX = 100_000  # of one series in one answer
ANSWER_POINTS_MAX = 500_000
THINNED_AT_ONCE_MAX = 20_000_000  # points that are read to show some of them
DEFAULT_POINTS = 1000
LATEST, ALL = None, 0
"""Which attempt is shown, beside a number from 1."""

_FEWEST = 4
_CLOCK_SKEW_MS = 86_400_000
_NAME = re.compile(r"[A-Za-z0-9_.:/@%+ -]{1,128}")
_NAME_SHOWN = 200
_NO_ATTEMPT = Text("attempt {number} does not exist", "第 {number} 次运行不存在")
_TOO_MANY = Text(
    "more than {limit} series match; give task or name too",
    "匹配的序列超过 {limit} 个，请同时填写 task 或 name",
)
_TOO_LARGE = Text(
    "the series that match have {count} points, more than {limit} to be thinned at once; give task or name too",
    "匹配的序列共有 {count} 个数据点，超过一次可处理的 {limit} 个，请同时填写 task 或 name",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Whose points: one task of one attempt."""

    job_id: str
    number: int
    task: str

    @property
    def key(self) -> str:
        """Of the attempt."""
        return attempt_key(self.job_id, self.number)

    def event(self, now_ms: int, code: str, **slots: str | int) -> Event:
        """An event of the task."""
        told: Slots = dict(slots)
        return make_event(self.job_id, now_ms, code, told, attempt=self.number, task=self.task)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which series are asked for, and how much of them. Empty texts: all; `max_points` 0: not thinned."""

    task: str = ""
    name: str = ""
    attempt: int | None = LATEST
    after_step: int | None = None
    max_points: int = DEFAULT_POINTS


def is_metric_name(name: str) -> bool:
    """Whether a training metric may be called that."""
    return _NAME.fullmatch(name) is not None


def store(uow: UnitOfWork, target: Target, points: Sequence[Points], now_ms: int) -> bool:
    """Keep what a task reported, in a unit that has taken the task's row. Repeating it is harmless. What is not kept is
    told in an event, once of each kind; returned is whether there was one.
    """
    before = uow.training_metrics.mark(target.key, target.task)
    kept = Kept(before)
    curves: dict[str, Curve] = {}
    for each in points:
        if not len(each.steps) == len(each.values) == len(each.times):  # no runner of ours sends this
            log.warning("points_dropped", extra={"attempt": target.key, "task": target.task})
            continue
        if not all(-STEP_MAX <= step <= STEP_MAX for step in each.steps):
            kept.tell(target.event(now_ms, "metric_step_unusable", name=each.name[:_NAME_SHOWN]))
        curve = _curve(each, now_ms)
        known = curves.get(each.name)
        curves[each.name] = curve if known is None else joined(known, curve)
    keep(uow, target, curves, kept, now_ms)
    if kept.mark != before:
        uow.training_metrics.save_mark(target.key, target.task, kept.mark)
    uow.events.append(kept.events)
    return bool(kept.events)


class Kept:
    """What keeping points has come to: the task's new mark, and the events that it still takes."""

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Have it said, unless one of its kind was."""
        if event.code not in self.mark.told:
            self.events.append(event)
            self.mark = replace(self.mark, told=self.mark.told | {event.code})


def keep(uow: UnitOfWork, target: Target, curves: Mapping[str, Curve], kept: Kept, now_ms: int) -> None:
    """Merge `curves` into the task's series as far as there is room; what is not kept is told in `kept`."""
    if not curves:
        return
    totals = uow.training_metrics.totals(target.key, target.task)
    for name, curve in curves.items():
        total = totals.get(name, 0)
        if not is_metric_name(name):
            kept.tell(target.event(now_ms, "metric_name_unusable", name=name[:_NAME_SHOWN]))
            continue
        if name not in totals and len(totals) >= NAMES_MAX:
            kept.tell(target.event(now_ms, "metric_names_full", name=name, limit=NAMES_MAX))
            continue
        room = min(POINTS_MAX - total, TASK_POINTS_MAX - kept.mark.points)
        key = SeriesKey(target.key, target.task, name)
        totals[name] = uow.training_metrics.put(key, curve, total=total, room=room)
        added = totals[name] - total
        kept.mark = replace(kept.mark, points=kept.mark.points + added)
        if len(curve) > room and added >= room:
            if totals[name] >= POINTS_MAX:
                kept.tell(target.event(now_ms, "metric_points_full", name=name, limit=POINTS_MAX))
            else:
                kept.tell(target.event(now_ms, "metric_task_full", limit=TASK_POINTS_MAX))


def joined(one: Curve, other: Curve) -> Curve:
    """Both as one curve; of equal steps `other` counts."""
    if not one or not other or one.steps[-1] < other.steps[0]:
        return Curve(one.steps + other.steps, one.values + other.values, one.times + other.times)
    points = {s: (v, t) for s, v, t in zip(one.steps, one.values, one.times, strict=True)}
    points |= {s: (v, t) for s, v, t in zip(other.steps, other.values, other.times, strict=True)}
    return curve_of(points)


def curve_of(points: Mapping[int, tuple[float, int]]) -> Curve:
    """Value and time by step, as a curve."""
    steps = sorted(points)
    return Curve(
        array("q", steps),
        array("d", [points[step][0] for step in steps]),
        array("q", [points[step][1] for step in steps]),
    )


def _curve(points: Points, now_ms: int) -> Curve:
    """Without steps that are beyond what is kept; a time that cannot be is now."""
    latest = now_ms + _CLOCK_SKEW_MS
    return curve_of(
        {
            step: (float(value), time if 0 < time <= latest else now_ms)
            for step, value, time in zip(points.steps, points.values, points.times, strict=True)
            if -STEP_MAX <= step <= STEP_MAX
        }
    )


async def show(ctx: Services, who: Principal, job_id: str, wanted: Wanted) -> TrainingMetricsResponse:
    """The job's series that are wanted. None yet: an empty list.

    Thinned, a series keeps its first and last point and the extremes between (`thinning`). Not thinned, it has the
    first points behind `after_step`, as many as fit: ask for it again behind the last one until it is complete.

    Raises:
        JobNotFound: no such job in the caller's project.
        TaskNotFound: no such task in the job.
        InvalidQuery: no attempt of that number; more series or points than one answer can be made of.
    """
    return await ctx.blocking(_show, ctx, scope_of(who), job_id, wanted)


def _show(ctx: Services, scope: Scope, job_id: str, wanted: Wanted) -> TrainingMetricsResponse:
    with ctx.units(scope, write=False) as uow:
        numbers = _attempts(uow, job_id, wanted)
        found = uow.training_metrics.list_series(
            list(numbers), task=wanted.task, name=wanted.name, limit=SERIES_SHOWN_MAX + 1
        )
        if len(found) > SERIES_SHOWN_MAX:
            raise InvalidQuery(field="task", detail=_TOO_MANY, limit=SERIES_SHOWN_MAX)
        count = sum(series.total for series in found)
        if wanted.max_points and count > THINNED_AT_ONCE_MAX:
            raise InvalidQuery(field="task", detail=_TOO_LARGE, count=count, limit=THINNED_AT_ONCE_MAX)
        found = tuple(sorted(found, key=lambda series: (numbers[series.key.attempt_key], series.key.task)))
        shown = [_shown(uow, series, numbers, wanted, len(found)) for series in found]
    return TrainingMetricsResponse(series=shown)


def _attempts(uow: UnitOfWork, job_id: str, wanted: Wanted) -> dict[str, int]:
    """Numbers of the attempts that are wanted, by their keys."""
    job = uow.jobs.get(job_id)
    if wanted.task:
        check_task_name(job.launch, wanted.task)
    if wanted.attempt is None:
        numbers: Sequence[int] = [job.attempt_number] if job.attempt_number else []
    elif wanted.attempt == ALL:
        numbers = range(1, job.attempt_number + 1)
    elif wanted.attempt > job.attempt_number:
        raise InvalidQuery(field="attempt", detail=_NO_ATTEMPT, number=wanted.attempt)
    else:
        numbers = [wanted.attempt]
    return {attempt_key(job_id, number): number for number in numbers}


def _shown(
    uow: UnitOfWork, series: Series, numbers: Mapping[str, int], wanted: Wanted, together: int
) -> TrainingSeries:
    most = min(wanted.max_points or POINTS_SHOWN_MAX, POINTS_SHOWN_MAX, ANSWER_POINTS_MAX // together)
    pieces = uow.training_metrics.pieces(series.key, after_step=wanted.after_step)
    if wanted.max_points:
        whole = _gathered(pieces)
        curve = thinned(whole, max(most, min(wanted.max_points, _FEWEST)))
        complete = len(curve) == len(whole)
    else:
        some = _gathered(pieces, enough=most + 1)
        curve, complete = some.part(0, most), len(some) <= most
    return TrainingSeries(
        name=series.key.name,
        task=series.key.task,
        attempt=numbers[series.key.attempt_key],
        steps=curve.steps.tolist(),
        values=curve.values.tolist(),
        times=curve.times.tolist(),
        total=series.total,
        complete=complete,
    )


def _gathered(pieces: Iterator[Curve], *, enough: int = POINTS_MAX) -> Curve:
    """The pieces as one curve; no more are read once it has `enough` points."""
    whole = Curve()
    for piece in pieces:
        whole.steps.extend(piece.steps)
        whole.values.extend(piece.values)
        whole.times.extend(piece.times)
        if len(whole) >= enough:
            break
    return whole
