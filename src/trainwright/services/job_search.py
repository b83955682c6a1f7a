"""Searching training jobs (contract §5)."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.ports.uow import JobPage, JobQuery
from trainwright.ports.workspaces import DEFAULT_WORKSPACE
from trainwright.services.context import Services
from trainwright.services.job_summaries import summaries
from trainwright.services.job_view import JobHistory, job_response
from trainwright.services.reading import check_member, read_histories, scope_of
from trainwright.services.search_queries import JOB, job_query
from trainwright.wire.job_answers import JobResponse, JobSearchResponse, TaskIp
from trainwright.wire.job_search import JobSearch
from trainwright.wire.job_summary import JobSummary
from trainwright.wire.parsing import parse


async def search(
    ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language
) -> JobSearchResponse:
    """One page of the caller's jobs that match (body as `wire.parsing.load_object` gives it).

    Without a workspace: of all that the caller sees. Asked for hosts, each job says where its tasks ran.

    Raises:
        InvalidParam, UnsupportedSort, UnsupportedFilterKey, UnsupportedFilterOperator, InvalidFilterValue.
        WorkspaceNotFound: there is none, or the caller does not see it.
    """
    wanted = parse(JobSearch, raw)
    now_ms = ctx.clock.now_ms()
    query = job_query(wanted, now_ms)
    page, histories, told = await ctx.blocking(_search, ctx, who, query, summary=bool(wanted.summary))
    return JobSearchResponse(
        total=page.total,
        count=page.matches,
        limit=query.limit,
        offset=query.offset,
        sort_by=wanted.sort_by or query.sort_by,
        order="desc" if query.descending else "asc",
        group_by=wanted.group_by or "",
        workspace_id=wanted.workspace_id or DEFAULT_WORKSPACE,
        train_type=wanted.train_type or JOB,
        items=[
            _completed(job_response(history, language, now_ms), history, query, told) for history in histories
        ],
    )


def _search(
    ctx: Services, who: Principal, query: JobQuery, *, summary: bool
) -> tuple[JobPage, tuple[JobHistory, ...], dict[str, JobSummary]]:
    with ctx.units(scope_of(who), write=False) as uow:
        if query.workspace_id:
            check_member(uow, who, query.workspace_id)
        page = uow.jobs.search(query)
        told = summaries(uow, page.jobs, query.now_ms) if summary else {}
        return page, tuple(read_histories(uow, page.jobs)), told


def _completed(
    answer: JobResponse, history: JobHistory, query: JobQuery, told: dict[str, JobSummary]
) -> JobResponse:
    if query.host_ips:
        answer = _with_ips(answer, history)
    if history.job.id in told:
        answer = answer.model_copy(update={"summary": told[history.job.id]})
    return answer


def _with_ips(answer: JobResponse, history: JobHistory) -> JobResponse:
    ips = [
        TaskIp(task=task.name, ip=task.ip, host_ip=task.ip, schedule_count=attempt.number)
        for attempt in history.attempts
        for task in history.tasks.get(attempt.key, ())
        if task.ip
    ]
    return answer.model_copy(update={"status": answer.status.model_copy(update={"task_ips": ips})})
