"""What people do on the console's pages, and where they see what came of it."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.console.browser import Screen
from tests.e2e.live import LiveServer

_JOB = re.compile(r"/console/jobs/([0-9a-f-]{36})")


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select."""
    page.get_by_role("combobox", name=label).click()
    listed = page.locator(".ant-select-dropdown:visible").locator(".ant-select-item-option")
    listed.filter(has_text=option).first.click()


def open_section(page: Page, title: str) -> None:
    """Unfold a section of a form unless it is open; `title` is a regular expression."""
    head = page.get_by_role("button", name=re.compile(f"^({title})"))
    if head.get_attribute("aria-expanded") == "false":
        head.click()


def confirm(page: Page, action: str) -> None:
    """Say yes to what is asked; the question must be one that axe likes."""
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def create(window: Screen) -> str:
    """Press the button of the create page; the id of the job, whose page opens."""
    window.page.get_by_role("button", name="Create job").click()
    window.page.wait_for_url(_JOB)
    return job_shown(window)


def job_shown(window: Screen) -> str:
    """The id of the job whose page is open."""
    found = _JOB.search(window.page.url)
    assert found, window.page.url
    return found[1]


def phase(page: Page) -> Locator:
    """The phase beside the title of a job's page."""
    return page.locator("header [data-phase]")


def tab(page: Page, name: str) -> None:
    """Open a tab of a page."""
    page.get_by_role("tab", name=name, exact=True).click()


def chart(page: Page, title: str) -> Locator:
    """The chart of this title."""
    return page.locator("figure").filter(has=page.locator("figcaption", has_text=re.compile(f"^{title}$")))


def painted(drawing: Locator) -> str:
    """The picture on a chart's canvas."""
    return str(drawing.locator("canvas").evaluate("canvas => canvas.toDataURL()"))


def request_of(live: LiveServer, job: str) -> dict[str, Any]:
    """The body that made the job."""
    body: dict[str, Any] = live.call("GET", f"/v2/{{P}}/training-jobs/{job}/request").json()
    return body


def write_code(folder: Path, files: dict[str, str]) -> Path:
    """A folder of code on the disk of who sits before the browser."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
