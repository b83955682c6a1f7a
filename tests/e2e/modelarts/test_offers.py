"""What can be asked for: engines, flavors, quotas of users."""

import json

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import CARD, LARGE, OLD_ENGINE, PYTHON_ENGINE, SMALL, Person, Platform


@covers(
    "show_training_job_engines",
    answers="""
        total items.engine_id items.engine_name items.engine_version items.v1_compatible
        items.image_info.cpu_image_url items.image_info.image_version
    """,
)
def test_engines_are_those_of_the_admins_file(api: Caller) -> None:
    """Guards the ids that job requests name."""
    answer = api.call("show_training_job_engines")
    engines = {one.engine_id: one for one in answer.items}
    assert answer.total == len(engines)
    assert {PYTHON_ENGINE, OLD_ENGINE} <= set(engines)
    assert (engines[PYTHON_ENGINE].engine_name, engines[PYTHON_ENGINE].engine_version) == (
        "Python",
        "3-local",
    )


@covers(
    "show_training_job_flavors",
    "flavor_type",
    answers="""
        flavors.billing.* flavors.flavor_info.gpu.* flavors.flavor_info.cpu.* flavors.flavor_info.disk.*
        flavors.flavor_info.memory.* total_count flavors.pool_id flavors.flavor_id flavors.flavor_name
        flavors.support_engines flavors.support_groups flavors.max_num flavors.flavor_type
        flavors.flavor_info.max_num
    """,
)
def test_flavors_by_type(api: Caller) -> None:
    """Guards sizes, types, and that a job of two nodes can be tried."""
    flavors = {one.flavor_id: one for one in api.call("show_training_job_flavors").flavors}
    assert {SMALL, LARGE, CARD} <= set(flavors)
    assert flavors[SMALL].max_num == flavors[SMALL].flavor_info.max_num == 2
    assert flavors[CARD].flavor_info.gpu.product_name == "NVIDIA-V100"
    assert flavors[SMALL].flavor_info.gpu is None
    cards = api.call("show_training_job_flavors", flavor_type="GPU")
    assert [one.flavor_id for one in cards.flavors] == [CARD]
    assert cards.total_count == 1
    assert {one.flavor_id for one in api.call("show_training_job_flavors", flavor_type="CPU").flavors} == {
        SMALL,
        LARGE,
    }
    assert not api.call("show_training_job_flavors", flavor_type="Ascend").flavors
    for one in flavors.values():
        assert isinstance(json.loads(one.support_engines or "[]"), list)
    api.refused("show_training_job_flavors", flavor_type="Abacus")


@covers("show_training_flavor_max_available_resource", "flavor_id pool_id", answers="*")
def test_the_most_that_a_flavor_can_have_in_a_pool(api: Caller) -> None:
    """Guards the size of a node as the console asks for it: GB and cores as numbers."""
    pool = api.call("list_pools").items[0].metadata.name
    most = api.call("show_training_flavor_max_available_resource", flavor_id=SMALL, pool_id=pool)
    assert most.cpu_core_num >= 1 and most.mem_size >= 1
    api.refused(
        "show_training_flavor_max_available_resource", "ModelArts.2781", flavor_id="none", pool_id=pool
    )
    api.refused(
        "show_training_flavor_max_available_resource", "ModelArts.2890", flavor_id=SMALL, pool_id="none"
    )
    api.refused("show_training_flavor_max_available_resource", flavor_id=SMALL)


@covers("show_training_quotas", "user_id resource", answers="*")
@covers(
    "modify_training_quotas",
    "user_id quotas.resource quotas.quota",
    kept="quotas.used quotas.extra_info",
    answers="*",
)
def test_a_users_quota_of_jobs_is_enforced(api: Caller, platform: Platform) -> None:
    """Guards the number of unfinished jobs that one user may have."""
    user = platform.add_person("developer")
    answer = api.call(
        "modify_training_quotas",
        body={
            "user_id": user.id,
            "quotas": [
                {"resource": "job-num", "quota": 1, "used": 0},
                {"resource": "job-num-quota-notify", "quota": 0, "extra_info": "urn:smn:topic"},
            ],
        },
    )
    assert answer.user_id == user.id
    first = user.api.call(
        "create_training_job", body=platform.job(platform.unique("mine"), "import time\ntime.sleep(600)\n")
    ).metadata.id
    user.api.refused("create_training_job", "ModelArts.2815", body=platform.job(platform.unique("mine")))
    (quota,) = api.call("show_training_quotas", user_id=user.id, resource="job-num").quotas
    assert (quota.resource, quota.quota, quota.used) == ("job-num", 1, 1)
    platform.stop_job(first)
    lifted = [{"resource": "job-num", "quota": -1}]
    api.call("modify_training_quotas", body={"user_id": user.id, "quotas": lifted})
    assert api.call("show_training_quotas", user_id=user.id, resource="job-num").quotas[0].quota == -1
    assert {one.resource for one in api.call("show_training_quotas", user_id=user.id).quotas} >= {"job-num"}
    for bad in ({"resource": "moon-rocks", "quota": 1}, {"resource": "job-num", "quota": -2}):
        api.refused("modify_training_quotas", body={"user_id": user.id, "quotas": [bad]})


def test_only_who_may_change_quotas_changes_them(developer: Person) -> None:
    """Guards quotas against those they bind."""
    body = {"user_id": developer.id, "quotas": [{"resource": "job-num", "quota": 99}]}
    developer.api.refused("modify_training_quotas", status=403, body=body)
