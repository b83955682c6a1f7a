"""Guards the page about algorithms: every body on it is accepted by a real application, in the order of the page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.world import PROJECT, open_world
from tests.services.world import pieces_of
from trainwright.domain.obs import ObsPath

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "use-algorithms.md"
FILES = ("digits/train.py", "data/a.csv", "code/train.py")
_REQUEST = re.compile(r"```http\n(POST|PUT) (\S+)\n\n(.*?)```", re.DOTALL)


def requests() -> Iterator[tuple[str, str, str]]:
    """Verb, path and body of each request of the page; saving a job comes after there is one."""
    found = [match.groups() for match in _REQUEST.finditer(PAGE.read_text(encoding="utf-8"))]
    later = [one for one in found if one[1].endswith("/algorithm")]
    yield from (one for one in found if one not in later)  # type: ignore[misc] # the groups are three texts
    yield from later  # type: ignore[misc]


def learn(known: dict[str, str], path: str, answer: dict[str, Any]) -> None:
    """Remember the ids that later requests name."""
    match path.rpartition("/")[2]:
        case "algorithms":
            known["algorithm_id"] = answer["metadata"]["id"]
        case "training-jobs":
            known.setdefault(
                "job_id", answer["metadata"]["id"]
            )  # the second is of a subscription, not to be saved
        case "gallery-algorithm-publication":
            known["item_id"], known["version_id"] = answer["content_id"], answer["version_id"]
        case "subscriptions":
            known["subscription_id"] = answer["subscription_id"]
        case _:
            pass


async def test_every_request_of_the_page_is_accepted(tmp_path: Path) -> None:
    """Guards the page against promising what the server refuses."""
    async with open_world(tmp_path) as world:
        objects = world.services.objects
        await objects.create_bucket("lab")
        for name in FILES:
            await objects.write(ObsPath("lab", name), pieces_of(b"x"))
        known = {
            "project_id": PROJECT,
            "engine_id": world.services.catalogue.engines[0].id,
            "flavor_id": world.services.catalogue.flavors[0].id,
        }
        async with world.client() as client:
            for verb, path, body in requests():
                for name, value in known.items():
                    path, body = path.replace(f"{{{name}}}", value), body.replace(f"{{{name}}}", value)
                answer: httpx.Response = await client.request(verb, path, json=json.loads(body))
                assert answer.status_code in (200, 201), (path, answer.text)
                learn(known, path, answer.json())
        assert len(known) == 8
