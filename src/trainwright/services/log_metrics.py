"""Searches logs for training metrics, by the rules of their jobs: beside the storing of logs, never in its way; and
when somebody asks for the metrics.

How far a log was searched is stored in the transaction that stores what was found: a server that is killed goes on
where it was, with no point lost or counted twice. Registration marks the log of a task whose job has rules, before its
first byte; the mark goes when its last byte was searched.
"""

import asyncio
import logging
import time
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from trainwright.domain.entities import Job
from trainwright.domain.errors import AttemptClosed, JobNotFound, Unavailable
from trainwright.domain.specs import MetricRule, attempt_key, attempt_of
from trainwright.ports.identity import Principal
from trainwright.ports.logs import LogStore
from trainwright.ports.training_metrics import Curve, Mark
from trainwright.ports.uow import PLATFORM, Scope, UnitOfWork
from trainwright.services.context import Services
from trainwright.services.log_waits import Place
from trainwright.services.metric_rules import LINE_MAX, Found, finders
from trainwright.services.orders import role_of
from trainwright.services.reading import find_attempt, scope_of
from trainwright.services.training_metrics import Kept, Target, curve_of, keep

log = logging.getLogger(__name__)

PIECE = 1 << 20
FIRST_PIECE = (
    16 << 10
)  # the next are larger when that was quick: 50 rules that match every empty line are not
PIECES_AT_ONCE = 8  # of one log, before others have their turn
SEARCH_S = 0.5  # likewise
POINTS_AT_ONCE = 50_000
LOGS_AT_ONCE = 64  # in one transaction
IDLE_S = 10.0  # then all logs that are still to be searched are looked at: some end without a word
PAUSE_S = 0.2  # between two rounds: what a log gives meanwhile is stored together
CATCH_UP_S = 1.0
_FULL = "metric_task_full"


@dataclass(frozen=True, slots=True)
class _Search:
    """What searching a part of a log has given. `position`: how far; `done`: there is no more and never will be."""

    target: Target
    mark: Mark
    found: dict[str, Found]
    position: int
    behind: bool
    done: bool


class LogMetrics:
    """Searches logs for ever. One in a process."""

    def __init__(self, ctx: Services) -> None:
        self._ctx = ctx

    async def run(self, *, until_idle: bool = False) -> None:
        """Search what is marked and whatever grows; `until_idle`: return once all that is stored was searched.

        At most half of the time is spent on it, however much there is to search.
        """
        waiting: set[Place] = set(await self._ctx.blocking(_marked, self._ctx))
        while True:
            begun = time.monotonic()
            behind = await self._round(sorted(waiting))
            if until_idle and not behind:
                return
            spent = time.monotonic() - begun
            await asyncio.sleep(spent if behind else max(spent, PAUSE_S))
            added = await self._ctx.log_waits.wait(0 if behind else IDLE_S)
            if not added and not behind:
                added = set(await self._ctx.blocking(_marked, self._ctx))
            waiting = behind | added

    async def _round(self, places: Sequence[Place]) -> set[Place]:
        """Search on in each of these logs; returned are those with more to search."""
        behind: set[Place] = set()
        for first in range(0, len(places), LOGS_AT_ONCE):
            some = places[first : first + LOGS_AT_ONCE]
            searched = [search for place in some if (search := await self._search(place)) is not None]
            if not searched:
                continue
            told = await self._ctx.blocking(_store, self._ctx, searched)
            for job_id in told:
                self._ctx.events_grown(job_id)
            behind |= {(search.target.key, search.target.task) for search in searched if search.behind}
        return behind

    async def _search(self, place: Place) -> _Search | None:
        try:
            return await self._ctx.blocking(_search, self._ctx, place)
        except (Unavailable, OSError) as exc:  # one log that cannot be read must not hold up the others
            log.warning("log_not_searched", extra={"attempt": place[0], "task": place[1], "error": str(exc)})
            return None


async def catch_up(ctx: Services, who: Principal, job_id: str) -> None:
    """Search what is stored of the latest attempt's logs by now, for about `CATCH_UP_S` at most: who asks for the
    metrics of a job that has just printed them, or ended, is to see them.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    deadline = time.monotonic() + CATCH_UP_S
    places = await ctx.blocking(_unsearched, ctx, scope_of(who), job_id)
    while places and time.monotonic() < deadline:
        found = [
            search for place in places if (search := await ctx.blocking(_search, ctx, place)) is not None
        ]
        if not found:
            return
        if await ctx.blocking(_store, ctx, found):
            ctx.events_grown(job_id)
        places = tuple((search.target.key, search.target.task) for search in found if search.behind)


def _unsearched(ctx: Services, scope: Scope, job_id: str) -> tuple[Place, ...]:
    """The latest attempt's logs that are still to be searched."""
    with ctx.units(scope, write=False) as uow:
        job = uow.jobs.get(job_id)
        if not any(job.launch.work_of(role).metrics for role in job.launch.roles):
            return ()
        key = attempt_key(job_id, job.attempt_number)
        return tuple(
            (key, task) for task in job.launch.task_names() if uow.training_metrics.mark(key, task).reading
        )


def rules_of(job: Job, role: str) -> tuple[MetricRule, ...]:
    """By which the logs of the role's tasks are searched."""
    return job.launch.work_of(role_of(job.launch, role)).metrics


def _marked(ctx: Services) -> tuple[Place, ...]:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.training_metrics.reading()


def _search(ctx: Services, place: Place) -> _Search | None:
    """Search on in one log; None when nothing is to be stored."""
    known = _look(ctx, place)
    if known is None:
        return None
    target, mark, rules, complete = known
    size = ctx.logs.size(*place)  # after the rows: a log seen as complete has its last byte already
    found = {finder.name: Found() for finder in finders(rules)}
    position, done, behind = mark.position, False, True
    piece, began = min(FIRST_PIECE, PIECE), time.monotonic()
    while True:
        text, after = _lines(ctx.logs, place, position, (size, complete), piece)
        for finder in finders(rules):
            finder.search(text, found[finder.name])
        done = complete and after >= size
        behind = not done and after > position
        position = after
        much = position - mark.position >= PIECES_AT_ONCE * PIECE or time.monotonic() - began > SEARCH_S
        if not behind or much or sum(len(each.values) for each in found.values()) > POINTS_AT_ONCE:
            break
        piece = min(2 * piece, PIECE)
    if position == mark.position and not done:
        return None
    return _Search(target, mark, found, position, behind, done)


def _look(ctx: Services, place: Place) -> tuple[Target, Mark, tuple[MetricRule, ...], bool] | None:
    """What is known of a log that is still to be searched, and whether it is complete."""
    key, task = place
    job_id, number = attempt_of(key)
    with ctx.units(PLATFORM, write=False) as uow:
        mark = uow.training_metrics.mark(key, task)
        if not mark.reading:
            return None
        try:
            job, row = uow.jobs.get(job_id), uow.tasks.get(key, task)
        except (JobNotFound, AttemptClosed):
            return None
        attempt = find_attempt(uow.attempts.list_of_job(job_id), number)
    over = attempt is None or bool(attempt.ended_at_ms) or job.phase.is_end
    return Target(job_id, number, task), mark, rules_of(job, row.role), over or row.is_final


def _lines(
    logs: LogStore, place: Place, position: int, end: tuple[int, bool], most: int
) -> tuple[bytes, int]:
    """Whole lines of the log from `position` on, of at most so many bytes, and where they end. `end`: its size, and
    whether that is final.

    Carriage returns end lines, too: progress bars write them. The rest of a line that is too long is passed over, as is
    known by the byte before `position`.
    """
    size, complete = end
    start = max(position - 1, 0)
    text = logs.read(*place, start, min(most, size - start)).replace(b"\r", b"\n")
    begin = position - start
    if begin and text[:1] != b"\n":
        begin = text.find(b"\n") + 1
        if not begin:
            return b"", start + len(text)
    stop = text.rfind(b"\n") + 1
    is_last = complete and start + len(text) >= size
    if is_last or (stop <= begin and len(text) - begin > LINE_MAX):
        stop = len(text)
    stop = max(stop, begin)
    return text[begin:stop], start + stop


def _store(ctx: Services, searched: Iterable[_Search]) -> set[str]:
    """Store what was found and how far it was looked for, together. Returned are the jobs that were told something."""
    now_ms = ctx.clock.now_ms()
    told: set[str] = set()
    with ctx.units(PLATFORM) as uow:
        for search in searched:
            try:
                if _store_one(uow, search, now_ms):
                    told.add(search.target.job_id)
            except AttemptClosed:  # deleted meanwhile
                log.info("log_gone", extra={"attempt": search.target.key, "task": search.target.task})
        uow.commit()
    return told


def _store_one(uow: UnitOfWork, search: _Search, now_ms: int) -> bool:
    target = search.target
    uow.tasks.get(target.key, target.task)  # nobody else writes the task's series meanwhile
    mark = uow.training_metrics.mark(target.key, target.task)
    if mark.position != search.mark.position or not mark.reading:
        return False  # somebody else has searched on meanwhile
    counts = dict(mark.counts)
    kept = Kept(mark)
    curves: dict[str, Curve] = {}
    for name, found in search.found.items():
        if found.odd_value:
            kept.tell(target.event(now_ms, "metric_not_a_number", name=name, text=found.odd_value))
        if found.odd_step:
            kept.tell(target.event(now_ms, "metric_step_not_a_number", name=name, text=found.odd_step))
        if found.values:
            curves[name] = _curve(found, counts.get(name, 0), now_ms)
            if not found.steps:
                counts[name] = counts.get(name, 0) + len(found.values)
    keep(uow, target, curves, kept, now_ms)
    reading = mark.reading and not search.done and _FULL not in kept.mark.told
    after = replace(kept.mark, position=search.position, counts=counts, reading=reading)
    uow.training_metrics.save_mark(target.key, target.task, after)
    uow.events.append(kept.events)
    return bool(kept.events)


def _curve(found: Found, first: int, now_ms: int) -> Curve:
    """Points without steps of their own are counted from `first` on."""
    if found.steps:
        return curve_of(
            {step: (value, now_ms) for step, value in zip(found.steps, found.values, strict=True)}
        )
    count = len(found.values)
    return Curve(array("q", range(first, first + count)), found.values, array("q", [now_ms]) * count)
