"""The list of jobs: found, sent to a colleague, watched, acted upon; what it says when the server is away."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.acts import choose, confirm
from tests.console.browser import once
from tests.console.conftest import Visit
from tests.console.demo_people import PEOPLE, make_people
from tests.e2e.live import LiveServer
from trainwright.client import connect

FOREVER = "echo started; sleep 3600"


@pytest.fixture(scope="module")
def live(bare: LiveServer) -> Iterator[LiveServer]:
    """Jobs of two people, in several phases, some with a tag."""
    with connect(endpoint=bare.url, project_id=bare.project_id, token=bare.token) as platform:
        make_people(platform)
    ended = [
        bare.create(bare.body(name, command=command))
        for name, command in (
            ("mnist-a", "true"),
            ("mnist-b", "true"),
            ("other", "true"),
            ("mnist-bad", "exit 3"),
        )
    ]
    for job in ended:
        bare.wait(job)
    tag = {"tags": [{"key": "team", "value": "视觉"}]}
    for job in ended[:2]:
        path = f"/v2/{{P}}/modelarts-training-job/{job}/tags/create"
        assert bare.call("POST", path, json=tag).is_success
    yield bare


def names(page: Page) -> Locator:
    """The names of the jobs that are listed."""
    return page.locator("tr[data-hotkey=row] td a[title]")


def row(page: Page, name: str) -> Locator:
    """The row of a job."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def query(page: Page) -> dict[str, list[str]]:
    """What the address says."""
    return parse_qs(urlsplit(page.url).query)


def test_filters_combine_and_are_shared_by_address(live: LiveServer, visit: Visit) -> None:
    """Search, phase and tag together; a colleague who gets the address sees the same, sorted the same."""
    window = visit(live)
    window.open("/jobs")
    page = window.page
    expect(names(page)).to_have_count(4)
    page.get_by_role("textbox", name="Name or id").fill("mnist")
    expect(names(page)).to_have_count(3)
    choose(page, "Phase", "Completed")
    page.keyboard.press("Escape")
    expect(names(page)).to_have_count(2)
    page.get_by_role("button", name="Filters", exact=False).first.click()
    choose(page, "Tags", "team=视觉")
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="Name").click()
    expect(names(page)).to_have_text(["mnist-a", "mnist-b"])
    assert window.barriers() == []
    said = query(page)
    assert (said["q"], said["phase"], said["sort"], said["order"]) == (
        ["mnist"],
        ["Completed"],
        ["name"],
        ["asc"],
    )

    student = PEOPLE["student"]
    colleague = visit(live, who={"name": student.name, "password": student.password}, language="zh")
    colleague.page.goto(page.url)
    expect(names(colleague.page)).to_have_text(["mnist-a", "mnist-b"])
    expect(colleague.page.get_by_role("textbox", name="名称或 ID")).to_have_value("mnist")
    colleague.page.get_by_role("columnheader", name="名称").click()
    expect(names(colleague.page)).to_have_text(["mnist-b", "mnist-a"])
    colleague.page.get_by_role("switch", name="只看我的").click()
    expect(names(colleague.page)).to_have_count(0)
    colleague.page.get_by_role("button", name="清除筛选").last.click()
    expect(names(colleague.page)).to_have_count(4)
    assert query(colleague.page).keys() <= {"sort", "order"}


def test_columns_are_chosen_and_remembered(live: LiveServer, visit: Visit) -> None:
    """What is chosen is there after a reload; the usual columns come back with one click."""
    window = visit(live)
    window.open("/jobs")
    page = window.page
    priority = page.get_by_role("columnheader", name="Priority")
    expect(priority).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Priority").check()
    page.get_by_role("checkbox", name="Duration").uncheck()
    expect(priority).to_be_visible()
    page.reload()
    expect(priority).to_be_visible()
    expect(page.get_by_role("columnheader", name="Duration")).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Back to the usual columns").click()
    expect(priority).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Duration")).to_be_visible()


def test_phases_change_by_themselves_and_in_batches(live: LiveServer, visit: Visit) -> None:
    """New jobs appear, run and end without a reload; a batch stops what runs and deletes only what has ended."""
    window = visit(live)
    window.open("/jobs")
    page = window.page
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for name in ("batch-1", "batch-2"):
        live.create(live.body(name, command=FOREVER))
    for name in ("batch-1", "batch-2"):
        expect(row(page, name).locator("[data-phase=Running]")).to_be_visible()
        row(page, name).get_by_role("checkbox").check()
    row(page, "mnist-bad").get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="3 selected")
    expect(bar.get_by_role("button", name="Delete (1)")).to_be_enabled()
    bar.get_by_role("button", name="Stop (2)").click()
    expect(page.get_by_role("dialog")).to_contain_text("Stop 2 jobs?")
    assert window.barriers() == []
    confirm(page, "Stop")
    for name in ("batch-1", "batch-2"):
        expect(row(page, name).locator("[data-phase=Terminated]")).to_be_visible()
        row(page, name).get_by_role("checkbox").check()
    running = live.create(live.body("still-runs", command=FOREVER))
    expect(row(page, "still-runs").locator("[data-phase=Running]")).to_be_visible()
    row(page, "still-runs").get_by_role("checkbox").check()
    bar = page.get_by_role("region", name="3 selected")
    bar.get_by_role("button", name="Delete (2)").click()
    expect(page.get_by_role("dialog")).to_contain_text("What they wrote to object storage stays.")
    confirm(page, "Delete")
    expect(row(page, "batch-1")).to_have_count(0)
    expect(row(page, "still-runs")).to_be_visible()
    assert live.show(running)["status"]["phase"] == "Running"
    assert not [one for one in listed(live) if one.startswith("batch-")]


def test_a_lost_connection_is_said_and_caught_up_with(live: LiveServer, visit: Visit) -> None:
    """The server goes away: a mark says so. It returns: what happened meanwhile is there, without a reload."""
    window = visit(live)
    window.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET"]
    job = live.create(live.body("meanwhile", command="sleep 4"))
    live.wait(job, "Running")
    window.open("/jobs")
    page = window.page
    expect(row(page, "meanwhile").locator("[data-phase=Running]")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    live.kill()
    expect(page.get_by_text("Connection lost")).to_be_visible()
    expect(row(page, "meanwhile")).to_be_visible()
    live.start()
    live.wait(job, "Completed")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(row(page, "meanwhile").locator("[data-phase=Completed]")).to_be_visible()


def listed(live: LiveServer) -> list[str]:
    """Names of all jobs."""
    found = live.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json()["items"]
    return [str(job["metadata"]["name"]) for job in found]


def test_a_look_at_what_ended(live: LiveServer, visit: Visit) -> None:
    """The menu of a row offers what is possible: a job that ended can be rebuilt and deleted, not stopped."""
    window = visit(live)
    window.open("/jobs?q=mnist-a")
    page = window.page
    page.get_by_role("button", name="Actions on mnist-a").click()
    expect(page.get_by_role("menuitem")).to_have_text([re.compile("Rebuild"), "Delete"])
    page.get_by_role("menuitem", name="Rebuild").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create job")


def test_a_page_from_before_an_update_goes_on(live: LiveServer, visit: Visit) -> None:
    """What it has yet to load is gone from the server: it is loaded anew, once, instead of breaking."""
    window = visit(live)
    window.expected += ["404", "JobsPage"]
    window.open("/")
    page = window.page
    once(page, "**/assets/JobsPage-*", lambda route: route.fulfill(status=404))
    page.get_by_role("navigation").get_by_role("link", name="Training jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training jobs")
    expect(names(page).first).to_be_visible()
