"""Pools, nodes, workspaces and quotas are changed in the console, and the audit trail says who did it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.acts import choose, confirm, tab
from tests.console.browser import Screen
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

PUBLIC = "pool-public"
pytestmark = pytest.mark.slow


def dialog_of(window: Screen) -> Locator:
    """The open dialogue, which axe must like."""
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert window.barriers() == []
    return dialog


def row_of(page: Page, text: str) -> Locator:
    """A row of a list."""
    return page.get_by_role("row").filter(has_text=text)


def test_a_pool_is_made_changed_and_deleted(bare: LiveServer, visit: Visit) -> None:
    """A share larger than the machine is refused in words; what was not touched in the form is not sent."""
    window = visit(bare)
    page = window.page
    window.expected.append("/v2/")
    window.expected += ["status of 400", ": 400 "]
    window.open("/pools")
    page.get_by_role("button", name="New pool").click()
    form = dialog_of(window)
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_text("Enter a name.")).to_be_visible()
    expect(form.get_by_text("Choose a flavor.")).to_be_visible()
    form.get_by_role("textbox", name="Name").fill("夜间 night")
    choose(page, "Flavor", "local.cpu.2u")
    count = form.get_by_role("spinbutton", name="Number of nodes")
    count.fill("99")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("198")
    count.fill("1")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("夜间 night")
    expect(page.get_by_role("meter", name="CPU")).to_have_attribute("aria-valuetext", "0 / 2")
    page.get_by_role("button", name="Edit", exact=True).click()
    form = dialog_of(window)
    form.get_by_role("textbox", name="Description").fill("until the deadline")
    with page.expect_request(lambda one: one.method != "GET" and "/pools/pool-" in one.url) as sent:
        form.get_by_role("button", name="Save").click()
    expect(
        page.locator("#content").get_by_text("until the deadline")
    ).to_be_visible()  # not in the fading form
    assert sent.value.post_data_json == {
        "metadata": {"annotations": {"os.modelarts/description": "until the deadline"}},
        "spec": {},
    }
    tab(page, "Events")
    expect(row_of(page, "PoolCreated")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    confirm(page, "Delete")
    expect(page).to_have_url(re.compile("/console/pools$"))
    expect(page.get_by_text("夜间 night", exact=True)).to_have_count(0)
    assert "夜间" not in bare.call("GET", "/v2/{P}/pools").text


def test_a_node_is_locked_with_a_reason_and_returned(bare: LiveServer, visit: Visit) -> None:
    """The reason stands where the node is looked for, with who gave it."""
    window = visit(bare)
    page = window.page
    window.open(f"/pools/{PUBLIC}?tab=nodes")
    page.get_by_role("button", name="Lock", exact=True).click()
    form = dialog_of(window)
    form.get_by_role("textbox", name="Reason").fill("fan 3 is broken")
    form.get_by_role("button", name="Lock", exact=True).click()
    locked = row_of(page, "fan 3 is broken")
    expect(locked).to_contain_text("Locked")
    expect(locked).to_contain_text("admin")
    (node,) = bare.call("GET", f"/v2/{{P}}/pools/{PUBLIC}/nodes").json()["items"]
    assert node["metadata"]["annotations"]["trainwright.isolated/detail"] == "fan 3 is broken"
    locked.get_by_role("button", name="Return").click()
    confirm(page, "Return")
    expect(row_of(page, "Available")).to_be_visible()
    assert window.barriers() == []


def test_a_workspace_is_made_with_members_limited_and_deleted(bare: LiveServer, visit: Visit) -> None:
    """Members with and without a role, a quota, and a question that says what lies in it."""
    for user in ("ann", "bob"):
        bare.call("POST", "/v1/{P}/users", json={"name": user, "roles": ["developer"]})
    window = visit(bare)
    page = window.page
    window.open("/workspaces")
    page.get_by_role("button", name="New workspace").click()
    form = dialog_of(window)
    name = form.get_by_role("textbox", name="Name")
    name.fill("abc")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(form.get_by_text("digits, _ or - are needed")).to_be_visible()
    name.fill("vision")
    form.get_by_role("button", name="Add a user").click()
    choose(page, "User", "ann")
    choose(page, "Role here", "viewer")
    form.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("vision")
    expect(row_of(page, "ann")).to_contain_text("viewer")
    page.get_by_role("button", name="Edit members").click()
    form = dialog_of(window)
    form.get_by_role("button", name="Add a user").click()
    form.get_by_role("combobox", name="User").last.click()
    page.locator(".ant-select-dropdown:visible .ant-select-item-option").filter(has_text="bob").click()
    form.get_by_role("button", name="Save").click()
    expect(row_of(page, "bob")).to_contain_text("their own roles")
    page.get_by_role("button", name="Set quotas").click()
    form = dialog_of(window)
    form.get_by_role("spinbutton", name="Training jobs", exact=True).fill("3")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("meter", name="Training jobs")).to_have_attribute("aria-valuetext", "0 / 3 jobs")
    assert window.barriers() == []
    workspace = page.url.rpartition("/")[2]
    asked = bare.call("GET", f"/v1/{{P}}/workspaces/{workspace}").json()
    assert {(one["user_name"], one["role"]) for one in asked["grants"]} == {("ann", "viewer"), ("bob", "")}
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("It is empty.")
    confirm(page, "Delete")
    expect(page).to_have_url(re.compile("/console/workspaces$"))
    expect(page.get_by_role("link", name="vision")).to_have_count(0)


def test_a_user_gets_a_quota(bare: LiveServer, visit: Visit) -> None:
    """Everybody's limit, one's own, and none again."""
    window = visit(bare)
    page = window.page
    window.open("/workspaces?tab=quotas")

    def limit(who: str, quota: str) -> None:
        row_of(page, who).get_by_role("button", name="Edit").click()
        form = dialog_of(window)
        form.get_by_role("spinbutton", name="Unfinished jobs").fill(quota)
        form.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_have_count(0)

    limit("Everybody", "5")
    expect(row_of(page, "admin").get_by_role("meter")).to_have_attribute("aria-valuetext", "0 / 5")
    limit("admin", "0")
    expect(row_of(page, "admin").get_by_role("meter")).to_have_attribute("aria-valuetext", "0 / 0")
    limit("admin", "")
    limit("Everybody", "")
    expect(row_of(page, "admin")).to_contain_text("0 / no limit")
    assert window.barriers() == []


def test_the_audit_trail_is_read_in_words(bare: LiveServer, visit: Visit) -> None:
    """Who, what, with what result; older pages; filters in the address; the same as CSV."""
    for number in range(101):
        bare.call("PUT", f"/v1/{{P}}/buckets/trail-{number}")
    window = visit(bare)
    page = window.page
    refused = window.context.request.post(
        f"{bare.url}/v1/session", data={"name": "eve", "password": "guess-it"}
    )
    assert refused.status == 401
    window.open("/audit")
    denied = row_of(page, "no such user")
    expect(denied).to_contain_text("eve")
    expect(denied).to_contain_text("Denied")
    assert window.barriers() == []
    page.get_by_role("combobox", name="Operation").fill(
        "created a b"
    )  # only what is seen of the long list is there
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("operation=buckets_create"))
    made = page.get_by_role("row").filter(has_text="Created a bucket")
    expect(made).to_have_count(100)
    page.get_by_role("button", name="Older records").click()
    expect(row_of(page, "trail-0").first).to_be_visible()
    expect(page.get_by_role("button", name="Older records")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    lines: list[Any] = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) >= 102
    assert all("buckets_create" in line for line in lines[1:])
    window.open("/audit?user=eve")
    expect(page.get_by_role("combobox", name="User")).to_have_value("eve")
    expect(row_of(page, "Signed in")).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    expect(row_of(page, "Created a bucket").first).to_be_visible()


def test_who_only_looks_on_gets_no_buttons(bare: LiveServer, visit: Visit) -> None:
    """A viewer sees pools and workspaces, and nothing to press; not the audit trail."""
    bare.call(
        "POST",
        "/v1/{P}/users",
        json={"name": "guest", "roles": ["viewer"], "password": "only-looking-2026"},
    )
    window = visit(bare, who={"name": "guest", "password": "only-looking-2026"})
    page = window.page
    for path in (
        "/pools",
        f"/pools/{PUBLIC}",
        f"/pools/{PUBLIC}?tab=nodes",
        "/workspaces",
        "/workspaces?tab=quotas",
    ):
        window.open(path)
        expect(
            page.get_by_role("main").get_by_role("button", name=re.compile("Create|Lock|Edit|Delete|Return"))
        ).to_have_count(0)
    expect(page.get_by_role("link", name="Users and roles")).to_have_count(0)
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)
