"""The pictures of the console in docs/: taken anew where TRAINWRIGHT_SCREENSHOTS=1 asks for it, else looked for."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.console.acts import open_section
from tests.console.browser import Screen
from tests.console.conftest import Visit
from tests.console.demo_people import PEOPLE
from tests.console.pictures import save_small
from tests.e2e.live import LiveServer

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "images" / "console"
PAGES = {"en": DOCS / "howto" / "use-the-console.md", "zh": DOCS / "howto" / "use-the-console.zh-CN.md"}
TOTAL_MAX = 1_500_000
IS_ASKED = os.environ.get("TRAINWRIGHT_SCREENSHOTS") == "1"

Ids = Mapping[str, str]


def _create(window: Screen, ids: Ids) -> None:
    window.open(f"/jobs/new?from={ids['digits-cosine']}")
    open_section(window.page, "参数|Parameters")
    expect(window.page.get_by_role("complementary").get_by_text("train.py").first).to_be_visible()


def _job(tab: str, job: str) -> Callable[[Screen, Ids], None]:
    def show(window: Screen, ids: Ids) -> None:
        window.open(f"/jobs/{ids[job]}{tab}")

    return show


def _failed_log(window: Screen, ids: Ids) -> None:
    window.open(f"/jobs/{ids['cats-dogs-v4']}/logs?task=worker-0&at=error")
    expect(window.page.locator("[data-target]")).to_be_visible()


def _compare(window: Screen, ids: Ids) -> None:
    names = ("digits-lr-0p01", "digits-lr-0p1", "digits-lr-1p0", "digits-cosine")
    window.open("/jobs/compare?ids=" + ",".join(ids[name] for name in names))


def _at(path: str) -> Callable[[Screen, Ids], None]:
    return lambda window, ids: window.open(path)


SHOTS: Mapping[str, Callable[[Screen, Ids], None]] = {
    "overview": _at("/"),
    "jobs": _at("/jobs"),
    "create": _create,
    "job": _job("", "llama-tiny-pretrain"),
    "logs": _failed_log,
    "metrics": _job("/metrics", "llama-tiny-lr-1e-3"),
    "compare": _compare,
    "algorithms": _at("/algorithms"),
    "objects": _at("/objects/lab-code/手写数字识别/train.py?edit=1"),
    "pools": _at("/pools/pool-public"),
}
IN_ENGLISH = ("overview", "create", "logs", "compare")


def ids_of(demo: LiveServer) -> dict[str, str]:
    """The demo's jobs by name."""
    found = demo.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json()["items"]
    return {str(job["metadata"]["name"]): str(job["metadata"]["id"]) for job in found}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_pictures_are_taken(request: pytest.FixtureRequest) -> None:
    """All of them anew, when asked to; what is in docs/ is looked at below."""
    if not IS_ASKED:
        return
    demo: LiveServer = request.getfixturevalue("demo")
    visit: Visit = request.getfixturevalue("visit")
    door = visit(demo, who={}, language="zh")
    door.open("/")
    save_small(door.page, FOLDER / "sign-in.zh.png")
    ids = ids_of(demo)
    engineer = {"name": PEOPLE["engineer"].name, "password": PEOPLE["engineer"].password}
    for language, dark, names in (("zh", False, tuple(SHOTS)), ("en", True, IN_ENGLISH)):
        window = visit(demo, who=engineer, language=language, dark=dark)
        for name in names:
            SHOTS[name](window, ids)
            window.settle()
            window.page.mouse.move(1438, 450)  # over nothing
            save_small(window.page, FOLDER / f"{name}.{language}.png")


def test_pictures_and_pages_belong_together() -> None:
    """Guards against a picture that is missing, one that nobody shows, and a repository that grows."""
    shown = {
        (page.parent / name).resolve()
        for page in PAGES.values()
        for name in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", page.read_text(encoding="utf-8"))
    }
    kept = {path.resolve() for path in FOLDER.glob("*.png")}
    assert shown == kept
    assert sum(path.stat().st_size for path in kept) <= TOTAL_MAX
    assert {path.name for path in kept} == {
        "sign-in.zh.png", *(f"{name}.zh.png" for name in SHOTS), *(f"{name}.en.png" for name in IN_ENGLISH)
    }  # fmt: skip
