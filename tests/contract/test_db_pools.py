"""Pools on both databases: what goes in comes out, names are unique, shares are summed over everyone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.contract.db_fixtures import OTHER_PROJECT, PROJECT, make_job
from trainwright.db.database import Database
from trainwright.db.transaction import ScopeBreach
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Attempt, Note
from trainwright.domain.errors import DuplicatePoolName, PoolNotFound
from trainwright.domain.lifecycle import Phase
from trainwright.ports.identity import User
from trainwright.ports.pools import Pool, WorkloadQuery
from trainwright.ports.uow import PLATFORM, Scope
from trainwright.ports.workspaces import Workspace

MINE = Scope(PROJECT, "ann", "u1")
THEIRS = Scope(OTHER_PROJECT, "bob", "u2")
LIMITED = Scope(PROJECT, "eve", "u3", sees_all=False)
POOL = Pool("pool-1", PROJECT, "", "night", {"spec": {"中": [1, None]}}, 2500, 2**33, 1, 2**41, 2**41 + 1)


@pytest.fixture
def filled(database: Database) -> Iterator[Database]:
    """Both projects, and a private workspace of ann's."""
    with database.units(PLATFORM) as uow:
        uow.principals.add_user(User("u1", "ann", PROJECT, is_admin=False), 0)
        uow.principals.add_user(User("u2", "bob", OTHER_PROJECT, is_admin=False), 0)
        uow.commit()
    yield database


def add(database: Database, *pools: Pool) -> None:
    with database.units(PLATFORM) as uow:
        for pool in pools:
            uow.pools.add(pool)
        uow.commit()


def test_a_pool_comes_out_as_it_went_in(filled: Database) -> None:
    """Guards every column of a pool, before and after a change."""
    add(filled, POOL)
    changed = replace(
        POOL, name="day", document={}, millicpus=1, memory_mib=2, accelerators=3, updated_at_ms=4
    )
    with filled.units(MINE) as uow:
        assert uow.pools.get("pool-1") == uow.pools.get_to_change("pool-1") == POOL
        uow.pools.save(changed)
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        assert uow.pools.list_all() == (changed,)


def test_pools_of_another_project_do_not_exist(filled: Database) -> None:
    """Guards the scope: no call reaches another project's pool, nor tells it from one that never was."""
    add(filled, POOL)
    with filled.units(THEIRS) as uow:
        for call in (uow.pools.get, uow.pools.get_to_change, uow.pools.delete, uow.pools.list_unfinished):
            for pool_id in ("pool-1", "pool-0", "", "\x00"):
                with pytest.raises(PoolNotFound):
                    call(pool_id)
        with pytest.raises(PoolNotFound):
            uow.pools.save(POOL)
        with pytest.raises(ScopeBreach):
            uow.pools.add(replace(POOL, id="pool-2"))
        assert uow.pools.list_all() == ()
        assert uow.pools.lock_shares() == POOL.share


def test_a_name_is_used_once_in_a_project(filled: Database) -> None:
    """Guards display names, also against a later renaming."""
    add(
        filled,
        POOL,
        replace(POOL, id="pool-2", name="other"),
        replace(POOL, id="p", project_id=OTHER_PROJECT),
    )
    with filled.units(MINE) as uow:
        with pytest.raises(DuplicatePoolName):
            uow.pools.add(replace(POOL, id="pool-3"))
        with pytest.raises(DuplicatePoolName):
            uow.pools.save(replace(POOL, id="pool-2"))
        uow.pools.save(POOL)


def test_pools_are_listed_by_age_and_workspace(filled: Database) -> None:
    """Guards the order, and that a pool of any workspace is in every workspace's list."""
    add(
        filled,
        replace(POOL, id="new", name="n", created_at_ms=9),
        replace(POOL, id="old", name="o", created_at_ms=1, workspace_id="w1"),
        replace(POOL, id="mid", name="m", created_at_ms=5, workspace_id="w2"),
    )
    with filled.units(MINE, write=False) as uow:
        assert [pool.id for pool in uow.pools.list_all()] == ["old", "mid", "new"]
        assert [pool.id for pool in uow.pools.list_all(workspace_id="w1")] == ["old", "new"]
        assert uow.pools.lock_shares() == POOL.share.times(3)
        with pytest.raises(ScopeBreach):
            uow.pools.list_shares()
    with filled.units(PLATFORM, write=False) as uow:
        assert list(uow.pools.list_shares().items()) == [(name, POOL.share) for name in ("old", "mid", "new")]


def test_unfinished_jobs_of_a_pool(filled: Database) -> None:
    """Guards what keeps a pool from being deleted: jobs that have not ended, page by page."""
    add(filled, POOL)
    with filled.units(PLATFORM) as uow:
        for index in range(5):
            uow.jobs.add(replace(make_job(f"job-{index}"), pool_id="pool-1"))
        uow.jobs.add(replace(make_job("ended", phase=Phase.FAILED), pool_id="pool-1"))
        uow.jobs.add(make_job("public"))
        uow.commit()
    with filled.units(MINE) as uow:
        first = uow.pools.list_unfinished("pool-1", limit=3)
        assert [job.id for job in first] == ["job-0", "job-1", "job-2"]
        rest = uow.pools.list_unfinished("pool-1", after="job-2", limit=3)
        assert [job.id for job in rest] == ["job-3", "job-4"]
        assert uow.pools.count_unfinished("pool-1") == 5


def test_workloads_are_paged_and_scoped(filled: Database) -> None:
    """Guards the list of jobs in a pool: order, phases, pages, other projects, hidden workspaces."""
    with filled.units(PLATFORM) as uow:
        uow.workspaces.add(Workspace("w" * 32, PROJECT, "secret", owner_id="u1", auth_type="PRIVATE"))
        for index, phase in enumerate((Phase.CREATING, Phase.PENDING, Phase.RUNNING)):
            uow.jobs.add(make_job(f"job-{index}", phase=phase, created_at_ms=index + 1))
        uow.jobs.add(make_job("theirs", project_id=OTHER_PROJECT))
        uow.jobs.add(replace(make_job("hidden", created_at_ms=9), workspace_id="w" * 32))
        uow.jobs.add(replace(make_job("other", created_at_ms=9), pool_id="pool-1"))
        uow.jobs.add(make_job("ended", phase=Phase.COMPLETED))
        uow.commit()

    def ids(scope: Scope, query: WorkloadQuery) -> list[str]:
        with filled.units(scope, write=False) as uow:
            return [job.id for job in uow.pools.list_workloads(query)]

    assert ids(MINE, WorkloadQuery("")) == ["hidden", "job-2", "job-1", "job-0"]
    assert ids(LIMITED, WorkloadQuery("")) == ["job-2", "job-1", "job-0"]
    assert ids(LIMITED, WorkloadQuery("", descending=False, offset=1, limit=1)) == ["job-1"]
    assert ids(LIMITED, WorkloadQuery("", phases=(Phase.RUNNING, Phase.CREATING))) == ["job-2", "job-0"]
    assert ids(MINE, WorkloadQuery("pool-1")) == ["other"]
    assert ids(THEIRS, WorkloadQuery("pool-1")) == []
    with filled.units(LIMITED, write=False) as uow:
        phases = (Phase.CREATING, Phase.PENDING, Phase.RUNNING)
        assert uow.pools.count_workloads("") == {(phase, False): 1 for phase in phases}


def test_workloads_by_queue_and_host(filled: Database) -> None:
    """Guards the filters that look beyond the phase, and where the tasks of a present attempt are said to be."""
    with filled.units(PLATFORM) as uow:
        uow.jobs.add(
            replace(make_job("queued", phase=Phase.PENDING), pending=Note("wait_ahead", {"position": 1}))
        )
        uow.jobs.add(make_job("placed", phase=Phase.CREATING))
        (claim,) = uow.leases.claim_due("here", 0, lease_ms=1000, limit=1, job_ids=["placed"])
        job = replace(claim.job, phase=Phase.PENDING, attempt_number=1)
        uow.leases.save(claim, job, Attempt("placed", 1, created_at_ms=5), [])
        uow.leases.release(claim, 0)
        uow.tasks.save(replace(uow.tasks.get("placed-a1", "ps-0"), ip="10.0.0.7"), make_due=False)
        uow.commit()
    with filled.units(MINE, write=False) as uow:
        for query, expected in (
            (WorkloadQuery("", queues=True), ["queued"]),
            (WorkloadQuery("", queues=False, phases=(Phase.PENDING,)), ["placed"]),
            (WorkloadQuery("", host_ips=("10.0.0.8", "10.0.0.7")), ["placed"]),
            (WorkloadQuery("", host_ips=("10.0.0.8",)), []),
        ):
            assert [job.id for job in uow.pools.list_workloads(query)] == expected
        found = uow.pools.list_workloads(WorkloadQuery(""))
        assert uow.pools.hosts_of(found) == {"placed": (("ps-0", "10.0.0.7"),)}
        assert uow.pools.hosts_of(()) == {}
        assert uow.pools.count_workloads("") == {(Phase.PENDING, True): 1, (Phase.PENDING, False): 1}
    with filled.units(THEIRS, write=False) as uow:
        assert uow.pools.hosts_of(found) == {}


def test_two_at_once_cannot_give_the_machine_away_twice(filled: Database) -> None:
    """Guards the sum of the shares: who adds a pool sees every pool added before, whoever added it."""
    room, started = Demand(4000, 2**40, 10), Barrier(2, timeout=20)

    def create(pool: Pool) -> bool:
        started.wait()
        with filled.units(Scope(pool.project_id, "x")) as uow:
            if not (uow.pools.lock_shares() + pool.share).fits(room):
                return False
            uow.pools.add(pool)
            uow.commit()
        return True

    pools = (POOL, replace(POOL, id="pool-2", project_id=OTHER_PROJECT))
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(create, pools)) == [False, True]
