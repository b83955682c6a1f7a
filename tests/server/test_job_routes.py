"""The routes around a job: shapes of their answers, and ids that do not exist for the caller."""

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.builders import make_job, make_launch
from tests.server.test_app import check_shape
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.access import DEVELOPER
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM
from trainwright.ports.workspaces import Workspace
from trainwright.services import principals

pytestmark = pytest.mark.anyio

BASE = f"/v2/{PROJECT}"
JOBS = f"{BASE}/training-jobs"
IMAGE = {"name": "digits", "namespace": "vision", "tag": "v1"}
REPORT = {"type": "CheckpointSaved"}
ON_A_JOB: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("GET", "/tasks", None),
    ("GET", "/stages", None),
    ("GET", "/route_plan", None),
    ("GET", "/events", None),
    ("GET", "/events/stream", None),
    ("GET", "/metrics/worker-0", None),
    ("GET", "/metrics/worker-0/samples", None),
    ("GET", "/logs/worker-0", None),
    ("GET", "/log-links", None),
    ("DELETE", "/log-links/0", None),
    ("GET", "/tasks/worker-0/logs/preview", None),
    ("GET", "/tasks/worker-0/logs/url", None),
    ("GET", "/tasks/worker-0/logs/content", None),
    ("GET", "/tasks/worker-0/logs/stream", None),
    ("POST", "/tasks/worker-0/reports/training-event", REPORT),
    ("POST", "/tasks/worker-0/save-image-job", IMAGE),
    ("GET", "/tasks/worker-0/save-image-job", None),
    ("GET", "/ft-detail", None),
    ("GET", "/ft-metrics", None),
    ("GET", "/ft-artifacts", None),
    ("POST", "/ft-artifacts/publish", {}),
    ("GET", "/autosearch-trials", None),
    ("GET", "/autosearch-trials/0a1b2c3d", None),
    ("POST", "/autosearch-trial-earlystop/0a1b2c3d", None),
    ("GET", "/autosearch-parameter-analysis", None),
    ("GET", "/autosearch-parameter-analysis/lr", None),
]


def add_others(world: ServerWorld) -> str:
    """A job of another project, one in a workspace the caller does not see, and the caller's token: a developer."""
    hidden = Workspace("f" * 32, PROJECT, "hidden", owner_id="u", auth_type="PRIVATE")
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_user(User("dev", "dev", PROJECT, is_admin=False, roles=(DEVELOPER,)), 0)
        uow.principals.add_token(Token("d", "dev"), principals.hash_token("tw_dev"))
        uow.workspaces.add(hidden)
        for job_id, project in (("other-project", "q" * 32), ("other-workspace", PROJECT)):
            launch = make_launch(job_id=job_id, job_name=job_id, project_id=project)
            workspace_id = hidden.id if project == PROJECT else "0"
            uow.jobs.add(replace(make_job(launch=launch), workspace_id=workspace_id))
        uow.commit()
    return "tw_dev"


async def test_jobs_of_others_look_as_if_they_were_not_there(world: ServerWorld) -> None:
    """Guards every call that takes a job's id: what exists elsewhere is refused as what does not exist at all."""
    token = add_others(world)
    async with world.client(token=token) as client:
        for verb, path, body in ON_A_JOB:
            texts = set()
            for job_id in ("nowhere", "other-project", "other-workspace", "batch-delete"):
                answer = await client.request(verb, f"{JOBS}/{job_id}{path}", json=body)
                texts.add(check_shape(answer, 404, "ModelArts.2775").replace(job_id, "ID"))
            assert len(texts) == 1
            unset = await client.request(verb, f"{JOBS}/%7Btraining_job_id%7D{path}", json=body)
            assert (unset.status_code, unset.json()["error_code"]) == (404, "ModelArts.2775")


async def test_nothing_else_reaches_jobs_of_others(world: ServerWorld) -> None:
    """Guards calls that name jobs in their body or find them: batch delete, searches."""
    token = add_others(world)
    async with world.client(token=token) as client:
        for job_id in ("nowhere", "other-project", "other-workspace"):
            named = {"jobs": [{"kind": "job", "metadata": {"id": job_id}}]}
            check_shape(await client.post(f"{JOBS}/batch-delete", json=named), 404, "ModelArts.2775")
            ids = [{"key": "id", "operator": "in", "value": [job_id]}]
            found = (await client.post(f"{BASE}/training-job-searches", json={"filters": ids})).json()
            assert (found["count"], found["total"], found["items"]) == (0, 0, [])
        for workspace_id in ("f" * 32, "nowhere"):
            search = {"workspace_id": workspace_id}
            check_shape(
                await client.post(f"{BASE}/training-job-searches", json=search), 404, "ModelArts.0102"
            )
            names = {"job_name": "a", "workspace_id": workspace_id}
            check_shape(await client.get(f"{BASE}/training-job-names", params=names), 404, "ModelArts.0102")
        check_shape(await client.get(f"{BASE}/training-quotas?user_id=nobody"), 404, "Trainwright.0602")
        assert (await client.put(f"{BASE}/training-quotas", json={})).status_code == 403


async def test_what_is_known_of_a_running_job(world: ServerWorld) -> None:
    """Guards shapes and statuses of the small calls beside a job."""
    job = await world.start_job()
    async with world.client() as client:
        stages = (await client.get(f"{JOBS}/{job.id}/stages")).json()
        assert stages["total_count"] == 1
        assert [stage["name"] for stage in stages["running_records"][0]["stages"]] == [
            "scheduling",
            "preparing",
            "running",
            "end",
        ]
        plan = (await client.get(f"{JOBS}/{job.id}/route_plan")).json()
        assert plan == {"job_id": job.id, "status": "failed", "rank_mapping": "0-0"}
        told = await client.post(f"{JOBS}/{job.id}/tasks/worker-0/reports/training-event", json=REPORT)
        assert (told.status_code, told.content) == (200, b"null")
        events = (await client.get(f"{JOBS}/{job.id}/events", params={"pattern": "CheckpointSaved"})).json()
        assert (events["total"], events["events"][0]["source"]) == (1, "Task")
        metrics = (await client.get(f"{JOBS}/{job.id}/metrics/worker-0")).json()["metrics"]
        assert [one["metric"] for one in metrics] == [
            "cpuUsage",
            "memUsage",
            "gpuUtil",
            "gpuMemUsage",
            "npuUtil",
            "npuMemUsage",
        ]
        refused = await client.post(f"{JOBS}/{job.id}/tasks/worker-0/reports/weather", json=REPORT)
        check_shape(refused, 400, "ModelArts.2788")


async def test_batch_delete_and_name_check(world: ServerWorld) -> None:
    """Guards the two fixed paths beside job ids."""
    job = await world.start_job("one")
    named = {"jobs": [{"kind": "job", "metadata": {"id": job.id}}]}
    async with world.client() as client:
        check_shape(await client.post(f"{JOBS}/batch-delete", json=named), 409, "ModelArts.2858")
        await world.finish_job(job)
        taken = (await client.get(f"{BASE}/training-job-names?job_name=one")).json()
        assert taken == {"is_duplicate": True}
        check_shape(await client.get(f"{BASE}/training-job-names"), 400, "ModelArts.2764")
        gone = await client.post(f"{JOBS}/batch-delete", json=named)
        assert (gone.status_code, gone.content) == (202, b"")
        assert (await client.get(f"{BASE}/training-job-names?job_name=one")).json() == {"is_duplicate": False}


async def test_what_hangs_on_no_job(world: ServerWorld) -> None:
    """Guards event categories, search algorithms, templates and quotas, and the language of the first."""
    async with world.client(**{"X-Language": "zh-cn"}) as client:
        categories = (await client.get(f"{BASE}/training-event-categories?flavor_type=CPU")).json()
        assert categories["event-categories"][0] == {
            "id": "JobStarted",
            "name": "作业开始",
            "description": "训练作业开始运行。",
            "notification": False,
        }
        check_shape(
            await client.get(f"{BASE}/training-event-categories?flavor_type=TPU"), 400, "ModelArts.2764"
        )
        assert (await client.get(f"{BASE}/search-algorithms")).json()["search_algo_count"] == 3
        templates = f"{JOBS}/autosearch/yaml-templates"
        assert (await client.get(templates)).json()["yaml_templates"][0]["algorithm_type_en"] == "hpo"
        assert (await client.get(f"{templates}/hpo/TPE")).json()["file_name"] == "tpe.yaml"
        check_shape(await client.get(f"{templates}/hpo/none"), 404, "ModelArts.2836")
        check_shape(await client.get(f"{templates}/hpo%2FTPE/none"), 404, "Trainwright.0002")
        changed = await client.put(
            f"{BASE}/training-quotas", json={"user_id": "u", "quotas": [{"resource": "job-num", "quota": 3}]}
        )
        assert changed.json()["quotas"][0] == {"resource": "job-num", "quota": 3, "used": 0, "extra_info": ""}
        shown = (await client.get(f"{BASE}/training-quotas?resource=job-num")).json()
        assert shown["quotas"][0]["quota"] == 3


async def test_links_are_listed_and_revoked(world: ServerWorld) -> None:
    """Guards the way from a link to its end."""
    job = await world.start_job()
    world.services.logs.append(f"{job.id}-a1", "worker-0", 0, b"hello")
    async with world.client() as client, world.client(token="") as nobody:
        made = (await client.get(f"{JOBS}/{job.id}/tasks/worker-0/logs/url?Content-Type=text/plain")).json()
        assert (await nobody.get(made["obs_url"])).content == b"hello"
        listed = (await client.get(f"{JOBS}/{job.id}/log-links")).json()
        assert (listed["total"], listed["links"][0]["id"]) == (1, made["link_id"])
        check_shape(await client.get(f"{JOBS}/{job.id}/log-links?limit=101"), 400, "ModelArts.2764")
        revoked = await client.delete(f"{JOBS}/{job.id}/log-links/{made['link_id']}")
        assert (revoked.status_code, revoked.content) == (204, b"")
        check_shape(
            await client.delete(f"{JOBS}/{job.id}/log-links/{made['link_id']}"), 404, "Trainwright.0007"
        )
        check_shape(await nobody.get(made["obs_url"]), 403, "Trainwright.0005")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "offset=-1",
        f"offset={2**63}",
        "order=up",
        "level=Loud",
        "source=Elsewhere",
        "start_time=1",
        "start_time=soon&end_time=late",
        "start_time=2&end_time=1",
        f"start_time=1&end_time={2**64}",
        f"pattern={'x' * 257}",
    ],
)
async def test_bad_event_queries_are_refused(world: ServerWorld, query: str) -> None:
    """Guards bounds of §6.7 at the route, where they are documented."""
    job = world.add_job()
    async with world.client() as client:
        check_shape(await client.get(f"{JOBS}/{job.id}/events?{query}"), 400, "ModelArts.2764")
