"""The logs of many tasks of a job as one, in the order their lines came: pages, and what live streams are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import Text
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.log_lines import PLATFORM_LINE, shown
from trainwright.services.log_merge import Cursor, Row, Source, Taken, newer, older
from trainwright.services.log_search import tells_of_error
from trainwright.services.log_views import text_of
from trainwright.services.logs import LogView, find_all
from trainwright.wire.log_views import MergedLine, MergedLogPage

COUNT_MAX = 1000
TASKS_MAX = 256
STREAM_LINES = 500

_ONE_OF = Text("before, after and time cannot be given together", "before、after 与 time 不能同时使用")
_TOO_MANY = Text("name at most {limit} tasks", "最多指定 {limit} 个任务")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Logs of which tasks (empty: all), and where the page is: at a cursor, or at the first line that came at `time_ms`
    or later. Nothing given: the newest lines.
    """

    tasks: tuple[str, ...] = ()
    attempt: int | None = None
    before: str = ""
    after: str = ""
    time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The logs that are merged, as they stood."""

    views: tuple[LogView, ...]

    @property
    def ended(self) -> bool:
        """Whether none of them will grow."""
        return all(view.complete for view in self.views)

    def cursor_at(self, place: Sequence[int]) -> str:
        """A place between their lines, for who reads on from there."""
        return Cursor(self.views[0].attempt, tuple(place)).encode()

    def closed(self) -> "Merged":
        """As logs that will not grow any more."""
        return Merged(tuple(replace(view, complete=True) for view in self.views))

    def grown(self, ctx: Services, keys: frozenset[tuple[str, str]]) -> "Merged":
        """With those logs, named by attempt key and task, as they are now. Blocking."""
        return Merged(
            tuple(
                replace(view, size=ctx.logs.size(view.attempt_key, view.task))
                if (view.attempt_key, view.task) in keys
                else view
                for view in self.views
            )
        )


async def open_logs(ctx: Services, who: Principal, job_id: str, wanted: Wanted) -> Merged:
    """The logs that are asked for.

    Raises:
        JobNotFound, TaskNotFound, InvalidQuery: as `logs.find`; too many tasks.
    """
    cursor = _cursor(wanted)
    views = await find_all(ctx, who, job_id, wanted.tasks, attempt=wanted.attempt)
    if cursor is not None and wanted.attempt is None and cursor.attempt != views[0].attempt:
        # Another attempt has begun between two pages.
        views = await find_all(ctx, who, job_id, wanted.tasks, attempt=cursor.attempt)
    if len(views) > TASKS_MAX:
        raise InvalidQuery(field="tasks", detail=_TOO_MANY, limit=TASKS_MAX)
    return Merged(tuple(views))


async def page(ctx: Services, who: Principal, job_id: str, wanted: Wanted, *, count: int) -> MergedLogPage:
    """At most `count` lines; fewer when they are long.

    Raises:
        JobNotFound, TaskNotFound, InvalidQuery: as `open_logs`; more than one way to say where, or no cursor of ours.
    """
    if bool(wanted.before) + bool(wanted.after) + (wanted.time_ms is not None) > 1:
        raise InvalidQuery(field="after", detail=_ONE_OF)
    merged = await open_logs(ctx, who, job_id, wanted)
    return await ctx.blocking(_page, ctx, merged, wanted, count)


async def place_of(ctx: Services, merged: Merged, after: str) -> tuple[int, ...]:
    """The place that a stream begins at: that of the cursor, or behind the newest line.

    Raises:
        InvalidQuery: it is no cursor of these logs.
    """
    if not after:
        return await ctx.blocking(_ends, ctx, merged)
    cursor = Cursor.decode(after, "after")
    cursor.check(len(merged.views), "after")
    return cursor.offsets


def next_page(
    ctx: Services, merged: Merged, place: Sequence[int], count: int = STREAM_LINES
) -> MergedLogPage:
    """What is behind a place. Blocking."""
    sources = _sources(ctx, merged)
    return _answer(merged, sources, newer(sources, place, count))


def place_behind(page: MergedLogPage) -> tuple[int, ...]:
    """Where a page ends."""
    return Cursor.decode(page.after, "after").offsets


def _cursor(wanted: Wanted) -> Cursor | None:
    if wanted.before:
        return Cursor.decode(wanted.before, "before")
    return Cursor.decode(wanted.after, "after") if wanted.after else None


def _page(ctx: Services, merged: Merged, wanted: Wanted, count: int) -> MergedLogPage:
    cursor = _cursor(wanted)
    if cursor is not None:
        cursor.check(len(merged.views), "before" if wanted.before else "after")
    sources = _sources(ctx, merged)
    ends = tuple(source.end for source in sources)
    if cursor is not None and wanted.after:
        taken = newer(sources, cursor.offsets, count)
    elif wanted.time_ms is not None:
        starts = tuple(
            _since(ctx, view, source, wanted.time_ms)
            for view, source in zip(merged.views, sources, strict=True)
        )
        taken = newer(sources, starts, count)
    else:
        taken = older(sources, ends if cursor is None else cursor.offsets, count)
    return _answer(merged, sources, taken)


def _ends(ctx: Services, merged: Merged) -> tuple[int, ...]:
    return tuple(source.end for source in _sources(ctx, merged))


def _sources(ctx: Services, merged: Merged) -> list[Source]:
    sources = []
    for view in merged.views:
        text = text_of(ctx, view)
        sources.append(
            Source(
                text,
                partial(ctx.logs.arrivals, view.attempt_key, view.task),
                view.begun_ms,
                text.size if view.complete else text.open_start,
            )
        )
    return sources


def _since(ctx: Services, view: LogView, source: Source, time_ms: int) -> int:
    """Where the first line begins that came at that time or later."""
    if time_ms <= view.begun_ms:
        return 0
    offset = ctx.logs.offset_since(view.attempt_key, view.task, time_ms)
    if offset is None or offset >= source.end:
        return source.end
    start = source.text.start_of(offset)
    return start if start == offset else source.text.end_of(start)


def _answer(merged: Merged, sources: Sequence[Source], taken: Taken) -> MergedLogPage:
    return MergedLogPage(
        attempt=merged.views[0].attempt,
        tasks=[view.task for view in merged.views],
        ended=merged.ended,
        lines=[_line(merged, row) for row in taken.rows],
        before=merged.cursor_at(taken.starts),
        after=merged.cursor_at(taken.ends),
        at_start=not any(taken.starts),
        at_end=all(end >= source.end for end, source in zip(taken.ends, sources, strict=True)),
    )


def _line(merged: Merged, row: Row) -> MergedLine:
    told = shown(row.data)
    return MergedLine(
        task=merged.views[row.source].task,
        offset=row.offset,
        text=told.text,
        time=row.time_ms,
        cut=told.cut,
        system=row.data.startswith(PLATFORM_LINE),
        error=tells_of_error(row.data),
    )
