"""The gallery: publishing through the client, subscribing through our own calls, jobs of subscriptions."""

from typing import Any

from tests.e2e.modelarts.claims import covers
from tests.e2e.modelarts.driver import Caller
from tests.e2e.modelarts.platform import SMALL, Person, Platform

TELL = "import sys\nprint('of the gallery', *sys.argv[1:])\n"


def saved(platform: Platform, script: str = TELL) -> str:
    """A saved algorithm to publish."""
    name = platform.unique("published")
    body = {
        "metadata": {"name": name},
        "job_config": platform.code(name, script) | {"parameters": [{"name": "lr", "value": "0.1"}]},
    }
    return str(platform.admin.api.call("create_algorithm", body=body).metadata.id)


def publish(api: Caller, algorithm: str, number: str, content: str = "") -> Any:
    """Publish it, as a new item or as the next version of one."""
    body: dict[str, Any] = {
        "content_info": {"version_num": number, "desc": f"version {number}"},
        "algorithm": {"id": algorithm},
    }
    return api.call(
        "create_algorithm_version_to_gallery", body=body | ({"content_id": content} if content else {})
    )


def subscribe(platform: Platform, person: Person, item: str) -> dict[str, Any]:
    """Subscribe to an item; the client has no method for it."""
    with platform.http(person) as http:
        answer = http.post(f"/v2/{person.project_id}/gallery/subscriptions", json={"item_id": item})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def job_of(platform: Platform, subscription: str, version: str) -> dict[str, Any]:
    """A job request that names a subscription."""
    return {
        "kind": "job",
        "metadata": {"name": platform.unique("subscribed")},
        "algorithm": {
            "subscription_id": subscription,
            "item_version_id": version,
            "parameters": [{"name": "lr", "value": "0.5"}],
        },
        "spec": {"resource": {"flavor_id": SMALL, "node_count": 1}},
    }


@covers(
    "create_algorithm_version_to_gallery",
    "content_id content_info.version_num content_info.desc algorithm.id",
    answers="*",
)
@covers("create_training_job", "algorithm.subscription_id algorithm.item_version_id")
@covers("show_training_job_details", answers="algorithm.subscription_id algorithm.item_version_id")
def test_an_algorithm_is_published_and_run_by_another_project(
    api: Caller, platform: Platform, stranger: Person
) -> None:
    """Guards publishing in versions, and jobs of a subscription, which never show the code."""
    first = publish(api, saved(platform), "1.0.0")
    assert first.version_num == "1.0.0" and first.content_uri
    script = TELL.replace("gallery", "second version")
    second = publish(api, saved(platform, script), "1.1.0", first.content_id)
    assert (second.content_id, second.version_num) == (first.content_id, "1.1.0")
    assert second.version_id != first.version_id

    subscription = subscribe(platform, stranger, first.content_id)["subscription_id"]
    logs = {}
    for version in (first.version_id, second.version_id):
        made = stranger.api.call("create_training_job", body=job_of(platform, subscription, version))
        assert (made.algorithm.subscription_id, made.algorithm.item_version_id) == (subscription, version)
        job = made.metadata.id
        ended = platform.wait(job, who=stranger)
        assert ended.status.phase == "Completed"
        assert ended.algorithm.subscription_id == subscription
        assert b"proof/" not in ended.raw_content, "the publisher's paths are shown"
        logs[version] = stranger.api.call(
            "show_training_job_logs_preview", training_job_id=job, task_id="worker-0"
        ).content
    assert "of the gallery --lr=0.5" in logs[first.version_id]
    assert "of the second version --lr=0.5" in logs[second.version_id]


def test_what_is_not_subscribed_cannot_be_run(api: Caller, platform: Platform, stranger: Person) -> None:
    """Guards subscriptions: unknown ones, another project's, half a reference."""
    item = publish(api, saved(platform), "1.0.0")
    mine = subscribe(platform, platform.admin, item.content_id)["subscription_id"]
    for body in (
        job_of(platform, "never-was", item.version_id),
        job_of(platform, mine, "never-was"),
        job_of(platform, mine, ""),
        job_of(platform, "", item.version_id),
    ):
        api.refused("create_training_job", body=body)
    stranger.api.refused("create_training_job", body=job_of(platform, mine, item.version_id))


def test_a_published_version_stays_as_it_was(api: Caller, platform: Platform) -> None:
    """Guards published code against later changes of the algorithm and its folder."""
    algorithm = saved(platform)
    item = publish(api, algorithm, "1.0.0")
    boot_file = api.call("show_algorithm_by_uuid", algorithm_id=algorithm).job_config.boot_file
    platform.live.put(boot_file, "print('changed afterwards')\n")
    api.call("delete_algorithm", algorithm_id=algorithm)
    subscription = subscribe(platform, platform.admin, item.content_id)["subscription_id"]
    made = api.call("create_training_job", body=job_of(platform, subscription, item.version_id))
    job = platform.wait(made.metadata.id).metadata.id
    log = api.call("show_training_job_logs_preview", training_job_id=job, task_id="worker-0").content
    assert "of the gallery" in log and "changed afterwards" not in log


def test_a_version_is_published_once(api: Caller, platform: Platform, stranger: Person) -> None:
    """Guards version numbers, and items against those who do not own them."""
    algorithm = saved(platform)
    item = publish(api, algorithm, "1.0.0")
    again = {
        "content_id": item.content_id,
        "content_info": {"version_num": "1.0.0", "desc": "d"},
        "algorithm": {"id": algorithm},
    }
    api.refused("create_algorithm_version_to_gallery", body=again)
    api.refused("create_algorithm_version_to_gallery", body=again | {"content_id": "never-was"})
    stranger.api.refused("create_algorithm_version_to_gallery", "ModelArts.2755", body=again)
