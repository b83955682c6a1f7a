"""One server for the whole suite; every test's claims held against what it did."""

import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import wait_for
from tests.e2e.modelarts.claims import Claim, collect, of_marks
from tests.e2e.modelarts.driver import Recorder
from tests.e2e.modelarts.official import canonical, operation
from tests.e2e.modelarts.platform import Person, Platform

RECORDER = Recorder()


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The running server."""
    running = Platform(tmp_path_factory.mktemp("modelarts"), RECORDER)
    yield running
    running.stop()
    claimed = {
        canonical(claim.operation, leaf)
        for claims in collect().values()
        for claim in claims
        for leaf in claim.answers
    }
    unclaimed = sorted(f"{title}: {leaf}" for title, leaf in RECORDER.ever_answered - claimed)
    assert not unclaimed, "answered, but claimed by no test:\n" + "\n".join(unclaimed)


@pytest.fixture
def api(platform: Platform) -> Any:
    """The official client, as the administrator."""
    return platform.admin.api


@pytest.fixture(scope="session")
def developer(platform: Platform) -> Person:
    """Who may work, but not rule."""
    return platform.add_person("developer")


@pytest.fixture(scope="session")
def viewer(platform: Platform) -> Person:
    """Who may look."""
    return platform.add_person("viewer")


@pytest.fixture(scope="session")
def stranger(platform: Platform) -> Person:
    """The administrator of another project."""
    return platform.add_project()


@pytest.fixture(scope="session")
def finished(platform: Platform) -> Any:
    """A job that has run and ended well; tests only look at it."""
    return platform.wait(platform.create("finished").metadata.id)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Hold the test's claims, and the form of every answer it got, against what happened in it."""
    RECORDER.forget()
    result = yield
    _write_down(pyfuncitem.nodeid)
    wrong = list(RECORDER.complaints)
    for claim in of_marks(pyfuncitem.iter_markers()):
        wrong += _unproved(claim)
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    return result


def _unproved(claim: Claim) -> Iterator[str]:
    name = claim.operation
    if claim.refused_with:
        if claim.refused_with not in RECORDER.refusals(name):
            yield f"{name}: claimed refused with {claim.refused_with}, but was not in this test"
        return
    if not (RECORDER.succeeded(name) or claim.unavailable):
        yield f"{name}: claimed to work, but no call of it succeeded in this test"
    for title, fields, seen in (
        ("accepted", claim.works | claim.kept, RECORDER.accepted(name)),
        ("refused as not available", claim.unavailable, RECORDER.not_offered(name)),
        ("answered", claim.answers, RECORDER.answered(name)),
    ):
        missing = sorted(fields - seen)
        if missing:
            yield f"{name}: claimed, but not {title} in this test: {', '.join(missing)}"


def _write_down(test: str) -> None:
    """For whoever writes claims: what each test sent and saw, one JSON line each, when MODELARTS_NOTES names a file."""
    path = os.environ.get("MODELARTS_NOTES")
    if not path:
        return
    notes: dict[str, Any] = {"test": test}
    for name in dict.fromkeys(e.operation for e in RECORDER.exchanges):
        notes[name] = {
            "accepted": sorted(RECORDER.accepted(name) & set(operation(name).fields)),
            "answered": sorted(RECORDER.answered(name)),
            "not_offered": sorted(RECORDER.not_offered(name)),
        }
    with Path(path).open("a") as file:
        file.write(json.dumps(notes) + "\n")


@pytest.fixture(scope="session")
def version(platform: Platform) -> dict[str, Any]:
    """A ready version of a folder whose objects have changed since."""
    platform.put("set/a.txt", "one")
    platform.put("set/deep/b.txt", "two")
    call = platform.live.call
    body = {"dataset_name": "proof-set", "data_source": {"data_path": "obs://proof/set/"}}
    dataset = call("POST", "/v2/{P}/datasets", json=body).json()["dataset_id"]
    versions = f"/v2/{{P}}/datasets/{dataset}/versions"
    made = call("POST", versions, json={}).json()

    def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = call("GET", f"{versions}/{made['version_id']}").json()
        return shown if shown["state"] != "creating" else None

    ready = wait_for(look, what="the version")
    assert ready["state"] == "ready", ready
    platform.put("set/c.txt", "later")
    return ready
