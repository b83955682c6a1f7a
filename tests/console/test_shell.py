"""A shell in a running task, in a real browser: what is typed runs, how it ended is said, the policy is kept."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

SCRIPT = "import time\nprint('running', flush=True)\ntime.sleep(600)\n"
TRUE_COLOUR = r"printf '\033[38;2;255;200;0mbright\033[0m\033[31mred\033[0m\n'"


@pytest.fixture(scope="module")
def job(bare: LiveServer) -> Iterator[str]:
    """One whose command runs for as long as the tests."""
    made = bare.create(bare.body("for-shells", SCRIPT))
    bare.wait(made, "Running")
    yield made
    stop(bare, made)


def stop(live: LiveServer, job: str) -> None:
    """Stop it, unless it has ended."""
    if live.show(job)["status"]["phase"] == "Running":
        answer = live.call(
            "POST", f"/v2/{{P}}/training-jobs/{job}/actions", json={"action_type": "terminate"}
        )
        assert answer.status_code < 300, answer.text
    live.wait(job)


def run(page: Page, command: str) -> None:
    """Type a line into the terminal."""
    page.keyboard.type(command)
    page.keyboard.press("Enter")


def is_connected(page: Page) -> None:
    """Wait for the shell."""
    expect(page.get_by_role("status").filter(has_text="Connected")).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_shell_in_a_running_task(bare: LiveServer, visit: Visit, job: str) -> None:
    """From the tab to the end of the task; `visit` fails on whatever the browser logs, a breach of the policy too."""
    window = visit(bare)
    page = window.page
    window.open(f"/jobs/{job}")
    page.get_by_role("tab", name="Shell", exact=True).click()
    is_connected(page)
    rows = page.locator(".xterm-rows")
    run(page, "echo $((6*7))")
    expect(rows.get_by_text("42", exact=True)).to_be_visible()
    run(page, TRUE_COLOUR)
    expect(rows.locator("span", has_text="bright").last).to_have_attribute(
        "style", "color: rgb(134, 105, 0);"
    )
    assert not window.barriers()

    page.set_viewport_size({"width": 1000, "height": 700})
    run(page, "clear; stty size")
    columns = page.get_by_role("status").filter(has_text="Connected").inner_text().split()[-3]
    expect(rows).to_contain_text(f" {columns}")

    run(page, "exit 3")
    expect(page.get_by_role("alert")).to_contain_text("exit code 3")
    page.get_by_role("button", name="Open again").click()
    is_connected(page)
    run(page, "echo on$((1))again")
    expect(rows).to_contain_text("on1again")

    stop(bare, job)
    expect(page.get_by_role("alert")).to_contain_text("worker-0 runs no command any more")
    expect(page.get_by_role("button", name="Open again")).to_have_count(0)
    window.open(f"/jobs/{job}/shell")
    expect(page.get_by_text("worker-0 runs no command now")).to_be_visible()
    told = [event for event in bare.events(job) if "shell" in event]
    assert len(told) == 4, told
