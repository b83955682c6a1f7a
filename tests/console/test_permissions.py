"""What one may not do is not offered; what belongs to others is not shown."""

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.demo_people import PEOPLE
from tests.e2e.live import LiveServer

VIEWER = {"name": PEOPLE["viewer"].name, "password": PEOPLE["viewer"].password}
STUDENT = {"name": PEOPLE["student"].name, "password": PEOPLE["student"].password}
ACTS = (
    "Stop",
    "Delete",
    "Create",
    "New",
    "Add",
    "Upload",
    "Edit",
    "Rebuild",
    "Save",
    "Publish",
    "Subscribe",
    "Rename",
)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_viewer_is_offered_nothing_to_change(demo: LiveServer, visit: Visit) -> None:
    """No button of any page would be refused: no create, stop, delete, upload; and no page fails for who may look."""
    window = visit(demo, who=VIEWER)
    page = window.page
    jobs = demo.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json()["items"]
    running, failed = (
        next(job["metadata"]["id"] for job in jobs if job["status"]["phase"] == phase)
        for phase in ("Running", "Failed")
    )
    algorithm = demo.call("GET", "/v2/{P}/algorithms").json()["items"][0]["metadata"]["id"]
    offered: list[str] = []
    for path in (
        "/", "/jobs", f"/jobs/{running}", f"/jobs/{running}/config", f"/jobs/{failed}",
        "/jobs?q=no-such-job", "/experiments", "/algorithms",
        f"/algorithms/{algorithm}", "/gallery", "/objects", "/objects/lab-code", "/datasets", "/models", "/pools",
        "/workspaces",
    ):  # fmt: skip
        window.open(path)
        names = page.locator("button:visible, a:has(button):visible").evaluate_all(
            "found => found.map(one => one.innerText.trim() || one.getAttribute('aria-label') || '')"
        )
        offered += [f"{path}: {name}" for name in names if name.startswith(ACTS)]
    assert offered == []
    assert page.get_by_role("navigation").get_by_text("Users and roles").count() == 0
    window.open("/jobs/new")
    expect(page.get_by_text("You may look, but not create jobs here.")).to_be_visible()
    expect(page.get_by_role("button", name="Create job")).to_be_disabled()


@pytest.mark.slow
def test_a_developer_is_offered_no_administration(demo: LiveServer, visit: Visit) -> None:
    """Users and the audit trail are not theirs: neither in the menu, nor by their address."""
    window = visit(demo, who=STUDENT)
    window.expected.append("403")
    window.open("/")
    page = window.page
    menu = page.get_by_role("navigation")
    for name in ("Users and roles", "Audit"):
        expect(menu.get_by_text(name)).to_have_count(0)
    window.open("/users")
    expect(page.get_by_role("alert").first).to_contain_text("ModelArts.")
    expect(page.get_by_text(PEOPLE["viewer"].name)).to_have_count(0)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_project_is_not_there(demo: LiveServer, visit: Visit) -> None:
    """Its pages are empty for the neighbours, and its job is nowhere, even for who knows the address."""
    made = demo.call("POST", "/v1/projects", json={"name": "neighbours", "administrator": "neighbour"})
    assert made.status_code == 201, made.text
    jobs = demo.call("POST", "/v2/{P}/training-job-searches", json={"limit": 1}).json()["items"]
    window = visit(demo, who={"token": made.json()["token"]})
    window.expected.append("404")
    page = window.page
    for path in (
        "/",
        "/jobs",
        "/experiments",
        "/algorithms",
        "/objects",
        "/datasets",
        "/models",
        "/users",
        "/audit",
    ):
        window.open(path)
        shown = page.locator("body").inner_text()
        for foreign in ("digits", "llama", "lab-code", "手写", "李晓雯", "Daniel"):
            assert foreign not in shown, f"{path} shows {foreign}"
    window.open(f"/jobs/{jobs[0]['metadata']['id']}")
    expect(page.get_by_role("alert").first).to_contain_text("ModelArts.")
    assert jobs[0]["metadata"]["name"] not in page.locator("body").inner_text()
