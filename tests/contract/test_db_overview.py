"""Sums over a project's jobs, on both databases, held to sums in Python."""

import random
from dataclasses import replace

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.domain.entities import Attempt, Job
from trainwright.domain.lifecycle import Phase
from trainwright.ports.overview import Usage
from trainwright.ports.uow import PLATFORM, Scope

MINE = Scope(PROJECT)
WIDTH, SPANS, BEGIN = 100, 6, 1000


def add(database: Database, job: Job) -> None:
    with database.units(PLATFORM) as uow:
        uow.jobs.add(job)
        uow.commit()


def attempt(
    database: Database, job_id: str, up: int, ended: int, *, project_id: str = PROJECT, user: str = "u"
) -> None:
    """A job with one attempt that had its resources from `up` to `ended`."""
    with database.units(PLATFORM) as uow:
        uow.jobs.add(replace(make_job(job_id, project_id=project_id), user_id=user, user_name=user))
        (claim,) = uow.leases.claim_due("t", 5000, lease_ms=60_000, limit=1, job_ids=[job_id])
        job = replace(claim.job, attempt_number=1)
        uow.leases.save(claim, job, Attempt(job_id, 1, 5, up_at_ms=up, ended_at_ms=ended), ())
        uow.commit()


def test_counts_by_phase(database: Database) -> None:
    """Guards both counts against each other: all jobs are in some phase, also the completed, who are not counted."""
    chance = random.Random(6)
    for number in range(60):
        phase = chance.choice([*Phase, Phase.COMPLETED, Phase.COMPLETED])
        job = make_job(f"j{number}", phase=phase)
        add(database, replace(job, user_id=chance.choice("ab"), workspace_id=chance.choice("0w")))
    add(database, make_job("other", project_id=OTHER_PROJECT))
    with database.units(MINE, write=False) as uow:
        counts, mine, theirs = (
            uow.overview.counts(),
            uow.overview.counts_of("a"),
            uow.overview.counts_of("b"),
        )
        assert sum(counts.values()) == 60
        assert counts == {phase: mine.get(phase, 0) + theirs.get(phase, 0) for phase in {*mine, *theirs}}
    with database.units(Scope("nobody"), write=False) as uow:
        assert (uow.overview.counts(), uow.overview.counts_of("a")) == ({}, {})


def test_failures_since(database: Database) -> None:
    """Guards the small index: both kinds of failure, the latest first, at the very time, of the project."""
    for number, phase in enumerate((Phase.FAILED, Phase.ABNORMAL, Phase.COMPLETED, Phase.FAILED)):
        add(database, replace(make_job(f"j{number}", phase=phase), started_at_ms=1, ended_at_ms=100 + number))
    add(database, replace(make_job("o", project_id=OTHER_PROJECT, phase=Phase.FAILED), ended_at_ms=200))
    with database.units(MINE, write=False) as uow:
        assert uow.overview.failed_since(0, limit=9) == (3, ("j3", "j1", "j0"))
        assert uow.overview.failed_since(101, limit=1) == (2, ("j3",))
        assert uow.overview.failed_since(103, limit=9) == (1, ("j3",))
        assert uow.overview.failed_since(104, limit=9) == (0, ())


def summed(usage: Usage) -> dict[tuple[str, int], tuple[int, int]]:
    return {(row.user_id, row.bucket): (row.millicpu_ms, row.memory_mib_ms) for row in usage.rows}


def test_usage_by_owner_and_span(database: Database) -> None:
    """Guards the sums: inside one span, across several, from before, not yet over, not yet up, and not ours."""
    chance = random.Random(7)
    expected: dict[tuple[str, int], list[int]] = {}
    cases = [(900, 1000), (900, 1001), (1000, 1100), (1099, 1101), (1200, 1250), (0, 0), (1550, 0), (1600, 0)]
    cases += [(up, up + chance.randrange(1, 400)) for up in (chance.randrange(800, 1700) for _ in range(30))]
    for number, (up, ended) in enumerate(cases):
        user = chance.choice("ab")
        attempt(database, f"j{number}", up, ended, user=user)
        stop = ended or BEGIN + WIDTH * SPANS
        for span in range(SPANS):
            begin = BEGIN + span * WIDTH
            overlap = min(stop, begin + WIDTH) - max(up, begin)
            if up and overlap > 0:
                amounts = expected.setdefault((user, span), [0, 0])
                amounts[0] += overlap * 2000  # a worker and a parameter server of one CPU each
                amounts[1] += overlap * 1024
    attempt(database, "other", 1000, 1100, project_id=OTHER_PROJECT)
    with database.units(MINE, write=False) as uow:
        found = uow.overview.usage(BEGIN, bucket_ms=WIDTH, buckets=SPANS, most=1000)
        assert found.complete
        assert summed(found) == {place: (cpu, memory) for place, (cpu, memory) in expected.items()}
        assert {row.pool_id for row in found.rows} == {""}
        few = uow.overview.usage(BEGIN, bucket_ms=WIDTH, buckets=SPANS, most=2)
        assert not few.complete and len(few.rows) < len(found.rows)
