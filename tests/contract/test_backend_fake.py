"""The scriptable fake keeps the contract, and its script does what it says."""

import asyncio

import pytest

from tests.contract.backend import BackendContract, Rig, launch_of, seen
from tests.fakes.backend import FakeBackend
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError


class FakeRig:
    """The fake as a machine of its own; a restart of the server means nothing to it."""

    lacks = ()

    def __init__(self) -> None:
        self.backend = FakeBackend(total=Resources(cpus=2, memory_mib=4096))

    async def finish(self, key: str) -> None:
        """As told."""
        self.backend.finish(key)

    async def restart(self) -> None:
        """It lives elsewhere."""


class TestFakeBackend(BackendContract):
    """The contract over the fake."""

    @pytest.fixture
    def rig(self) -> Rig:
        """A fresh one."""
        return FakeRig()


pytestmark = pytest.mark.anyio


async def test_scripted_failures_leave_no_trace() -> None:
    """Guards `fail_next` and `break_next`: so many calls raise and do nothing."""
    backend = FakeBackend()
    backend.fail_next("submit", 2)
    backend.break_next("submit")
    for _ in range(2):
        with pytest.raises(BackendError):
            await backend.submit(launch_of(1))
    with pytest.raises(RuntimeError):
        await backend.submit(launch_of(1))
    assert backend.submitted == []
    handle = await backend.submit(launch_of(1))
    assert (await seen(backend, handle)).state is RunState.QUEUED


async def test_accepted_but_the_answer_is_lost() -> None:
    """Guards accept-then-crash: the second submit finds the first."""
    backend = FakeBackend()
    backend.accept_then_raise()
    with pytest.raises(BackendError):
        await backend.submit(launch_of(1))
    await backend.submit(launch_of(1))
    assert backend.submitted == [launch_of(1).key]


async def test_nodes_of_the_fake_are_scripted() -> None:
    """Guards what flow tests of isolation and pre-emption rely on: capacity follows the nodes in use."""
    two = Resources(cpus=2, memory_mib=4096)
    backend = FakeBackend(nodes={"node-1": two, "node-2": two})
    await backend.set_isolated(["node-1"])
    gang = await backend.submit(launch_of(1, cpus=2, replicas=2))
    avoiding = await backend.submit(launch_of(2, cpus=2, avoid=("node-2",), urgent=True))
    assert (await seen(backend, gang)).state is RunState.QUEUED
    wait = (await seen(backend, avoiding)).wait
    assert wait is not None
    assert wait.code == "wait_node_isolated"
    assert backend.launch_of(avoiding.key).avoid == ("node-2",)
    backend.set_health("node-2", healthy=False, note="drained")
    await backend.set_isolated([])
    assert (await seen(backend, avoiding)).state is RunState.RUNNING
    assert [(node.name, node.healthy, node.note) for node in await backend.nodes()] == [
        ("node-1", True, ""),
        ("node-2", False, "drained"),
    ]
    await backend.set_preemption(["pool-a"])
    assert backend.preemption == {"pool-a"}
    backend.fail_next("nodes")
    with pytest.raises(BackendError):
        await backend.nodes()


async def test_lies_are_told_for_a_while_and_blocked_calls_wait() -> None:
    """Guards `lie`, `block` and `vanish`."""
    backend = FakeBackend()
    handle = await backend.submit(launch_of(1))
    backend.set_state(handle.key, Observation(RunState.EXITED))
    backend.lie(handle.key, Observation(RunState.RUNNING), times=2)
    told = [(await seen(backend, handle)).state for _ in range(3)]
    assert told == [RunState.RUNNING, RunState.RUNNING, RunState.EXITED]
    backend.block("observe")
    waiting = asyncio.create_task(seen(backend, handle))
    await asyncio.sleep(0)
    assert not waiting.done()
    backend.vanish(handle.key)
    backend.release("observe")
    assert await waiting == Observation(RunState.GONE)
