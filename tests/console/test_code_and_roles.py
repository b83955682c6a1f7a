"""Code is edited where it lies and runs again; jobs of several roles are what was filled in."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.console.acts import create, open_section, phase, request_of
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

CODE = "obs://lab-code/训练代码/"
SLOW = "import time\nprint('第一版', flush=True)\ntime.sleep(600)\n"


@pytest.mark.slow
def test_code_is_edited_and_runs_again(bare: LiveServer, visit: Visit) -> None:
    """Who edits what a running job uses is warned; the job that is made again runs what was saved."""
    bare.put(f"{CODE}train.py", SLOW)
    body = bare.body("first", command="true")
    body["algorithm"] = {
        "code_dir": CODE, "boot_file": f"{CODE}train.py", "engine": {"engine_id": bare.python_engine()},
    }  # fmt: skip
    job = bare.create(body)
    bare.wait(job, "Running")
    window = visit(bare)
    window.open("/objects/lab-code/训练代码/train.py")
    page = window.page
    page.get_by_role("button", name="Edit").click()
    warning = page.get_by_role("alert").filter(has_text="1 job that has not ended uses this")
    expect(warning).to_contain_text("first")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("raise SystemExit(print('第二版'))\n")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert bare.get(f"{CODE}train.py").decode() == f"raise SystemExit(print('第二版'))\n{SLOW}"

    bare.call("POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"})
    bare.wait(job, "Terminated")
    window.open(f"/jobs/{job}")
    page.get_by_role("link", name="Rebuild…").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create job")
    again = create(window)
    expect(phase(page)).to_have_attribute("data-phase", "Completed")
    assert "第二版" in bare.log(again).decode()
    window.open("/objects/lab-code/训练代码/train.py?edit=1")
    expect(page.locator(".cm-content")).to_contain_text("第二版")
    expect(page.get_by_text("has not ended")).to_have_count(0)


@pytest.mark.slow
def test_roles_become_what_was_filled_in(bare: LiveServer, visit: Visit) -> None:
    """Two roles with commands, arguments, variables, numbers of tasks, a main one: the request says just that."""
    window = visit(bare)
    window.open("/jobs/new")
    page = window.page
    page.get_by_text("Command or image").click()
    open_section(page, "Resources")
    page.get_by_role("switch", name="Several roles").click()
    fill_role(page, 0, "learner", "echo learner $TOPIC", 1)
    page.get_by_role("button", name="Add role").click()
    fill_role(page, 1, "actor", "echo actor $1", 2)
    pairs = page.get_by_role("button", name=re.compile("Add$"))
    first, variables = pairs.nth(0), pairs.nth(1)  # arguments and variables of the first role
    variables.click()
    page.get_by_role("textbox", name="Name", exact=True).last.fill("TOPIC")
    page.get_by_role("textbox", name="Value of TOPIC").fill("强化学习")
    first.click()
    page.get_by_label("Value of").first.fill("3")
    page.get_by_role("textbox", name="Name", exact=True).nth(1).fill("seed")
    assert window.barriers() == []
    job = create(window)
    tasks = request_of(bare, job)["tasks"]
    assert [(one["role"], one["command"], one["task_resource"]["node_count"]) for one in tasks] == [
        ("learner", "echo learner $TOPIC", 1),
        ("actor", "echo actor $1", 2),
    ]
    assert [one.get("isMainRole", False) for one in tasks] == [True, False]
    bare.wait(job, "Completed")
    assert "learner 强化学习 --seed=3" in bare.log(job, "learner-0").decode()
    page.get_by_role("tab", name="Tasks").click()
    for task in ("learner-0", "actor-0", "actor-1"):
        expect(page.get_by_role("row").filter(has_text=task)).to_be_visible()


def fill_role(page: Page, number: int, name: str, command: str, tasks: int) -> None:
    """Name, command and number of tasks of the role with this number."""
    page.get_by_role("textbox", name="Role name").nth(number).fill(name)
    page.locator("[data-path$='.command'] textarea").nth(number + 1).fill(command)
    page.get_by_role("spinbutton", name="Tasks", exact=True).nth(number).fill(str(tasks))
