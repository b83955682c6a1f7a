"""The stages of a job's attempts (contract §6.6): scheduling, preparing, running, end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainwright.domain.entities import Attempt, Event, TaskState
from trainwright.domain.texts import Language, Text, reason_text, render_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import EventQuery, Scope
from trainwright.services.context import Services
from trainwright.services.event_view import iso_time
from trainwright.services.job_view import JobHistory
from trainwright.services.reading import read_history, scope_of
from trainwright.wire.job_collection import Stage, StageRecord, StagesResponse, SubStage

SUB_STAGES_MAX = 100  # of one stage of one attempt
_EVENTS_MAX = 2000
_NOT_BEGUN = Text("Not begun.", "尚未开始。")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A stage: what is said of it while it lasts and when it is over, and the events that are its steps."""

    name: str
    going_on: Text
    over: Text
    steps: tuple[str, ...]


_KINDS = (
    _Kind(
        "scheduling",
        Text("Waiting for resources.", "正在等待资源。"),
        Text("Resources are assigned.", "资源已分配。"),
        ("wait_cpus", "wait_memory", "wait_accelerators", "wait_ahead", "job_restarted"),
    ),
    _Kind(
        "preparing",
        Text("Preparing code, data and environment.", "正在准备代码、数据与运行环境。"),
        Text("Code, data and environment are ready.", "代码、数据与运行环境已就绪。"),
        (
            "precheck_started",
            "precheck_done",
            "engine_build_started",
            "engine_build_done",
            "engine_build_failed",
            "code_download_started",
            "code_download_done",
            "code_download_failed",
            "input_download_started",
            "input_download_done",
            "input_download_failed",
            "prefetch_done",
            "requirements_started",
            "requirements_done",
            "requirements_failed",
            "prestart_started",
            "prestart_failed",
        ),
    ),
    _Kind(
        "running",
        Text("The training process is running.", "训练进程运行中。"),
        Text("The training process has ended.", "训练进程已结束。"),
        (
            "training_started",
            "training_ended",
            "out_of_memory",
            "disk_full",
            "stopping",
            "killed_after_grace",
        ),
    ),
    _Kind(
        "end",
        Text("Results are being uploaded.", "正在上传结果。"),
        Text("Ended: {reason}.", "已结束：{reason}。"),
        (
            "output_upload_started",
            "output_upload_done",
            "output_upload_failed",
            "job_completed",
            "job_failed",
            "job_abnormal",
            "job_stopped",
        ),
    ),
)
_ALL_STEPS = tuple(code for kind in _KINDS for code in kind.steps)


@dataclass(frozen=True, slots=True)
class _Span:
    """When a stage began and ended, ms UTC; 0: not yet, or never."""

    start_ms: int = 0
    end_ms: int = 0


async def list_stages(ctx: Services, who: Principal, job_id: str) -> StagesResponse:
    """The four stages of each attempt, oldest attempt first; none before the first attempt.

    Raises:
        JobNotFound: no such job for the caller.
    """
    history, events = await ctx.blocking(_read, ctx, scope_of(who), job_id)
    steps: Mapping[tuple[int, str], list[Event]] = defaultdict(list)
    for event in events:
        steps[event.attempt, event.code].append(event)
    records = [
        StageRecord(
            record_order=order,
            stages=_stages(attempt, history.tasks.get(attempt.key, ()), steps),
        )
        for order, attempt in enumerate(history.attempts, 1)
    ]
    return StagesResponse(total_count=len(records), running_records=records)


def _stages(
    attempt: Attempt, tasks: Sequence[TaskState], steps: Mapping[tuple[int, str], list[Event]]
) -> list[Stage]:
    stages = []
    for order, (kind, span) in enumerate(zip(_KINDS, _spans(attempt, tasks), strict=True), 1):
        events = sorted(
            (event for code in kind.steps for event in steps.get((attempt.number, code), ())),
            key=lambda event: event.seq,
        )
        stages.append(
            Stage(
                job_id=attempt.job_id,
                name=kind.name,
                en_message=_message(kind, span, attempt, Language.EN),
                zh_message=_message(kind, span, attempt, Language.ZH),
                start_time=iso_time(span.start_ms) if span.start_ms else "",
                end_time=iso_time(span.end_ms) if span.end_ms else "",
                stage_order=order,
                sub_stages=[_sub_stage(event) for event in events[:SUB_STAGES_MAX]],
            )
        )
    return stages


def _spans(attempt: Attempt, tasks: Sequence[TaskState]) -> tuple[_Span, _Span, _Span, _Span]:
    """One stage ends where the next begins; one that the attempt never came to has no times."""
    placed = min((task.registered_at_ms for task in tasks if task.registered_at_ms), default=0)
    started = min((task.started_at_ms for task in tasks if task.started_at_ms), default=0)
    over = attempt.settled_at_ms or attempt.ended_at_ms
    # Clocks of several machines: a stage never ends before it begins.
    started = max(started, placed) if started else 0
    over = max(over, started, placed) if over else 0
    return (
        _Span(attempt.created_at_ms, placed or over),
        _Span(placed, started or over) if placed else _Span(),
        _Span(started, over) if started else _Span(),
        _Span(over, max(attempt.ended_at_ms, over) if attempt.ended_at_ms else 0) if over else _Span(),
    )


def _message(kind: _Kind, span: _Span, attempt: Attempt, language: Language) -> str:
    if not span.start_ms:
        return _NOT_BEGUN.render(language, {})
    if not span.end_ms:
        return kind.going_on.render(language, {})
    reason = reason_text(attempt.end_reason, language) if attempt.end_reason else ""
    return kind.over.render(language, {"reason": reason})


def _sub_stage(event: Event) -> SubStage:
    return SubStage(
        name=event.code,
        en_message=render_event(event, Language.EN),
        zh_message=render_event(event, Language.ZH),
        create_time=iso_time(event.at_ms),
    )


def _read(ctx: Services, scope: Scope, job_id: str) -> tuple[JobHistory, Sequence[Event]]:
    wanted = EventQuery(job_id, codes=_ALL_STEPS, limit=_EVENTS_MAX)
    with ctx.units(scope, write=False) as uow:
        return read_history(uow, job_id), uow.events.search(wanted)
