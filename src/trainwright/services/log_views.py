"""Reading one task's log by lines: pages, searches, and where its errors are."""

import time
from dataclasses import dataclass, field
from functools import partial

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.log_lines import Line, LogText, shown
from trainwright.services.log_search import Finder, Hit, Query, finder, tells_of_error
from trainwright.services.log_work import ErrorSurvey, in_slices
from trainwright.services.logs import LogView, find
from trainwright.wire.log_views import (
    LogErrorPlace,
    LogErrorsMap,
    LogLine,
    LogMatch,
    LogMatches,
    LogPage,
)

COUNT_MAX = 1000  # lines of a page
LIMIT_MAX = 1000  # matches of an answer
PLACES_MAX = 500  # of a map of errors
PAGE_BYTES = 2 << 20
SEARCH_S = 0.8
_COUNT_S = 0.25  # a page that needs no numbers waits that long for them
_COUNT_PATIENCE_S = 0.05
_STEP = 64 << 10
_SUMMARY_BYTES = 64 << 10  # behind a traceback's head its last line is looked for
_TRACEBACK = "Traceback (most recent call last)"

_ONE_OF = Text(
    "start_line, offset and before cannot be given together", "start_line、offset 与 before 不能同时使用"
)
_OFFSET_OR_BEFORE = Text("it cannot be given together with offset", "不能与 offset 同时使用")


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page of lines is: from line `line` on; from the line that holds the byte `offset` on; or what ends at or
    before the byte `before`. Nothing given: the newest lines.
    """

    line: int | None = None
    offset: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class SearchFrom:
    """Where a search begins and which way it goes: from the byte `offset` on, or backward from `before`. After `limit`
    matches it goes on counting, unless `count_on` is false.
    """

    offset: int = 0
    before: int | None = None
    limit: int = 100
    count_on: bool = True


async def page(
    ctx: Services,
    who: Principal,
    job_id: str,
    task: str,
    start: PageStart,
    *,
    count: int,
    attempt: int | None = None,
) -> LogPage:
    """A page of at most `count` lines; fewer when they are long.

    Raises:
        JobNotFound, TaskNotFound, InvalidQuery: as `logs.find`; more than one way to say where.
    """
    if sum(place is not None for place in (start.line, start.offset, start.before)) > 1:
        raise InvalidQuery(field="start_line", detail=_ONE_OF)
    view = await find(ctx, who, job_id, task, attempt=attempt)
    index = ctx.log_work.known((view.attempt_key, task)).index
    text = text_of(ctx, view)
    if not index.covers(text.size):
        patience_s, budget_s = (
            (SEARCH_S, SEARCH_S) if start.line is not None else (_COUNT_PATIENCE_S, _COUNT_S)
        )
        async with ctx.log_work.turn(who.user_id, patience_s) as mine:
            if mine:
                await in_slices(ctx.blocking, partial(index.count_on, text), budget_s)
    return await ctx.blocking(_page, ctx, view, text, start, count)


async def search(
    ctx: Services,
    who: Principal,
    job_id: str,
    task: str,
    query: Query,
    *,
    start: SearchFrom,
    attempt: int | None = None,
) -> LogMatches:
    """What is found of `query` within about a second.

    Raises:
        JobNotFound, TaskNotFound, InvalidQuery: as `logs.find` and `log_search.finder`.
    """
    if start.before is not None and start.offset:
        raise InvalidQuery(field="before", detail=_OFFSET_OR_BEFORE)
    find_lines = await ctx.blocking(finder, query)
    view = await find(ctx, who, job_id, task, attempt=attempt)
    text = text_of(ctx, view)
    backward = start.before is not None
    run = _Search(text, find_lines, start, backward)
    async with ctx.log_work.turn(who.user_id) as mine:
        if mine:
            await in_slices(ctx.blocking, run.search_on, SEARCH_S)
            if run.found:
                await _count_on(ctx, view, text)
    return await ctx.blocking(_matches, ctx, view, run)


async def errors_map(
    ctx: Services, who: Principal, job_id: str, task: str, *, places: int, attempt: int | None = None
) -> LogErrorsMap:
    """Where errors are in the log, as far as it was searched by now or within about a second.

    Raises:
        JobNotFound, TaskNotFound, InvalidQuery: as `logs.find`.
    """
    view = await find(ctx, who, job_id, task, attempt=attempt)
    text = text_of(ctx, view)
    survey = ctx.log_work.known((view.attempt_key, task)).errors
    async with ctx.log_work.turn(who.user_id) as mine:
        if mine:
            await in_slices(ctx.blocking, partial(survey.search_on, text, view.complete), SEARCH_S)
            if survey.count:
                await _count_on(ctx, view, text)
    return await ctx.blocking(_errors_map, ctx, view, text, survey, places)


async def _count_on(ctx: Services, view: LogView, text: LogText) -> None:
    """For a moment, so that what was found has numbers."""
    index = ctx.log_work.known((view.attempt_key, view.task)).index
    if not index.covers(text.size):
        await in_slices(ctx.blocking, partial(index.count_on, text), _COUNT_S)


def text_of(ctx: Services, view: LogView) -> LogText:
    """The bytes of a log as it stood when it was found."""
    return LogText(partial(ctx.logs.read, view.attempt_key, view.task), view.size)


def _page(ctx: Services, view: LogView, text: LogText, start: PageStart, count: int) -> LogPage:
    index = ctx.log_work.known((view.attempt_key, view.task)).index
    if start.line is not None:
        begin = index.start_of_line(text, start.line)
        lines = [] if begin is None else _lines_after(text, begin, count)
    elif start.offset is not None:
        lines = _lines_after(text, text.start_of(start.offset), count)
    else:
        before = text.size if start.before is None else start.before
        lines = _lines_before(text, text.start_of(before) if before < text.size else text.size, count)
    first = lines[0].offset if lines else min(start.offset or text.size, text.size)
    number = index.number_at(text, first)
    came = ctx.logs.arrivals(view.attempt_key, view.task, first, lines[-1].end) if lines else None
    open_start = text.size if view.complete else text.open_start
    answers = []
    for at, line in enumerate(lines):
        told = shown(line.data)
        answers.append(
            LogLine(
                number=None if number is None else number + at,
                offset=line.offset,
                text=told.text,
                cut=told.cut,
                open=line.offset >= open_start,
                time=(came.at(line.offset) if came else 0) or view.begun_ms,
                system=line.is_system,
                error=tells_of_error(line.data),
            )
        )
    return LogPage(
        task=view.task,
        attempt=view.attempt,
        size=view.size,
        ended=view.complete,
        line_count=index.line_count(text),
        estimated_line_count=index.estimate(view.size),
        counted=view.size if index.covers(view.size) else index.counted,
        start_offset=first,
        end_offset=lines[-1].end if lines else first,
        lines=answers,
    )


def _lines_after(text: LogText, start: int, count: int) -> list[Line]:
    lines: list[Line] = []
    at = start
    while at < text.size and len(lines) < count and at - start < PAGE_BYTES:
        more = text.split(*text.after(at, _STEP))
        if not more:
            break  # deleted meanwhile
        lines += more
        at = more[-1].end
    return lines[:count]


def _lines_before(text: LogText, end: int, count: int) -> list[Line]:
    lines: list[Line] = []
    at = end
    while at > 0 and len(lines) < count and end - at < PAGE_BYTES:
        at, piece = text.before(at, _STEP)
        lines = text.split(at, piece) + lines
    return lines[-count:]


@dataclass(slots=True)
class _Search:
    """A search under way. `edge`: how far it has come; `count` lines match from where it began to there."""

    text: LogText
    finder: Finder
    start: SearchFrom
    backward: bool
    begin: int = 0
    edge: int = -1
    count: int = 0
    found: list[Hit] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the log's end, or beginning, was reached."""
        return self.edge <= 0 if self.backward else self.edge >= self.text.size

    def search_on(self, until: float) -> bool:
        """Search until that moment, a segment of lines at least; True when there is no more to do."""
        text = self.text
        if self.edge < 0:
            asked = self.start.offset if self.start.before is None else self.start.before
            self.begin = self.edge = text.size if asked >= text.size else text.start_of(asked)
        if self.backward:
            self._backward(until)
        else:
            self._forward(until)
        return self.done or (not self.start.count_on and self.count > self.start.limit)

    def _forward(self, until: float) -> None:
        for at, piece in self.text.segments(self.edge):
            if len(self.found) >= self.start.limit:
                self.count += self.finder.count(piece)
            else:
                for line in self.finder.lines(at, piece):
                    self.count += 1
                    if len(self.found) < self.start.limit:
                        self.found.append(self.finder.hit(line))
            self.edge = at + len(piece)
            if time.monotonic() >= until or (not self.start.count_on and self.count > self.start.limit):
                return
        self.edge = max(self.edge, self.text.size)

    def _backward(self, until: float) -> None:
        text = self.text
        while self.edge > 0:
            at, piece = text.before(self.edge, text.block)
            room = self.start.limit - len(self.found)
            if room > 0:
                lines = list(self.finder.lines(at, piece))
                self.count += len(lines)
                self.found += [self.finder.hit(line) for line in lines[: -room - 1 : -1]]
            else:
                self.count += self.finder.count(piece)
            self.edge = at
            if time.monotonic() >= until or (not self.start.count_on and self.count > self.start.limit):
                return

    @property
    def next(self) -> int | None:
        """Where more matches are to be looked for."""
        if self.found and self.count > len(self.found):
            return self.found[-1].offset if self.backward else self.found[-1].end
        return None if self.done else self.edge


def _matches(ctx: Services, view: LogView, run: _Search) -> LogMatches:
    index = ctx.log_work.known((view.attempt_key, view.task)).index
    edge = run.begin if run.edge < 0 else run.edge
    return LogMatches(
        task=view.task,
        attempt=view.attempt,
        size=view.size,
        ended=view.complete,
        start_offset=min(run.begin, edge),
        end_offset=max(run.begin, edge),
        count=run.count,
        matches=[
            _match(ctx, view, hit, number)
            for hit, number in zip(
                run.found, index.numbers_at(run.text, [hit.offset for hit in run.found]), strict=True
            )
        ],
        complete=run.edge >= 0 and run.done,
        next=run.next if run.edge >= 0 else run.start.before or run.start.offset,
    )


def _match(ctx: Services, view: LogView, hit: Hit, number: int | None) -> LogMatch:
    return LogMatch(
        number=number,
        offset=hit.offset,
        text=hit.excerpt.text,
        ranges=list(hit.excerpt.spans),
        time=_time_of(ctx, view, hit.offset),
        cut=hit.excerpt.cut,
        system=hit.is_system,
    )


def _time_of(ctx: Services, view: LogView, offset: int) -> int:
    came = ctx.logs.arrivals(view.attempt_key, view.task, offset, offset + 1)
    return came.at(offset) or view.begun_ms


def _errors_map(
    ctx: Services, view: LogView, text: LogText, survey: ErrorSurvey, places: int
) -> LogErrorsMap:
    index = ctx.log_work.known((view.attempt_key, view.task)).index
    hit = survey.first
    return LogErrorsMap(
        task=view.task,
        attempt=view.attempt,
        size=view.size,
        ended=view.complete,
        searched=survey.searched,
        complete=survey.searched >= (view.size if view.complete else text.open_start),
        count=survey.count,
        first=None if hit is None else _match(ctx, view, hit, index.number_at(text, hit.offset)),
        summary=_summary(text, hit),
        places=_places(ctx, view, survey, places),
    )


def _places(ctx: Services, view: LogView, survey: ErrorSurvey, most: int) -> list[LogErrorPlace]:
    """Neighbours together, in at most so many places."""
    text = text_of(ctx, view)
    index = ctx.log_work.known((view.attempt_key, view.task)).index
    buckets: dict[int, list[int]] = {}
    for offset in survey.offsets[:]:
        buckets.setdefault(offset * most // max(text.size, 1), []).append(offset)
    numbers = index.numbers_at(text, [found[0] for found in buckets.values()])
    return [
        LogErrorPlace(
            position=round(found[0] / text.size, 6),
            offset=found[0],
            number=number,
            time=_time_of(ctx, view, found[0]),
            count=len(found) * survey.stride,
        )
        for found, number in zip(buckets.values(), numbers, strict=True)
    ]


def _summary(text: LogText, first: Hit | None) -> str:
    """What the first error says: of a traceback its last line, which is the next error line behind it."""
    if first is None:
        return ""
    if _TRACEBACK in first.excerpt.text:
        find_lines = finder(Query(errors=True))
        for line in find_lines.lines(first.end, text.read(first.end, _SUMMARY_BYTES)):
            said = find_lines.hit(line).excerpt.text
            if _TRACEBACK not in said:
                return said
    return first.excerpt.text
