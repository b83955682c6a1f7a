"""Tokens that jobs present: whom they stand for, what they open, and when they stop."""

import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tests.domain.builders import make_job, make_launch, make_role
from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.access import Action
from trainwright.domain.entities import Job
from trainwright.domain.errors import NoCredentials
from trainwright.domain.observation import Observation, RunState
from trainwright.domain.specs import attempt_key
from trainwright.ports.identity import User
from trainwright.ports.uow import PLATFORM
from trainwright.server import journal
from trainwright.server.app import bare_app
from trainwright.server.examples import REQUEST_EXAMPLES
from trainwright.server.openapi import action_of, routes_of
from trainwright.services import tokens
from trainwright.services.principals import authenticate

pytestmark = pytest.mark.anyio

JOB_ID = "0a1b2c3d-0000-4000-8000-000000000001"
OPEN = ("/health", "/docs", "/openapi.json", "/v3/auth/tokens", "/runner/", "/share/", "/console")
ROUTES = sorted(
    (
        (route, verb)
        for route in routes_of(bare_app().router)
        for verb in route.methods or ()
        if not route.path.startswith(OPEN) and route.path != "/"
    ),
    key=lambda pair: (pair[0].path, pair[1]),
)


async def start(world: ServerWorld, owner: str = "u") -> Job:
    """A running job of that user."""
    launch = make_launch(make_role(), job_id=JOB_ID, job_name="j", project_id=PROJECT)
    job = replace(make_job(launch=launch), created_at_ms=world.services.clock.now_ms(), user_id=owner)
    with world.services.units(PLATFORM) as uow:
        uow.jobs.add(job)
        uow.commit()
    await world.step(job)
    world.backend.set_state(attempt_key(JOB_ID, 1), Observation(RunState.RUNNING))
    world.report(job, registered_at_ms=world.services.clock.now_ms())
    await world.step(job)
    return job


def add_user(world: ServerWorld, user_id: str, *roles: str) -> None:
    with world.services.units(PLATFORM) as uow:
        uow.principals.add_user(User(user_id, user_id, PROJECT, is_admin=False, roles=roles), 0)
        uow.commit()


def token_of(world: ServerWorld, number: int = 1) -> str:
    return tokens.derive_job(world.services.secret, attempt_key(JOB_ID, number))


def name_of(pair: tuple[APIRoute, str]) -> str:
    return f"{pair[1]} {pair[0].operation_id}"


async def test_it_opens_objects_and_nothing_else(world: ServerWorld) -> None:
    """Guards the walls: of every route there is, only those of the object store let a job's token in."""
    await start(world)
    opened = set()
    async with world.client(token=token_of(world)) as client:
        for route, verb in ROUTES:
            path = re.sub(r"\{project_id\}", PROJECT, route.path)
            path = re.sub(r"\{\w+(?::path)?\}", "x", path)
            body: Any = REQUEST_EXAMPLES.get(route.operation_id or "", {})
            answer = await client.request(verb, path, json=body if verb not in ("GET", "HEAD") else None)
            if answer.status_code not in (401, 403):
                opened.add(name_of((route, verb)))
    objects = {
        name_of(pair) for pair in ROUTES if (action := action_of(pair[0])) and action.value.startswith("obs:")
    }
    assert opened == objects


async def test_it_reads_and_writes_as_the_owner(world: ServerWorld) -> None:
    """Guards what it is for: a bucket of the owner's project, written and read by the job."""
    await start(world)
    async with world.client() as admin, world.client(token=token_of(world)) as job:
        bucket = f"/v1/{PROJECT}/buckets/data-of-ann"
        assert (await admin.put(bucket)).status_code < 300
        assert (await job.put(f"{bucket}/objects/a/b.txt", content=b"hello")).status_code < 300
        assert (await job.get(f"{bucket}/objects/a/b.txt")).content == b"hello"
        other = bucket.replace(PROJECT, "q" * 32)
        assert (await job.get(f"{other}/objects/a/b.txt")).status_code == 403


async def test_it_may_no_more_than_its_owner(world: ServerWorld) -> None:
    """Guards roles: of a viewer's job nothing is written, of a user without roles nothing is read."""
    add_user(world, "v", "viewer")
    await start(world, "v")
    found = await authenticate(world.services, token_of(world))
    assert (found.user_id, found.project_id, found.is_admin) == ("v", PROJECT, False)
    assert found.actions == {Action.BUCKET_LIST, Action.OBJECT_LIST, Action.OBJECT_GET}


async def test_it_dies_with_the_attempt(world: ServerWorld) -> None:
    """Guards the end: no token outlives the attempt, and none of another attempt ever lives."""
    job = await start(world)
    assert (await authenticate(world.services, token_of(world))).user_id == "u"
    with pytest.raises(NoCredentials):
        await authenticate(world.services, token_of(world, 2))
    await world.finish_job(job)
    with pytest.raises(NoCredentials):
        await authenticate(world.services, token_of(world))


async def test_it_dies_with_the_owner(world: ServerWorld) -> None:
    """Guards people who leave: disabled or deleted, their jobs reach nothing any more."""
    add_user(world, "v", "developer")
    await start(world, "v")
    token = token_of(world)
    assert (await authenticate(world.services, token)).user_id == "v"
    for change in ("disable", "delete"):
        with world.services.units(PLATFORM) as uow:
            if change == "disable":
                uow.principals.save_user(replace(uow.principals.get_user("v"), enabled=False))
            else:
                uow.principals.delete_user("v")
            uow.commit()
        with pytest.raises(NoCredentials):
            await authenticate(world.services, token)


@pytest.mark.parametrize(
    "wrong", ["job.", "job..", "job.x", "job.\ud800.é", "job." + "x." * 5000, "cut", "other"]
)
async def test_other_texts_are_nobodys(world: ServerWorld, wrong: str) -> None:
    """Guards against whatever is presented, the attempt's other token and one of another server among it."""
    await start(world)
    key = attempt_key(JOB_ID, 1)
    text = {
        "cut": token_of(world)[:-1],
        "other": f"job.{key}.{tokens.derive(world.services.secret, key)}",
    }.get(wrong, wrong)
    with pytest.raises(NoCredentials):
        await authenticate(world.services, text)
    assert tokens.verify_job(b"another", token_of(world)) == ""
    assert not tokens.verify(world.services.secret, key, token_of(world))


def test_it_is_masked_in_the_log() -> None:
    """Guards the journal: the token alone, in a sentence without the word."""
    token = tokens.derive_job(b"s", attempt_key(JOB_ID, 1))
    assert journal.redact(f"sent {token}, refused") == "sent ***, refused"


async def test_the_order_brings_it(world: ServerWorld) -> None:
    """Guards the way to the job: with the order, and in no text that shows the order."""
    job = await start(world)
    from_runner = {"ip": "10.0.0.1", "host": "h", "launcher": "process"}
    async with world.runner(job) as runner:
        order = (await runner.post("/registration", json=from_runner)).json()
    assert (order["job_token"], order["project_id"]) == (token_of(world), PROJECT)
