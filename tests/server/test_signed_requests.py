"""Signed requests over HTTP: who is let in, who hears what, what becomes of bodies; and the official client itself."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkcore.signer.signer import P256SHA256Signer, Signer, SM3Signer
from huaweicloudsdkmodelarts.v1 import ModelArtsClient, ShowTrainingJobEnginesRequest

from tests.server.signer import Query, sign
from tests.server.test_app import check_shape
from tests.server.test_routes import body as job_body
from tests.server.world import PROJECT, ServerWorld
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM
from trainwright.server import bodies
from trainwright.server.auth import KeyCache
from trainwright.server.limits import HASHED_BODY_MAX
from trainwright.services.credentials import KeyOwner

pytestmark = pytest.mark.anyio

ENGINES = f"/v2/{PROJECT}/training-job-engines"
JOBS = f"/v2/{PROJECT}/training-jobs"
KEYS = f"/v1/{PROJECT}/access-keys"
JSON = {"Content-Type": "application/json"}
INCORRECT = "Incorrect IAM authentication information: verify aksk signature fail"


@dataclass
class Key:
    """An access key of the world's admin, and how to send what it signed."""

    client: httpx.AsyncClient
    access_key: str
    secret_key: str

    async def send(
        self,
        method: str = "GET",
        path: str = ENGINES,
        query: Query = (),
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        changed: Mapping[str, str] | None = None,
        content: Any = None,
        **how: Any,
    ) -> httpx.Response:
        """Sign and send. `changed`: headers put over the signed ones; `content`: a body instead of the signed one."""
        signed = sign(
            method,
            path,
            query,
            headers=headers,
            body=body,
            host="test",
            **{"access_key": self.access_key, "secret_key": self.secret_key, "date": date_of(0), **how},
        )
        return await self.client.request(
            method,
            signed.target,
            headers={**signed.headers, **(changed or {})},
            content=signed.body if content is None else content,
        )


def date_of(offset_s: float) -> str:
    """X-Sdk-Date so far from now."""
    return datetime.fromtimestamp(time.time() + offset_s, UTC).strftime("%Y%m%dT%H%M%SZ")


@pytest.fixture
async def key(world: ServerWorld) -> AsyncIterator[Key]:
    """An access key of the world's admin."""
    async with world.client() as admin, world.client(token="") as client:
        made = (await admin.post(KEYS, json={})).json()
        yield Key(client, made["access_key"], made["secret_key"])


async def test_signed_calls_are_let_in(key: Key) -> None:
    """Reads, writes, bodies and addresses of all kinds, with whatever headers the client adds."""
    assert (await key.send()).status_code == 200
    more = {
        "X-Project-Id": PROJECT,
        "X-Security-Token": "temporary",
        "X-Language": "zh-cn",
        "User-Agent": "x",
    }
    assert (await key.send(headers=more)).status_code == 200
    search = f"/v2/{PROJECT}/training-job-searches"
    found = await key.send("POST", search, headers=JSON, body=b'{"limit": 1}')
    assert (found.status_code, found.json()["count"]) == (200, 0)
    charset = {"Content-Type": "application/json;charset=utf-8"}
    made = await key.send("POST", JOBS, headers=charset, body=json.dumps(job_body()).encode())
    assert made.status_code == 201
    missing = await key.send("GET", JOBS + "/a%2Fb%20%E6%95%B0", [("k", ["b", "a+ *~"]), ("e", "")])
    check_shape(missing, 404, "Trainwright.0002")
    assert (await key.send("DELETE", f"{JOBS}/none", headers=JSON, body=b'{"tags": []}')).status_code == 404


async def test_object_bytes_are_signed_or_left_out(world: ServerWorld, key: Key) -> None:
    """A file goes up unsigned and unread by the check, whole; announced or in chunks; JSON is always hashed."""
    bucket = f"/v1/{PROJECT}/buckets/files"
    assert (await key.send("PUT", bucket)).status_code == 201
    file = {"Content-Type": "application/octet-stream"}
    data = bytes(range(256)) * 100

    async def chunks() -> AsyncIterator[bytes]:
        yield b""
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    for name, content in (("announced", data), ("chunked", chunks()), ("empty", b"")):
        signed_over = b"x" if name != "empty" else b""
        stored = await key.send(
            "PUT", f"{bucket}/objects/{name}", headers=file, body=signed_over, content=content
        )
        assert stored.status_code == 200, stored.text
    for name, size in (("announced", len(data)), ("chunked", len(data)), ("empty", 0)):
        assert len((await key.send("GET", f"{bucket}/objects/{name}")).content) == size
    hashed = await key.send("PUT", f"{bucket}/objects/hashed", body=data)
    assert hashed.status_code == 200
    too_long = b" " * (HASHED_BODY_MAX + 1)
    check_shape(await key.send("PUT", f"{bucket}/objects/long", body=too_long), 413, "Trainwright.0001")


async def test_unsigned_bytes_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards memory: the check looks at the first piece of an upload only, and keeps nothing for a key it knows not."""
    pieces = [b"", b"a", b"b"]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    has_body, again = await bodies.see_body(receive, None)
    assert has_body and pieces == [b"b"]
    assert [(await again())["body"] for _ in range(3)] == [b"", b"a", b"b"]
    pieces = [b"x" * 100, b"y" * 100]
    _, again = await bodies.hash_body(receive, limit=200, keep=False)
    assert (await again())["body"] == b""


async def test_wrong_keys_all_hear_the_same(world: ServerWorld, key: Key) -> None:
    """Unknown, disabled, expired, of a disabled user, with a wrong secret: one answer, so that none can be probed."""
    heard = [check_shape(await key.send(secret_key="wrong"), 401, "APIGW.0301")]
    heard.append(check_shape(await key.send(access_key="A" * 20), 401, "APIGW.0301"))
    heard.append(check_shape(await key.send(access_key="x"), 401, "APIGW.0301"))
    async with world.client() as admin:
        assert (await key.send()).status_code == 200
        await admin.put(f"{KEYS}/{key.access_key}", json={"enabled": False})
        heard.append(check_shape(await key.send(), 401, "APIGW.0301"))
        await admin.put(f"{KEYS}/{key.access_key}", json={"enabled": True})
        assert (await key.send()).status_code == 200
        with world.services.units(PLATFORM) as uow:
            stored = uow.principals.get_access_key(key.access_key)
            uow.principals.save_access_key(replace(stored, expires_at_ms=1))
            uow.commit()
        world.services.credentials_changed()
        heard.append(check_shape(await key.send(), 401, "APIGW.0301"))
        user = (await admin.post(f"/v1/{PROJECT}/users", json={"name": "ann", "roles": ["viewer"]})).json()
        anns = (await admin.post(f"{KEYS}?user_id={user['id']}", json={})).json()
        ann = Key(key.client, anns["access_key"], anns["secret_key"])
        assert (await ann.send()).status_code == 200
        await admin.put(f"/v1/{PROJECT}/users/{user['id']}", json={"enabled": False})
        heard.append(check_shape(await ann.send(), 401, "APIGW.0301"))
    assert len(set(heard)) == 1 and heard[0].startswith(INCORRECT)


async def test_deleted_and_rotated_keys_are_refused_at_once(world: ServerWorld, key: Key) -> None:
    """Not five seconds later, though the server remembers keys that long."""
    assert (await key.send()).status_code == 200
    rotated = await key.send(
        "POST", f"{KEYS}/{key.access_key}/rotation", headers=JSON, body=b'{"grace_hours": 0}'
    )
    new = rotated.json()
    assert rotated.status_code == 201
    check_shape(await key.send(), 401, "APIGW.0301")
    newer = Key(key.client, new["access_key"], new["secret_key"])
    assert (await newer.send("DELETE", f"{KEYS}/{newer.access_key}")).status_code == 204
    check_shape(await newer.send(), 401, "APIGW.0301")


@pytest.mark.parametrize(
    ("offset_s", "status"), [(0, 200), (-890, 200), (890, 200), (-910, 401), (910, 401), (86_400, 401)]
)
async def test_stale_dates_are_refused(key: Key, offset_s: int, status: int) -> None:
    """Fifteen minutes on both sides of the server's clock, whoever signed."""
    response = await key.send(date=date_of(offset_s))
    assert response.status_code == status
    if status == 401:
        told = check_shape(response, 401, "APIGW.0301")
        assert told.startswith(INCORRECT) and "15 minutes" in told
        unknown = await key.send(date=date_of(offset_s), access_key="A" * 20)
        assert check_shape(unknown, 401, "APIGW.0301") == told


async def test_what_was_changed_on_the_way_is_refused(key: Key) -> None:
    """Body, address, verb and signed headers; unsigned headers are nobody's promise."""
    search = f"/v2/{PROJECT}/training-job-searches"
    tampered = [
        await key.send("POST", search, headers=JSON, body=b'{"limit": 1}', content=b'{"limit": 2}'),
        await key.send("POST", search, headers=JSON, body=b'{"limit": 1}', content=b""),
        await key.send(headers={"X-Project-Id": PROJECT}, changed={"X-Project-Id": "other"}),
        await key.send(changed={"X-Sdk-Date": date_of(5)}),
        await key.send(
            "POST", search, headers={**JSON, "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}, body=b"{}"
        ),
    ]
    for response in tampered:
        check_shape(response, 401, "APIGW.0301")
    assert (await key.send(changed={"Accept": "*/*", "X-Other": "y"})).status_code == 200


async def test_other_projects_are_denied(key: Key) -> None:
    """The id in the path, the literal the client sends when it knows none, and a signed X-Project-Id."""
    for path in ("/v2/" + "q" * 32 + "/training-job-engines", "/v2/%7Bproject_id%7D/training-job-engines"):
        check_shape(await key.send(path=path), 403, "ModelArts.0210")
    check_shape(await key.send(headers={"X-Project-Id": "q" * 32}), 403, "ModelArts.0210")
    check_shape(await key.send(path="/v3/projects", headers={"X-Project-Id": "q"}), 403, "ModelArts.0210")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x", "ModelArts.0206"),
        ("Basic YTpi", "ModelArts.0206"),
        ("SDK-HMAC-SHA256", "ModelArts.0206"),
        ("SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0", "ModelArts.0206"),
        ("V11-HMAC-SHA256 Credential=A/1/r/s, SignedHeaders=host, Signature=0", "APIGW.0301"),
        ("Bearer tw_unknown", "ModelArts.0205"),
    ],
)
async def test_other_authorizations_are_refused(world: ServerWorld, text: str, code: str) -> None:
    """Each with the code of what is wrong, on any path and verb, before anything else is looked at."""
    async with world.client(token="", Authorization=text) as client:
        for method, path in (("GET", ENGINES), ("POST", "/nothing"), ("DELETE", "/v2"), ("PATCH", JOBS)):
            check_shape(await client.request(method, path, content=b"{"), 401, code)


async def test_other_algorithms_are_refused(key: Key) -> None:
    """What the official core can sign with besides says so, instead of a wrong key."""
    signers: tuple[type[Signer], ...] = (SM3Signer, P256SHA256Signer)
    for signer in signers:
        told = check_shape(await key.send(signer=signer), 401, "APIGW.0301")
        assert "is not supported" in told


async def test_signature_comes_before_routing(key: Key) -> None:
    """Who signs wrongly cannot tell which paths and verbs exist; who signs rightly hears what is wrong."""
    for method, path in (("GET", "/nothing"), ("POST", "/v2"), ("DELETE", JOBS), ("GET", "/v2/x/y/z")):
        check_shape(await key.send(method, path, secret_key="wrong"), 401, "APIGW.0301")
    check_shape(await key.send("GET", "/nothing"), 404, "Trainwright.0002")
    check_shape(await key.send("PATCH", JOBS), 405, "Trainwright.0003")


async def test_token_wins_over_any_authorization(world: ServerWorld) -> None:
    """The official client, told to use a token, sends arbitrary text there, and its project."""
    async with world.client(Authorization="x", **{"X-Project-Id": "another"}) as client:
        assert (await client.get(ENGINES)).status_code == 200
    async with world.client(token="tw_wrong", Authorization="x") as client:
        check_shape(await client.get(ENGINES), 401, "ModelArts.0205")


async def test_replayed_creation_makes_no_second_job(world: ServerWorld, key: Key) -> None:
    """The same signed request again within its fifteen minutes: the name is taken, nothing is made, nothing stopped."""
    signed = sign(
        "POST",
        JOBS,
        headers=JSON,
        body=json.dumps(job_body()).encode(),
        host="test",
        access_key=key.access_key,
        secret_key=key.secret_key,
        date=date_of(0),
    )
    sent = {"url": signed.target, "headers": signed.headers, "content": signed.body}
    first, second = [await key.client.request("POST", **sent) for _ in range(2)]  # type: ignore[arg-type] # one dict
    assert first.status_code == 201
    check_shape(second, 400, "ModelArts.2751")
    found = await key.send("POST", f"/v2/{PROJECT}/training-job-searches", headers=JSON, body=b"{}")
    assert found.json()["count"] == 1
    job = f"{JOBS}/{first.json()['metadata']['id']}"
    stop = {"headers": JSON, "body": b'{"action_type": "terminate"}', "date": date_of(0)}
    phases = [(await key.send("POST", f"{job}/actions", **stop)).json() for _ in range(2)]  # type: ignore[arg-type]
    assert phases[0]["status"]["phase"] == "Terminating"


async def test_unknown_keys_are_looked_up_no_oftener() -> None:
    """Known and unknown keys take the same way the second time, too: the time of the answer tells nothing."""
    asked: list[str] = []

    async def find(access_key: str) -> KeyOwner | None:
        asked.append(access_key)
        return None

    cache = KeyCache(find, now_s=lambda: 0)
    assert [await cache.owner("A"), await cache.owner("A")] == [None, None]
    assert asked == ["A"]
    cache.forget()
    await cache.owner("A")
    assert asked == ["A", "A"]


async def test_answer_read_before_a_change_is_not_remembered() -> None:
    """Guards the moment in between: a key looked up just before it was disabled is refused the next time."""
    gate, asked = asyncio.Event(), []

    async def find(access_key: str) -> KeyOwner | None:
        asked.append(access_key)
        await gate.wait()
        return None

    cache = KeyCache(find, now_s=lambda: 0)
    looking = asyncio.create_task(cache.owner("A"))
    while not asked:
        await asyncio.sleep(0)
    cache.forget()
    gate.set()
    await looking
    await cache.owner("A")
    assert asked == ["A", "A"]


def official(endpoint: str, credentials: BasicCredentials, *, region: bool = False) -> ModelArtsClient:
    """The official client, told nothing but where we are."""
    config = HttpConfig.get_default_config()
    config.timeout = 10
    builder = ModelArtsClient.new_builder().with_http_config(config).with_credentials(credentials)
    if region:
        return builder.with_region(Region("any", endpoint)).build()
    return builder.with_endpoint(endpoint).build()


async def test_official_client_in_every_style(world: ServerWorld) -> None:
    """With project and endpoint, with a region alone (it asks us for the project), and with a token."""
    async with world.live() as client:
        url = str(client.base_url).rstrip("/")
        made = (await client.post(KEYS, json={})).json()
        access_key, secret_key = made["access_key"], made["secret_key"]
        request = ShowTrainingJobEnginesRequest()
        plain = official(url, BasicCredentials(access_key, secret_key, PROJECT))
        assert (await asyncio.to_thread(plain.show_training_job_engines, request)).total > 0
        lone = BasicCredentials(access_key, secret_key).with_iam_endpoint(url)
        by_region = await asyncio.to_thread(official, url, lone, region=True)
        assert (await asyncio.to_thread(by_region.show_training_job_engines, request)).total > 0
        invoker = plain.show_training_job_engines_invoker(request)
        invoker.add_header("X-Auth-Token", client.headers["X-Auth-Token"]).add_header("Authorization", "x")
        assert (await asyncio.to_thread(invoker.invoke)).total > 0


async def test_official_client_hears_the_documented_codes(world: ServerWorld) -> None:
    """Guards what callers catch: status, code and message of each refusal, and the request id."""
    async with world.live() as client:
        url = str(client.base_url).rstrip("/")
        made = (await client.post(KEYS, json={})).json()
        access_key, secret_key = made["access_key"], made["secret_key"]
        cases = [
            (BasicCredentials("A" * 20, secret_key, PROJECT), 401, "APIGW.0301"),
            (BasicCredentials(access_key, "wrong", PROJECT), 401, "APIGW.0301"),
            (BasicCredentials(access_key, secret_key, "q" * 32), 403, "ModelArts.0210"),
            (BasicCredentials(access_key, secret_key), 403, "ModelArts.0210"),
        ]
        for credentials, status, code in cases:
            caller = official(url, credentials)
            with pytest.raises(ClientRequestException) as told:
                await asyncio.to_thread(caller.show_training_job_engines, ShowTrainingJobEnginesRequest())
            assert (told.value.status_code, told.value.error_code) == (status, code)
            assert len(told.value.request_id) == 32 and secret_key not in str(told.value)


async def test_key_of_another_project_opens_its_own_only(world: ServerWorld, key: Key) -> None:
    """Two tenants on one server: each key is at home in one project."""
    other = "o" * 32
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_user(User("o", "olga", other, is_admin=False, roles=("administrator",)), 0)
        uow.commit()
    async with world.client() as admin:
        check_shape(await admin.post(f"{KEYS}?user_id=o", json={}), 404, "Trainwright.0602")
        check_shape(await admin.post(f"/v1/{other}/access-keys", json={}), 403, "ModelArts.0210")
