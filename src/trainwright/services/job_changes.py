"""Which of the jobs that a caller sees have changed, for those who follow all of them (ADR 0037)."""

import re
from dataclasses import dataclass

from trainwright.domain.errors import InvalidQuery
from trainwright.domain.texts import STARTS_AT, Language, Text, reason_text
from trainwright.ports.identity import Principal
from trainwright.ports.job_changes import ChangeKind, JobChange, JobState, Position
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.services.context import Services
from trainwright.services.job_view import secondary_phase, wait_reason, wait_text
from trainwright.services.reading import scope_of
from trainwright.wire.job_changes import JobChangeItem

KEPT = 100_000  # changes of all projects: some hours of a busy server
AT_ONCE = 500
CURSOR_LENGTH_MAX = 41
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")
_BAD_CURSOR = Text("it is the id of no event of this stream", "不是该事件流中的事件 ID")


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that changed, each once, with the place to go on from when only those up to it were seen; and the place that
    was read up to.
    """

    items: tuple[tuple[Position, JobChangeItem], ...]
    upto: Position


def cursor_text(position: Position) -> str:
    """The id of an event."""
    return f"{position.txid}.{position.seq}"


def parse_cursor(text: str) -> Position | None:
    """The place that `cursor_text` made `text` of; None for an empty one.

    Raises:
        InvalidQuery: it is something else.
    """
    if not text:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise InvalidQuery(field="after", detail=_BAD_CURSOR)
    return Position(int(found[1]), int(found[2]))


async def newest(ctx: Services) -> Position:
    """Where the log of changes ends now."""
    return await ctx.blocking(_newest, ctx)


async def is_kept(ctx: Services, position: Position, end: Position) -> bool:
    """Whether nothing behind `position` has been forgotten; `end` is where the log ends."""
    return await ctx.blocking(_is_kept, ctx, position, end)


async def read(ctx: Services, who: Principal, after: Position, upto: Position, language: Language) -> Batch:
    """The jobs that changed behind `after`, in the order of their last changes: all up to `upto`, or so many."""
    changes, states = await ctx.blocking(_read, ctx, scope_of(who), after, upto)
    now_ms = ctx.clock.now_ms()
    kinds: dict[str, ChangeKind] = {}
    last: dict[str, Position] = {}
    for change in changes:
        kinds.setdefault(change.job_id, change.kind)
        last[change.job_id] = change.position
    items = [
        (position, _item(job_id, kinds[job_id], states.get(job_id), language, now_ms))
        for job_id, position in sorted(last.items(), key=lambda pair: pair[1])
    ]
    return Batch(tuple(items), changes[-1].position if len(changes) == AT_ONCE else upto)


def prune(ctx: Services) -> int:
    """Forget all but the newest changes; how many went. Blocking."""
    with ctx.units(PLATFORM) as uow:
        removed = uow.job_changes.prune(KEPT)
        uow.commit()
    return removed


def _newest(ctx: Services) -> Position:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.job_changes.newest()


def _is_kept(ctx: Services, position: Position, end: Position) -> bool:
    with ctx.units(PLATFORM, write=False) as uow:
        return uow.job_changes.is_kept(position, end)


def _read(
    ctx: Services, scope: Scope, after: Position, upto: Position
) -> tuple[tuple[JobChange, ...], dict[str, JobState]]:
    # The states last: they are those of the changes, or newer ones, of which the log tells again.
    with ctx.units(scope, write=False) as uow:
        changes = uow.job_changes.list_between(after, upto, limit=AT_ONCE)
        return changes, uow.job_changes.states(list({change.job_id for change in changes}))


def _item(
    job_id: str, kind: ChangeKind, state: JobState | None, language: Language, now_ms: int
) -> JobChangeItem:
    if state is None:
        return JobChangeItem(job_id=job_id, change="deleted")
    slots = state.pending.slots if state.pending else {}
    position, start = slots.get("position"), slots.get(STARTS_AT)
    return JobChangeItem(
        job_id=job_id,
        change=kind,
        name=state.name,
        workspace_id=state.workspace_id,
        user_id=state.user_id,
        user_name=state.user_name,
        phase=state.shown.value,
        secondary_phase=secondary_phase(
            state.phase,
            state.shown,
            started=bool(state.started_at_ms),
            reserved=state.reserved_until_ms > now_ms,
            hangs=bool(state.hang_since_ms),
        ),
        reason=state.reason.value if state.reason else "",
        reason_message=reason_text(state.reason, language) if state.reason else "",
        pending_message=wait_text(state.pending, language, now_ms),
        pending_reason=wait_reason(state.pending, language),
        position=position if isinstance(position, int) else 0,
        starts_at=max(start, now_ms) if isinstance(start, int) else 0,
        priority=state.priority,
        attempt=state.attempt,
        attention=state.blocked,
        create_time=state.created_at_ms,
        start_time=state.started_at_ms,
        end_time=state.ended_at_ms,
    )
