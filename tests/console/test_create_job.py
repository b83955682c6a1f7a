"""The create page: a plain job in two inputs, what is wrong where it is wrong, one job however often one clicks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.browser import NARROW, Screen
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

CODE = "obs://create/digits/code/"
ALGORITHM = "digits-fixed"


@pytest.fixture(scope="module")
def live(bare: LiveServer) -> Iterator[LiveServer]:
    """A server with a code folder, some data and an algorithm that fixes what it can."""
    bare.put(f"{CODE}train.py", "print('trained')\n")
    bare.put(f"{CODE}deeper/other.py", "")
    bare.put("obs://create/digits/data/a.csv", "1,2\n")
    body = {
        "metadata": {"name": ALGORITHM},
        "job_config": {
            "code_dir": CODE,
            "boot_file": f"{CODE}train.py",
            "engine": {"engine_id": bare.python_engine()},
            "parameters_customization": False,
            "parameters": [
                {"name": "seed", "value": "7", "constraint": {"type": "Integer", "editable": False}},
                {
                    "name": "lr", "value": "0.1",
                    "constraint": {"type": "Float", "valid_type": "Range", "valid_range": ["0", "1"]},
                },
            ],
            "inputs": [{"name": "data_url", "remote_constraints": [{"data_type": "obs"}]}],
        },
        "resource_requirements": [{"key": "host_distributed_mode", "operator": "in", "values": ["singular"]}],
    }  # fmt: skip
    assert bare.call("POST", "/v2/{P}/algorithms", json=body).status_code == 201
    yield bare


def fill_code(page: Page) -> None:
    """The one thing that a plain job needs to be told; its boot file is found."""
    page.get_by_label("Code folder", exact=True).fill(CODE)
    expect(page.get_by_role("combobox", name="Boot file")).to_have_value("train.py")


def create(page: Page) -> Any:
    """The button."""
    return page.get_by_role("complementary").get_by_role("button", name="Create job")


def made(live: LiveServer, page: Page) -> dict[str, Any]:
    """The job that the page went to."""
    page.wait_for_url(re.compile(r"/console/jobs/[0-9a-f-]{36}"))
    return live.show(page.url.rpartition("/")[2].partition("?")[0])


def names(live: LiveServer) -> list[str]:
    """Of all jobs."""
    found = live.call("POST", "/v2/{P}/training-job-searches", json={"limit": 50}).json()["items"]
    return [job["metadata"]["name"] for job in found]


def open_form(window: Screen, path: str = "/jobs/new") -> Page:
    """The page with its form."""
    window.open(path)
    window.page.get_by_role("form").wait_for()
    return window.page


def test_a_plain_job_takes_one_input(live: LiveServer, visit: Visit) -> None:
    page = open_form(visit(live, language="en"))
    fill_code(page)
    expect(page.get_by_text("user-job-dir/code/train.py", exact=False).first).to_be_visible()
    expect(page.get_by_text("Starts at once")).to_be_visible()
    create(page).click()
    job = made(live, page)
    assert job["metadata"]["name"].startswith("digits-")
    assert job["algorithm"]["boot_file"] == f"{CODE}train.py"


def test_what_is_missing_is_said_where_it_is_missing(live: LiveServer, visit: Visit) -> None:
    page = open_form(visit(live, language="en"))
    expect(page.get_by_text("Required.")).to_have_count(0)
    create(page).click()
    expect(page.get_by_text("Required.")).to_have_count(2)
    expect(page.get_by_label("Code folder", exact=True)).to_be_focused()
    fill_code(page)
    expect(page.get_by_text("Required.")).to_have_count(0)


def test_the_servers_refusal_stands_at_its_field(live: LiveServer, visit: Visit) -> None:
    window = visit(live, language="en")
    window.expected += ["training-job-previews", "status of 400"]
    page = open_form(window)
    fill_code(page)
    page.get_by_role("button", name=re.compile("^Options")).click()
    page.get_by_label("Copy of the logs").fill("obs://no-such-bucket-here/logs/")
    page.get_by_role("button", name=re.compile("^Resources")).click()
    page.get_by_label("Nodes").fill("500")
    field = page.locator("[data-path='spec.resource.node_count']")
    expect(field.get_by_role("alert")).to_contain_text("500")
    page.get_by_label("Nodes").fill("1")
    expect(field.get_by_role("alert")).to_have_count(0)


def test_two_clicks_and_a_lost_answer_make_one_job(live: LiveServer, visit: Visit) -> None:
    window = visit(live, language="en")
    window.expected += ["ERR_FAILED", "Failed to load resource"]
    page = open_form(window)
    fill_code(page)
    page.get_by_label("Name", exact=True).first.fill("made-once")
    lost: list[str] = []

    def lose(route: Route) -> None:
        """The job is made; its answer does not arrive."""
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().text())
        route.abort()

    page.route("**/training-jobs", lose)
    create(page).dblclick()
    expect(page.get_by_role("complementary").get_by_role("alert")).to_be_visible()
    create(page).click()
    assert made(live, page)["metadata"]["name"] == "made-once"
    assert names(live).count("made-once") == 1


def test_a_taken_name_is_told_while_typing(live: LiveServer, visit: Visit) -> None:
    live.create(live.body("taken-name", command="true"))
    page = open_form(visit(live, language="en"))
    page.get_by_label("Name", exact=True).first.fill("taken-name")
    expect(page.get_by_text("There is a job of this name already.")).to_be_visible()


def test_a_draft_survives_a_reload_without_secrets(live: LiveServer, visit: Visit) -> None:
    page = open_form(visit(live, language="en"))
    page.on("dialog", lambda dialog: dialog.accept())
    fill_code(page)
    page.get_by_role("button", name=re.compile("^Parameters")).click()
    page.get_by_role("button", name="Paste .env").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("MODE=fast\nMY_TOKEN=hush")
    page.get_by_role("button", name="Take 2 values").click()
    expect(page.get_by_label("Value of MODE")).to_have_value("fast")
    page.wait_for_timeout(600)
    page.reload()
    expect(page.get_by_label("Code folder", exact=True)).to_have_value(CODE)
    page.get_by_role("button", name=re.compile("^Parameters")).click()
    expect(page.get_by_label("Value of MODE")).to_have_value("fast")
    expect(page.get_by_label("Value of MY_TOKEN")).to_have_value("")
    assert "hush" not in page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    page.get_by_role("button", name="Start over").click()
    expect(page.get_by_label("Code folder", exact=True)).to_have_value("")


def test_an_algorithm_fixes_what_it_says(live: LiveServer, visit: Visit) -> None:
    algorithms = live.call("GET", "/v2/{P}/algorithms").json()["items"]
    (algorithm,) = [each["metadata"]["id"] for each in algorithms if each["metadata"]["name"] == ALGORITHM]
    page = open_form(visit(live, language="en"), f"/jobs/new?algorithm={algorithm}")
    for section in ("Data", "Parameters", "Resources"):
        page.get_by_role("button", name=re.compile(f"^{section}")).click()
    expect(page.get_by_label("Value of seed")).to_be_disabled()
    page.get_by_label("Value of lr").fill("3")
    expect(page.get_by_text("Outside of 0 – 1.")).to_be_visible()
    page.get_by_label("Value of lr").fill("0.5")
    expect(page.get_by_text("one node only").first).to_be_visible()
    page.get_by_label("Source of data_url").fill("obs://create/digits/data/")
    create(page).click()
    shown = made(live, page)
    values = {each["name"]: each["value"] for each in shown["algorithm"]["parameters"]}
    assert (shown["algorithm"]["id"], values) == (algorithm, {"seed": "7", "lr": "0.5"})


def test_a_rebuilt_job_is_the_same(live: LiveServer, visit: Visit) -> None:
    body = live.body("to-rebuild", command="echo 'a  b'", environments={"A": "1", "EMPTY": ""})
    body["metadata"]["annotations"] = {"team/own": "kept", "fault-tolerance/job-retry-num": "2"}
    body["algorithm"]["parameters"] = [{"name": "verbose", "flag": True}, {"name": "lr", "value": "0.1"}]
    job = live.create(body)
    page = open_form(visit(live, language="en"), f"/jobs/new?from={job}")
    expect(page.get_by_label("Name", exact=True).first).to_have_value("to-rebuild-copy")
    create(page).click()
    copy = made(live, page)["metadata"]["id"]
    first, second = (live.call("GET", f"/v2/{{P}}/training-jobs/{one}/request").json() for one in (job, copy))
    for each in (first, second):
        each["metadata"].pop("name")
    assert first == second


def test_roles_by_keyboard(live: LiveServer, visit: Visit) -> None:
    page = open_form(visit(live, language="en"))
    page.get_by_role("radio", name="Command or image").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name=re.compile("^Resources")).focus()
    page.keyboard.press("Enter")
    page.get_by_role("switch", name="Several roles").focus()
    page.keyboard.press("Space")
    page.get_by_role("form").get_by_role("button", name="Copy").focus()
    page.keyboard.press("Enter")
    commands = page.locator("[data-path$='.command'] textarea")
    expect(commands).to_have_count(3)  # the job's own, which may stay empty, and one for each role
    for index, command in ((1, "echo one"), (2, "echo two")):
        commands.nth(index).focus()
        page.keyboard.type(command)
    create(page).focus()
    page.keyboard.press("Enter")
    shown = made(live, page)
    request = live.call("GET", f"/v2/{{P}}/training-jobs/{shown['metadata']['id']}/request").json()
    assert [(each["role"], each["command"]) for each in request["tasks"]] == [
        ("worker", "echo one"), ("worker-2", "echo two"),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_accessible_and_fits_a_telephone(live: LiveServer, visit: Visit, language: str) -> None:
    window = visit(live, language=language, size=NARROW)
    page = open_form(window)
    closed = page.locator("form button[aria-expanded=false][aria-controls]")
    while closed.count():
        closed.first.click()
    assert window.barriers() == []
    assert window.overflow() <= 0
