"""Nodes, workloads and measurements: what the backend has and what the caller's jobs do with it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.services.test_pools import ADMIN, ELSEWHERE, end, job_in, make
from tests.services.world import ALICE, EN, START_MS, World, job_body
from trainwright.domain.demand import Demand
from trainwright.domain.entities import Note
from trainwright.domain.errors import (
    BackendUnavailable,
    FlavorNotFound,
    InvalidParam,
    InvalidQuery,
    NodePoolNotFound,
    NotOffered,
    PoolNodeNotFound,
    PoolNotFound,
    PublicPoolFixed,
)
from trainwright.domain.observation import RunState
from trainwright.domain.specs import Resources
from trainwright.ports.backend import BackendError, Capacity, FixedPool, Node
from trainwright.ports.nodes import Isolation
from trainwright.ports.pools import PUBLIC_POOL
from trainwright.ports.uow import PLATFORM, MetricBatch
from trainwright.services import isolation, jobs, nodes, offers, pool_monitor, pools, workloads
from trainwright.services.context import Services

pytestmark = pytest.mark.anyio


class Undivided:
    """A backend without shares, as far as capacity goes."""

    name = "plain"

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity

    async def probe(self) -> Capacity:
        """As given."""
        return self._capacity


async def test_a_node_is_the_machine_or_a_pools_part_of_it(world: World) -> None:
    """Guards node details: name, address, size and what is free, in the public pool and in a dedicated one."""
    pool_id = await make(world, count=4)
    job_id = await job_in(world, pool_id)
    world.step(job_id)
    (public,) = (await nodes.list_nodes(world.ctx, ALICE, PUBLIC_POOL)).items
    assert (public.metadata.name, public.status.private_ip, public.status.phase) == (
        "node-7",
        "10.0.0.7",
        "Available",
    )
    assert public.status.resources == public.status.available_resources == {"cpu": "1020", "memory": "1020Gi"}
    assert public.status.conditions[0].type == "Ready"
    mine = await nodes.show_node(world.ctx, ALICE, pool_id, "node-7")
    assert mine.status.resources == {"cpu": "4", "memory": "4Gi"}
    assert mine.spec.flavor == "cpu.4"
    with pytest.raises(PoolNodeNotFound):
        await nodes.show_node(world.ctx, ALICE, pool_id, "node-8")
    assert (await nodes.list_nodes(world.ctx, ALICE, pool_id, after="node-7")).items == []


async def test_every_pool_has_one_group_of_nodes(world: World) -> None:
    """Guards scripts that go through node pools."""
    pool_id = await make(world, count=3)
    (group,) = (await nodes.list_node_pools(world.ctx, ALICE, pool_id)).items
    name = group.metadata.name
    assert (group.spec.resources.flavor, group.spec.resources.count) == ("cpu.1", 3)
    assert await nodes.show_node_pool(world.ctx, ALICE, pool_id, name) == group
    found = await nodes.list_node_pool_nodes(world.ctx, ALICE, pool_id, name)
    assert found == await nodes.list_nodes(world.ctx, ALICE, pool_id)
    for call in (nodes.show_node_pool, nodes.list_node_pool_nodes):
        with pytest.raises(NodePoolNotFound):
            await call(world.ctx, ALICE, pool_id, "other")


async def test_nobody_looks_into_another_projects_pool(world: World) -> None:
    """Guards every reading call by the pool's id."""
    pool_id = await make(world)
    for call in (
        nodes.list_nodes(world.ctx, ELSEWHERE, pool_id),
        nodes.show_node(world.ctx, ELSEWHERE, pool_id, "node-7"),
        nodes.list_node_pools(world.ctx, ELSEWHERE, pool_id),
        nodes.show_node_pool(world.ctx, ELSEWHERE, pool_id, "nodepool-default"),
        nodes.list_node_pool_nodes(world.ctx, ELSEWHERE, pool_id, "nodepool-default"),
        workloads.list_workloads(world.ctx, ELSEWHERE, pool_id),
        workloads.show_statistics(world.ctx, ELSEWHERE, pool_id),
        pool_monitor.show_monitor(world.ctx, ELSEWHERE, pool_id),
        offers.show_max_resources(world.ctx, ELSEWHERE, "cpu.1", pool_id),
    ):
        with pytest.raises(PoolNotFound):
            await call
    seen = [item.metadata.name for item in (await workloads.show_runtime_metrics(world.ctx, ELSEWHERE)).items]
    assert seen == [PUBLIC_POOL]


async def test_workloads_are_the_unfinished_jobs_of_a_pool(world: World) -> None:
    """Guards every field of a workload, of one that runs and one that queues; ended ones and other pools are out."""
    pool_id = await make(world)
    queued = await job_in(world, pool_id, "queued", spec__resource__node_count=2)
    world.step(queued)
    world.step(queued, RunState.QUEUED, wait=Note("wait_pool_cpus", {"position": 3}))
    over = await job_in(world, pool_id, "over", algorithm__outputs=[])
    await end(world, over)
    world.clock.ms += 5000
    running = await world.running(metadata__name="running", algorithm__outputs=[])
    world.clock.ms += 7000
    (item,) = (await workloads.list_workloads(world.ctx, ALICE, pool_id)).items
    assert item.model_dump() == {
        "apiVersion": "v1",
        "kind": "Workload",
        "type": "train",
        "namespace": "",
        "name": f"modelarts-job-{queued}",
        "jobName": "queued",
        "uid": queued,
        "jobUUID": queued,
        "flavor": "cpu.1",
        "status": "Queue",
        "userName": "alice",
        "resourceRequirement": {"cpu": "2", "memory": "2Gi"},
        "priority": "1",
        "runningDuration": 0,
        "pendingDuration": 12,
        "pendingPosition": 3,
        "gvk": "",
        "hostIps": "",
        "nodes": [],
        "createTime": START_MS,
    }
    (item,) = (await workloads.list_workloads(world.ctx, ALICE, PUBLIC_POOL)).items
    assert (item.uid, item.status, item.host_ips, item.running_duration) == (
        running,
        "Running",
        "10.0.0.7",
        7,
    )
    (node,) = item.nodes
    assert (node.host_ip, node.resource_requirement) == ("10.0.0.7", {"cpu": "1", "memory": "1Gi"})


async def test_workloads_are_filtered_sorted_and_paged(world: World) -> None:
    """Guards the query of list_workloads."""
    names = {}
    for name in ("one", "two", "three"):
        names[await job_in(world, "", name, algorithm__outputs=[])] = name
        world.clock.ms += 1
    second = list(names)[1]
    world.step(second)
    world.step(second, RunState.QUEUED, wait=Note("wait_ahead", {"position": 1}))

    async def found(**query: Any) -> list[str]:
        items = (await workloads.list_workloads(world.ctx, ALICE, PUBLIC_POOL, **query)).items
        return [names[item.uid] for item in items]

    assert await found() == await found(ascend=True) == ["three", "two", "one"]
    assert await found(sort="create_time", ascend=True, offset=1, limit=1) == ["two"]
    assert await found(status="Queue") == await found(kind="train", status="Queue") == ["two"]
    assert await found(status="Creating") == ["three", "one"]
    assert await found(status="Pending") == await found(status="Failed") == await found(kind="infer") == []
    assert await found(host_ips=("10.0.0.7",)) == []
    counts = (await workloads.show_statistics(world.ctx, ALICE, PUBLIC_POOL)).statistics
    assert counts.total == counts.items[0].total == 3
    assert {state: count for state, count in counts.items[0].status.items() if count} == {
        "Queue": 1,
        "Creating": 2,
    }
    assert len(counts.items[0].status) == 9
    assert (await workloads.show_statistics(world.ctx, ELSEWHERE, PUBLIC_POOL)).statistics.total == 0
    for query in ({"status": "Odd"}, {"kind": "odd"}, {"sort": "name"}, {"host_ips": ("1.1.1.1",) * 101}):
        with pytest.raises(InvalidQuery):
            await found(**query)


async def test_a_job_on_a_host_is_found_by_it(world: World) -> None:
    """Guards `hostip`: pages do not count then."""
    job_id = await world.running()
    found = await workloads.list_workloads(
        world.ctx, ALICE, PUBLIC_POOL, host_ips=("10.0.0.9", "10.0.0.7"), offset=1, limit=1
    )
    assert [item.uid for item in found.items] == [job_id]


async def test_numbers_say_how_full_pools_are(world: World) -> None:
    """Guards runtime metrics: sizes and what is held from the backend, numbers of jobs of the caller only."""
    pool_id = await make(world)
    job_id = await job_in(world, pool_id)
    world.step(job_id)
    public, mine = (await workloads.show_runtime_metrics(world.ctx, ALICE)).items
    assert (public.metadata.name, mine.metadata.name) == (PUBLIC_POOL, pool_id)
    assert mine.metadata.labels["os.modelarts/name"] == "night"
    assert mine.table.capacity.value.model_dump() == {"cpu": "2", "memory": "2Gi", "tnt004": "0"}
    assert mine.table.available.value == mine.table.capacity.value
    assert mine.table.allocated.value.cpu == "0"
    assert (mine.table.workload.queue.train, mine.table.workload.allocated.sum) == (1, 0)
    assert public.table.workload.queue.sum == 0


async def test_the_monitor_adds_up_what_running_tasks_use(world: World) -> None:
    """Guards the last minute of a pool: samples of its tasks, weighed by what each has of the pool."""
    pool_id = await make(world, count=4)
    job_id = await world.running(spec__resource__pool_id=pool_id, spec__resource__node_count=2)
    now_s = world.clock.ms // 1000
    with world.ctx.units(PLATFORM) as uow:
        for task, cpu in (("worker-0", [40.0, 80.0]), ("worker-1", [-1.0, 20.0])):
            values = {"cpuUsage": cpu, "memUsage": [10.0, 10.0]}
            uow.metrics.add(MetricBatch(f"{job_id}-a1", task, now_s - 2, 1, values))
        uow.metrics.add(MetricBatch(f"{job_id}-a1", "worker-0", now_s - 600, 1, {"cpuUsage": [100.0]}))
        uow.commit()

    async def shown(**query: str) -> dict[str, float]:
        found = await pool_monitor.show_monitor(world.ctx, ALICE, pool_id, **query)
        return {
            series.metric.metric_name: point.statistics[0].value
            for series in found.metrics
            for point in series.data_points
        }

    expected = {"cpuUsage": 25.0, "memUsedRate": 5.0, "gpuUtil": -1.0, "gpuMemUsage": -1.0}
    assert (await shown()).items() >= expected.items()
    for statistic, value in (("minimum", 10.0), ("average", 17.5), ("sum", 35.0), ("sampleCount", 2.0)):
        found = await shown(statistics=statistic, period="300", time_range="-1.-1.60")
        assert found["cpuUsage"] == value
    assert (
        await shown(time_range=f"1000.{world.clock.ms - 120_000}.5")
        == await shown(time_range="1000.-1.5")
        == {}
    )
    assert (await shown(time_range=f"{world.clock.ms - 60_000}.-1.5"))["cpuUsage"] == 25.0
    wrong: tuple[dict[str, str], ...] = ({"time_range": "1.2"}, {"statistics": "mean"}, {"period": "61"})
    for query in wrong:
        with pytest.raises(InvalidQuery):
            await shown(**query)


async def test_the_monitor_of_the_public_pool_counts_the_callers_jobs_only(world: World) -> None:
    """Guards others' load from being read off the shared pool."""
    job_id = await world.running()
    with world.ctx.units(PLATFORM) as uow:
        start_s = world.clock.ms // 1000 - 1
        uow.metrics.add(MetricBatch(f"{job_id}-a1", "worker-0", start_s, 1, {"cpuUsage": [51.2]}))
        uow.commit()
    values = []
    for who in (ALICE, ELSEWHERE):
        found = await pool_monitor.show_monitor(world.ctx, who, PUBLIC_POOL)
        values.append(found.metrics[0].data_points[0].statistics[0].value)
    assert values == [0.05, -1.0]


async def test_flavors_say_whether_a_pool_can_be_made_of_them(world: World) -> None:
    """Guards list_resource_flavors: shape, pages, and `soldout` where the machine has no room left."""
    await make(world, count=1022)
    first = await offers.list_resource_flavors(world.ctx, limit=1)
    assert first.metadata.remaining_item_count == 1
    rest = await offers.list_resource_flavors(world.ctx, after=first.metadata.continue_)
    small, large = (*first.items, *rest.items)
    assert (small.metadata.name, small.status.phase) == ("cpu.1", {"default": "normal"})
    assert (large.metadata.name, large.status.phase) == ("cpu.4", {"default": "soldout"})
    assert (large.spec.cpu, large.spec.memory, large.spec.gpu) == ("4", "4Gi", None)
    assert large.spec.data_volume[0].size == "10Gi"
    assert (await offers.list_resource_flavors(world.ctx, selector="os.modelarts/scope=Infer")).items == []


async def test_a_flavor_in_a_pool_is_no_larger_than_the_pool(world: World) -> None:
    """Guards show_training_flavor_max_available_resource."""
    pool_id = await make(world)
    for asked, expected in ((("cpu.4", PUBLIC_POOL), (4, 4)), (("cpu.4", pool_id), (2, 2))):
        found = await offers.show_max_resources(world.ctx, ALICE, *asked)
        assert (found.cpu_core_num, found.mem_size) == expected
    for flavor in ("gone", "modelarts.pool.visual.xlarge"):
        with pytest.raises(FlavorNotFound):
            await offers.show_max_resources(world.ctx, ALICE, flavor, pool_id)


async def test_a_backend_that_does_not_answer_is_said_so(world: World) -> None:
    """Guards 503 instead of made-up numbers."""
    for method in ("probe", "probe_shares"):
        world.backend.fail_next(method)
        with pytest.raises(BackendUnavailable):
            await nodes.list_nodes(world.ctx, ALICE, PUBLIC_POOL)


async def test_a_backend_that_cannot_be_divided_has_its_public_pool(world: World) -> None:
    """Guards backends to come: reading works on them, making pools is refused by name."""
    capacity = await world.backend.probe()
    plain: Any = Undivided(capacity)
    ctx = replace(world.ctx, backend=plain)
    use = (await pools.probe_shares(ctx))[""]
    assert (use.size, use.free) == (Demand.of_task(capacity.total),) * 2
    assert len((await nodes.list_nodes(ctx, ALICE, PUBLIC_POOL)).items) == 1
    await pools.announce(ctx)
    with pytest.raises(NotOffered):
        await make(World(ctx, world.objects, world.backend, world.clock), ADMIN)


class Machines:
    """A backend whose machines can be told apart and whose pools are its own; it hears what is isolated."""

    name = "cluster"
    shares_disk = True
    at_once = 4

    def __init__(self) -> None:
        self.told: list[frozenset[str]] = []
        self.preempting: frozenset[str] = frozenset()
        self.fails = False

    async def nodes(self) -> Sequence[Node]:
        """Two in the public pool, one of them not healthy, and one in a pool of its own."""
        size = Resources(cpus=4, memory_mib=4096)
        whole = Demand.of_task(size)
        return [
            Node("c1", size, whole, ip="10.0.0.1"),
            Node("c2", size, Demand(), healthy=False, note="down: not responding"),
            Node("c3", size, whole, pools=("night",)),
        ]

    async def set_isolated(self, nodes: Collection[str]) -> None:
        """Remembered."""
        if self.fails:
            raise BackendError("scripted: away")
        self.told.append(frozenset(nodes))

    async def set_preemption(self, pools: Collection[str]) -> None:
        """Remembered."""
        self.preempting = frozenset(pools)

    async def fixed_pools(self) -> Sequence[FixedPool]:
        """One."""
        return [FixedPool("night", "Night shift", Demand(4000, 4096, 0))]

    async def probe(self) -> Capacity:
        """All of it."""
        whole = Resources(cpus=12, memory_mib=12_288)
        return Capacity(whole, whole, "process", "", 0, 0)


def on_cluster(world: World) -> tuple[Services, Machines]:
    """The use cases over such a backend."""
    machines = Machines()
    anything: Any = machines
    return replace(world.ctx, backend=anything), machines


async def test_every_machine_of_a_cluster_is_a_node_of_its_pools(world: World) -> None:
    """Guards lists over a backend that tells its machines apart, and the word of one that does not use a machine."""
    ctx, _ = on_cluster(world)
    await pools.learn_fixed(ctx)
    first, second = (await nodes.list_nodes(ctx, ALICE, PUBLIC_POOL)).items
    assert [(node.metadata.name, node.status.phase) for node in (first, second)] == [
        ("c1", "Available"),
        ("c2", "Abnormal"),
    ]
    assert second.status.conditions[0].message == "down: not responding"
    assert first.status.resources == {"cpu": "4", "memory": "4Gi"}
    (night,) = (await nodes.list_nodes(ctx, ALICE, "night")).items
    assert night.metadata.labels["os.modelarts.node/pool"] == "night"
    (group,) = (await nodes.list_node_pools(ctx, ALICE, PUBLIC_POOL)).items
    assert (group.spec.resources.flavor, group.spec.resources.count) == ("cpu.4", 2)
    with pytest.raises(PoolNodeNotFound):
        await nodes.show_node(ctx, ALICE, PUBLIC_POOL, "c3")


async def test_an_administrator_takes_nodes_out_and_returns_them(world: World) -> None:
    """Guards lock and unlock: told to the backend at once, repeatable, and who did it and since when is shown."""
    ctx, machines = on_cluster(world)
    root = replace(ADMIN, is_admin=True)
    body = {"nodeNames": ["c1", "never-was"]}
    for _ in range(2):
        answer = await nodes.lock_nodes(ctx, root, PUBLIC_POOL, body)
        assert [each.status for each in answer.nodes] == ["success", "failed"]
    assert machines.told[-1] == {"c1"}
    node = await nodes.show_node(ctx, ALICE, PUBLIC_POOL, "c1")
    assert node.status.phase == "Abnormal"
    assert node.metadata.annotations == {
        "trainwright.isolated/reason": "admin",
        "trainwright.isolated/since": "2026-09-21T14:13:20Z",
        "trainwright.isolated/by": "alice",
    }
    await nodes.unlock_nodes(ctx, root, PUBLIC_POOL, body)
    assert machines.told[-1] == frozenset()
    assert (await nodes.show_node(ctx, ALICE, PUBLIC_POOL, "c1")).status.phase == "Available"
    with pytest.raises(InvalidParam):
        await nodes.lock_nodes(ctx, root, PUBLIC_POOL, {"nodeNames": []})


async def test_why_a_node_is_locked_is_shown_with_it(world: World) -> None:
    """Guards the administrator's words, in the annotations and as the condition's message."""
    ctx, _ = on_cluster(world)
    body = {"nodeNames": ["c1"], "reason": " fan is broken, ticket 4711 "}
    await nodes.lock_nodes(ctx, replace(ADMIN, is_admin=True), PUBLIC_POOL, body)
    node = await nodes.show_node(ctx, ALICE, PUBLIC_POOL, "c1")
    assert node.metadata.annotations["trainwright.isolated/detail"] == "fan is broken, ticket 4711"
    assert node.status.conditions[1].message == "fan is broken, ticket 4711"


async def test_whose_job_a_node_failed_is_for_the_platforms_admin(world: World) -> None:
    """Guards other projects' jobs, and a node that failed a check."""
    ctx, _ = on_cluster(world)
    isolation.add(ctx, [Isolation("c1", "precheck_failed", "no GPU", START_MS, job_id="job-x")])
    for who, told in ((ALICE, False), (replace(ADMIN, is_admin=True), True)):
        node = await nodes.show_node(ctx, who, PUBLIC_POOL, "c1")
        assert ("trainwright.isolated/job" in node.metadata.annotations) is told
        assert node.status.conditions[1].reason == "precheck_failed"
        assert node.status.conditions[1].message == "no GPU"


async def test_a_lock_that_the_backend_did_not_hear_is_told_later(world: World) -> None:
    """Guards a change while the backend is away: it is stored, and said again."""
    ctx, machines = on_cluster(world)
    machines.fails = True
    with pytest.raises(BackendUnavailable):
        await nodes.lock_nodes(ctx, ADMIN, PUBLIC_POOL, {"nodeNames": ["c1"]})
    await isolation.tell(ctx)
    machines.fails = False
    await isolation.tell(ctx)
    assert machines.told == [frozenset({"c1"})]


async def test_pools_of_the_backend_are_everybodys_and_nobodys_to_change(world: World) -> None:
    """Guards fixed pools: listed, shown, usable by jobs of every project, refused to be changed."""
    ctx, machines = on_cluster(world)
    ctx = replace(ctx, preemption=True)
    await pools.learn_fixed(ctx)
    for who in (ALICE, ELSEWHERE):
        listed = (await pools.list_pools(ctx, who)).items
        assert [item.metadata.name for item in listed] == [PUBLIC_POOL, "night"]
        assert listed[1].metadata.labels["os.modelarts/name"] == "Night shift"
        assert (await pools.show_pool(ctx, who, "night")).spec.job_flavors == ["cpu.1", "cpu.4"]
    made = await jobs.create(ctx, ALICE, job_body(spec__resource__pool_id="night"), EN)
    assert world.read(made.metadata.id).job.launch.pool_id == "night"
    for call in (pools.change_pool(ctx, ADMIN, "night", {}), pools.delete_pool(ctx, ADMIN, "night")):
        with pytest.raises(PublicPoolFixed):
            await call
    await pools.announce(ctx)
    assert machines.preempting == {"", "night"}


async def test_pre_emption_is_an_option_of_each_pool(world: World) -> None:
    """Guards that the backend hears of it with the change, and that it is shown."""
    pool_id = await make(world, preemption={"enabled": True})
    assert world.backend.preemption == {pool_id}
    await pools.change_pool(world.ctx, ADMIN, pool_id, {"spec": {"preemption": {"enabled": False}}})
    assert world.backend.preemption == frozenset()
