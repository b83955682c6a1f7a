"""Calls on several jobs, and small ones beside a job: batch delete, name check, route plan, reports of tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from trainwright.domain.entities import Job
from trainwright.domain.errors import (
    InvalidParam,
    InvalidQuery,
    JobNotDeletable,
    JobNotRunning,
    TooManyReports,
)
from trainwright.domain.lifecycle import Phase
from trainwright.domain.texts import Language, Text, make_event
from trainwright.ports.identity import Principal
from trainwright.ports.uow import EventQuery, Scope, UnitOfWork
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.job_view import shown_phase
from trainwright.services.reading import check_member, check_task_name, scope_of
from trainwright.wire.job_collection import (
    BatchDelete,
    EventCategories,
    EventCategory,
    NameCheck,
    NamedJob,
    RoutePlan,
    TaskReport,
)
from trainwright.wire.model import is_resource_name
from trainwright.wire.parsing import parse

REPORT_TYPE = "training-event"
REPORTS_MAX = 1000  # of one job: what a program sends without end must not fill the disk
FLAVOR_TYPES = ("CPU", "GPU", "Ascend")
_REPORTED = "task_notified"
_ONE_WORKSPACE = Text("all jobs must lie in one workspace", "所有作业必须属于同一工作空间")
_OTHER_KIND = Text("the job is of kind {kind}", "该作业的类型为 {kind}")
_NAME = Text("it must be 1 to 64 letters, digits, _ or -", "必须为 1 至 64 个字母、数字、下划线或短横线")
_ONE_OF = Text("it must be one of {allowed}", "必须为 {allowed} 之一")
_CATEGORIES: Mapping[str, tuple[Text, Text]] = {
    "JobStarted": (Text("Started", "作业开始"), Text("The training job runs.", "训练作业开始运行。")),
    "JobCompleted": (
        Text("Completed", "作业结束"),
        Text("The training job has finished successfully.", "训练作业运行成功。"),
    ),
    "JobFailed": (Text("Failed", "作业失败"), Text("The training job has failed.", "训练作业运行失败。")),
    "JobTerminated": (
        Text("Terminated", "作业终止"),
        Text("The training job was stopped.", "训练作业已停止。"),
    ),
    "JobRestarted": (
        Text("Restarted", "作业重启"),
        Text("A further attempt of the training job begins.", "训练作业重新运行。"),
    ),
    "JobHanged": (
        Text("Suspected hang", "作业疑似卡死"),
        Text("The training job seems to make no progress.", "训练作业疑似卡死。"),
    ),
    "JobPreempted": (
        Text("Pre-empted", "作业抢占"),
        Text("A job of higher priority takes the resources.", "训练作业被更高优先级的作业抢占。"),
    ),
}


async def delete_batch(ctx: Services, who: Principal, raw: Mapping[str, Any]) -> None:
    """Remove ended jobs with their history and logs: all of those named, or none.

    Raises:
        InvalidParam: none or too many are named, of several workspaces, or of another kind.
        JobNotFound: one does not exist for the caller.
        JobNotDeletable: one has not ended.
    """
    wanted = parse(BatchDelete, raw)
    for job_id in await ctx.blocking(_delete_all, ctx, who, wanted.jobs):
        # After the rows: a log without a job is swept later, a job without its log would be a lie.
        await ctx.blocking(ctx.logs.delete_job, job_id)


async def check_name(ctx: Services, who: Principal, name: str, workspace_id: str) -> NameCheck:
    """Whether the project has a job of that name: then none can be created.

    Raises:
        InvalidQuery: no job can be called that.
        WorkspaceNotFound: there is none, or the caller does not see it.
    """
    if not is_resource_name(name):
        raise InvalidQuery(field="job_name", detail=_NAME)
    return await ctx.blocking(_check_name, ctx, who, name, workspace_id or DEFAULT_WORKSPACE)


async def route_plan(ctx: Services, who: Principal, job_id: str) -> RoutePlan:
    """No plan is ever made: the workers keep the order they have.

    Raises:
        JobNotFound: no such job for the caller.
    """
    job = await ctx.blocking(_get, ctx, scope_of(who), job_id)
    workers = range(len(job.launch.task_names()))
    return RoutePlan(
        job_id=job.id, status="failed", rank_mapping=",".join(f"{rank}-{rank}" for rank in workers)
    )


def event_categories(flavor_type: str | None, language: Language) -> EventCategories:
    """What notifications can be asked for. They are the same for every type of flavor.

    Raises:
        InvalidQuery: there is no such type.
    """
    if flavor_type and flavor_type not in FLAVOR_TYPES:
        raise InvalidQuery(field="flavor_type", detail=_ONE_OF, allowed=", ".join(FLAVOR_TYPES))
    return EventCategories(
        event_categories=[
            EventCategory(
                id=name,
                name=title.render(language, {}),
                description=text.render(language, {}),
                notification=False,
            )
            for name, (title, text) in _CATEGORIES.items()
        ]
    )


async def report(
    ctx: Services, who: Principal, place: tuple[str, str], report_type: str, raw: Mapping[str, Any]
) -> None:
    """Note in the job's history what its task reports; `place` names job and task.

    Raises:
        InvalidParam: another type of report, or what is reported is no text of 1 to 256 characters.
        JobNotFound, TaskNotFound: it does not exist for the caller.
        JobNotRunning: the job is waiting or has ended.
        TooManyReports: it has reported often enough.
    """
    said = parse(TaskReport, raw)
    if report_type != REPORT_TYPE:
        await ctx.blocking(_check_place, ctx, who, place)
        raise InvalidParam(field="report_type", detail=_ONE_OF, allowed=REPORT_TYPE)
    await ctx.blocking(_report, ctx, who, place, said.type)
    ctx.events_grown(place[0])


def _delete_all(ctx: Services, who: Principal, wanted: Sequence[NamedJob]) -> Sequence[str]:
    with ctx.units(scope_of(who)) as uow:
        found = {named.metadata.id: _deletable(uow, index, named) for index, named in enumerate(wanted)}
        workspaces = {job.workspace_id for job in found.values()}
        if len(workspaces) > 1:
            raise InvalidParam(field="jobs", detail=_ONE_WORKSPACE)
        check_member(uow, who, workspaces.pop())
        for job in found.values():
            if not job.phase.is_end:
                raise JobNotDeletable(job=job.id, phase=shown_phase(job).value)
        # In one order, so that two batches never wait for each other.
        for job_id in sorted(found):
            uow.jobs.delete(job_id)
        uow.commit()
    return sorted(found)


def _deletable(uow: UnitOfWork, index: int, named: NamedJob) -> Job:
    job = uow.jobs.get(named.metadata.id)
    if job.kind != named.kind:
        raise InvalidParam(field=f"jobs[{index}].kind", detail=_OTHER_KIND, kind=job.kind)
    return job


def _check_name(ctx: Services, who: Principal, name: str, workspace_id: str) -> NameCheck:
    # Names are taken in the whole project, whatever the caller sees of it.
    with ctx.units(scope_of(who), write=False) as uow:
        check_member(uow, who, workspace_id)
    with ctx.units(Scope(who.project_id), write=False) as uow:
        return NameCheck(is_duplicate=uow.jobs.find_by_name(name) is not None)


def _get(ctx: Services, scope: Scope, job_id: str) -> Job:
    with ctx.units(scope, write=False) as uow:
        return uow.jobs.get(job_id)


def _check_place(ctx: Services, who: Principal, place: tuple[str, str]) -> None:
    with ctx.units(scope_of(who), write=False) as uow:
        _job_at(uow, who, place)


def _job_at(uow: UnitOfWork, who: Principal, place: tuple[str, str]) -> Job:
    job = uow.jobs.get(place[0])
    check_member(uow, who, job.workspace_id)
    check_task_name(job.launch, place[1])
    return job


def _report(ctx: Services, who: Principal, place: tuple[str, str], what: str) -> None:
    with ctx.units(scope_of(who)) as uow:
        job = _job_at(uow, who, place)
        if shown_phase(job) is not Phase.RUNNING:
            raise JobNotRunning(job=job.id, phase=shown_phase(job).value)
        if uow.events.count(EventQuery(job.id, codes=(_REPORTED,))) >= REPORTS_MAX:
            raise TooManyReports(job=job.id, limit=REPORTS_MAX)
        event = make_event(
            job.id,
            ctx.clock.now_ms(),
            _REPORTED,
            {"type": what},
            attempt=job.attempt_number,
            task=place[1],
        )
        uow.events.append([event])
        uow.commit()
