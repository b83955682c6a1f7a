"""Searches on both databases, held to a model in Python."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.db_fixtures import make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import PLATFORM, JobQuery, Scope

_NUMBERS = itertools.count()
_WORDS = ("a", "A", "b", "_", "%", "-", "aB", "\u4e2d", "\u00e4", "z\U0001f600", "\uffee")
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map("".join)
_USERS = ("ann", "Ann", "bob")
_KINDS = ("job", "hetero_job")
_TIMES = st.integers(1, 6)
_PHASES = st.lists(st.sampled_from(Phase), max_size=3, unique=True).map(tuple)


@st.composite
def _jobs(draw: st.DrawFn) -> list[Job]:
    names = draw(st.lists(_NAMES, max_size=12, unique=True))
    jobs = []
    for number, name in enumerate(names):
        phase = draw(st.sampled_from(Phase))
        started = draw(st.sampled_from((0, 5, 9)))
        job = replace(
            make_job(f"{number}", name=name, phase=phase, created_at_ms=draw(_TIMES)),
            user_name=draw(st.sampled_from(_USERS)),
            kind=draw(st.sampled_from(_KINDS)),
            workspace_id=draw(st.sampled_from(("0", "w"))),
            started_at_ms=started,
            ended_at_ms=started + draw(st.integers(1, 4)) if phase.is_end else 0,
        )
        if draw(st.booleans()):
            job = replace(job, stop_requested_at_ms=3, stop_reason=Reason.STOPPED_BY_USER)
        jobs.append(job)
    return jobs


_QUERIES = st.builds(
    JobQuery,
    ids=st.lists(st.integers(0, 12).map(str), max_size=3).map(tuple),
    not_ids=st.lists(st.integers(0, 12).map(str), max_size=3).map(tuple),
    name_like=st.one_of(st.just(""), st.sampled_from(_WORDS)),
    phases=_PHASES,
    not_phases=_PHASES,
    kinds=st.lists(st.sampled_from(_KINDS), max_size=1).map(tuple),
    user_names=st.lists(st.sampled_from(_USERS), max_size=2).map(tuple),
    created_from_ms=st.one_of(st.just(0), _TIMES),
    created_to_ms=st.one_of(st.just(0), _TIMES),
    workspace_id=st.sampled_from(("", "0", "w", "none")),
    sort_by=st.sampled_from(("create_time", "name", "duration", "status")),
    now_ms=st.sampled_from((0, 7, 100)),
    descending=st.booleans(),
    offset=st.integers(0, 6),
    limit=st.integers(0, 5),
)


def _shown(job: Job) -> Phase:
    return public_phase(job.phase, stop_requested=bool(job.stop_requested_at_ms))


def _matches(job: Job, query: JobQuery) -> bool:
    return (
        (not query.ids or job.id in query.ids)
        and job.id not in query.not_ids
        and query.name_like in job.name
        and (not query.phases or _shown(job) in query.phases)
        and _shown(job) not in query.not_phases
        and (not query.kinds or job.kind in query.kinds)
        and (not query.user_names or job.user_name in query.user_names)
        and job.created_at_ms >= query.created_from_ms
        and (not query.created_to_ms or job.created_at_ms <= query.created_to_ms)
    )


def _sort_key(job: Job, query: JobQuery) -> tuple[str | int, int, str]:
    until_ms = job.ended_at_ms or max(query.now_ms, job.started_at_ms)
    keys: dict[str, str | int] = {
        "create_time": 0,
        "name": job.name,
        "duration": until_ms - job.started_at_ms if job.started_at_ms else 0,
        "status": _shown(job),
    }
    return keys[query.sort_by], job.created_at_ms, job.id


def _model(jobs: list[Job], query: JobQuery) -> tuple[list[str], int, int]:
    inside = [job for job in jobs if query.workspace_id in ("", job.workspace_id)]
    found = sorted(
        (job for job in inside if _matches(job, query)),
        key=lambda job: _sort_key(job, query),
        reverse=query.descending,
    )
    page = found[query.offset : query.offset + query.limit]
    return [job.id for job in page], len(found), len(inside)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jobs=_jobs(), queries=st.lists(_QUERIES, min_size=1, max_size=8))
def test_a_search_finds_what_the_model_finds(
    database: Database, jobs: list[Job], queries: list[JobQuery]
) -> None:
    """Guards every filter, sort key, page and count, alike on both databases. Each example has its own project."""
    prefix = f"{next(_NUMBERS)}-"
    scope = Scope(f"project {prefix}")
    with database.units(scope) as uow:
        for job in jobs:
            uow.jobs.add(replace(job, id=prefix + job.id, project_id=scope.project_id or ""))
        for query in queries:
            asked = replace(
                query,
                ids=tuple(prefix + name for name in query.ids),
                not_ids=tuple(prefix + name for name in query.not_ids),
            )
            page = uow.jobs.search(asked)
            expected, matches, total = _model(jobs, query)
            assert [job.id for job in page.jobs] == [prefix + name for name in expected]
            assert (page.matches, page.total) == (matches, total)
        uow.commit()


def test_pages_cover_all_once(database: Database) -> None:
    """Guards paging over equal keys: every job on exactly one page."""
    with database.units(PLATFORM) as uow:
        for number in range(23):
            uow.jobs.add(make_job(f"job-{number}", created_at_ms=5))
        for sort_by in ("create_time", "name", "duration", "status"):
            pages = [
                uow.jobs.search(JobQuery(sort_by=sort_by, offset=offset, limit=5))
                for offset in range(0, 30, 5)
            ]
            assert sorted(job.id for page in pages for job in page.jobs) == sorted(
                f"job-{number}" for number in range(23)
            )
            assert {page.matches for page in pages} == {23}


def test_an_unknown_sort_key_is_refused(database: Database) -> None:
    """Guards against sorting by nothing in particular."""
    with database.units(PLATFORM, write=False) as uow, pytest.raises(ValueError, match="color"):
        uow.jobs.search(JobQuery(sort_by="color"))


def test_numbers_beyond_64_bits(database: Database) -> None:
    """Guards against a crash of the database on a filter that a caller may send."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1"))
        assert uow.jobs.search(JobQuery(created_from_ms=10**30)).matches == 0
        assert uow.jobs.search(JobQuery(created_to_ms=10**30)).matches == 1
        page = uow.jobs.search(JobQuery(offset=10**30, limit=10**30))
        assert (page.jobs, page.matches, page.total) == ((), 1, 1)
