"""What every backend must do: the docstrings of `ports.backend` as tests. Subclass `BackendContract`, give it a `rig`.

A rig's backend has 2 CPUs and 4096 MiB on one node and no accelerators; its jobs run until `finish`. What is optional
and its backend does not have is named by the rig (`lacks`), and that is tested, too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

import pytest

from tests.domain.builders import make_launch, make_role
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.reasons import Reason
from trainwright.domain.specs import Resources, RoleSpec
from trainwright.ports.backend import (
    Backend,
    BackendError,
    Handle,
    Launch,
    Nodes,
    PoolUse,
    Preempts,
    Reprioritizes,
    Shares,
)

DEADLINE_S, LOOK_S = 60.0, 0.01
TOKEN = "attempt-token-never-to-be-shown"
LIVE = (RunState.STARTING, RunState.RUNNING)
OPTIONAL = (Shares, Reprioritizes, Nodes, Preempts)


class Rig(Protocol):
    """A backend with the means to play its jobs."""

    @property
    def lacks(self) -> Collection[type]:
        """The optional Protocols of `ports.backend`, of those in `OPTIONAL`, that its backend does not have."""
        ...

    @property
    def backend(self) -> Backend:
        """The present backend; another one after `restart`."""
        ...

    async def finish(self, key: str) -> None:
        """Let the processes of an attempt end by themselves, with success."""
        ...

    async def restart(self) -> None:
        """The server dies without warning and a new one begins over the same state."""
        ...


def launch_of(
    number: int,
    *,
    cpus: float = 1,
    memory_mib: int = 64,
    replicas: int = 1,
    priority: int = 1,
    grace_s: int = 1,
    pool: str = "",
    preemptible: bool = False,
    urgent: bool = False,
    avoid: tuple[str, ...] = (),
    others: Sequence[RoleSpec] = (),
) -> Launch:
    """A launch of `replicas` such tasks, and of `others`. The same number gives the same key."""
    job_id = f"job-{number:04}"
    role = make_role(replicas=replicas, resources=Resources(cpus=cpus, memory_mib=memory_mib))
    spec = make_launch(
        role,
        *others,
        job_id=job_id,
        priority=priority,
        grace_s=grace_s,
        pool_id=pool,
        preemptible=preemptible,
    )
    return Launch(f"{job_id}-a1", 1, spec, "http://127.0.0.1:1", TOKEN, urgent=urgent, avoid=avoid)


async def until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for real processes; fails the test after a deadline far beyond any honest duration."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not await is_so():
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        pytest.fail(f"never: {what}")


async def seen(backend: Backend, handle: Handle) -> Observation:
    """What the backend says of one attempt; it must say something."""
    return (await backend.observe([handle]))[handle.key]


async def reaches(backend: Backend, handle: Handle, *states: RunState) -> Observation:
    """Wait until it is in one of `states`."""
    last = Observation(RunState.GONE)

    async def is_so() -> bool:
        nonlocal last
        last = (await backend.observe([handle])).get(handle.key, last)
        return last.state in states

    await until(is_so, f"{handle.key} in {states}")
    return last


async def waits(backend: Backend, handle: Handle, code: str = "wait_") -> Note:
    """Wait until it is queued for a stated reason whose code begins so."""
    notes: list[Note] = []

    async def is_so() -> bool:
        answer = (await backend.observe([handle])).get(handle.key)
        if answer is not None and answer.state is RunState.QUEUED and answer.wait is not None:
            notes.append(answer.wait)
        return bool(notes) and notes[-1].code.startswith(code)

    await until(is_so, f"{handle.key} says {code}")
    return notes[-1]


def shares_of(rig: Rig) -> Shares | None:
    """The rig's backend; None when it cannot be divided, as the rig has said."""
    backend = None if Shares in rig.lacks else rig.backend
    assert backend is None or isinstance(backend, Shares)
    return backend


def reprioritizes_of(rig: Rig) -> Reprioritizes | None:
    """The rig's backend; None when its queue cannot be put into another order, as the rig has said."""
    backend = None if Reprioritizes in rig.lacks else rig.backend
    assert backend is None or isinstance(backend, Reprioritizes)
    return backend


def nodes_of(rig: Rig) -> Nodes | None:
    """The rig's backend; None when its machines cannot be told apart, as the rig has said."""
    backend = None if Nodes in rig.lacks else rig.backend
    assert backend is None or isinstance(backend, Nodes)
    return backend


def preempts_of(rig: Rig) -> Preempts | None:
    """The rig's backend; None when it makes no room by itself, as the rig has said."""
    backend = None if Preempts in rig.lacks else rig.backend
    assert backend is None or isinstance(backend, Preempts)
    return backend


class BackendContract:
    """The suite."""

    @pytest.mark.anyio
    async def test_what_it_lacks_is_declared(self, rig: Rig) -> None:
        """Guards that no part of this suite is left out unsaid."""
        assert {kind for kind in OPTIONAL if not isinstance(rig.backend, kind)} == set(rig.lacks)

    @pytest.mark.anyio
    async def test_an_attempt_lives_and_ends_by_itself(self, rig: Rig) -> None:
        """Guards the ordinary life: live, exited without a reason of the backend's own, reaped, gone."""
        handle = await rig.backend.submit(launch_of(1))
        await reaches(rig.backend, handle, RunState.RUNNING)
        await rig.finish(handle.key)
        assert await reaches(rig.backend, handle, RunState.EXITED) == Observation(RunState.EXITED)
        await rig.backend.reap(handle)
        assert await seen(rig.backend, handle) == Observation(RunState.GONE)
        assert list(await rig.backend.owned()) == []

    @pytest.mark.anyio
    async def test_the_same_key_twice_is_one_attempt(self, rig: Rig) -> None:
        """Guards idempotent submission: side by side, later, and after the end."""
        first, second = await asyncio.gather(*(rig.backend.submit(launch_of(1)) for _ in range(2)))
        await reaches(rig.backend, first, RunState.RUNNING)
        assert first == second == await rig.backend.submit(launch_of(1))
        assert list(await rig.backend.owned()) == [first]
        await rig.finish(first.key)
        await reaches(rig.backend, first, RunState.EXITED)
        assert await rig.backend.submit(launch_of(1)) == first
        assert (await seen(rig.backend, first)).state is RunState.EXITED

    @pytest.mark.anyio
    async def test_a_handle_survives_storage(self, rig: Rig) -> None:
        """Guards that what the database keeps is all the backend needs."""
        handle = await rig.backend.submit(launch_of(1))
        again = Handle.from_json(handle.to_json())
        assert again == handle
        assert handle.backend == rig.backend.name
        await reaches(rig.backend, again, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_unknown_attempts_are_said_to_be_gone(self, rig: Rig) -> None:
        """Guards that GONE is said, and that stop and reap of what is gone succeed."""
        handle = Handle("job-9999-a1", rig.backend.name, 1, {})
        await rig.backend.stop(handle, grace_s=0)
        await rig.backend.reap(handle)
        assert await rig.backend.observe([handle]) == {handle.key: Observation(RunState.GONE)}
        assert await rig.backend.observe([]) == {}

    @pytest.mark.anyio
    async def test_what_can_never_fit_exits_as_rejected(self, rig: Rig) -> None:
        """Guards that an impossible launch has the same life as others, with a reason in words."""
        handle = await rig.backend.submit(launch_of(1, cpus=2, replicas=2))
        answer = await seen(rig.backend, handle)
        assert (answer.state, answer.reason) == (RunState.EXITED, Reason.LAUNCH_REJECTED)
        assert answer.detail
        await rig.backend.reap(handle)
        assert (await seen(rig.backend, handle)).state is RunState.GONE

    @pytest.mark.anyio
    async def test_a_gang_waits_until_all_of_it_fits(self, rig: Rig) -> None:
        """Guards all or nothing, and the reason given for waiting."""
        first = await rig.backend.submit(launch_of(1))
        await reaches(rig.backend, first, RunState.RUNNING)
        gang = await rig.backend.submit(launch_of(2, replicas=2))

        wait = await waits(rig.backend, gang)
        assert wait.slots["position"] == 1
        assert (await seen(rig.backend, gang)).state is RunState.QUEUED
        await rig.finish(first.key)
        await reaches(rig.backend, gang, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_roles_of_a_gang_are_added_up(self, rig: Rig) -> None:
        """Guards gangs of several roles: all or nothing, each with its own resources, all given back."""
        server = make_role("ps", resources=Resources(cpus=1, memory_mib=128))
        first = await rig.backend.submit(launch_of(1))
        await reaches(rig.backend, first, RunState.RUNNING)
        gang = await rig.backend.submit(launch_of(2, others=[server]))
        await waits(rig.backend, gang)
        await rig.finish(first.key)
        await reaches(rig.backend, gang, RunState.RUNNING)
        free = (await rig.backend.probe()).free
        assert free.cpus == 0
        most = 4096 - 64 - 128
        assert most - 64 <= free.memory_mib <= most  # a cluster may give all what the largest needs
        await rig.finish(gang.key)
        await reaches(rig.backend, gang, RunState.EXITED)
        assert (await rig.backend.probe()).free.cpus == 2

    @pytest.mark.anyio
    async def test_the_urgent_go_before_every_priority(self, rig: Rig) -> None:
        """Guards restarts after a fault of a node, also over a restart of the server."""
        blocker = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, blocker, RunState.RUNNING)
        high = await rig.backend.submit(launch_of(2, cpus=2, priority=3))
        urgent = await rig.backend.submit(launch_of(3, cpus=2, urgent=True))
        await rig.restart()
        await rig.finish(blocker.key)
        await reaches(rig.backend, urgent, RunState.RUNNING)
        assert (await seen(rig.backend, high)).state is RunState.QUEUED

    @pytest.mark.anyio
    async def test_priority_goes_before_arrival(self, rig: Rig) -> None:
        """Guards the order of the queue."""
        blocker = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, blocker, RunState.RUNNING)
        low, high = [await rig.backend.submit(launch_of(n, cpus=2, priority=p)) for n, p in ((2, 1), (3, 3))]
        await rig.finish(blocker.key)
        await reaches(rig.backend, high, RunState.RUNNING)
        assert (await seen(rig.backend, low)).state is RunState.QUEUED

    @pytest.mark.anyio
    async def test_stopping_the_queued_frees_its_place(self, rig: Rig) -> None:
        """Guards stop before the start: it exits without a run, and is not waited for."""
        blocker = await rig.backend.submit(launch_of(1, cpus=2))
        queued = await rig.backend.submit(launch_of(2, cpus=2))
        await reaches(rig.backend, blocker, RunState.RUNNING)
        await rig.backend.stop(queued, grace_s=30)
        assert await reaches(rig.backend, queued, RunState.EXITED) == Observation(RunState.EXITED)
        await rig.finish(blocker.key)
        await reaches(rig.backend, blocker, RunState.EXITED)
        assert (await seen(rig.backend, queued)).state is RunState.EXITED
        await rig.backend.reap(queued)
        assert (await seen(rig.backend, queued)).state is RunState.GONE

    @pytest.mark.anyio
    async def test_stopping_the_running_ends_it(self, rig: Rig) -> None:
        """Guards stop, repeated and too late."""
        handle = await rig.backend.submit(launch_of(1, replicas=2))
        await reaches(rig.backend, handle, RunState.RUNNING)
        for grace_s in (5, 5, 1):
            await rig.backend.stop(handle, grace_s=grace_s)
        await reaches(rig.backend, handle, RunState.EXITED)
        await rig.backend.stop(handle, grace_s=0)
        assert (await seen(rig.backend, handle)).state is RunState.EXITED

    @pytest.mark.anyio
    async def test_reap_refuses_what_is_not_over(self, rig: Rig) -> None:
        """Guards that nothing alive is forgotten."""
        running = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, running, RunState.RUNNING)
        queued = await rig.backend.submit(launch_of(2, cpus=2))
        for handle in (running, queued):
            with pytest.raises(BackendError):
                await rig.backend.reap(handle)
        assert (await seen(rig.backend, running)).state is RunState.RUNNING
        assert (await seen(rig.backend, queued)).state is RunState.QUEUED

    @pytest.mark.anyio
    async def test_a_restart_loses_nothing_and_doubles_nothing(self, rig: Rig) -> None:
        """Guards re-attachment: running goes on, ended stays ended, the queue keeps its order."""
        over = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, over, RunState.RUNNING)
        await rig.finish(over.key)
        await reaches(rig.backend, over, RunState.EXITED)
        running = await rig.backend.submit(launch_of(2, cpus=2))
        await reaches(rig.backend, running, RunState.RUNNING)
        queued = [await rig.backend.submit(launch_of(number, cpus=2)) for number in (3, 4)]
        await rig.restart()
        assert {handle.key for handle in await rig.backend.owned()} == {
            handle.key for handle in (over, running, *queued)
        }
        await reaches(rig.backend, running, RunState.RUNNING)
        await reaches(rig.backend, over, RunState.EXITED)
        assert [(await seen(rig.backend, handle)).state for handle in queued] == [RunState.QUEUED] * 2
        await rig.finish(running.key)
        await reaches(rig.backend, queued[0], RunState.RUNNING)
        assert (await seen(rig.backend, queued[1])).state is RunState.QUEUED

    @pytest.mark.anyio
    async def test_a_restart_remembers_stops(self, rig: Rig) -> None:
        """Guards that what was stopped before the crash does not come back to life."""
        running = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, running, RunState.RUNNING)
        queued = await rig.backend.submit(launch_of(2, cpus=2))
        await rig.backend.stop(queued, grace_s=1)
        await rig.backend.stop(running, grace_s=1)
        await rig.restart()
        for handle in (running, queued):
            await reaches(rig.backend, handle, RunState.EXITED)

    @pytest.mark.anyio
    async def test_capacity_counts_what_is_taken(self, rig: Rig) -> None:
        """Guards probe: total, free, queued, running."""
        running = await rig.backend.submit(launch_of(1, memory_mib=96))
        await reaches(rig.backend, running, RunState.RUNNING)
        await rig.backend.submit(launch_of(2, cpus=2))
        capacity = await rig.backend.probe()
        assert (capacity.total.cpus, capacity.total.memory_mib) == (2, 4096)
        assert (capacity.free.cpus, capacity.free.memory_mib) == (1, 4000)
        assert (capacity.queued, capacity.running) == (1, 1)
        assert capacity.launcher in ("process", "sandbox")
        assert capacity.launcher_note

    @pytest.mark.anyio
    async def test_rendering_is_pure_and_keeps_the_token(self, rig: Rig) -> None:
        """Guards that the text says nothing secret and submits nothing."""
        text = rig.backend.render(launch_of(1, replicas=2))
        assert "job-0001-a1" in text
        assert TOKEN not in text
        assert text == rig.backend.render(launch_of(1, replicas=2))
        assert list(await rig.backend.owned()) == []

    @pytest.mark.anyio
    async def test_a_changed_priority_moves_what_waits(self, rig: Rig) -> None:
        """Guards the order after a change, and that a restart keeps it. What runs, or never was, is left alone."""
        backend = reprioritizes_of(rig)
        if backend is None:
            return
        blocker = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, blocker, RunState.RUNNING)
        first, second, third = [
            await rig.backend.submit(launch_of(number, cpus=2, priority=2)) for number in (2, 3, 4)
        ]
        await backend.set_priority(third.key, 3)
        await backend.set_priority(first.key, 1)
        await backend.set_priority(blocker.key, 1)
        await backend.set_priority("job-0009-a1", 1)
        await rig.restart()
        for ending, starting in ((blocker, third), (third, second), (second, first)):
            await rig.finish(ending.key)
            await reaches(rig.backend, starting, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_a_pool_is_a_machine_of_its_own(self, rig: Rig) -> None:
        """Guards shares: neither side of the wall takes from the other, whatever waits, whatever its priority."""
        backend = shares_of(rig)
        if backend is None:
            return
        await backend.set_shares({"pool-a": Demand(500, 1024)})
        public = await rig.backend.submit(launch_of(1, cpus=1.5))
        waiting = await rig.backend.submit(launch_of(2, cpus=0.5, priority=3))
        mine = await rig.backend.submit(launch_of(3, cpus=0.5, pool="pool-a"))
        behind = await rig.backend.submit(launch_of(4, cpus=0.5, pool="pool-a"))
        for handle in (public, mine):
            await reaches(rig.backend, handle, RunState.RUNNING)
        assert (await seen(rig.backend, waiting)).state is RunState.QUEUED
        wait = await waits(rig.backend, behind)
        assert (wait.code, wait.slots["pool"], wait.slots["position"]) == ("wait_pool_cpus", "pool-a", 1)
        assert await backend.probe_shares() == {
            "pool-a": PoolUse(Demand(500, 1024), Demand(500, 64), 1, 1),
            "": PoolUse(Demand(1500, 3072), Demand(1500, 64), 1, 1),
        }
        await rig.finish(mine.key)
        await reaches(rig.backend, behind, RunState.RUNNING)
        assert (await seen(rig.backend, waiting)).state is RunState.QUEUED

    @pytest.mark.anyio
    async def test_a_lowered_share_ends_nothing_and_gives_nothing_twice(self, rig: Rig) -> None:
        """Guards what runs when shares change: it runs on, and the machine is never given away beyond its size."""
        backend = shares_of(rig)
        if backend is None:
            return
        public = await rig.backend.submit(launch_of(1, cpus=2))
        await reaches(rig.backend, public, RunState.RUNNING)
        await backend.set_shares({"pool-a": Demand(1000, 1024)})
        mine = await rig.backend.submit(launch_of(2, pool="pool-a"))
        too_large = await rig.backend.submit(launch_of(3, cpus=2, priority=3))
        small = await rig.backend.submit(launch_of(4))
        assert (await seen(rig.backend, public)).state is RunState.RUNNING
        assert (await seen(rig.backend, mine)).state is RunState.QUEUED
        await rig.finish(public.key)
        for handle in (mine, small):
            await reaches(rig.backend, handle, RunState.RUNNING)
        wait = await waits(rig.backend, too_large)
        assert (wait.code, wait.slots["asked"], wait.slots["size"]) == ("wait_size_cpus", 2, 1)
        await backend.set_shares({})
        assert (await seen(rig.backend, mine)).state is RunState.RUNNING
        for handle in (mine, small):
            await rig.finish(handle.key)
        await reaches(rig.backend, too_large, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_a_pool_not_named_yet_starts_nothing(self, rig: Rig) -> None:
        """Guards the time between a restart and the shares being said again: attempts wait, and then start."""
        backend = shares_of(rig)
        if backend is None:
            return
        lost = await rig.backend.submit(launch_of(1, pool="pool-a"))
        public = await rig.backend.submit(launch_of(2, cpus=2))
        await reaches(rig.backend, public, RunState.RUNNING)
        assert (await seen(rig.backend, lost)).state is RunState.QUEUED
        await rig.finish(public.key)
        await backend.set_shares({"pool-a": Demand(1000, 1024)})
        await reaches(rig.backend, lost, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_nodes_are_named_and_counted(self, rig: Rig) -> None:
        """Guards `nodes`: all that `probe` adds up, with what is free of each."""
        backend = nodes_of(rig)
        if backend is None:
            return
        running = await rig.backend.submit(launch_of(1))
        await reaches(rig.backend, running, RunState.RUNNING)
        nodes = await backend.nodes()
        assert [node.name for node in nodes] == sorted({node.name for node in nodes})
        assert sum(node.total.cpus for node in nodes) == 2
        assert sum(node.free.millicpus for node in nodes) == 1000
        assert all(node.healthy and "" in node.pools for node in nodes)

    @pytest.mark.anyio
    async def test_an_isolated_node_starts_nothing_and_ends_nothing(self, rig: Rig) -> None:
        """Guards isolation: what runs runs on, what waits says why, and starts when the node is returned."""
        backend = nodes_of(rig)
        if backend is None:
            return
        names = [node.name for node in await backend.nodes()]
        running = await rig.backend.submit(launch_of(1))
        await reaches(rig.backend, running, RunState.RUNNING)
        await backend.set_isolated([*names, "no-such-node"])
        queued = await rig.backend.submit(launch_of(2))
        wait = await waits(rig.backend, queued, "wait_node_isolated")
        assert all(name in str(wait.slots["nodes"]) for name in names)
        assert wait.slots["position"] == 1
        assert (await seen(rig.backend, running)).state in LIVE
        await backend.set_isolated(["no-such-node"])
        await reaches(rig.backend, queued, RunState.RUNNING)

    @pytest.mark.anyio
    async def test_a_node_to_avoid_is_not_used(self, rig: Rig) -> None:
        """Guards the attempt after a fault: not where it was, it waits and holds up nobody. A restart keeps that."""
        backend = nodes_of(rig)
        if backend is None:
            return
        names = tuple(node.name for node in await backend.nodes())
        barred = await rig.backend.submit(launch_of(1, urgent=True, avoid=names))
        other = await rig.backend.submit(launch_of(2, cpus=2, avoid=("no-such-node",)))
        await reaches(rig.backend, other, RunState.RUNNING)
        await waits(rig.backend, barred, "wait_node_isolated")
        await rig.restart()
        await rig.finish(other.key)
        await reaches(rig.backend, other, RunState.EXITED)
        await waits(rig.backend, barred, "wait_node_isolated")
        await rig.backend.stop(barred, grace_s=1)
        await reaches(rig.backend, barred, RunState.EXITED)

    @pytest.mark.anyio
    async def test_the_preemptible_make_room_where_that_is_allowed(self, rig: Rig) -> None:
        """Guards pre-emption: only in a pool that allows it; the victim is observed as such, the other one starts."""
        backend = preempts_of(rig)
        if backend is None:
            return
        victim = await rig.backend.submit(launch_of(1, cpus=2, preemptible=True))
        await reaches(rig.backend, victim, RunState.RUNNING)
        high = await rig.backend.submit(launch_of(2, cpus=2, priority=3))
        behind = await rig.backend.submit(launch_of(3, priority=2, preemptible=True))
        await waits(rig.backend, high)
        await backend.set_preemption(["another-pool"])
        assert (await seen(rig.backend, victim)).state is RunState.RUNNING
        await backend.set_preemption([""])
        answer = await reaches(rig.backend, victim, RunState.EXITED)
        assert answer.reason is Reason.PREEMPTED
        assert answer.detail
        await reaches(rig.backend, high, RunState.RUNNING)
        assert (await seen(rig.backend, behind)).state is RunState.QUEUED
        await rig.backend.stop(victim, grace_s=1)
        assert (await seen(rig.backend, victim)).reason is Reason.PREEMPTED
        await rig.backend.reap(victim)
        assert (await seen(rig.backend, victim)).state is RunState.GONE

    @pytest.mark.anyio
    async def test_nobody_else_is_sent_away(self, rig: Rig) -> None:
        """Guards those that do not allow it and those of the same priority, and those that could not help anyway."""
        backend = preempts_of(rig)
        if backend is None:
            return
        await backend.set_preemption([""])
        firm = await rig.backend.submit(launch_of(1))
        equal = await rig.backend.submit(launch_of(2, priority=2, preemptible=True))
        for handle in (firm, equal):
            await reaches(rig.backend, handle, RunState.RUNNING)
        same = await rig.backend.submit(launch_of(3, priority=2, urgent=True))
        await waits(rig.backend, same)
        whole = await rig.backend.submit(launch_of(4, cpus=2, priority=3))
        await waits(rig.backend, whole)
        for handle in (firm, equal):
            assert (await seen(rig.backend, handle)).state is RunState.RUNNING

    @pytest.mark.anyio
    async def test_a_restart_in_the_middle_of_a_preemption_changes_nothing(self, rig: Rig) -> None:
        """Guards marks on disk: the victim ends as one, the other one starts, nobody is sent away twice."""
        backend = preempts_of(rig)
        if backend is None:
            return
        victim, spared = [await rig.backend.submit(launch_of(number, preemptible=True)) for number in (1, 2)]
        for handle in (victim, spared):
            await reaches(rig.backend, handle, RunState.RUNNING)
        high = await rig.backend.submit(launch_of(3, priority=3))
        await backend.set_preemption([""])
        await rig.restart()
        again = preempts_of(rig)
        assert again is not None
        await again.set_preemption([""])
        await reaches(rig.backend, high, RunState.RUNNING)
        states = [await seen(rig.backend, handle) for handle in (victim, spared)]
        assert sorted((answer.state, answer.reason) for answer in states) == [
            (RunState.EXITED, Reason.PREEMPTED),
            (RunState.RUNNING, None),
        ]
