"""Who did what leaves a record; a secret never does; nobody sees another project's."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.access import Action
from trainwright.domain.errors import DatabaseUnavailable
from trainwright.ports.audit import AuditQuery, AuditRecord, Keep
from trainwright.ports.identity import Token, User
from trainwright.ports.uow import PLATFORM, UnitOfWork
from trainwright.ports.uow import Scope as UnitScope
from trainwright.server.app import create_app
from trainwright.server.audit_rules import CHANGING_READS, QUERIES, SIGN_INS, Subject, subject_of, with_answer
from trainwright.server.audit_spool import AuditSpool
from trainwright.server.audit_trail import AuditTrail, Strangers, sweep_audit
from trainwright.server.openapi import routes_of
from trainwright.services.passwords import hash_password
from trainwright.services.principals import hash_token

pytestmark = pytest.mark.anyio
OTHER = "o" * 32
PASSWORD = "correct horse battery"
RECORDS = f"/v1/{PROJECT}/audit-records"


@dataclass
class Watched:
    """A server whose requests are recorded."""

    world: ServerWorld
    trail: AuditTrail
    spool: AuditSpool
    folder: Path

    async def records(self, **asked: str) -> list[dict[str, Any]]:
        """What the API shows, newest first."""
        async with self.world.client() as client:
            answer = await client.get(RECORDS, params=asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["records"]
        return found

    def stored(self) -> tuple[AuditRecord, ...]:
        """What the database holds, of all projects."""
        with self.world.services.units(PLATFORM, write=False) as uow:
            return uow.audit.search(AuditQuery(limit=1000))


def watch(world: ServerWorld, folder: Path, **spool: int) -> Watched:
    """The world's application with an audit trail."""
    kept = AuditSpool(folder / "audit", **spool)
    trail = AuditTrail(world.services, kept, strangers=lambda: Strangers(burst=5, per_minute=0.001))
    world.app = create_app(replace(world.app.state.wiring, audit=trail))
    return Watched(world, trail, kept, folder / "audit")


@pytest.fixture
async def watched(world: ServerWorld, tmp_path: Path) -> AsyncIterator[Watched]:
    """The application of the world, watched."""
    yield watch(world, tmp_path)


def add_user(
    world: ServerWorld, name: str, token: str, *, project: str = PROJECT, roles: str = "developer"
) -> None:
    """Somebody of a project, with a token and a password."""
    now_ms = world.services.clock.now_ms()
    user = User(
        f"u-{name}", name, project, is_admin=False, roles=(roles,), password_hash=hash_password(PASSWORD)
    )
    with world.services.units(UnitScope(None)) as uow:
        uow.principals.add_user(user, now_ms, project_name=f"account {project[0]}")
        uow.principals.add_token(Token(f"t-{name}", user.id), hash_token(token))
        uow.commit()


async def test_a_change_is_recorded_with_all_that_is_known(watched: Watched) -> None:
    """Guards who, what, when, from where, with what result; what was made is named by its answer."""
    async with watched.world.client(**{"X-Request-Id": "request-1"}) as client:
        made = await client.post(
            f"/v1/{PROJECT}/workspaces", json={"name": "vision", "description": "hush-hush"}
        )
        assert made.status_code == 201 or made.status_code == 200, made.text
        refused = await client.post(f"/v1/{PROJECT}/workspaces", json={"name": "vision"})
        await client.delete(f"/v1/{PROJECT}/workspaces/{made.json()['id']}")
    deleted, again, first = await watched.records()
    assert first == {
        "id": first["id"],
        "time": first["time"],
        "project_id": PROJECT,
        "workspace_id": "",
        "user_id": first["user_id"],
        "user_name": "admin",
        "credential": "token",
        "operation": "create_workspace",
        "resource": "workspace",
        "resource_id": made.json()["id"],
        "resource_name": "vision",
        "outcome": "success",
        "status": made.status_code,
        "error_code": "",
        "request_id": "request-1",
        "client_address": "127.0.0.1",
        "unrecorded": 0,
    }
    assert first["user_id"]
    assert abs(first["time"] - watched.world.services.clock.now_ms()) < 60_000
    assert (again["outcome"], again["status"]) == ("failure", refused.status_code)
    assert again["error_code"] == refused.json()["error_code"]
    assert (deleted["operation"], deleted["resource_id"]) == ("delete_workspace", made.json()["id"])


async def test_reading_and_asking_leave_no_record(watched: Watched) -> None:
    """Guards the table against every poll of every page; a link that opens a log is a change, though it is a GET."""
    job = await watched.world.start_job()
    async with watched.world.runner(job) as runner:
        await runner.put("/log", params={"offset": 0}, content=b"hello\n")
    async with watched.world.client() as client:
        await client.get(f"/v2/{PROJECT}/training-jobs/{job.id}")
        await client.post(f"/v2/{PROJECT}/training-job-searches", json={})
        await client.post(f"/v2/{PROJECT}/modelarts-training-job/resource-instances/count", json={})
        assert await watched.records() == []
        shared = await client.get(f"/v2/{PROJECT}/training-jobs/{job.id}/tasks/worker-0/logs/url")
        assert shared.status_code == 200, shared.text
    (record,) = await watched.records()
    assert (record["operation"], record["resource"], record["resource_id"]) == ("logs_share", "job", job.id)
    assert record["resource_name"] == job.name
    assert shared.json()["obs_url"].rpartition("/")[2] not in json.dumps(record)


async def test_runners_leave_no_record(watched: Watched) -> None:
    """Guards against a record for every report of every task."""
    job = await watched.world.start_job()
    async with watched.world.runner(job) as client:
        await client.put("/log", params={"offset": 0}, content=b"hello\n")
    assert await watched.records() == []


async def test_signing_in_is_recorded_whether_it_works_or_not(watched: Watched) -> None:
    """Guards both ways of signing in: who, or the name that was tried, and never the password."""
    add_user(watched.world, "ann", "tw_ann")
    account = _account(watched.world)
    async with watched.world.client(token="") as client:
        for name, password in (("ann", PASSWORD), ("ann", "wrong password 1"), ("eve", "wrong password 2")):
            user = {"name": name, "password": password, "domain": {"name": account}}
            identity = {"methods": ["password"], "password": {"user": user}}
            await client.post("/v3/auth/tokens", json={"auth": {"identity": identity}})
        session = {"account": account, "name": "ann", "password": PASSWORD}
        assert (await client.post("/v1/session", json=session)).status_code == 201
        assert (
            await client.post("/v1/session", json=session | {"password": "wrong password 3"})
        ).status_code == 401
        assert (await client.post("/v1/session", json={"token": "tw_ann"})).status_code == 201
        assert (await client.post("/v1/session", json={"token": "tw_wrong"})).status_code == 401
    found = await watched.records()
    assert [
        (each["operation"], each["user_name"], each["outcome"], each["credential"]) for each in found
    ] == [
        # of nobody's account: the server's admin sees them
        ("session_open", "", "denied", "token"),
        ("session_open", "ann", "success", "token"),
        ("session_open", "ann", "denied", "password"),
        ("session_open", "ann", "success", "password"),
        ("create_token", "eve", "denied", "password"),
        ("create_token", "ann", "denied", "password"),
        ("create_token", "ann", "success", "password"),
    ]
    assert {each["resource"] for each in found} == {"session"}
    assert [each["user_id"] for each in found] == ["", "u-ann", "", "u-ann", "", "", "u-ann"]
    assert [each["project_id"] for each in found] == ["", *[PROJECT] * 6]


async def test_no_secret_and_no_body_is_ever_kept(watched: Watched) -> None:
    """Guards passwords, tokens, keys and contents, in the spool and in the database."""
    secrets = [PASSWORD, "another password", "s3cret-value"]
    async with watched.world.client() as client:
        made = await client.post(f"/v1/{PROJECT}/users", json={"name": "ann", "password": PASSWORD})
        user = made.json()["id"]
        token = (await client.post(f"/v1/{PROJECT}/tokens?user_id={user}", json={})).json()
        key = (await client.post(f"/v1/{PROJECT}/access-keys?user_id={user}", json={})).json()
        rotated = (await client.post(f"/v1/{PROJECT}/tokens/{token['id']}/rotation", json={})).json()
        await client.put(f"/v1/{PROJECT}/users/{user}", json={"password": "another password"})
        await client.put(f"/v1/{PROJECT}/buckets/lab")
        await client.put(f"/v1/{PROJECT}/buckets/lab/objects/a.txt", content=b"s3cret-value")
        body = {"name": "ann", "password": "another password", "account": _account(watched.world)}
        cookie = (await client.post("/v1/session", json=body)).headers["set-cookie"]
    secrets += [TOKEN, token["token"], key["secret_key"], rotated["token"]]
    secrets.append(cookie.partition("=")[2].partition(";")[0])
    waiting = b"".join(path.read_bytes() for path in watched.folder.glob("*")).decode()
    assert "users_create" in waiting
    await watched.trail.store()
    kept = (
        waiting
        + repr(watched.stored())
        + watched.world.services.units(PLATFORM, write=False).__class__.__name__
    )
    assert [secret for secret in secrets if secret in kept] == []
    assert [each["resource_id"] for each in await watched.records(operation="access_keys_issue")] == [
        key["access_key"]
    ]


async def test_who_is_refused_is_recorded(watched: Watched) -> None:
    """Guards that an attempt counts: another project's path, no right, no credentials."""
    add_user(watched.world, "ann", "tw_ann", roles="viewer")
    async with watched.world.client(token="tw_ann") as client:
        await client.post(f"/v1/{PROJECT}/users", json={"name": "eve"})
        await client.delete(f"/v1/{OTHER}/users/u-admin")
    async with watched.world.client(token="tw_nobody") as client:
        await client.delete(f"/v1/{PROJECT}/users/u-admin")
    nobody, elsewhere, forbidden = await watched.records()
    assert (forbidden["user_name"], forbidden["operation"], forbidden["status"]) == (
        "ann",
        "users_create",
        403,
    )
    assert (elsewhere["user_name"], elsewhere["project_id"], elsewhere["outcome"]) == (
        "ann",
        PROJECT,
        "denied",
    )
    assert (nobody["user_id"], nobody["status"], nobody["resource"]) == ("", 401, "user")


async def test_a_project_never_sees_anothers_records(watched: Watched) -> None:
    """Guards tenants from each other, and what strangers tried from everyone but the server's admin."""
    add_user(watched.world, "eve", "tw_eve", project=OTHER, roles="administrator")
    async with watched.world.client() as client:
        await client.post(f"/v1/{PROJECT}/workspaces", json={"name": "vision"})
    async with watched.world.client(token="tw_wrong") as client:
        await client.delete(f"/v1/{PROJECT}/workspaces/1")
    async with watched.world.client(token="tw_eve") as client:
        await client.post(f"/v1/{OTHER}/workspaces", json={"name": "their-own"})
        theirs = (await client.get(f"/v1/{OTHER}/audit-records")).json()["records"]
        exported = (await client.get(f"/v1/{OTHER}/audit-records?format=csv")).text
        assert (await client.get(RECORDS)).status_code == 403
    assert [each["resource_name"] for each in theirs] == ["their-own"]
    assert "vision" not in exported
    assert [each["resource_name"] for each in await watched.records(resource="workspace")] == ["", "vision"]


@pytest.mark.parametrize("role", ["developer", "viewer"])
async def test_looking_needs_a_right_of_its_own(watched: Watched, role: str) -> None:
    """Guards that the built-in roles that read everything do not read this; one composed for it does."""
    add_user(watched.world, "ann", "tw_ann", roles=role)
    async with watched.world.client(token="tw_ann") as client:
        assert (await client.get(RECORDS)).json()["error_code"] == "ModelArts.0108"
    async with watched.world.client() as admin:
        body = {"actions": [Action.AUDIT_READ.value]}
        await admin.put(f"/v1/{PROJECT}/roles/auditor", json=body)
        await admin.put(f"/v1/{PROJECT}/users/u-ann", json={"roles": ["auditor"]})
    async with watched.world.client(token="tw_ann") as client:
        found = (await client.get(RECORDS)).json()["records"]
    assert [each["operation"] for each in found] == ["users_change", "roles_save"]


async def test_records_are_found_and_read_page_by_page(watched: Watched) -> None:
    """Guards the conditions, the cursor and its end."""
    async with watched.world.client() as client:
        for number in range(5):
            await client.put(f"/v1/{PROJECT}/buckets/lab-{number}")
        await client.delete(f"/v1/{PROJECT}/buckets/lab-9")
        first = (await client.get(RECORDS, params={"limit": 4})).json()
        rest = (await client.get(RECORDS, params={"limit": 4, "after": first["next_after"]})).json()
        since = {"since": first["records"][0]["time"] + 1}
        assert (await client.get(RECORDS, params=since)).json() == {"records": [], "next_after": ""}
        assert (await client.get(RECORDS, params={"outcome": "odd"})).status_code == 400
        assert (await client.get(RECORDS, params={"limit": 1001})).status_code == 400
    assert [each["resource_id"] for each in first["records"]] == ["lab-9", "lab-4", "lab-3", "lab-2"]
    assert [each["resource_id"] for each in rest["records"]] == ["lab-1", "lab-0"]
    assert rest["next_after"] == ""
    assert [each["resource_id"] for each in await watched.records(outcome="failure")] == ["lab-9"]
    assert len(await watched.records(resource="bucket", operation="buckets_create", user_name="admin")) == 5
    assert len(await watched.records(resource="lab-3")) == 1
    assert await watched.records(user_id="nobody") == []


@pytest.mark.parametrize("way", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
async def test_all_of_it_comes_as_a_table(watched: Watched, way: dict[str, Any]) -> None:
    """Guards the export: every record however many pages, and that no name becomes a formula in a spreadsheet."""
    records = [
        AuditRecord(f"{at:012x}", at, PROJECT, user_name="=HYPERLINK(1)", status=200) for at in range(1, 2502)
    ]
    with watched.world.services.units(PLATFORM) as uow:
        uow.audit.add(records)
        uow.commit()
    async with watched.world.client() as client:
        answer = await client.get(RECORDS, **way)
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2501
    assert rows[0]["time"] == "1970-01-01T00:00:02.501+00:00"
    assert {row["user_name"] for row in rows} == {"'=HYPERLINK(1)"}


async def test_a_batch_is_recorded_job_by_job(watched: Watched) -> None:
    """Guards that who deleted a job is found by the job."""
    jobs = [await watched.world.start_job(name) for name in ("one", "two")]
    for job in jobs:
        await watched.world.finish_job(job)
    body = {"jobs": [{"kind": "job", "metadata": {"id": job.id}} for job in jobs]}
    async with watched.world.client() as client:
        assert (await client.post(f"/v2/{PROJECT}/training-jobs/batch-delete", json=body)).status_code == 202
    assert {each["resource_id"] for each in await watched.records()} == {job.id for job in jobs}


# -- losing nothing, and keeping bounds -------------------------------------------------------------------------------


async def test_a_record_is_on_disk_before_the_answer_goes_out(watched: Watched) -> None:
    """Guards against kill -9: whoever has an answer has a record."""
    seen: list[bytes] = []

    async def spy(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append(b"".join(path.read_bytes() for path in watched.folder.glob("*")))
            await send(message)

        await app(scope, receive, told)

    app = watched.world.app
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(spy), base_url="http://test", headers={"X-Auth-Token": TOKEN}
    ) as client:
        await client.put(f"/v1/{PROJECT}/buckets/lab")
    assert b'"buckets_create"' in seen[0]


async def test_what_a_killed_server_left_is_stored_once(watched: Watched, tmp_path: Path) -> None:
    """Guards the next start: what was spooled comes in, what was stored and not removed does not come twice, and a
    line that was cut off spoils nothing.
    """
    async with watched.world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/lab")
    (path,) = watched.folder.glob("*")
    left = path.read_bytes()
    await watched.trail.store()
    path.write_bytes(left + b'{"id": "cut o')
    again = watch(watched.world, tmp_path)
    async with watched.world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/lab-2")
    await again.trail.store()
    assert [record.resource_id for record in again.stored()] == ["lab-2", "lab"]
    assert list(watched.folder.glob("*")) == []


async def test_a_full_spool_holds_up_nobody_and_is_confessed(world: ServerWorld, tmp_path: Path) -> None:
    """Guards the bound: requests go on, and the next record says how many are missing."""
    watched = watch(world, tmp_path, bytes_max=1500)
    async with world.client() as client:
        for number in range(8):
            assert (await client.put(f"/v1/{PROJECT}/buckets/lab-{number}")).is_success
    kept = sum(path.stat().st_size for path in watched.folder.glob("*"))
    assert kept <= 1500
    recorded = len(await watched.records())
    assert 0 < recorded < 8
    async with world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/last")
    assert (await watched.records())[0]["unrecorded"] == 8 - recorded


async def test_a_database_that_is_away_loses_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that records wait in the spool, and that the chore does not break."""
    real: Callable[..., UnitOfWork] = watched.world.services.units

    def away(scope: UnitScope, *, write: bool = True) -> UnitOfWork:
        raise DatabaseUnavailable(detail="gone")

    async with watched.world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/lab")
    broken = AuditTrail(replace(watched.world.services, units=away), watched.spool)
    await broken.store_if_due()
    await broken.store_if_due()
    assert watched.stored() == ()
    assert real is watched.world.services.units
    await watched.trail.store()
    assert [record.resource_id for record in watched.stored()] == ["lab"]


async def test_strangers_cannot_fill_the_disk(watched: Watched) -> None:
    """Guards the bound for those without credentials; what they try most does not hide who guesses passwords."""
    async with watched.world.client(token="tw_wrong") as client:
        for _ in range(9):
            await client.delete(f"/v1/{PROJECT}/users/u-admin")
    async with watched.world.client(token="") as client:
        await client.post("/v1/session", json={"name": "eve", "password": "guess guess"})
    async with watched.world.client() as client:
        await client.put(f"/v1/{PROJECT}/buckets/lab")
    found = await watched.records()
    assert [each["operation"] for each in found] == ["buckets_create", "session_open", *[""] * 5]
    assert [each["unrecorded"] for each in found] == [0, 4, 0, 0, 0, 0, 0]


async def test_old_records_are_swept(watched: Watched) -> None:
    """Guards retention by days and by number."""
    now_ms = watched.world.services.clock.now_ms()
    day_ms = 86_400_000
    with watched.world.services.units(PLATFORM) as uow:
        uow.audit.add(
            [
                AuditRecord(f"{at_ms:012x}", at_ms, PROJECT)
                for at_ms in (now_ms + 60_000 - days * day_ms for days in range(10))
            ]
        )
        uow.commit()
    services = watched.world.services
    assert await sweep_audit(services, Keep(days=0, records=0)) == 0
    assert await sweep_audit(services, Keep(days=6, records=0)) == 3
    assert await sweep_audit(services, Keep(days=0, records=4)) == 3
    assert len(watched.stored()) == 4
    assert {record.at_ms > now_ms - 4 * day_ms for record in watched.stored()} == {True}


# -- the rules --------------------------------------------------------------------------------------------------------


def test_what_the_rules_name_exists(world_routes: dict[str, str]) -> None:
    """Guards against an exception for an operation that was renamed: it would be recorded, or not, unnoticed."""
    assert world_routes.keys() >= QUERIES | CHANGING_READS | SIGN_INS


@pytest.fixture
def world_routes(world: ServerWorld) -> dict[str, str]:
    """Paths of all operations, by id."""
    return {str(route.operation_id): route.path for route in routes_of(world.app.router)}


@pytest.mark.parametrize(
    ("template", "parameters", "subject"),
    [
        ("/v2/{project_id}/training-jobs", {}, Subject("job")),
        (
            "/v2/{project_id}/training-jobs/{training_job_id}/actions",
            {"training_job_id": "j"},
            Subject("job", "j"),
        ),
        ("/v2/{project_id}/datasets/{dataset_id}/versions", {"dataset_id": "d"}, Subject("version")),
        (
            "/v1/{project_id}/buckets/{bucket}/objects/{key:path}",
            {"bucket": "b", "key": "a/c.txt"},
            Subject("object", "b/a/c.txt"),
        ),
        (
            "/v1/{project_id}/workspaces/{workspace_id}/quotas",
            {"workspace_id": "w"},
            Subject("workspace", "w", workspace_id="w"),
        ),
        ("/v1/{project_id}/tokens/{token_id}/rotation", {"token_id": "t"}, Subject("token", "t")),
        ("/v2/p/gallery/algorithms/{item_id}", {"item_id": "i"}, Subject("gallery_item", "i")),
        ("/nothing/known", {}, Subject()),
    ],
)
def test_what_a_request_is_about_is_read_from_its_path(
    template: str, parameters: dict[str, str], subject: Subject
) -> None:
    """Guards kind and id."""
    assert subject_of(template, parameters) == subject


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (b'{"metadata": {"id": "j", "name": "n", "workspace_id": "w"}}', Subject("job", "j", "n", "w")),
        (b'{"id": 7, "name": ["n"]}', Subject("job")),
        (b"[1, 2]", Subject("job")),
        (b"{", Subject("job")),
        (b"null", Subject("job")),
        (b'{"id": "' + b"x" * 300_000 + b'"}', Subject("job")),
    ],
)
def test_what_was_made_is_read_from_the_answer(body: bytes, subject: Subject) -> None:
    """Guards ids and names, and that odd answers do no harm."""
    assert with_answer(Subject("job"), body) == subject


def _account(world: ServerWorld) -> str:
    with world.services.units(PLATFORM, write=False) as uow:
        return uow.principals.get_project(PROJECT).name
