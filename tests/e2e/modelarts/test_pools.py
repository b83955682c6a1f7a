"""Resource pools, nodes, workloads, and what this server does not have of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import NOT_OFFERED, Caller
from tests.e2e.modelarts.official import operation
from tests.e2e.modelarts.platform import LARGE, SMALL, Person, Platform

FOREVER = "import time\ntime.sleep(600)\n"


def request(name: str, **spec: Any) -> dict[str, Any]:
    """A creation request with the fields that act."""
    return {
        "apiVersion": "v2",
        "kind": "Pool",
        "metadata": {
            "labels": {"os.modelarts/name": name, "os.modelarts/workspace.id": "0"},
            "annotations": {"os.modelarts/description": "a share"},
        },
        "spec": {
            "type": "Dedicate",
            "scope": ["Train"],
            "resources": [{"flavor": SMALL, "count": 1, "maxCount": 1}],
            "jobFlavors": [SMALL],
        }
        | spec,
    }


@pytest.fixture(scope="module")
def public(platform: Platform) -> str:
    """The id of the public pool: this machine."""
    return str(platform.admin.api.call("list_pools").items[0].metadata.name)


@pytest.fixture(scope="module")
def pool(platform: Platform) -> Iterator[Any]:
    """A dedicated pool."""
    made = platform.admin.api.call("create_pool", body=request("share"))
    yield made
    platform.admin.api.call("delete_pool", pool_name=made.metadata.name)


@covers(
    "create_pool",
    """
        apiVersion kind metadata.labels.os.modelarts/name metadata.labels.os.modelarts/workspace.id
        metadata.annotations.os.modelarts/description spec.type spec.scope spec.resources.flavor
        spec.resources.count spec.resources.maxCount spec.jobFlavors
    """,
    kept="""
        metadata.labels.os.modelarts/node.prefix metadata.annotations.os.modelarts/* X-ModelArts-User-ID
        spec.network.name spec.driver.* spec.resources.extendParams.* spec.resources.os.*
    """,
    answers="""
        spec.driver.* metadata.annotations.os.modelarts/period.*
        metadata.labels.os.modelarts/workspace.id metadata.labels.os.modelarts/node.prefix
        metadata.labels.os.modelarts/tenant.project.id metadata.labels.os.modelarts.pool/biz
        metadata.annotations.os.modelarts/billing.mode metadata.annotations.os.modelarts/auto.renew
        metadata.annotations.os.modelarts/promotion.info
        metadata.annotations.os.modelarts/service.console.url metadata.annotations.os.modelarts/order.id
        spec.network.name spec.controlMode status.resources.available.maxCount
        status.resources.available.nodePool
    """,
)
@covers("show_pool", kept="X-ModelArts-User-ID")
@covers("list_pools", "workspaceId labelSelector status")
@covers(
    "patch_pool",
    """
        metadata.annotations.os.modelarts/description spec.scope spec.resources.flavor spec.resources.count
        spec.jobFlavors
    """,
    kept="X-ModelArts-User-ID metadata.annotations.os.modelarts/order.id spec.driver.* spec.resources.azs.*",
)
@covers(
    "delete_pool",
    kept="X-ModelArts-User-ID",
    answers="metadata.deletionTimestamp",
)
def test_a_dedicated_pool_from_its_making_to_its_end(api: Caller, platform: Platform) -> None:
    """Guards a named share of the machine: made, found, changed, used up, given back."""
    name = platform.unique("pool")
    body = request(name)
    annotations = {
        f"os.modelarts/{key}": "x"
        for key in (
            "billing.mode", "period.num", "period.type", "auto.renew", "auto.pay", "promotion.info",
            "service.console.url", "order.id",
        )
    }  # fmt: skip
    body["metadata"]["annotations"] |= annotations
    body["metadata"]["labels"]["os.modelarts/node.prefix"] = "gpu-node"
    body["spec"] |= {
        "network": {"name": "net-1"},
        "driver": {"gpuVersion": "515.65", "npuVersion": "24.1", "updateStrategy": "idle"},
    }
    body["spec"]["resources"][0] |= {
        "extendParams": {"dockerBaseSize": "50"},
        "os": {"name": "EulerOS", "imageId": "i", "imageType": "private", "autoMatch": "yes"},
    }
    made = api.call("create_pool", body=body, x_model_arts_user_id="u")
    pool = made.metadata.name
    assert made.kind == "Pool"
    listed = {one.metadata.name: one for one in api.call("list_pools").items}
    assert listed[pool].metadata.labels.os_modelarts_name == name
    assert pool in {
        one.metadata.name for one in api.call("list_pools", workspace_id="0", status="created").items
    }
    assert pool not in {one.metadata.name for one in api.call("list_pools", status="failed").items or []}
    selected = api.call("list_pools", label_selector=f"os.modelarts/name={name}").items
    assert [one.metadata.name for one in selected] == [pool]
    shown = api.call("show_pool", pool_name=pool, x_model_arts_user_id="u")
    assert (shown.spec.resources[0].flavor, shown.spec.resources[0].count) == (SMALL, 1)
    assert shown.status.phase == "Running"
    assert {one.scope_type: one.state for one in shown.status.scope}["Train"] == "Enabled"
    api.refused("create_pool", body=request(name))

    change = {
        "metadata": {"annotations": {"os.modelarts/description": "later", "os.modelarts/order.id": "o"}},
        "spec": {
            "scope": ["Train"],
            "resources": [{"flavor": LARGE, "count": 1, "azs": [{"az": "az-1", "count": 1}]}],
            "jobFlavors": [SMALL, LARGE],
            "driver": {"gpuVersion": "1", "npuVersion": "2", "updateStrategy": "force"},
        },
    }
    api.call("patch_pool", pool_name=pool, body=change, x_model_arts_user_id="u")
    shown = api.call("show_pool", pool_name=pool)
    assert (shown.spec.resources[0].flavor, shown.spec.resources[0].count) == (LARGE, 1)
    assert shown.metadata.annotations.os_modelarts_description == "later"

    job = platform.job(platform.unique("in-pool"), FOREVER)
    job["spec"]["resource"]["pool_id"] = pool
    running = api.call("create_training_job", body=job).metadata.id
    api.refused("delete_pool", pool_name=pool)
    platform.stop_job(running)
    api.call("delete_pool", pool_name=pool, x_model_arts_user_id="u")
    for call in ("show_pool", "delete_pool"):
        api.refused(call, "ModelArts.2890", status=404, pool_name=pool)


@covers("create_training_job", "spec.resource.pool_id")
@covers("show_training_job_details", answers="spec.resource.pool_id spec.resource.pool_name")
def test_a_job_runs_in_a_dedicated_pool(api: Caller, platform: Platform, pool: Any) -> None:
    """Guards jobs by pool: they run in its share, and only with what it offers."""
    body = platform.job(platform.unique("dedicated"))
    body["spec"]["resource"]["pool_id"] = pool.metadata.name
    job = platform.wait(api.call("create_training_job", body=body).metadata.id)
    assert job.status.phase == "Completed"
    assert (job.spec.resource.pool_id, job.spec.resource.pool_name) == (pool.metadata.name, "share")
    body["metadata"]["name"] += "-nowhere"
    body["spec"]["resource"]["pool_id"] = "never-was"
    api.refused("create_training_job", "ModelArts.2890", status=404, body=body)


@pytest.mark.parametrize(
    "change",
    [
        {"resources": [{"flavor": SMALL, "count": 100_000}]},
        {"resources": [{"flavor": "never-was", "count": 1}]},
        {"resources": []},
        {"resources": [{"flavor": SMALL, "count": 0}]},
        {"scope": ["Party"]},
    ],
)
def test_a_pool_out_of_bounds_is_refused(api: Caller, platform: Platform, change: dict[str, Any]) -> None:
    """Guards the machine against giving away more than it has."""
    api.refused("create_pool", body=request(platform.unique("bounds"), **change))


def test_only_an_administrator_makes_pools(developer: Person, platform: Platform, pool: Any) -> None:
    """Guards pools against those who only use them."""
    developer.api.refused("create_pool", status=403, body=request(platform.unique("mine")))
    developer.api.refused("delete_pool", status=403, pool_name=pool.metadata.name)
    assert developer.api.call("show_pool", pool_name=pool.metadata.name).metadata.name == pool.metadata.name


@covers(
    "list_pools",
    answers="""
        apiVersion kind items.apiVersion items.kind items.metadata.name items.metadata.creationTimestamp
        items.metadata.labels.os.modelarts/name items.metadata.annotations.os.modelarts/description
        items.spec.type items.spec.scope items.spec.resources.flavor items.spec.resources.count
        items.spec.resources.maxCount items.spec.jobFlavors items.status.phase
        items.status.resources.available.flavor
        items.status.resources.available.count items.status.scope.* items.status.root
    """,
)
def test_the_public_pool_is_this_machine(api: Caller, public: str, pool: Any) -> None:
    """Guards the pool that is always there."""
    listed = api.call("list_pools")
    assert (listed.kind, listed.api_version) == ("PoolList", "v2")
    shown = api.call("show_pool", pool_name=public)
    assert (shown.metadata.name, shown.status.phase) == (public, "Running")


@covers(
    "list_pool_nodes",
    "limit continue",
    answers="""
        apiVersion kind metadata.remainingItemCount items.apiVersion items.kind items.metadata.name
        items.metadata.labels.os.modelarts.node/cluster items.metadata.labels.os.modelarts.node/nodepool
        items.metadata.labels.os.modelarts.node/nodepoolname items.spec.os.name items.status.phase
        items.status.az items.status.privateIp items.status.resources.cpu items.status.resources.memory
        items.status.availableResources.cpu items.status.availableResources.memory
    """,
)
@covers("show_pool_node", answers="metadata.name status.phase")
def test_the_nodes_of_a_pool(api: Caller, public: str) -> None:
    """Guards node details."""
    nodes = api.call("list_pool_nodes", pool_name=public, limit=10).items
    assert len(nodes) == 1
    name = nodes[0].metadata.name
    shown = api.call("show_pool_node", pool_name=public, node_name=name)
    assert (shown.metadata.name, shown.kind) == (name, "Node")
    assert float(shown.status.resources.cpu.rstrip("m")) > 0
    api.call("list_pool_nodes", pool_name=public, limit=1, _continue="")
    api.refused("show_pool_node", status=404, pool_name=public, node_name="never-was")
    api.refused("list_pool_nodes", "ModelArts.2890", pool_name="never-was")


@covers(
    "list_workloads",
    "type status sort ascend offset limit hostip",
    answers="""
        apiVersion kind items.apiVersion items.kind items.type items.name items.jobName items.uid
        items.jobUUID items.flavor items.status items.userName items.resourceRequirement.cpu
        items.resourceRequirement.memory items.priority items.runningDuration items.pendingDuration
        items.pendingPosition items.createTime items.hostIps items.nodes.hostIp
        items.nodes.resourceRequirement.cpu items.nodes.resourceRequirement.memory
    """,
)
@covers(
    "show_workload_statistics",
    answers="*",
)
def test_the_workloads_of_a_pool(api: Caller, platform: Platform, public: str) -> None:
    """Guards what runs and waits in a pool, and its numbers."""
    made = platform.create("workload", FOREVER)
    platform.wait(made.metadata.id, "Running")
    items = api.call("list_workloads", pool_name=public, limit=100).items
    mine = next(one for one in items if one.job_uuid == made.metadata.id)
    assert (mine.job_name, mine.status, mine.flavor) == (made.metadata.name, "Running", SMALL)
    assert mine.user_name == platform.admin.name
    query: dict[str, Any] = {"type": "train", "status": "Running", "sort": "create_time", "ascend": False}
    running = api.call("list_workloads", pool_name=public, offset="0", limit=1, **query).items
    assert len(running) == 1
    node = api.call("list_pool_nodes", pool_name=public).items[0].status.private_ip
    here = api.call("list_workloads", pool_name=public, hostip=[node], limit=100).items
    assert made.metadata.id in {one.job_uuid for one in here}
    counted = api.call("show_workload_statistics", pool_name=public).statistics
    train = next(one for one in counted.items if one.type == "train")
    assert train.status.running >= 1 and counted.total >= 1
    platform.stop_job(made.metadata.id)
    for call in ("list_workloads", "show_workload_statistics"):
        api.refused(call, "ModelArts.2890", pool_name="never-was")


@covers(
    "show_pool_statistics",
    "workspaceId",
    answers="*",
)
@covers(
    "show_pool_runtime_metrics",
    answers="*",
)
@covers(
    "show_pool_monitor",
    "time_range statistics period",
    answers="*",
)
def test_numbers_of_pools(api: Caller, pool: Any, public: str) -> None:
    """Guards statistics and measurements."""
    assert api.call("show_pool_statistics", workspace_id="0").statistics.status.created >= 1
    names = {one.metadata.name for one in api.call("show_pool_runtime_metrics").items}
    assert {public, pool.metadata.name} <= names
    monitor = api.call(
        "show_pool_monitor", pool_name=public, time_range="-1.-1.60", statistics="average", period="60"
    )
    assert monitor.metrics[0].metric.metric_name
    api.refused("show_pool_monitor", "ModelArts.2890", pool_name="never-was")


@covers(
    "list_events",
    "resource name limit since until type continue",
    answers="items.* apiVersion kind metadata.remainingItemCount",
)
@covers(
    "list_jobs",
    "type limit offset since until resource name",
    answers="count",
)
def test_events_of_pools(api: Caller, pool: Any) -> None:
    """Guards the event list, in the manner of Kubernetes, and the empty list of node operations."""
    name = pool.metadata.name
    events = api.call("list_events", resource="pools", name=name, limit=10)
    assert events.kind == "EventList"
    assert events.items[0].message
    assert not api.call("list_events", resource="pools", name=name, since=1, until=2).items
    api.call("list_events", resource="pools", name=name, type="Normal", _continue="")
    api.refused("list_events", "ModelArts.2890", resource="pools", name="never-was")
    jobs = api.call("list_jobs", type="x", limit=10, offset=0, since=1, until=2, resource="pools", name=name)
    assert not jobs.items


@covers(
    "list_resource_flavors",
    "limit continue labelSelector",
    answers="""
        metadata.* items.spec.gpu.* items.spec.dataVolume.* apiVersion kind items.apiVersion items.kind
        items.metadata.name items.metadata.labels.os.modelarts/scope items.spec.type items.spec.cpuArch
        items.spec.cpu items.spec.memory items.spec.billingModes items.spec.billingCode
        items.spec.jobFlavors items.status.phase
    """,
)
@covers(
    "show_os_config",
    answers="networkQuota poolQuota poolHighAvailable",
)
@covers("show_os_quota", answers="quotas.resources.*")
def test_what_pools_can_be_made_of(api: Caller) -> None:
    """Guards the choices for a new pool."""
    flavors = {one.metadata.name for one in api.call("list_resource_flavors", limit=100).items}
    assert {SMALL, LARGE} <= flavors
    api.call("list_resource_flavors", label_selector="os.modelarts/scope=Train", limit=1, _continue="")
    assert api.call("show_os_config").pool_quota >= 1
    assert {one.type for one in api.call("show_os_quota").quotas.resources}


@covers("list_pool_tags", "limit offset")
@covers("show_pool_tags")
@covers(
    "list_networks",
    "limit labelSelector continue",
    answers="apiVersion kind metadata.remainingItemCount",
)
@covers(
    "list_pool_plugins",
    answers="apiVersion kind",
)
@covers(
    "list_plugin_templates",
    "templateName poolName",
    answers="apiVersion kind",
)
def test_what_there_is_none_of_is_an_empty_list(api: Caller, public: str) -> None:
    """Guards reading scripts that look at everything: nothing there is no error."""
    assert not api.call("list_pool_tags", limit=10, offset=0).tags
    assert not api.call("show_pool_tags", pool_name=public).tags
    assert not api.call("list_networks", limit=10, label_selector="a=b", _continue="").items
    assert not api.call("list_pool_plugins", pool_name=public).items
    assert not api.call("list_plugin_templates", template_name="t", pool_name=public).items


@covers(
    "list_node_pools",
    answers="""
        apiVersion kind items.apiVersion items.kind items.metadata.name items.spec.resources.flavor
        items.spec.resources.count items.spec.resources.maxCount items.spec.resources.nodePool
        items.status.resources.available.flavor items.status.resources.available.count
        items.status.resources.available.maxCount items.status.resources.available.nodePool
    """,
)
@covers(
    "show_node_pool",
    "continue limit",
    answers="""
        apiVersion kind metadata.name spec.resources.flavor spec.resources.count spec.resources.maxCount
        spec.resources.nodePool status.resources.available.flavor status.resources.available.count
        status.resources.available.maxCount status.resources.available.nodePool
    """,
)
@covers(
    "list_node_pool_nodes",
    "continue limit",
    answers="""
        apiVersion kind metadata.remainingItemCount items.apiVersion items.kind items.metadata.name
        items.metadata.labels.os.modelarts.node/cluster items.metadata.labels.os.modelarts.node/nodepool
        items.metadata.labels.os.modelarts.node/nodepoolname items.spec.os.name items.status.phase
        items.status.az items.status.privateIp items.status.resources.cpu items.status.resources.memory
        items.status.availableResources.cpu items.status.availableResources.memory
    """,
)
def test_a_pool_has_one_group_of_nodes(api: Caller, public: str) -> None:
    """Guards scripts that go through node pools to the nodes."""
    (group,) = api.call("list_node_pools", pool_name=public).items
    name = group.metadata.name
    shown = api.call("show_node_pool", pool_name=public, nodepool_name=name, limit="10", _continue="")
    assert shown.metadata.name == name
    nodes = api.call(
        "list_node_pool_nodes", pool_name=public, nodepool_name=name, limit="10", _continue=""
    ).items
    assert [one.metadata.name for one in nodes] == [
        one.metadata.name for one in api.call("list_pool_nodes", pool_name=public).items
    ]


@covers("batch_lock_pool_nodes", "nodeNames actions", answers="nodes.name nodes.status")
@covers("batch_unlock_pool_nodes", "nodeNames actions", answers="nodes.name nodes.status")
def test_a_node_is_locked_and_returned(api: Caller, public: str) -> None:
    """Guards taking a node out of use, and that it is shown as such till it is returned."""
    (node,) = api.call("list_pool_nodes", pool_name=public).items
    name = node.metadata.name
    body = {"nodeNames": [name, "never-was"], "actions": ["train"]}
    locked = api.call("batch_lock_pool_nodes", pool_name=public, body=body).nodes
    assert [(each.name, each.status) for each in locked] == [(name, "success"), ("never-was", "failed")]
    assert api.call("show_pool_node", pool_name=public, node_name=name).status.phase == "Abnormal"
    api.call("batch_unlock_pool_nodes", pool_name=public, body=body)
    assert api.call("show_pool_node", pool_name=public, node_name=name).status.phase == "Available"


NODES = {"nodeNames": ["node-1"]}
UNAVAILABLE: dict[str, dict[str, Any]] = {
    "batch_create_pool_tags": {"body": {"tags": [{"key": "k", "value": "v"}]}},
    "batch_delete_pool_tags": {"body": {"tags": [{"key": "k", "value": "v"}]}},
    "create_node_pool": {"body": {"apiVersion": "v2", "kind": "NodePool", "metadata": {"name": "n"}}},
    "patch_node_pool": {"body": {"spec": {"resources": {"flavor": SMALL, "count": 1}}}},
    "delete_node_pool": {},
    "batch_bind_pool_nodes": {"body": {"nodes": [{"name": "node-1", "quotaName": "q"}]}},
    "batch_delete_pool_nodes": {"body": {"deleteNodeNames": ["node-1"]}},
    "batch_drain_pool_nodes": {"body": NODES},
    "batch_migrate_pool_nodes": {"body": {"migrateNodeNames": ["node-1"]}},
    "batch_reboot_pool_nodes": {"body": NODES},
    "batch_reset_pool_nodes": {"body": NODES},
    "batch_resize_pool_nodes": {"body": {"nodes": [{"batchUID": "b"}]}},
    "batch_update_pool_nodes": {"body": NODES},
    "show_pool_node_config": {},
    "show_pool_node_config_template": {},
    "show_node_config_template": {"nodeconfigtemplate_name": "t"},
    "create_pool_plugin": {"body": {"apiVersion": "v1", "kind": "Plugin"}},
    "show_plugin_template": {"plugintemplate_name": "t"},
    "create_network": {"body": {"apiVersion": "v1", "kind": "Network", "spec": {"cidr": "192.168.0.0/16"}}},
    "show_network": {"network_name": "n"},
    "patch_network": {"network_name": "n", "body": {"metadata": {}}},
    "delete_network": {"network_name": "n"},
    "show_network_available_ip": {"network_name": "n", "network_id": "i"},
    "create_order_id": {"body": {"actionType": "create"}},
    "show_order": {"order_name": "o"},
}


def _all_unavailable(test: Any) -> Any:
    for name in UNAVAILABLE:
        test = covers(name, refused_with=NOT_OFFERED)(test)
    return test


@_all_unavailable
def test_what_this_server_has_no_nodes_or_networks_for_is_refused_by_name(api: Caller, public: str) -> None:
    """Guards operations on cloud machines: answered as not available, never ignored and never a bare 404."""
    wrong = []
    for name, values in UNAVAILABLE.items():
        where: dict[str, str] = {
            one: public for one in ("pool_name", "name") if one in operation(name).path_parameters
        }
        if "nodepool_name" in operation(name).path_parameters:
            where["nodepool_name"] = api.call("list_node_pools", pool_name=public).items[0].metadata.name
        try:
            api.not_offered(name, **where, **values)
        except AssertionError as failure:
            wrong.append(str(failure))
    assert not wrong, "\n".join(wrong)
