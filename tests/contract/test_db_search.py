"""Searches on both databases, held to a model in Python."""

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from tests.contract.db_fixtures import make_job
from trainwright.db.database import Database
from trainwright.db.schema import attempts, tasks
from trainwright.db.urls import database_url
from trainwright.domain.entities import Job
from trainwright.domain.lifecycle import Phase, public_phase
from trainwright.domain.reasons import Reason
from trainwright.ports.uow import PLATFORM, JobQuery, Match, Scope

_NUMBERS = itertools.count()
_WORDS = ("a", "A", "b", "_", "%", "-", "aB", "\u4e2d", "\u00e4", "z\U0001f600", "\uffee")
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4).map("".join)
_USERS = ("ann", "Ann", "bob")
_KINDS = ("job", "hetero_job")
_TIMES = st.integers(1, 6)


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
            user_id=draw(st.sampled_from(_USERS)),
            algorithm_id=draw(st.sampled_from(("", "x"))),
            algorithm_name=draw(st.sampled_from(("", "aB"))),
            pool_id=draw(st.sampled_from(("", "x"))),
            experiment_id=draw(st.sampled_from(("", "x"))),
            workspace_id=draw(st.sampled_from(("0", "w"))),
            started_at_ms=started,
            ended_at_ms=started + draw(st.integers(1, 4)) if phase.is_end else 0,
        )
        if draw(st.booleans()):
            job = replace(job, stop_requested_at_ms=3, stop_reason=Reason.STOPPED_BY_USER)
        jobs.append(job)
    return jobs


def _texts(values: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


def _matches_of(column: str, values: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[Match]:
    hows: tuple[Literal["in", "not"], ...] = ("in", "not")
    return st.builds(Match, st.just(column), values, st.sampled_from(hows))


_LIKES = st.builds(
    Match,
    st.sampled_from(("name", "algorithm_name")),
    st.sampled_from(_WORDS).map(lambda word: (word,)),
    st.just("like"),
)
_MATCHES = st.one_of(
    _LIKES,
    _matches_of("id", st.lists(st.integers(0, 12).map(str), max_size=3).map(tuple)),
    _matches_of("phase", _texts(tuple(Phase))),
    _matches_of("kind", _texts(_KINDS, 1)),
    _matches_of("user_name", _texts(_USERS)),
    _matches_of("user_id", _texts(_USERS)),
    _matches_of("algorithm_id", _texts(("", "x"))),
    _matches_of("pool_id", _texts(("", "x"))),
    _matches_of("experiment_id", _texts(("", "x"))),
)
_TAGS = st.lists(st.tuples(st.sampled_from(("k", "l")), _texts(("v", "w"), 2)), max_size=2).map(tuple)
_QUERIES = st.builds(
    JobQuery,
    matches=st.lists(_MATCHES, max_size=3).map(tuple),
    tags=_TAGS,
    host_ips=_texts(("10.0.0.1", "10.0.0.2"), 2),
    created_from_ms=st.one_of(st.just(0), _TIMES),
    created_to_ms=st.one_of(st.just(0), _TIMES),
    workspace_id=st.sampled_from(("", "0", "w", "none")),
    sort_by=st.sampled_from(("create_time", "start_time", "name", "duration", "status")),
    now_ms=st.sampled_from((0, 7, 100)),
    descending=st.booleans(),
    offset=st.integers(0, 6),
    limit=st.integers(0, 5),
)


@dataclass(frozen=True)
class _Known:
    """A job with what is not in its own row."""

    job: Job
    tags: dict[str, str]
    ip: str


def _shown(job: Job) -> Phase:
    return public_phase(job.phase, stop_requested=bool(job.stop_requested_at_ms))


def _holds(job: Job, match: Match) -> bool:
    value = str(_shown(job) if match.column == "phase" else getattr(job, match.column))
    if not match.values:
        return True
    if match.how == "like":
        return match.values[0] in value
    return (value in match.values) == (match.how == "in")


def _matches(known: _Known, query: JobQuery) -> bool:
    job = known.job
    return (
        all(_holds(job, match) for match in query.matches)
        and all(key in known.tags and (not values or known.tags[key] in values) for key, values in query.tags)
        and (not query.host_ips or known.ip in query.host_ips)
        and job.created_at_ms >= query.created_from_ms
        and (not query.created_to_ms or job.created_at_ms <= query.created_to_ms)
    )


def _sort_key(job: Job, query: JobQuery) -> tuple[str | int, int, str]:
    until_ms = job.ended_at_ms or max(query.now_ms, job.started_at_ms)
    keys: dict[str, str | int] = {
        "create_time": 0,
        "name": job.name,
        "start_time": job.started_at_ms,
        "duration": until_ms - job.started_at_ms if job.started_at_ms else 0,
        "status": _shown(job),
    }
    return keys[query.sort_by], job.created_at_ms, job.id


def _model(known: list[_Known], query: JobQuery) -> tuple[list[str], int, int]:
    inside = [one for one in known if query.workspace_id in ("", one.job.workspace_id)]
    found = sorted(
        (one.job for one in inside if _matches(one, query)),
        key=lambda job: _sort_key(job, query),
        reverse=query.descending,
    )
    page = found[query.offset : query.offset + query.limit]
    return [job.id for job in page], len(found), len(inside)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jobs=_jobs(), queries=st.lists(_QUERIES, min_size=1, max_size=8), data=st.data())
def test_a_search_finds_what_the_model_finds(
    database: Database, url: str, jobs: list[Job], queries: list[JobQuery], data: st.DataObject
) -> None:
    """Guards every filter, sort key, page and count, alike on both databases. Each example has its own project."""
    prefix = f"{next(_NUMBERS)}-"
    project = f"project {prefix}"
    known = []
    with database.units(PLATFORM) as uow:
        for job in jobs:
            tags = data.draw(st.dictionaries(st.sampled_from("klm"), st.sampled_from("vwx"), max_size=2))
            ip = data.draw(st.sampled_from(("", "10.0.0.1", "10.0.0.2")))
            stored = replace(job, id=prefix + job.id, project_id=project)
            uow.jobs.add(stored)
            uow.tags.put(stored.id, tags)
            known.append(_Known(stored, tags, ip))
        uow.commit()
    engine = sa.create_engine(database_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        for one in known:
            _add_beside(connection, one)
    with database.units(Scope(project), write=False) as uow:
        for query in queries:
            matches = tuple(
                replace(match, values=tuple(prefix + name for name in match.values))
                if match.column == "id"
                else match
                for match in query.matches
            )
            asked = replace(query, matches=matches)
            page = uow.jobs.search(asked)
            expected, count, total = _model(known, asked)
            assert [job.id for job in page.jobs] == expected
            assert (page.matches, page.total) == (count, total)


def _add_beside(connection: Connection, one: _Known) -> None:
    job_id, key = one.job.id, f"{one.job.id}-a1"
    if one.ip:
        connection.execute(sa.insert(attempts).values(key=key, job_id=job_id, number=1))
        connection.execute(
            sa.insert(tasks).values(attempt_key=key, name="worker-0", job_id=job_id, role="worker", ip=one.ip)
        )


def test_pages_cover_all_once(database: Database) -> None:
    """Guards paging over equal keys: every job on exactly one page."""
    with database.units(PLATFORM) as uow:
        for number in range(23):
            uow.jobs.add(make_job(f"job-{number}", created_at_ms=5))
        for sort_by in ("create_time", "start_time", "name", "duration", "status"):
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
