"""Dumps of Python stacks, taken where a job is suspected to hang."""

from trainwright.domain.entities import Slots
from trainwright.domain.errors import BodyTooLarge
from trainwright.domain.stacks import odd_one
from trainwright.domain.texts import make_event
from trainwright.ports.identity import Principal
from trainwright.ports.nodes import Stacks
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.services.context import Services
from trainwright.services.reading import scope_of
from trainwright.wire.watch import StacksItem, StacksResponse

STACKS_MAX = 1 << 20  # bytes of one dump of one task
KEPT = 20  # numbers of dumps of one attempt: older ones go
PAGE_MAX = 50


async def store(ctx: Services, attempt_key: str, task: str, number: int, data: bytes) -> None:
    """Keep dump `number` of a task, and the last `KEPT` numbers of its attempt. Repeating it replaces what was kept;
    one that nobody asked for, or that is too old, is dropped.

    Raises:
        AttemptClosed: the attempt is over, superseded or unknown, or has no such task.
        BodyTooLarge: it is more than a dump may be.
    """
    if len(data) > STACKS_MAX:
        raise BodyTooLarge(limit=STACKS_MAX)
    text = data.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    told = await ctx.blocking(_store, ctx, attempt_key, task, number, text)
    if told:
        ctx.events_grown(told)


def _store(ctx: Services, attempt_key: str, task: str, number: int, text: str) -> str:
    """The id of the job whose history has grown; empty: none has."""
    now_ms = ctx.clock.now_ms()
    with ctx.units(PLATFORM) as uow:
        job, attempt = uow.attempts.get_live(attempt_key)
        uow.tasks.get(attempt_key, task)
        if not max(1, attempt.wanted_stacks - KEPT + 1) <= number <= attempt.wanted_stacks:
            return ""
        uow.jobs.get_to_change(job.id)  # tasks store theirs one after the other: exactly one is the last
        before = uow.stacks.tasks_of_dump(attempt_key, number)
        uow.stacks.put(Stacks(attempt_key, task, number, now_ms, text))
        uow.stacks.drop(attempt_key, up_to=attempt.wanted_stacks - KEPT)
        live = {state.name for state in uow.tasks.list_of_attempt(attempt_key) if not state.is_final}
        odd = None
        if task not in before and live <= {*before, task}:  # the last one: now the texts are worth reading
            dumps = uow.stacks.list_of_dump(attempt_key, number)
            odd = odd_one({dump.task: dump.text for dump in dumps})
        if odd is not None:
            slots: Slots = {"odd": odd.task, "frame": odd.frame, "others": odd.others}
            event = make_event(job.id, now_ms, "job_hang_odd_task", slots, attempt=attempt.number)
            uow.events.append([event])
        uow.commit()
    return "" if odd is None else job.id


async def list_of_job(
    ctx: Services, who: Principal, job_id: str, *, offset: int = 0, limit: int = PAGE_MAX
) -> StacksResponse:
    """One page of a job's dumps: the newest of the newest attempt first, then by task.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    return await ctx.blocking(_list, ctx, scope_of(who), job_id, offset, limit)


def _list(ctx: Services, scope: Scope, job_id: str, offset: int, limit: int) -> StacksResponse:
    with ctx.units(scope, write=False) as uow:
        uow.jobs.get(job_id)
        found = uow.stacks.list_of_job(job_id, offset=offset, limit=limit)
    return StacksResponse(
        limit=limit,
        offset=offset,
        stacks=[
            StacksItem(
                attempt=int(dump.attempt_key.rpartition("-a")[2]),
                task=dump.task,
                number=dump.number,
                time=dump.at_ms,
                text=dump.text,
            )
            for dump in found
        ],
    )
