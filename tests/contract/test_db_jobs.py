"""Jobs on both databases: what goes in comes out, what must be refused is refused, and nobody sees another's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, describe, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.access import BUILT_IN, allowed_by
from trainwright.domain.entities import Attempt, Event, Note
from trainwright.domain.errors import AttemptClosed, DuplicateJobName, JobNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.domain.reasons import Reason
from trainwright.ports.identity import Principal, Token, User
from trainwright.ports.uow import PLATFORM, JobQuery, Match, MetricBatch, Scope, UnitOfWork

MINE = Scope(PROJECT, "ann")
THEIRS = Scope(OTHER_PROJECT, "bob")
GARBAGE = ("", " ", "\x00", "a\x00b", "\ud800", "'; DROP TABLE jobs; --", "%", "\u4e2d" * 5000, "job-1\x00")


def add(database: Database, *job_ids: str, project_id: str = PROJECT, phase: Phase = Phase.CREATING) -> None:
    with database.units(PLATFORM) as uow:
        for job_id in job_ids:
            uow.jobs.add(make_job(job_id, project_id=project_id, phase=phase))
        uow.commit()


def start(database: Database, job_id: str) -> str:
    """Gives the job its first attempt and one event; the attempt's key."""
    with database.units(PLATFORM) as uow:
        (claim,) = uow.leases.claim_due("here", 0, lease_ms=1000, limit=1, job_ids=[job_id])
        attempt = Attempt(job_id, 1, created_at_ms=5)
        job = replace(claim.job, phase=Phase.PENDING, attempt_number=1)
        uow.leases.save(claim, job, attempt, [Event(job_id, 5, "job_created")])
        uow.leases.release(claim, 0)
        uow.metrics.add(MetricBatch(attempt.key, "worker-0", 0, 1, {"cpuUsage": [1.0]}))
        uow.commit()
    return attempt.key


def test_a_job_comes_out_as_it_went_in(database: Database) -> None:
    """Guards every column of a job against being dropped or mixed up."""
    job = replace(
        make_job("job-1", "obs://b/out/"),
        phase=Phase.PENDING,
        started_at_ms=2**40,
        reason=Reason.NODE_LOST,
        stop_requested_at_ms=7,
        stop_reason=Reason.TIME_LIMIT,
        attempt_number=3,
        budget_used=1,
        free_used=2,
        pending=Note("queued", {"position": 2, "need": "4", "free": 0.5}),
        blocked="why",
        failures=4,
    )
    with database.units(MINE) as uow:
        uow.jobs.add(job)
        assert uow.jobs.get("job-1") == job
        uow.commit()
    with database.units(MINE, write=False) as uow:
        assert uow.jobs.get("job-1") == job
        assert uow.jobs.find_by_name(job.name) == job
        assert uow.jobs.search(JobQuery()).jobs == (job,)


def test_without_commit_nothing_stays(database: Database) -> None:
    """Guards the unit of work: leaving it early, by an error or not, is as if it never was."""
    with database.units(MINE) as uow:
        uow.jobs.add(make_job("job-1"))
        uow.events.append([Event("job-1", 1, "job_created")])
    with pytest.raises(ZeroDivisionError), database.units(MINE) as uow:
        uow.jobs.add(make_job("job-2"))
        raise ZeroDivisionError
    with database.units(MINE, write=False) as uow:
        assert uow.jobs.search(JobQuery()).total == 0
        assert uow.events.list_of_job("job-1") == ()


def test_a_unit_is_used_once_and_only_while_open(database: Database) -> None:
    """Guards against writes that silently go nowhere."""
    unit = database.units(MINE)
    with pytest.raises(RuntimeError):
        _ = unit.jobs
    with unit as uow:
        uow.commit()
        with pytest.raises(RuntimeError):
            uow.commit()
        with pytest.raises(RuntimeError):
            _ = uow.jobs
    with pytest.raises(RuntimeError), unit:
        pass


def test_a_name_is_taken_once_in_a_project(database: Database) -> None:
    """Guards (project, name); the unit that met it goes on, on PostgreSQL too."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(make_job("job-1", name="n"))
        with pytest.raises(DuplicateJobName):
            uow.jobs.add(make_job("job-2", name="n"))
        uow.jobs.add(make_job("job-3", name="n", project_id=OTHER_PROJECT))
        uow.jobs.add(make_job("job-4", name="N"))
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert {job.id for job in uow.jobs.search(JobQuery()).jobs} == {"job-1", "job-3", "job-4"}
        assert uow.jobs.search(JobQuery()).total == 3


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_not_a_job(database: Database, text: str) -> None:
    """Guards every lookup by a caller's text against answering with a crash of the database."""
    add(database, "job-1")
    for scope in (MINE, PLATFORM):
        with database.units(scope) as uow:
            for ask in (uow.jobs.get, uow.jobs.delete):
                with pytest.raises(JobNotFound):
                    ask(text)
            with pytest.raises(JobNotFound):
                uow.jobs.request_stop(text, 5)
            with pytest.raises(JobNotFound):
                describe(uow, text, "d")
            assert uow.jobs.find_by_name(text) is None
            assert uow.jobs.unfinished_writing_to([text]) is None
            assert uow.events.list_of_job(text) == ()
            assert uow.attempts.list_of_job(text) == ()
            assert uow.tasks.list_of_attempt(text) == ()
            assert uow.principals.find_by_token(text, 1) is None
            assert uow.metrics.list_of_task(text, text) == ()
            with pytest.raises(AttemptClosed):
                uow.attempts.get_live(text)
            with pytest.raises(AttemptClosed):
                uow.tasks.get(text, text)
            assert uow.jobs.search(JobQuery(matches=(Match("id", (text,)),))).matches == 0


def test_documents_are_saved_and_nothing_else(database: Database) -> None:
    """Guards what the reconciler owns against a user's change, and the algorithm that was filled in."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(replace(make_job("job-1"), filled={"name": "resnet"}))
        uow.commit()
    start(database, "job-1")
    with database.units(MINE) as uow:
        job = uow.jobs.get_to_change("job-1")
        launch = job.launch.model_copy(update={"priority": 2})
        changed = replace(job, description="new", request={"kind": "job"}, launch=launch)
        uow.jobs.save_documents(replace(changed, phase=Phase.FAILED, attempt_number=7))
        uow.commit()
    with database.units(MINE, write=False) as uow:
        assert uow.jobs.get("job-1") == changed
    asks: tuple[Callable[[UnitOfWork], object], ...] = (
        lambda uow: uow.jobs.get_to_change("job-1"),
        lambda uow: uow.jobs.save_documents(changed),
    )
    for ask in asks:
        with pytest.raises(JobNotFound), database.units(THEIRS) as uow:
            ask(uow)


def test_names_are_taken_in_the_whole_project(database: Database) -> None:
    """Guards the free name of a copy: names of others do not count."""
    add(database, "job-1")
    add(database, "job-2", project_id=OTHER_PROJECT)
    with database.units(MINE, write=False) as uow:
        names = [make_job(job_id).name for job_id in ("job-1", "job-2", "job-3")]
        assert uow.jobs.taken(names) == {names[0]}
        assert uow.jobs.taken([]) == frozenset()


def test_attempts_and_tasks_of_many_jobs_come_at_once(database: Database) -> None:
    """Guards the list page: the same as asking for each job, and nobody else's."""
    add(database, "job-1", "job-2", "job-3")
    add(database, "job-4", project_id=OTHER_PROJECT)
    keys = [start(database, job_id) for job_id in ("job-1", "job-2", "job-4")]
    with database.units(MINE, write=False) as uow:
        found = uow.attempts.list_of_jobs(["job-2", "job-1", "job-3", "job-4", "none"])
        assert found == {job_id: uow.attempts.list_of_job(job_id) for job_id in ("job-1", "job-2")}
        tasks = uow.tasks.list_of_jobs(["job-1", "job-2", "job-4"])
        assert tasks == {key: uow.tasks.list_of_attempt(key) for key in keys[:2]}
        assert uow.attempts.list_of_jobs([]) == {} == uow.tasks.list_of_jobs([])


def test_a_read_unit_cannot_write(database: Database) -> None:
    """Guards the promise of write=False in the database itself."""
    add(database, "job-1")
    with pytest.raises(Exception, match=r"(?i)read-?only"), database.units(MINE, write=False) as uow:
        describe(uow, "job-1", "changed")
    with database.units(MINE) as uow:
        describe(uow, "job-1", "changed")
        uow.commit()
    with database.units(MINE, write=False) as uow:
        assert uow.jobs.get("job-1").description == "changed"


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    """Guards the list page against a long write: it answers with the state before it."""
    add(database, "job-1")
    with database.units(MINE) as writer:
        describe(writer, "job-1", "changed")
        with database.units(MINE, write=False) as reader:
            assert reader.jobs.get("job-1").description == "what it is for"
        writer.commit()


def test_only_an_unfinished_job_is_stopped_and_only_once(database: Database) -> None:
    """Guards request_stop: first True, then False; the first time and reason stay; ended jobs are left alone."""
    add(database, "job-1")
    add(database, "job-2", phase=Phase.COMPLETED)
    with database.units(MINE) as uow:
        assert uow.jobs.request_stop("job-1", 50)
        assert not uow.jobs.request_stop("job-1", 60)
        assert not uow.jobs.request_stop("job-2", 60)
        job = uow.jobs.get("job-1")
        assert (job.stop_requested_at_ms, job.stop_reason) == (50, Reason.STOPPED_BY_USER)
        assert uow.jobs.get("job-2").stop_requested_at_ms == 0


def test_a_deleted_job_leaves_nothing(database: Database) -> None:
    """Guards delete: attempts, tasks, events, metrics and output folders go with the job, and the name is free."""
    with database.units(MINE) as uow:
        uow.jobs.add(make_job("job-1", "obs://b/out/"))
        uow.commit()
    add(database, "job-2")
    key, kept = start(database, "job-1"), start(database, "job-2")
    with database.units(MINE) as uow:
        uow.jobs.delete("job-1")
        with pytest.raises(JobNotFound):
            uow.jobs.delete("job-1")
        uow.commit()
    with database.units(PLATFORM) as uow:
        assert uow.attempts.list_of_job("job-1") == ()
        assert uow.tasks.list_of_attempt(key) == ()
        assert uow.events.list_of_job("job-1") == ()
        assert uow.metrics.list_of_task(key, "worker-0") == ()
        assert uow.attempts.live_keys() == {kept}
        assert uow.jobs.unfinished_writing_to(["obs://b/out/"]) is None
        assert uow.jobs.search(JobQuery()).total == 1
        uow.jobs.add(make_job("job-1"))


@pytest.mark.parametrize(
    ("asked", "in_use"),
    [
        ("obs://b/out/", True),
        ("obs://b/out", True),
        ("obs://b/out/deeper/still/", True),
        ("obs://b/", True),
        ("obs://b", True),
        ("obs://b/out2/", False),
        ("obs://b/ou", False),
        ("obs://b/Out/", False),
        ("obs://bb/out/", False),
        ("obs://b/other/out/", False),
        ("obs://b/out_/", False),
    ],
)
def test_output_folders_in_use(database: Database, asked: str, in_use: bool) -> None:
    """Guards two jobs against writing to the same folder, or one inside the other's."""
    with database.units(THEIRS) as uow:
        uow.jobs.add(make_job("job-1", "obs://b/out/", "obs://c/x/", project_id=OTHER_PROJECT))
        uow.jobs.add(
            make_job("job-2", "obs://b/ended/", project_id=OTHER_PROJECT, phase=Phase.FAILED),
        )
        uow.commit()
    with database.units(MINE) as uow:
        expected = ("job-1", "obs://b/out/") if in_use else None
        assert uow.jobs.unfinished_writing_to(["obs://d/", asked]) == expected
        assert uow.jobs.unfinished_writing_to([]) is None
        assert uow.jobs.unfinished_writing_to(["obs://b/ended/"]) is None


def test_events_are_numbered_in_order_over_all_jobs(database: Database) -> None:
    """Guards the feed: order, ever growing numbers also after a delete, paging by number."""
    add(database, "job-1", "job-2")
    facts = [
        Event("job-1", 9, "a", {"text": "\x00\ud800\u4e2d", "number": 1.5}, "Warning", "Task", 1, "worker-0"),
        Event("job-2", 8, "b"),
        Event("job-1", 7, "c"),
    ]
    with database.units(MINE) as uow:
        stored = uow.events.append(facts)
        assert [event.seq for event in stored] == sorted({event.seq for event in stored})
        assert [replace(event, seq=0) for event in stored] == facts
        assert uow.events.append([]) == ()
        assert uow.events.list_of_job("job-1") == (stored[0], stored[2])
        assert uow.events.list_of_job("job-1", after_seq=stored[0].seq) == (stored[2],)
        assert uow.events.list_of_job("job-1", limit=1) == (stored[0],)
        uow.jobs.delete("job-1")
        (later,) = uow.events.append([Event("job-2", 1, "d")])
        assert later.seq > stored[2].seq
        with pytest.raises(JobNotFound):
            uow.events.append([Event("job-2", 1, "e"), Event("job-1", 1, "f")])
        assert len(uow.events.list_of_job("job-2")) == 2


def _seen_by(uow: UnitOfWork, job_id: str, key: str) -> dict[str, object]:
    return {
        "named": uow.jobs.find_by_name(f"name of {job_id}"),
        "page": uow.jobs.search(JobQuery()),
        "by id": uow.jobs.search(JobQuery(matches=(Match("id", (job_id,)),))),
        "attempts": uow.attempts.list_of_job(job_id),
        "live": uow.attempts.live_keys(),
        "tasks": uow.tasks.list_of_attempt(key),
        "events": uow.events.list_of_job(job_id),
        "metrics": uow.metrics.list_of_task(key, "worker-0"),
        "token": uow.principals.find_by_token("hash", 1),
        "users": uow.principals.has_users(),
    }


def test_another_project_sees_nothing(database: Database) -> None:
    """Guards tenants from each other: every read of every repository."""
    add(database, "job-1")
    key = start(database, "job-1")
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u", "ann", PROJECT, True), 1)
        uow.principals.add_token(Token("t", "u"), "hash")
        uow.commit()
    with database.units(THEIRS) as uow:
        seen = _seen_by(uow, "job-1", key)
        assert uow.jobs.search(JobQuery()).total == 0
        page = uow.jobs.search(JobQuery())
        assert not any(found for what, found in seen.items() if what not in ("page", "by id")), seen
        assert seen["page"] == seen["by id"] == page
        with pytest.raises(JobNotFound):
            uow.jobs.get("job-1")
        with pytest.raises(AttemptClosed):
            uow.attempts.get_live(key)
        with pytest.raises(AttemptClosed):
            uow.tasks.get(key, "worker-0")
    with database.units(MINE) as uow:
        assert all(_seen_by(uow, "job-1", key).values())
        assert uow.jobs.get("job-1") == uow.attempts.get_live(key)[0]


def test_another_project_changes_nothing(database: Database) -> None:
    """Guards tenants from each other: every write of every repository."""
    add(database, "job-1")
    key = start(database, "job-1")
    with database.units(PLATFORM, write=False) as uow:
        before = uow.jobs.get("job-1"), uow.tasks.list_of_attempt(key), uow.events.list_of_job("job-1")
        task = before[1][0]
    refused: list[tuple[type[Exception], Callable[[UnitOfWork], object]]] = [
        (ScopeBreach, lambda uow: uow.jobs.add(make_job("job-2"))),
        (ScopeBreach, lambda uow: uow.leases),
        (ScopeBreach, lambda uow: uow.principals.add_user(User("u", "n", PROJECT, False), 1)),
        (JobNotFound, lambda uow: describe(uow, "job-1", "x")),
        (JobNotFound, lambda uow: uow.jobs.request_stop("job-1", 9)),
        (JobNotFound, lambda uow: uow.jobs.delete("job-1")),
        (JobNotFound, lambda uow: uow.events.append([Event("job-1", 1, "x")])),
        (AttemptClosed, lambda uow: uow.tasks.save(replace(task, step="x"), make_due=True)),
        (AttemptClosed, lambda uow: uow.metrics.add(MetricBatch(key, "worker-0", 0, 1, {}))),
    ]
    with database.units(THEIRS) as uow:
        for error, write in refused:
            with pytest.raises(error):
                write(uow)
        assert uow.metrics.compact(10**9) == 0
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        after = uow.jobs.get("job-1"), uow.tasks.list_of_attempt(key), uow.events.list_of_job("job-1")
        assert after == before
        assert len(uow.metrics.list_of_task(key, "worker-0")) == 1


def test_tokens_find_their_owner(database: Database) -> None:
    """Guards sign-in: the first start is recognised, two users may share a project, unknown tokens find nobody."""
    ann, bob = User("u1", "ann", PROJECT, True), User("u2", "bob", PROJECT, False, roles=("viewer",))
    with database.units(PLATFORM) as uow:
        assert not uow.principals.has_users()
        for user, token_hash in ((ann, "hash-1"), (bob, "hash-2")):
            uow.principals.add_user(user, 1)
            uow.principals.add_token(Token(token_hash, user.id), token_hash)
        uow.commit()
    with database.units(PLATFORM, write=False) as uow:
        assert uow.principals.has_users()
        found = [uow.principals.find_by_token(f"hash-{number}", 1) for number in (1, 2, 3)]
        assert found[0] == Principal("u1", "ann", PROJECT, True)
        assert found[1] == Principal("u2", "bob", PROJECT, False, allowed_by(BUILT_IN["viewer"]))
        assert found[2] is None
