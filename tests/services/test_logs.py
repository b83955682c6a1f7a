"""Logs: previews, pages of lines, ranges."""

import pytest

from tests.services.world import ALICE, EN, World, done
from trainwright.domain.errors import InvalidQuery, InvalidRange, LogNotReady, TaskNotFound
from trainwright.domain.observation import RunState
from trainwright.services import jobs, logs, reports
from trainwright.services.log_pages import WINDOW, lines_after, lines_before
from trainwright.wire.watch import LogLines

pytestmark = pytest.mark.anyio
TASK = "worker-0"


async def written(world: World, *parts: bytes) -> str:
    """A running job with this log."""
    job_id = await world.running()
    offset = 0
    for part in parts:
        await reports.append_log(world.ctx, f"{job_id}-a1", TASK, offset, part)
        offset += len(part)
    return job_id


async def test_a_log_that_does_not_exist_yet(world: World) -> None:
    """Guards 2818 before the first byte, an empty answer once the task ended silently, and unknown tasks."""
    job_id = await world.create()
    with pytest.raises(LogNotReady):
        await logs.preview(world.ctx, ALICE, job_id, TASK)
    view = await logs.find(world.ctx, ALICE, job_id, TASK)
    assert (view.size, view.complete) == (0, False)
    with pytest.raises(TaskNotFound, match="worker-1"):
        await logs.preview(world.ctx, ALICE, job_id, "worker-1")
    with pytest.raises(InvalidQuery, match="attempt"):
        await logs.find(world.ctx, ALICE, job_id, TASK, attempt=2)
    silent = await world.ended(metadata__name="silent", algorithm__outputs=[])
    assert (await logs.preview(world.ctx, ALICE, silent, TASK)).full_size == 0


async def test_the_view_names_the_file_and_says_when_it_is_complete(world: World) -> None:
    """Guards what followers and downloads go by."""
    job_id = await written(world, b"one\n")
    view = await logs.find(world.ctx, ALICE, job_id, TASK, attempt=1)
    assert view.file_name == f"modelarts-job-{job_id}-worker-0.log"
    assert (view.attempt_key, view.size, view.complete) == (f"{job_id}-a1", 4, False)
    await reports.report(world.ctx, f"{job_id}-a1", TASK, done())
    assert (await logs.find(world.ctx, ALICE, job_id, TASK)).complete


async def test_a_lost_runners_log_is_complete_as_well(world: World) -> None:
    """Guards followers against waiting for ever for a result that will never come."""
    job_id = await written(world, b"one\n")
    await jobs.stop(world.ctx, ALICE, job_id, {"action_type": "terminate"}, EN)
    world.step(job_id, RunState.RUNNING)
    assert not (await logs.find(world.ctx, ALICE, job_id, TASK)).complete
    world.step(job_id, RunState.GONE)
    assert (await logs.find(world.ctx, ALICE, job_id, TASK)).complete


async def test_the_preview_is_the_newest_five_megabytes(world: World) -> None:
    """Guards sizes in bytes, and that a character cut at the front is left out."""
    job_id = await written(world, "é\n".encode(), b"x" * (WINDOW - 2), "\né".encode() + b"\xff")
    preview = await logs.preview(world.ctx, ALICE, job_id, TASK)
    assert preview.full_size == WINDOW + 5
    assert preview.current_size == WINDOW
    assert preview.content.startswith("x") and preview.content.endswith("\né\ufffd")
    cut = await written_again(world, "é".encode() + b"y" * (WINDOW - 1))
    preview = await logs.preview(world.ctx, ALICE, cut, TASK)
    assert (preview.current_size, preview.content[0]) == (WINDOW - 1, "y")


async def written_again(world: World, data: bytes) -> str:
    """Another running job with this log."""
    job_id = await world.running(metadata__name="again", algorithm__outputs=[])
    await reports.append_log(world.ctx, f"{job_id}-a1", TASK, 0, data)
    return job_id


async def page(world: World, job_id: str, base: str | None, count: int, order: str) -> LogLines:
    """A page of lines."""
    return await logs.lines(world.ctx, ALICE, job_id, TASK, base_line=base, count=count, order=order)


async def test_lines_are_paged_both_ways_without_loss(world: World) -> None:
    """Guards contract §6.9: newest first by default; pages join without a gap or a repeated line."""
    job_id = await written(world, b"".join(b"line %d\n" % n for n in range(10)) + b"tail")
    newest = await page(world, job_id, None, 3, "desc")
    assert (newest.content, newest.lines) == ("tail\nline 9\nline 8\n", 3)
    back, base = [], None
    while True:
        part = await page(world, job_id, base, 3, "desc")
        if not part.lines:
            break
        back += part.content.splitlines()
        base = part.start_line
    assert back == ["tail", *(f"line {n}" for n in reversed(range(10)))]
    forth, base = [], "0"
    while (part := await page(world, job_id, base, 4, "asc")).lines:
        forth += part.content.splitlines()
        base = part.end_line
    assert forth == back[::-1]
    assert (await page(world, job_id, None, 2, "asc")).content == "line 9\ntail\n"
    assert (await page(world, job_id, "999999", 1, "desc")).content == "tail\n"


@pytest.mark.parametrize(
    ("base", "count", "order", "field"),
    [
        (None, 0, "desc", "lines"),
        (None, 501, "asc", "lines"),
        (None, 1, "up", "order"),
        ("-1", 1, "asc", "base_line"),
        ("x", 1, "asc", "base_line"),
    ],
)
async def test_bad_pages_are_refused(
    world: World, base: str | None, count: int, order: str, field: str
) -> None:
    """Guards 2764 with the parameter's name."""
    job_id = await written(world, b"a\n")
    with pytest.raises(InvalidQuery, match=field):
        await page(world, job_id, base, count, order)


def test_lines_longer_than_the_window_come_in_pieces() -> None:
    """Guards memory against a log of one endless line."""
    log = b"a" * (2 * WINDOW) + b"\nlast\n"

    def read(start: int, limit: int) -> bytes:
        return log[start : start + limit]

    last = lines_before(read, len(log), 1)
    assert last.lines == (b"last\n",)
    piece = lines_before(read, last.start, 1)
    assert (len(piece.lines), piece.end - piece.start) == (1, WINDOW)
    first = lines_after(read, 0, len(log), 500)
    assert (first.start, first.end, len(first.lines)) == (0, WINDOW, 1)
    position, seen = 0, b""
    while position < len(log):
        part = lines_after(read, position, len(log), 500)
        seen += b"".join(part.lines)
        position = part.end
    assert seen == log


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("BYTES = 9-100", (9, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-100", (0, 10)),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    """Guards single byte ranges."""
    assert logs.parse_range(header, 10) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=10-",
        "bytes=-0",
        "bytes=5-4",
        "bytes=-",
        "bytes=0-1,3-4",
        "lines=1-2",
        "bytes=a-b",
        "bytes=" + "9" * 25 + "-",
    ],
)
def test_bad_ranges_are_refused(header: str) -> None:
    """Guards against half-understood ranges."""
    with pytest.raises(InvalidRange):
        logs.parse_range(header, 10)
