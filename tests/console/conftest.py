"""One filled server a worker; a Chromium, and a server of its own for what changes things, a module."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.console.browser import Screen, launch, screen
from tests.console.demo_data import fill, stop_all
from tests.e2e.live import LiveServer
from trainwright.client import connect

ROOM = {"TRAINWRIGHT_POOL__CPUS": "12", "TRAINWRIGHT_POOL__MEMORY_MIB": str(12 * 768)}
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell fixtures whether their test failed."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = call.excinfo is not None
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless.

    No longer than a module: Playwright's own event loop runs in this thread until it is closed, and while it runs no
    asynchronous test of the worker's other modules can.
    """
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on its first day, to do things on; what is left of its jobs ends with it."""
    live = LiveServer(tmp_path_factory.mktemp("bare") / "data", dict(ROOM)).start()
    yield live
    with connect(endpoint=live.url, project_id=live.project_id, token=live.token) as platform:
        stop_all(platform)
    live.stop()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a believable project on it, to look at: a test that changes things takes `bare`."""
    live = LiveServer(tmp_path_factory.mktemp("demo") / "data", dict(ROOM)).start()
    with connect(endpoint=live.url, project_id=live.project_id, token=live.token) as platform:
        fill(platform)
        yield live
        stop_all(platform)
    live.stop()


Visit = Callable[..., Screen]


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Visit]:
    """`visit(server, **screen options)`: a window signed in as the admin, which must stay clean to the end.

    `who={}` stands before the door. What a window showed when its test failed is left as a picture.
    """
    with ExitStack() as stack:
        windows: list[Screen] = []

        def go(live: LiveServer, *, who: dict[str, str] | None = None, **more: Any) -> Screen:
            sign_in = {"token": live.token} if who is None else who
            window = stack.enter_context(screen(browser, live.url, sign_in, **more))
            windows.append(window)
            return window

        yield go
        if request.node.stash.get(FAILED, True):
            for number, window in enumerate(windows):
                window.page.screenshot(path=tmp_path / f"window-{number}.png")
                print(f"{window.page.url}: {tmp_path}/window-{number}.png", *window.take_problems(), sep="\n")
            return
        for window in windows:
            window.assert_clean()
