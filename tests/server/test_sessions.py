"""Sessions of the console: the cookie and its flags, who may use it for what, and how it ends."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.server import test_job_tokens
from tests.server.signer import sign
from tests.server.test_app import check_shape
from tests.server.test_identity_routes import BASE, PASSWORD, TOKENS, USERS, add_user, token_of
from tests.server.test_routes import log_of
from tests.server.test_signed_requests import date_of
from tests.server.world import PROJECT, TOKEN, ServerWorld
from trainwright.domain.access import DEVELOPER, VIEWER, Action
from trainwright.ports.identity import Token
from trainwright.ports.uow import PLATFORM
from trainwright.server.app import create_app
from trainwright.server.codings import BYTES_AT_ONCE, BYTES_MIN
from trainwright.server.cookies import COOKIE
from trainwright.server.private_files import write_private_json
from trainwright.services.passwords import FREE_TRIES
from trainwright.services.principals import hash_token
from trainwright.services.tokens import derive_csrf

pytestmark = pytest.mark.anyio

SESSION = "/v1/session"
ENGINES = f"/v2/{PROJECT}/training-job-engines"
ENDED, FORGED = "Trainwright.0613", "Trainwright.0614"


@dataclass(frozen=True)
class Browser:
    """A page of ours with a session: what it sends by itself, and what its scripts add."""

    http: httpx.AsyncClient
    cookie: str
    csrf: str
    told: dict[str, Any]

    async def send(
        self, verb: str, path: str, *, csrf: str | bytes | None = None, **more: Any
    ) -> httpx.Response:
        """A request with the cookie, with the CSRF token unless another one is given."""
        headers = {"Cookie": f"{COOKIE}={self.cookie}", "X-CSRF-Token": self.csrf if csrf is None else csrf}
        return await self.http.request(verb, path, headers={**headers, **more.pop("headers", {})}, **more)


def cookie_of(answer: httpx.Response) -> str:
    """The value that an answer sets."""
    return SimpleCookie(answer.headers["set-cookie"])[COOKIE].value


@asynccontextmanager
async def browser(world: ServerWorld, body: dict[str, str] | None = None) -> AsyncIterator[Browser]:
    """One that has signed in: with the admin's token unless something else is said."""
    async with world.client(token="") as http:
        answer = await http.post(SESSION, json=body or {"token": TOKEN})
        assert answer.status_code == 201, answer.text
        http.cookies.clear()  # each request says what it sends
        told = answer.json()
        yield Browser(http, cookie_of(answer), told["csrf_token"], told)


async def test_signing_in_by_password(world: ServerWorld) -> None:
    """Guards the flags that keep the cookie from scripts and other sites, and what the console is told."""
    async with world.client() as admin, world.client(token="") as nobody:
        await add_user(admin, "ann", DEVELOPER, password=PASSWORD)
        answer = await nobody.post(SESSION, json={"name": "ann", "password": PASSWORD})
        assert answer.status_code == 201
        value, *flags = answer.headers["set-cookie"].split("; ")
        assert value.startswith(f"{COOKIE}=tw_")
        assert set(flags) == {"Max-Age=86400", "Path=/", "HttpOnly", "SameSite=Strict"}
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert (told["signed_in"], told["user"]["name"], told["user"]["roles"]) == (True, "ann", [DEVELOPER])
        assert (told["user"]["is_admin"], told["user"]["has_password"]) == (False, True)
        assert told["project"] == {"id": PROJECT, "name": PROJECT} and told["projects"] == [told["project"]]
        assert Action.JOB_CREATE in told["actions"] and Action.USER_CREATE not in told["actions"]
        assert (told["language"], bool(told["version"])) == ("en-us", True)
        assert cookie_of(answer) not in answer.text and told["csrf_token"] not in cookie_of(answer)
        seen = await nobody.get(SESSION)
        assert seen.json() == told and "set-cookie" not in seen.headers


@pytest.mark.parametrize(
    ("url", "public_url", "secure"),
    [
        ("https://test", "", True),
        ("http://test", "", False),
        ("http://test", "https://test", True),  # behind a proxy that speaks TLS
        (
            "http://127.0.0.1:8600",
            "https://test",
            False,
        ),  # beside that proxy: the browser would not send it back
    ],
)
async def test_the_cookie_is_for_https_only_where_there_is_https(
    world: ServerWorld, url: str, public_url: str, secure: bool
) -> None:
    """Guards the cookie from plain connections, and plain installations from a cookie that never comes back."""
    services = world.app.state.wiring.services
    world.app.state.wiring = replace(
        world.app.state.wiring, services=replace(services, public_url=public_url)
    )
    async with world.client(token="") as nobody:
        answer = await nobody.post(f"{url}{SESSION}", json={"token": TOKEN})
    assert ("; Secure" in answer.headers["set-cookie"]) is secure


async def test_nobody_is_told_that_they_are_nobody(world: ServerWorld) -> None:
    """Guards the first page: 200, not 401; a cookie that is worth nothing is taken away."""
    async with world.client(token="") as nobody:
        answer = await nobody.get(SESSION, headers={"X-Language": "zh-cn"})
        assert (answer.status_code, answer.json()["signed_in"], answer.json()["language"]) == (
            200,
            False,
            "zh-cn",
        )
        assert answer.json().keys() == {"signed_in", "projects", "actions", "language", "version"}
        assert "set-cookie" not in answer.headers
        stale = await nobody.get(SESSION, headers={"Cookie": f"{COOKIE}=tw_gone"})
        assert (stale.status_code, stale.json()["signed_in"]) == (200, False)
        assert stale.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0; Path=/")
        assert (await nobody.delete(SESSION)).status_code == 204
        check_shape(await nobody.put(SESSION, json={"project_id": PROJECT}), 401, "ModelArts.0205")


async def test_who_sends_a_header_is_told_who_they_are(world: ServerWorld) -> None:
    """Guards the same question by SDK and command line: by token or signature, without a session."""
    async with world.client() as client, world.client(token="") as other:
        told = (await client.get(SESSION)).json()
        assert (told["user"]["id"], len(told["actions"])) == ("u", len(Action))
        assert not told.keys() & {"csrf_token", "expires_at_ms"}
        key = (await client.post(f"{BASE}/access-keys", json={})).json()
        secrets = {name: key[name] for name in ("access_key", "secret_key")}
        signed = sign("GET", SESSION, host="test", date=date_of(0), **secrets)
        answer = await other.get(signed.target, headers=signed.headers)
        assert (answer.status_code, answer.json()["user"]["id"]) == (200, "u"), answer.text
        check_shape(await other.get(SESSION, headers={"X-Auth-Token": "tw_wrong"}), 401, "ModelArts.0205")
        assert (await client.put(SESSION, json={"project_id": PROJECT})).status_code == 200
        assert (await client.delete(SESSION)).status_code == 204
        assert (
            await client.get(ENGINES)
        ).status_code == 200  # no session was left: the token is as good as ever


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "ModelArts.2788"),
        ({"name": "ann"}, 400, "ModelArts.2788"),
        ({"password": PASSWORD}, 400, "ModelArts.2788"),
        ({"name": "ann", "password": PASSWORD, "token": TOKEN}, 400, "ModelArts.2788"),
        ({"name": 1, "password": PASSWORD}, 400, "ModelArts.2788"),
        ({"name": "ann", "password": "wrong"}, 401, "ModelArts.0206"),
        ({"name": "ann", "password": PASSWORD, "account": "other"}, 401, "ModelArts.0206"),
        ({"name": "nobody", "password": PASSWORD}, 401, "ModelArts.0206"),
        ({"token": "tw_wrong"}, 401, "Trainwright.0612"),
        ({"token": "job.x.y"}, 401, "Trainwright.0612"),
    ],
)
async def test_who_may_not_sign_in(world: ServerWorld, body: dict[str, Any], status: int, code: str) -> None:
    """Guards against every half and wrong proof; no cookie comes of one."""
    async with world.client() as admin, world.client(token="") as nobody:
        await add_user(admin, "ann", DEVELOPER, password=PASSWORD)
        answer = await nobody.post(SESSION, json=body)
        check_shape(answer, status, code)
        assert "set-cookie" not in answer.headers


async def test_guessing_is_slowed_down(world: ServerWorld) -> None:
    """Guards passwords: failures here and at the contract's log-in are counted together."""
    async with world.client() as admin, world.client(token="") as nobody:
        await add_user(admin, "ann", password=PASSWORD)
        for number in range(FREE_TRIES):
            if number % 2:
                asked = {"name": "ann", "password": "wrong", "domain": {"name": PROJECT}}
                guess = {"auth": {"identity": {"methods": ["password"], "password": {"user": asked}}}}
                answer = await nobody.post("/v3/auth/tokens", json=guess)
            else:
                answer = await nobody.post(SESSION, json={"name": "ann", "password": "wrong"})
            check_shape(answer, 401, "ModelArts.0206")
        right = {"name": "ann", "password": PASSWORD}
        check_shape(await nobody.post(SESSION, json=right), 403, "Trainwright.0601")


async def test_the_cookie_reads_and_with_the_csrf_token_changes(world: ServerWorld) -> None:
    """Guards the double proof: what changes anything needs what only our own page can have read."""
    async with browser(world) as page, browser(world) as other:
        assert (await page.send("GET", ENGINES, csrf="")).status_code == 200
        assert (await page.send("HEAD", f"{BASE}/buckets/none/objects/x", csrf="")).status_code == 404
        body = {"name": "ann", "roles": [VIEWER]}
        for wrong in ("", "x", other.csrf, page.cookie, b"\xe9"):
            refused = await page.send("POST", USERS, json=body, csrf=wrong)
            assert "X-CSRF-Token" in check_shape(refused, 403, FORGED)
        made = await page.send("POST", USERS, json=body)
        assert made.status_code == 201, made.text
        user = f"{USERS}/{made.json()['id']}"
        for verb in ("PUT", "DELETE"):
            check_shape(await page.send(verb, user, json={"name": "x"}, csrf=""), 403, FORGED)
        assert (await page.send("DELETE", user)).status_code == 204
        zh = await page.send("POST", USERS, json=body, csrf="", headers={"X-Language": "zh-cn"})
        assert "会话" in check_shape(zh, 403, FORGED)


async def test_headers_win_over_the_cookie(world: ServerWorld) -> None:
    """Guards scripts: a token in a header needs no CSRF token, and a wrong one is not saved by the cookie."""
    async with browser(world) as page:
        given = {"X-Auth-Token": TOKEN}
        assert (await page.send("POST", USERS, json={"name": "a"}, csrf="", headers=given)).status_code == 201
        for wrong in ({"X-Auth-Token": "tw_wrong"}, {"Authorization": "Bearer tw_wrong"}):
            check_shape(await page.send("GET", ENGINES, headers=wrong), 401, "ModelArts.0205")
        check_shape(await page.send("GET", ENGINES, headers={"Authorization": "x"}), 401, "ModelArts.0206")


FOREIGN = [
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),  # another port of this host
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://test:8080"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://["}, 403),
    ({"Origin": "http://test"}, 200),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
async def test_other_sites_change_nothing(world: ServerWorld, headers: dict[str, str], status: int) -> None:
    """Guards against pages elsewhere, also with the right CSRF token: for everything and for signing in itself."""
    async with browser(world) as page:
        changed = await page.send("PUT", SESSION, json={"project_id": PROJECT}, headers=headers)
        assert changed.status_code == status
        stopped = await page.send("PUT", f"{BASE}/roles/r", json={"actions": ["obs:*"]}, headers=headers)
        assert stopped.status_code == status
        signed_in = await page.http.post(SESSION, json={"token": TOKEN}, headers=headers)
        assert signed_in.status_code == (201 if status == 200 else status)
        if status == 403:
            check_shape(changed, 403, FORGED)
            assert "set-cookie" not in signed_in.headers


async def test_other_sites_read_nothing_but_may_link_here(world: ServerWorld) -> None:
    """Guards answers from being taken into other pages; a link that somebody follows is no such thing."""
    async with browser(world) as page:
        for site in ("cross-site", "same-site"):
            embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
            check_shape(await page.send("GET", ENGINES, headers=embedded), 403, FORGED)
            framed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
            check_shape(await page.send("GET", ENGINES, headers=framed), 403, FORGED)
            followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            assert (await page.send("GET", ENGINES, headers=followed)).status_code == 200
            check_shape(await page.send("POST", USERS, json={"name": "x"}, headers=followed), 403, FORGED)


async def test_behind_a_proxy_the_public_name_is_ours(world: ServerWorld) -> None:
    """Guards installations whose proxy calls the server by another name."""
    wiring = world.app.state.wiring
    public = replace(wiring, services=replace(wiring.services, public_url="https://train.example"))
    world.app = create_app(public)
    async with browser(world) as page:
        for origin, status in (("https://train.example", 200), ("https://train.example.evil", 403)):
            changed = await page.send(
                "PUT", SESSION, json={"project_id": PROJECT}, headers={"Origin": origin}
            )
            assert changed.status_code == status


async def test_signing_out_ends_it_for_good(world: ServerWorld) -> None:
    """Guards against a cookie that was copied before: it never works again, and the browser forgets it."""
    async with browser(world) as page:
        check_shape(await page.send("DELETE", SESSION, csrf=""), 403, FORGED)
        left = await page.send("DELETE", SESSION)
        assert left.status_code == 204 and left.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0")
        refused = await page.send("GET", ENGINES)
        check_shape(refused, 401, ENDED)
        assert refused.headers["set-cookie"].startswith(f"{COOKIE}=; Max-Age=0")
        assert (await page.send("DELETE", SESSION)).status_code == 204
        check_shape(
            await page.http.get(ENGINES, headers={"X-Auth-Token": page.cookie}), 401, "ModelArts.0205"
        )
        assert (await page.http.get(ENGINES, headers={"X-Auth-Token": TOKEN})).status_code == 200


async def test_signing_in_anew_ends_the_session_before(world: ServerWorld) -> None:
    """Guards shared browsers: nobody's session is left lying about when the next one signs in."""
    async with browser(world) as page:
        again = await page.send("POST", SESSION, json={"token": TOKEN}, csrf="")
        assert again.status_code == 201 and cookie_of(again) != page.cookie
        check_shape(await page.send("GET", ENGINES), 401, ENDED)


async def test_an_expired_session_is_refused(world: ServerWorld) -> None:
    """Guards the time: a session ends with the token it was opened with, and then with 401 and no cookie."""
    now_ms = world.services.clock.now_ms()
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_token(Token("short", "u", expires_at_ms=now_ms + 1500), hash_token("tw_short"))
        uow.principals.add_token(Token("past", "u", expires_at_ms=now_ms - 1), hash_token("tw_past"))
        uow.commit()
    async with browser(world, {"token": "tw_short"}) as page:
        assert page.told["expires_at_ms"] == now_ms + 1500
        check_shape(await page.send("GET", ENGINES, headers={"Cookie": f"{COOKIE}=tw_past"}), 401, ENDED)


async def test_the_token_takes_its_sessions_along(world: ServerWorld) -> None:
    """Guards a stolen token: once it is deleted, disabled or rotated, what was opened with it is closed, too."""
    async with world.client() as admin:
        ann = await add_user(admin, "ann", DEVELOPER)
        path = f"{TOKENS}?user_id={ann['id']}"
        for end in ("delete", "disable", "rotate"):
            issued = (await admin.post(path, json={})).json()
            other = await token_of(admin, ann["id"])
            async with (
                browser(world, {"token": issued["token"]}) as page,
                browser(world, {"token": other}) as apart,
                browser(world, {"token": page.cookie}) as second,
            ):
                for each in (page, apart, second):
                    assert (await each.send("GET", ENGINES)).status_code == 200
                one = f"{TOKENS}/{issued['id']}"
                if end == "delete":
                    await admin.delete(one)
                elif end == "disable":
                    await admin.put(one, json={"enabled": False})
                else:
                    await admin.post(f"{one}/rotation", json={"grace_hours": 1})
                check_shape(await page.send("GET", ENGINES), 401, ENDED)
                check_shape(await second.send("GET", ENGINES), 401, ENDED)
                assert (await apart.send("GET", ENGINES)).status_code == 200


async def test_a_session_is_a_token_that_can_be_seen_and_ended(world: ServerWorld) -> None:
    """Guards oversight: sessions are in the user's list of tokens, without their secret, and can be deleted."""
    async with world.client() as admin, browser(world) as page, browser(world) as other:
        listed = (await admin.get(TOKENS)).json()["tokens"]
        found = [token for token in listed if token["description"] == "console"]
        assert len(found) == 2 and all(token["id"].startswith("login-") for token in found)
        assert page.cookie not in json.dumps(listed)
        await admin.delete(f"{TOKENS}/{found[0]['id']}")
        answers = [(await each.send("GET", ENGINES)).status_code for each in (page, other)]
        assert sorted(answers) == [200, 401]


async def test_a_new_password_ends_sessions(world: ServerWorld) -> None:
    """Guards people who change it because somebody else knows it: all of their sessions end, however opened."""
    async with world.client() as admin:
        ann = await add_user(admin, "ann", DEVELOPER, password=PASSWORD)
        by_token = {"token": await token_of(admin, ann["id"])}
        async with (
            browser(world, {"name": "ann", "password": PASSWORD}) as page,
            browser(world, by_token) as other,
        ):
            wanted = {"old_password": PASSWORD, "new_password": "another good one"}
            assert (await page.send("PUT", f"{BASE}/password", json=wanted)).status_code == 200
            for each in (page, other):
                check_shape(await each.send("GET", ENGINES), 401, ENDED)
        async with browser(world, {"name": "ann", "password": "another good one"}) as page:
            await admin.put(f"{USERS}/{ann['id']}", json={"enabled": False})
            check_shape(await page.send("GET", ENGINES), 401, ENDED)


async def test_large_answers_are_compressed_for_the_page(world: ServerWorld) -> None:
    """Guards slow links; but never what holds a secret, nor what programs ask for, nor what does not shrink."""
    for number in range(6):
        world.add_job(f"run-{number}")
    search = f"/v2/{PROJECT}/training-job-searches"
    async with browser(world) as page, world.client() as program:
        plain = await program.post(search, json={"limit": 7}, headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in plain.headers and len(plain.content) > BYTES_MIN
        for accepted, coding in (("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None), ("*", "gzip")):
            answer = await page.send("POST", search, json={"limit": 7}, headers={"Accept-Encoding": accepted})
            assert answer.headers.get("content-encoding") == coding and answer.json() == plain.json()
            if coding:
                assert int(answer.headers["content-length"]) < len(answer.content) / 5
                assert answer.headers["vary"] == "Accept-Encoding"
        job = await log_of(world, b"step 1 loss 0.5\n" * 20_000)
        preview = f"/v2/{PROJECT}/training-jobs/{job}/tasks/worker-0/logs/preview"
        large = await page.send("GET", preview)
        assert len(large.content) > BYTES_AT_ONCE and large.headers["content-encoding"] == "gzip"
        assert large.json() == (await program.get(preview)).json()
        for path in (SESSION, TOKENS, "/nothing", ENGINES):
            assert "content-encoding" not in (await page.send("GET", path)).headers
        for _ in range(30):
            await program.post(TOKENS, json={"description": "x" * 200})
        listed = await page.send("GET", TOKENS)
        assert len(listed.content) > BYTES_MIN and "content-encoding" not in listed.headers


async def test_a_jobs_token_is_no_session(world: ServerWorld) -> None:
    """Guards what runs in jobs: their tokens reach objects, whether sent in a header or put into the cookie."""
    await test_job_tokens.start(world)
    token = test_job_tokens.token_of(world)
    async with world.client(token="") as nobody:
        header, cookie = {"X-Auth-Token": token}, {"Cookie": f"{COOKIE}={token}"}
        buckets = f"{BASE}/buckets"
        for verb in ("GET", "PUT", "DELETE", "POST"):
            check_shape(await nobody.request(verb, SESSION, headers=header), 401, "ModelArts.0205")
        assert (await nobody.get(buckets, headers=header)).status_code == 200
        check_shape(await nobody.get(buckets, headers=cookie), 401, ENDED)
        assert not (await nobody.get(SESSION, headers=cookie)).json()["signed_in"]
        check_shape(await nobody.post(SESSION, json={"token": token}), 401, "Trainwright.0612")


async def test_a_user_is_of_one_project(world: ServerWorld) -> None:
    """Guards the switch of projects: one's own is taken, any other refused in words that say why."""
    async with browser(world) as page:
        stay = await page.send("PUT", SESSION, json={"project_id": PROJECT})
        assert stay.status_code == 200 and stay.json() == page.told
        refused = await page.send("PUT", SESSION, json={"project_id": "q" * 32})
        assert PROJECT in check_shape(refused, 403, "Trainwright.0615")
        check_shape(await page.send("PUT", SESSION, json={}), 400, "ModelArts.2788")
        foreign = await page.send("GET", ENGINES.replace(PROJECT, "q" * 32))
        check_shape(foreign, 403, "ModelArts.0210")


async def test_a_shell_by_cookie_is_our_own_pages_only(world: ServerWorld) -> None:
    """Guards terminals: a browser says whose page opens a WebSocket, and one that does not say is no browser."""
    job = await world.start_job()
    path = f"/v2/{PROJECT}/training-jobs/{job.id}/tasks/worker-0/shell?rows=1&columns=1"
    async with browser(world) as page, world.live() as live:
        host = f"127.0.0.1:{live.base_url.port}"
        cookie = {"Cookie": f"{COOKIE}={page.cookie}"}
        # There is no command to look into: who gets that far hears so.
        for headers, status, code in (
            ({**cookie, "Origin": f"http://{host}"}, 409, "Trainwright.1201"),
            ({**cookie, "Origin": "http://evil.example"}, 403, FORGED),
            ({**cookie, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-site"}, 403, FORGED),
            (cookie, 403, FORGED),
            ({"Cookie": f"{COOKIE}=tw_gone", "Origin": f"http://{host}"}, 401, ENDED),
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://{host}{path}", additional_headers=headers, proxy=None):
                    pass
            answer = refused.value.response
            assert (answer.status_code, json.loads(answer.body or b"")["error_code"]) == (status, code)


AT_HOME = "http://127.0.0.1:8600/v1/session"


@pytest.mark.parametrize(
    ("url", "headers", "client", "told"),
    [
        (AT_HOME, {}, "127.0.0.1", True),
        ("http://localhost:8600/v1/session", {}, "::1", True),
        ("http://[::1]:8600/v1/session", {}, "::1", True),
        (AT_HOME, {}, "10.0.0.7", False),
        (
            "http://train.example/v1/session",
            {},
            "127.0.0.1",
            False,
        ),  # a name that was made to mean this machine
        (AT_HOME, {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", False),
        (AT_HOME, {"X-Forwarded-Proto": "https"}, "127.0.0.1", False),
        (AT_HOME, {"Forwarded": "for=127.0.0.1"}, "127.0.0.1", False),
        (AT_HOME, {"Via": "1.1 proxy"}, "127.0.0.1", False),
        (AT_HOME, {"X-Real-IP": "127.0.0.1"}, "127.0.0.1", False),
        (AT_HOME, {"Host": "[::1"}, "127.0.0.1", False),
    ],
)
async def test_first_hint_is_for_this_machine(
    world: ServerWorld, tmp_path: Path, url: str, headers: dict[str, str], client: str, told: bool
) -> None:
    """Guards the hint where the first token lies: the path only, and only for who sits at this machine."""
    file = tmp_path / "admin.json"
    write_private_json(file, {"user": "admin", "token": TOKEN})
    world.app.state.wiring = replace(world.app.state.wiring, admin_file=file)
    transport = httpx.ASGITransport(world.app, client=(client, 5))
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.get(url, headers=headers)
        assert answer.json().get("first_run") == ({"token_file": str(file)} if told else None)
        assert TOKEN not in answer.text


async def test_first_hint_goes_when_it_is_of_no_use(world: ServerWorld, tmp_path: Path) -> None:
    """Guards against telling strangers later: signed in, once somebody has a password, or the token was replaced."""
    file = tmp_path / "admin.json"
    world.app.state.wiring = replace(world.app.state.wiring, admin_file=file)

    async def hint(**headers: str) -> Any:
        async with world.client(token="") as http:
            return (await http.get(AT_HOME, headers=headers)).json().get("first_run")

    assert await hint() is None
    for content in ({"token": "tw_replaced"}, {"token": 7}, {}):
        write_private_json(file, content)
        assert await hint() is None
    write_private_json(file, {"token": TOKEN})
    assert await hint() == {"token_file": str(file)}
    assert await hint(**{"X-Auth-Token": TOKEN}) is None
    async with world.client() as admin:
        await add_user(admin, "ann", password=PASSWORD)
    assert await hint() is None


async def test_no_secret_of_a_session_is_logged(world: ServerWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Guards the log: neither cookie nor CSRF token nor password."""
    with caplog.at_level(logging.DEBUG):
        async with browser(world) as page:
            await page.send("PUT", SESSION, json={"project_id": PROJECT})
            await page.send("DELETE", SESSION)
    text = "\n".join(
        str(record.__dict__) for record in caplog.records if record.name.startswith("trainwright")
    )
    assert "request" in text and page.cookie not in text and page.csrf not in text and TOKEN not in text


def test_the_csrf_token_is_the_sessions() -> None:
    """Guards what it is made of: one for each session, from which the session's own token cannot be had."""
    assert derive_csrf("tw_a") == derive_csrf("tw_a") != derive_csrf("tw_b")
    assert len(derive_csrf("tw_a")) == 43 and "tw_a" not in derive_csrf("tw_a")
