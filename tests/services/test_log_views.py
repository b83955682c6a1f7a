"""One task's log by lines: pages, searches, errors; and all tasks as one."""

import asyncio

import pytest

from tests.services.world import ALICE, BOB, START_MS, World, done
from trainwright.domain.errors import InvalidQuery, JobNotFound, TaskNotFound
from trainwright.services import log_merged, log_views, reports
from trainwright.services.log_lines import BLOCK
from trainwright.services.log_merged import Wanted
from trainwright.services.log_search import Query
from trainwright.services.log_views import PageStart, SearchFrom
from trainwright.services.log_work import LogWork
from trainwright.wire.log_views import LogMatches, LogPage, MergedLogPage

pytestmark = pytest.mark.anyio
TASK = "worker-0"
LOG = (
    b"[ModelArts Service Log] 2026 [init] started\n"
    + b"".join(b"step %d loss 0.%d\n" % (n, n) for n in range(1, 8))
    + b"Traceback (most recent call last):\n  File x\nValueError: odd\nlast"
)


async def write(world: World, job_id: str, data: bytes, task: str = TASK) -> None:
    """The task prints more."""
    key = f"{job_id}-a1"
    await reports.append_log(world.ctx, key, task, world.ctx.logs.size(key, task), data)


async def page(world: World, job_id: str, start: PageStart | None = None, count: int = 100) -> LogPage:
    """A page of lines."""
    return await log_views.page(world.ctx, ALICE, job_id, TASK, start or PageStart(), count=count)


async def search(world: World, job_id: str, query: Query, start: SearchFrom | None = None) -> LogMatches:
    """An answer of a search."""
    return await log_views.search(world.ctx, ALICE, job_id, TASK, query, start=start or SearchFrom())


async def test_pages_by_line_by_byte_and_from_the_end(world: World) -> None:
    """Guards numbers, offsets and marks of lines, whichever way a page is asked for."""
    job_id = await world.running()
    await write(world, job_id, LOG)
    tail = await page(world, job_id, count=3)
    assert [line.text for line in tail.lines] == ["  File x", "ValueError: odd", "last"]
    assert [line.number for line in tail.lines] == [10, 11, 12]
    assert [line.error for line in tail.lines] == [False, True, False]
    assert [line.open for line in tail.lines] == [False, False, True]
    assert (tail.line_count, tail.size, tail.end_offset, tail.ended) == (12, len(LOG), len(LOG), False)
    whole = await page(world, job_id, PageStart(line=1))
    assert whole.lines[0].system and not whole.lines[1].system
    assert {line.time for line in whole.lines} == {START_MS}
    for line in whole.lines:
        assert line.number is not None
        at = await page(world, job_id, PageStart(line=line.number), count=1)
        same = await page(
            world, job_id, PageStart(offset=line.offset + len(line.text.encode()) // 2), count=1
        )
        assert at.lines == same.lines == [line]
        before = await page(world, job_id, PageStart(before=line.offset))
        assert before.lines == whole.lines[: line.number - 1]
    beyond = await page(world, job_id, PageStart(line=13))
    assert (beyond.lines, beyond.line_count, beyond.start_offset) == ([], 12, len(LOG))
    assert (await page(world, job_id, PageStart(before=0))).lines == []
    await write(world, job_id, b" and more\nnew\n")
    grown = await page(world, job_id, PageStart(offset=tail.lines[-1].offset))
    assert [line.text for line in grown.lines] == ["last and more", "new"]
    assert grown.line_count == 13


async def test_an_empty_log_and_one_that_has_ended(world: World) -> None:
    """Guards the viewer before the first byte, and that the last line of an ended log is not open."""
    waiting = await world.create()
    empty = await page(world, waiting)
    assert (empty.lines, empty.line_count, empty.size, empty.ended) == ([], 0, 0, False)
    assert (await search(world, waiting, Query("x"))).complete
    job_id = await world.running(metadata__name="other", algorithm__outputs=[])
    await write(world, job_id, b"no end")
    assert (await page(world, job_id)).lines[0].open
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    ended = await page(world, job_id)
    assert (ended.ended, ended.lines[0].open, ended.line_count) == (True, False, 1)


async def test_what_is_refused(world: World) -> None:
    """Guards ownership, names, and questions that say two things."""
    job_id = await world.running()
    with pytest.raises(JobNotFound):
        await log_views.page(world.ctx, BOB, job_id, TASK, PageStart(), count=1)
    with pytest.raises(TaskNotFound):
        await log_views.errors_map(world.ctx, ALICE, job_id, "worker-9", places=1)
    with pytest.raises(InvalidQuery, match="start_line"):
        await page(world, job_id, PageStart(line=1, before=1))
    with pytest.raises(InvalidQuery, match="before"):
        await search(world, job_id, Query("x"), SearchFrom(offset=1, before=2))
    with pytest.raises(InvalidQuery, match="query"):
        await search(world, job_id, Query("(", regex=True))


async def test_the_tail_comes_before_its_numbers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards opening a huge log: its end is shown at once, counting goes on with each request."""
    job_id = await world.running()
    await write(world, job_id, b"0123456\n" * (3 * BLOCK // 8) + b"end\n")
    monkeypatch.setattr(log_views, "_COUNT_S", 0)
    first = await page(world, job_id, count=1)
    assert (first.lines[0].text, first.lines[0].number, first.line_count) == ("end", None, None)
    assert (first.counted, first.estimated_line_count) == (BLOCK, 3 * BLOCK // 8)
    await page(world, job_id, count=1)
    third = await page(world, job_id, count=1)
    assert (third.line_count, third.counted) == (3 * BLOCK // 8 + 1, third.size)
    assert third.lines[0].number == third.line_count


async def test_searches_count_and_page(world: World) -> None:
    """Guards the cursor both ways, counts, numbers and places of matches."""
    job_id = await world.running()
    await write(world, job_id, LOG)
    found = await search(world, job_id, Query("LOSS"), SearchFrom(limit=3))
    assert (found.count, len(found.matches), found.complete) == (7, 3, True)
    assert [(match.number, match.ranges) for match in found.matches] == [(n, [(7, 11)]) for n in (2, 3, 4)]
    assert found.next == found.matches[-1].offset + len("step 3 loss 0.3\n")
    rest = await search(world, job_id, Query("LOSS"), SearchFrom(offset=found.next))
    assert ([match.number for match in rest.matches], rest.count, rest.next) == ([5, 6, 7, 8], 4, None)
    back = await search(world, job_id, Query("loss"), SearchFrom(before=len(LOG), limit=2))
    assert ([match.number for match in back.matches], back.count, back.complete) == ([8, 7], 7, True)
    older = await search(world, job_id, Query("loss"), SearchFrom(before=back.next, limit=9))
    assert ([match.number for match in older.matches], older.next) == ([6, 5, 4, 3, 2], None)
    counted = await search(world, job_id, Query("loss"), SearchFrom(limit=0))
    assert (counted.count, counted.matches, counted.next) == (7, [], None)
    nothing = await search(world, job_id, Query("no such thing"))
    assert (nothing.count, nothing.complete, nothing.end_offset) == (0, True, len(LOG))


async def test_a_search_that_runs_out_of_time_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards huge logs: every answer says how far it came, and together they miss nothing at the borders."""
    job_id = await world.running()
    line = b"x" * 700_001 + b" needle\n"
    await write(world, job_id, line * 5)
    monkeypatch.setattr(log_views, "SEARCH_S", 0)
    offset, found, rounds = 0, [], 0
    while True:
        part = await search(world, job_id, Query("needle"), SearchFrom(offset=offset))
        found += [match.offset for match in part.matches]
        rounds += 1
        if part.complete:
            break
        assert part.next == part.end_offset > offset
        offset = part.end_offset
    assert (found, rounds > 1) == ([n * len(line) for n in range(5)], True)
    before, backward = 5 * len(line), []
    while True:
        part = await search(world, job_id, Query("needle"), SearchFrom(before=before))
        backward += [match.offset for match in part.matches]
        if part.complete:
            break
        assert part.next is not None
        before = part.next
    assert backward == found[::-1]


async def test_stopping_at_the_limit(world: World) -> None:
    """Guards a viewer that wants the next match and no count."""
    job_id = await world.running()
    await write(world, job_id, b"hit\n" * (BLOCK // 2))
    found = await search(world, job_id, Query("hit"), SearchFrom(offset=8, limit=1, count_on=False))
    assert ([match.number for match in found.matches], found.next, found.complete) == ([3], 12, False)


async def test_where_errors_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the minimap: places, the first error and what it says, while the log grows and in steps."""
    job_id = await world.running()
    await write(world, job_id, LOG)
    seen = await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=200)
    assert (seen.count, seen.complete, seen.summary) == (2, True, "ValueError: odd")
    assert seen.first is not None and (seen.first.number, seen.first.text[:9]) == (9, "Traceback")
    assert [(place.number, place.count) for place in seen.places] == [(9, 1), (11, 1)]
    assert {place.time for place in seen.places} == {START_MS}
    one = await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=1)
    assert [(place.number, place.count) for place in one.places] == [(9, 2)]
    await write(world, job_id, b"\nstep 8 error: 0.01\nRuntimeError: late")
    grown = await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=200)
    assert (grown.count, grown.complete) == (2, True)  # the last line may still become something else
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    assert (await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=200)).count == 3


async def test_very_many_errors_are_thinned(world: World) -> None:
    """Guards memory: the count stays exact, the places are about right."""
    job_id = await world.running()
    await write(world, job_id, b"Error: bad\n" * 30_000)
    seen = await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=10)
    while not seen.complete:
        seen = await log_views.errors_map(world.ctx, ALICE, job_id, TASK, places=10)
    assert (seen.count, len(seen.places)) == (30_000, 10)
    assert all(abs(place.count - 3000) < 200 for place in seen.places)


async def merged(world: World, job_id: str, wanted: Wanted | None = None, count: int = 100) -> MergedLogPage:
    """A page of all tasks."""
    return await log_merged.page(world.ctx, ALICE, job_id, wanted or Wanted(), count=count)


def said(page: MergedLogPage) -> list[str]:
    """Task and text of its lines."""
    return [f"{line.task[-1]} {line.text}" for line in page.lines]


async def test_tasks_are_merged_in_time(world: World) -> None:
    """Guards order, cursors, times, a choice of tasks, and lines without an end."""
    job_id = await world.running(spec__resource={"flavor_id": "cpu.1", "node_count": 2})
    for number in range(4):
        world.clock.ms += 1000
        await write(world, job_id, b"line %d\n" % number, f"worker-{number % 2}")
    await write(world, job_id, b"open", "worker-1")
    newest = await merged(world, job_id, count=2)
    assert said(newest) == ["0 line 2", "1 line 3"]
    assert (newest.at_start, newest.at_end, newest.tasks) == (False, True, ["worker-0", "worker-1"])
    assert [line.time - START_MS for line in newest.lines] == [3000, 4000]
    older = await merged(world, job_id, Wanted(before=newest.before))
    assert (said(older), older.at_start) == (["0 line 0", "1 line 1"], True)
    assert said(await merged(world, job_id, Wanted(after=older.after))) == said(newest)
    assert said(await merged(world, job_id, Wanted(time_ms=START_MS + 2500))) == said(newest)
    assert said(await merged(world, job_id, Wanted(time_ms=0), count=1)) == ["0 line 0"]
    assert said(await merged(world, job_id, Wanted(time_ms=START_MS + 9000))) == []
    assert said(await merged(world, job_id, Wanted(("worker-1",)))) == ["1 line 1", "1 line 3"]
    await reports.report(world.ctx, f"{job_id}-a1", "worker-1", done())
    last = await merged(world, job_id, Wanted(after=newest.after))
    assert (said(last), last.at_end, last.ended) == (["1 open"], True, False)
    with pytest.raises(InvalidQuery, match="after"):
        await merged(world, job_id, Wanted(("worker-1",), after=newest.after))
    with pytest.raises(InvalidQuery, match="after"):
        await merged(world, job_id, Wanted(before=newest.before, time_ms=1))
    with pytest.raises(TaskNotFound):
        await merged(world, job_id, Wanted(("worker-7",)))


async def test_long_work_is_shared_fairly() -> None:
    """Guards that one user's searches wait for each other, and not for ever, while another's run."""
    work = LogWork()
    order: list[str] = []

    async def search_of(user: str, hold: asyncio.Event) -> None:
        async with work.turn(user, patience_s=5) as mine:
            assert mine
            order.append(user)
            await hold.wait()

    hold, free = asyncio.Event(), asyncio.Event()
    free.set()
    first = asyncio.create_task(search_of("a", hold))
    await asyncio.sleep(0)
    second = asyncio.create_task(search_of("a", free))
    await search_of("b", free)
    assert order == ["a", "b"]
    async with work.turn("a", patience_s=0.01) as mine:
        assert not mine
    hold.set()
    await asyncio.gather(first, second)
    assert order == ["a", "b", "a"]
    async with work.turn("a") as mine:
        assert mine
