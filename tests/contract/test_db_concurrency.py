"""Many threads on both databases: whatever the order, one winner and nothing lost."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.contract.db_fixtures import PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.turns import Turns
from trainwright.domain.entities import Attempt, Event
from trainwright.domain.errors import DuplicateJobName
from trainwright.domain.lifecycle import Phase
from trainwright.ports.uow import PLATFORM, Claim, JobQuery, LeaseLost, Match, Scope

THREADS = 6


def at_once(work: Callable[[int], object], threads: int = THREADS) -> list[object]:
    """What `work(0)`, `work(1)`, … gave, all begun at the same moment."""
    gate = threading.Barrier(threads)

    def run(number: int) -> object:
        gate.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads), timeout=120))


def add(database: Database, *job_ids: str, replicas: int = 1) -> None:
    with database.units(PLATFORM) as uow:
        for job_id in job_ids:
            uow.jobs.add(make_job(job_id, replicas=replicas))
        uow.commit()


def claim(database: Database, now_ms: int, limit: int = 1) -> tuple[Claim, ...]:
    with database.units(PLATFORM) as uow:
        claims = uow.leases.claim_due("here", now_ms, lease_ms=1000, limit=limit)
        uow.commit()
        return claims


def test_two_claimers_never_hold_the_same_job(database: Database) -> None:
    """Guards the lease: each of 30 jobs is handed out exactly once, however many ask."""
    names = [f"job-{number}" for number in range(30)]
    add(database, *names)
    taken: list[list[str]] = [[] for _ in range(THREADS)]

    def work(number: int) -> None:
        while sum(len(each) for each in taken) < len(names):
            taken[number] += [held.job.id for held in claim(database, 1, limit=3)]

    at_once(work)
    assert Counter(name for each in taken for name in each) == Counter(names)


def test_one_of_many_with_the_same_id_is_added(database: Database) -> None:
    """Guards idempotency keys: requests at once that make the same id, with other names even, and one job."""

    def work(number: int) -> bool:
        try:
            with database.units(Scope(PROJECT)) as uow:
                uow.jobs.add(make_job("job-1", name=f"name-{number}"))
                uow.commit()
        except DuplicateJobName:
            return False
        return True

    assert at_once(work).count(True) == 1


def test_one_takes_over_a_lease_that_ran_out(database: Database) -> None:
    """Guards the hand-over: of several that see it run out one gets it, and only that one can save."""
    add(database, "job-1")
    (old,) = claim(database, 0)
    answers = at_once(lambda _: claim(database, 5000))
    (new,) = [held for claims in answers if isinstance(claims, tuple) for held in claims]

    def save(number: int) -> bool:
        held = (old, new)[number % 2]
        try:
            with database.units(PLATFORM) as uow:
                uow.leases.save(held, replace(held.job, failures=number), None, [Event("job-1", number, "x")])
                uow.commit()
        except LeaseLost:
            return False
        return True

    assert at_once(save) == [False, True] * (THREADS // 2)
    with database.units(PLATFORM, write=False) as uow:
        assert {event.at_ms % 2 for event in uow.events.list_of_job("job-1")} == {1}


def test_a_report_is_seen_or_makes_the_job_due(database: Database) -> None:
    """Guards make_due against the race with claim and release: no report waits for the next time to look."""
    add(database, "job-1")
    (held,) = claim(database, 0)
    with database.units(PLATFORM) as uow:
        job = replace(held.job, phase=Phase.PENDING, attempt_number=1)
        uow.leases.save(held, job, Attempt("job-1", 1, created_at_ms=1), [])
        held = uow.leases.reload(held)
        uow.leases.release(held, 10)
        uow.commit()
    seen: list[int] = []
    done = threading.Event()

    def report() -> None:
        for seq in range(1, 41):
            with database.units(PLATFORM) as uow:
                task = uow.tasks.get("job-1-a1", "worker-0")
                uow.tasks.save(replace(task, last_seq=seq), make_due=True)
                uow.commit()
        done.set()

    def reconcile() -> None:
        finished = False
        while True:
            # Time stands still: only what makes the job due lets it be claimed again.
            claims = claim(database, 10)
            for each in claims:
                seen.append(each.tasks[0].last_seq)
                with database.units(PLATFORM) as uow:
                    uow.leases.release(each, 1_000_000)
                    uow.commit()
            if finished and not claims:
                return
            finished = done.is_set()

    at_once(lambda number: (report, reconcile)[number](), threads=2)
    assert seen[-1] == 40
    assert seen == sorted(seen)


def test_a_stop_is_never_lost(database: Database) -> None:
    """Guards request_stop against saves at the same instant: stored, and the job stays due."""
    names = [f"job-{number}" for number in range(15)]
    add(database, *names)
    held = {each.job.id: each for each in claim(database, 0, limit=50)}

    def work(number: int) -> None:
        for name in names:
            with database.units(PLATFORM) as uow:
                if number:
                    uow.jobs.request_stop(name, 77)
                else:
                    settling = replace(held[name].job, phase=Phase.TERMINATING)
                    uow.leases.save(held[name], settling, None, [])
                    uow.leases.release(held[name], 90_000)
                uow.commit()

    at_once(work, threads=2)
    with database.units(PLATFORM, write=False) as uow:
        assert {uow.jobs.get(name).stop_requested_at_ms for name in names} == {77}
        assert uow.jobs.search(JobQuery(matches=(Match("phase", (Phase.TERMINATING,)),))).matches == len(
            names
        )
    assert {each.job.id for each in claim(database, 80, limit=50)} == set(names)


def test_of_equal_names_one_is_stored(database: Database) -> None:
    """Guards (project, name) and the totals against creators at the same moment."""

    def work(number: int) -> bool:
        try:
            with database.units(Scope(PROJECT)) as uow:
                uow.jobs.add(make_job(f"job-{number}", name="same"))
                uow.commit()
        except DuplicateJobName:
            return False
        return True

    assert Counter(at_once(work)) == Counter({False: THREADS - 1, True: 1})
    with database.units(Scope(PROJECT), write=False) as uow:
        assert uow.jobs.search(JobQuery()).total == 1


def test_of_equal_output_folders_one_is_given(database: Database) -> None:
    """Guards the check of output folders and the insert after it as one step."""

    def work(number: int) -> bool:
        with database.units(Scope(PROJECT)) as uow:
            if uow.jobs.unfinished_writing_to(["obs://b/out/deep/"]) is not None:
                return False
            uow.jobs.add(make_job(f"job-{number}", "obs://b/out/"))
            uow.commit()
            return True

    assert Counter(at_once(work)) == Counter({False: THREADS - 1, True: 1})


def test_a_follower_misses_no_event(database: Database) -> None:
    """Guards the live feed: going on from the highest number seen never passes over one committed later."""
    add(database, "job-1")
    each_writes = 25
    writing = set(range(1, THREADS))
    seen: list[Event] = []

    def write(number: int) -> None:
        for at_ms in range(each_writes):
            with database.units(PLATFORM) as uow:
                uow.events.append([Event("job-1", at_ms, f"w{number}")])
                uow.commit()
        writing.remove(number)

    def follow() -> None:
        finished = False
        while True:
            with database.units(PLATFORM, write=False) as uow:
                news = uow.events.list_of_job("job-1", after_seq=seen[-1].seq if seen else 0)
            seen.extend(news)
            if finished and not news:
                return
            finished = not writing

    at_once(lambda number: write(number) if number else follow())
    assert len({event.seq for event in seen}) == len(seen) == (THREADS - 1) * each_writes


def test_reports_of_many_tasks_do_not_block_each_other_for_ever(database: Database) -> None:
    """Guards the order of row locks: reports, saves, stops and a delete at the same time all come to an end."""
    add(database, "job-1", replicas=THREADS)
    (held,) = claim(database, 0)
    with database.units(PLATFORM) as uow:
        job = replace(held.job, phase=Phase.PENDING, attempt_number=1)
        uow.leases.save(held, job, Attempt("job-1", 1, created_at_ms=1), [])
        held = uow.leases.reload(held)
        uow.commit()

    def work(number: int) -> None:
        for seq in range(1, 21):
            with database.units(PLATFORM) as uow:
                if number == 0:
                    uow.leases.save(held, held.job, held.attempt, [Event("job-1", seq, "saved")])
                elif number == 1 and seq == 10:
                    uow.jobs.request_stop("job-1", 5)
                else:
                    task = uow.tasks.get("job-1-a1", f"worker-{number}")
                    uow.events.append([Event("job-1", seq, "reported", attempt=1, task=task.name)])
                    uow.tasks.save(replace(task, last_seq=seq), make_due=True)
                uow.commit()

    at_once(work)
    with database.units(PLATFORM, write=False) as uow:
        states = uow.tasks.list_of_attempt("job-1-a1")
        assert [state.last_seq for state in states[1:THREADS]] == [20] * (THREADS - 1)
        assert len(uow.events.list_of_job("job-1")) == THREADS * 20 - 1


def test_turns_are_in_the_order_of_asking() -> None:
    """Guards writers on SQLite against one that asks again and again; and a turn not given in time is no turn."""
    turns = Turns()
    order: list[int] = []
    assert turns.take(0)
    assert not turns.take(0)

    def work(number: int) -> None:
        assert turns.take(30)
        order.append(number)
        turns.give()

    threads = []
    for number in range(THREADS):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        while turns.waiting <= number:
            threads[-1].join(0.001)
    turns.give()
    for thread in threads:
        thread.join(30)
    assert order == list(range(THREADS))
    assert turns.take(0)
