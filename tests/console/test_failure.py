"""A job fails: its page says why, and leads to the line of the log where it shows."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.acts import tab
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

SCRIPT = """\
for number in range(5000):
    print(f"line {number} of the usual", flush=number % 500 == 0)
data = {"标签": "兔子"}
print("下一步读取类别", flush=True)
data["类别"]
"""


@pytest.mark.slow
def test_the_cause_leads_to_the_first_error(bare: LiveServer, visit: Visit) -> None:
    """From the list of failures to the line, its address for a colleague, and the other errors of the log."""
    job = bare.create(bare.body("cats-dogs", SCRIPT))
    bare.wait(job, "Failed")
    window = visit(bare)
    window.open("/")
    page = window.page
    page.get_by_role("link", name="cats-dogs", exact=True).first.click()
    cause = page.get_by_role("region", name="Why")
    expect(cause).to_contain_text("exit code 1")
    assert window.barriers() == []
    cause.get_by_role("link", name="First error in the log").click()
    target = page.locator("[data-target]")
    expect(target).to_contain_text("Traceback")
    expect(page.locator("[data-key]").filter(has_text="KeyError: '类别'")).to_be_visible()
    address = re.search(r"[?&]line=([^&]+)", page.url)
    assert address, page.url
    assert window.barriers() == []

    colleague = visit(bare, language="zh", dark=True)
    colleague.page.goto(page.url)
    expect(colleague.page.locator("[data-target]")).to_contain_text("Traceback")

    page.get_by_role("textbox", name="Search").or_(page.get_by_label(re.compile("Search"))).first.fill(
        "of the usual"
    )
    expect(page.get_by_role("status").filter(has_text="5,000")).to_be_visible()
    tab(page, "Events")
    expect(page.get_by_text(re.compile("failed", re.IGNORECASE)).first).to_be_visible()


SILENT = """\
import os, time
kept = []
while os.environ["VC_TASK_INDEX"] == "1":
    kept.append(b"x" * (16 << 20))
time.sleep(60)
"""


@pytest.mark.slow
def test_a_death_that_left_no_words_is_told_by_what_the_platform_saw(bare: LiveServer, visit: Visit) -> None:
    """The task that failed first by its name, not by its place; the event about it; advice; the log's end."""
    body = bare.body("cache-all", SILENT)
    body["spec"]["resource"]["node_count"] = 2
    job = bare.create(body)
    bare.wait(job, "Failed")
    window = visit(bare)
    window.open(f"/jobs/{job}")
    cause = window.page.get_by_role("region", name="Why")
    expect(cause).to_contain_text("worker-1 failed first")
    expect(cause.get_by_role("link", name="killed because memory ran out")).to_be_visible()
    expect(cause).to_contain_text("Choose a flavor with more memory")
    cause.get_by_role("link", name="End of the log").click()
    expect(window.page).to_have_url(re.compile(r"/logs\?task=worker-1"))
