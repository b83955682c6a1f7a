"""Checks checkpoints where they lie: ranged reads only, bounded, and never twice of the same bytes."""

import asyncio
import logging
from collections.abc import Iterable

from trainwright.domain.checkpoint_formats import STUMBLES, UNREADABLE, State, Verdict, check
from trainwright.domain.checkpoint_parts import MARKED, is_marked, missing_part, parts_to_check, together
from trainwright.domain.checkpoints import Checkpoint, Stored
from trainwright.domain.errors import ObjectNotFound, TrainwrightError
from trainwright.domain.obs import ObsPath
from trainwright.domain.pickles import Need, Reading
from trainwright.services.context import Services

log = logging.getLogger(__name__)

READ_MAX = 64 << 20
"""Of one file no more is read than this."""
_PARTS_MAX = 512
_IN_LOOP = 4096  # more is looked through on another thread
_MARK_BYTES = 200
_DETAIL = 200
_READS_MAX = 4000
_PATIENCE_S = 60.0


async def judge(
    ctx: Services, folder: ObsPath, checkpoint: Checkpoint, others: Iterable[Checkpoint]
) -> Verdict:
    """Whether the checkpoint can be loaded. `folder`: of the output; `others`: all of the same output.

    Never raises: with trouble of the store, or a file that no check is up to, nothing is known.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            lacking = missing_part(checkpoint, others) or await _unmarked(ctx, folder, checkpoint)
            return lacking or await _judge_parts(ctx, folder, checkpoint)
    except ObjectNotFound:
        return Verdict(State.INCOMPLETE, "missing", {"name": checkpoint.path})
    except (TrainwrightError, TimeoutError, OSError) as trouble:
        return _unread(checkpoint.path, trouble)


async def _judge_parts(ctx: Services, folder: ObsPath, checkpoint: Checkpoint) -> Verdict:
    parts = parts_to_check(checkpoint)
    if len(parts) > _PARTS_MAX:
        return Verdict(State.UNKNOWN, "too_much")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_part(ctx, folder, stored)) for stored in parts]
    return together(checkpoint, [(stored, task.result()) for stored, task in zip(parts, tasks, strict=True)])


def _unread(path: str, trouble: Exception) -> Verdict:
    log.warning("checkpoint_not_checked", extra={"checkpoint": path, "error": str(trouble)})
    return Verdict(State.UNKNOWN, UNREADABLE)


async def _unmarked(ctx: Services, folder: ObsPath, checkpoint: Checkpoint) -> Verdict | None:
    if checkpoint.kind not in MARKED or not checkpoint.numbers.known:
        return None
    for mark in checkpoint.marks:
        text = await _read(ctx, folder.join(mark.path), Need(0, min(mark.size, _MARK_BYTES)))
        if not is_marked(checkpoint, text.decode("utf-8", "replace")):
            return Verdict(State.INCOMPLETE, "unmarked", {"name": mark.path})
    return None


async def _part(ctx: Services, folder: ObsPath, stored: Stored) -> Verdict:
    path = folder.join(stored.path)
    known = ctx.checked.find(path, stored)
    if known is not None:
        return known
    async with ctx.checked.gate:
        try:
            found = await _drive(ctx, path, check(path.name, stored.size))
        except ObjectNotFound:
            return Verdict(State.INCOMPLETE, "missing", {"name": path.name})
        except (TrainwrightError, OSError) as trouble:
            return _unread(stored.path, trouble)
    ctx.checked.remember(path, stored, found)
    return found


async def _drive(ctx: Services, path: ObsPath, reading: Reading[Verdict]) -> Verdict:
    """Give a check the bytes that it asks for."""
    step = _advance(reading, b"", first=True)
    left, reads = READ_MAX, 0
    while isinstance(step, Need):
        left -= step.end - step.start
        reads += 1
        if left < 0 or reads > _READS_MAX:
            reading.close()
            return Verdict(State.UNKNOWN, "too_much")
        data = await _read(ctx, path, step)
        if len(data) <= _IN_LOOP:
            step = _advance(reading, data)
        else:
            step = await ctx.blocking(_advance, reading, data)
    return step


def _advance(reading: Reading[Verdict], data: bytes, *, first: bool = False) -> Need | Verdict:
    try:
        return next(reading) if first else reading.send(data)
    except StopIteration as over:
        verdict: Verdict = over.value
        return verdict
    except STUMBLES as trouble:  # whoever wrote the file must not stop what looks at it
        log.exception("checkpoint_check_failed")
        return Verdict(State.UNKNOWN, "failed", {"detail": f"{type(trouble).__name__}: {trouble}"[:_DETAIL]})


async def _read(ctx: Services, path: ObsPath, need: Need) -> bytes:
    if need.end <= need.start:
        return b""
    return b"".join([piece async for piece in ctx.objects.read(path, start=need.start, end=need.end)])
