"""The log viewer over real jobs: followed live through a cut, read back, all tasks merged."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

ROWS = """[...document.querySelectorAll('[role=log] [data-key]')].map((row) =>
    [Number(row.querySelector('a').textContent), row.querySelector('[data-text]').textContent])"""

COUNTER = """\
import time
for number in range(3000):
    print(f"count {number}", flush=True)
    if number % 100 == 50:
        for share in range(5):
            print(f"\\r{share * 25}% of epoch {number // 100}", end="", flush=True)
            time.sleep(0.02)
        print(flush=True)
    time.sleep(0.004)
"""
RANKS = """\
import os, time
rank = os.environ["VC_TASK_INDEX"]
for step in range(20):
    print(f"\\x1b[31mrank {rank}\\x1b[0m \\x1b[1mstep {step}\\x1b[0m <b>", flush=True)
    time.sleep(0.02)
"""

TALE = """\
import os, sys, time
rank = os.environ["VC_TASK_INDEX"]
for step in range(1200):
    print(f"rank {rank} step {step} loss 0.{step}")
    if step % 400 == 150:
        print(f"\\x1b[1;31mERROR\\x1b[0m rank {rank} lost a block at {step}")
        print(f"a tu\\x1b[32mrn\\x1b[0ming po\\x1b[48;5;19mint\\x1b[0m at {step}")
        sys.stdout.flush()
        time.sleep(0.4)
print("wide " * 100)
"""
# Where on the minimap errors are drawn: shares of its height, one for each stroke.
STROKES = """() => {
  const canvas = document.querySelector('button[aria-label^="Where errors"] canvas');
  const copy = Object.assign(document.createElement('canvas'), { width: 12, height: canvas.height });
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(1, 0, 1, canvas.height);
  const isDrawn = (row) => row >= 0 && data[4 * row + 3] > 0;
  return Array.from({ length: canvas.height }, (_, row) => row)
    .filter((row) => isDrawn(row) && !isDrawn(row - 1)).map((row) => (row + 1) / canvas.height);
}"""


@pytest.fixture(scope="module")
def told(bare: LiveServer) -> str:
    """A job of two tasks that has ended: each told of three errors and of three turning points, in colours."""
    body = bare.body("told", TALE)
    body["spec"]["resource"]["node_count"] = 2
    job = bare.create(body)
    bare.wait(job)
    return job


def shown(page: Page) -> list[tuple[int, str]]:
    """Numbers and texts of the lines that are drawn."""
    return [(number, text) for number, text in page.evaluate(ROWS)]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_live_log_is_followed_through_a_cut(bare: LiveServer, visit: Visit) -> None:
    """Lines come as they are printed; a lost connection leaves neither gap nor double; who scrolls up stays there."""
    job = bare.create(bare.body("counted", COUNTER))
    bare.wait(job, "Running")
    window = visit(bare)
    window.expected += ["ERR_INTERNET_DISCONNECTED"]
    window.open(f"/jobs/{job}/logs")
    page = window.page
    last = page.locator("[role=log] [data-text]").last
    expect(last).to_contain_text(re.compile(r"count \d|of epoch"))
    log = page.get_by_role("log")
    follow = page.get_by_role("button", name=re.compile("^Follow"))
    expect(follow).to_have_count(0)

    window.context.set_offline(True)
    page.wait_for_timeout(1500)
    window.context.set_offline(False)
    log.hover()
    page.mouse.wheel(0, -4000)
    expect(follow).to_contain_text(re.compile(r"[1-9]"))
    stays = shown(page)[30]
    page.wait_for_timeout(1000)
    assert stays in shown(page)

    page.keyboard.press("f")
    bare.wait(job, timeout_s=120)
    expect(page.get_by_text("Ended", exact=True)).to_be_visible()
    expect(last).to_contain_text("Training end")
    lines = bare.log(job).decode().split("\n")
    while True:
        rows = shown(page)
        assert [number for number, _ in rows] == list(range(rows[0][0], rows[0][0] + len(rows)))
        for number, text in rows:
            assert text == lines[number - 1].rpartition("\r")[2]
        if rows[0][0] == 1:
            break
        page.mouse.wheel(0, -600)
        page.wait_for_timeout(50)


@pytest.mark.slow
def test_all_tasks_merged(bare: LiveServer, visit: Visit) -> None:
    """Lines of all ranks with rank and colours, a link to one of them, and what is copied is the text alone."""
    body = bare.body("merged", RANKS)
    body["spec"]["resource"]["node_count"] = 2
    job = bare.create(body)
    bare.wait(job)
    window = visit(bare)
    window.open(f"/jobs/{job}/logs?system=0")
    page = window.page
    rows = page.locator("[role=log] [data-key]")
    expect(rows).to_have_count(40)
    expect(rows.filter(has_text="worker-1").first).to_contain_text("rank 1")
    expect(rows.first.locator("[data-text]")).to_have_text(re.compile(r"^rank \d step 0 <b>$"))
    rows.nth(7).locator("a").click()
    expect(rows.nth(7)).to_have_attribute("data-target", "true")
    told = rows.nth(7).inner_text()
    page.reload()
    expect(page.locator("[data-target]")).to_have_text(told, use_inner_text=True)
    assert "mark=worker-" in page.url

    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        "getSelection().setBaseAndExtent(...[1, 3].flatMap((at) => ["
        "document.querySelectorAll('[role=log] [data-text]')[at], at === 1 ? 0 : 1]))"
    )
    page.get_by_role("log").focus()
    page.keyboard.press("Control+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"rank \d step \d+ <b>\nrank \d step \d+ <b>\nrank \d", copied), copied


def target(page: Page) -> Locator:
    """The line that the address names."""
    return page.locator("[role=log] [data-target]")


@pytest.mark.slow
def test_matches_are_walked_through_as_they_are_shown(bare: LiveServer, told: str, visit: Visit) -> None:
    """Words that colours cut in two are found, counted and highlighted; keys lead around through all matches."""
    window = visit(bare)
    window.open(f"/jobs/{told}/logs?task=worker-1")
    page = window.page
    page.get_by_role("textbox", name="Search the whole log").fill("turning POINT")
    counter = page.locator("search [role=status]")
    expect(counter).to_have_text("3")
    page.get_by_role("log").focus()
    for key, at in (("n", 1), ("n", 2), ("n", 3), ("n", 1), ("N", 3), ("N", 2)):
        page.keyboard.press(key)
        expect(counter).to_have_text(f"{at}/3")
        expect(target(page).locator("[data-text]")).to_have_text(f"a turning point at {400 * at - 250}")
        expect(target(page)).to_be_in_viewport()
    assert "".join(target(page).locator("mark").all_inner_texts()) == "turning point"

    page.get_by_role("button", name="3 errors").click()
    expect(page.get_by_role("button", name="3 errors")).to_have_attribute("aria-pressed", "true")
    expect(target(page).locator("[data-text]")).to_have_text("ERROR rank 1 lost a block at 150")
    expect(counter).to_have_text("1/3")
    page.get_by_role("button", name="Next match").click()
    expect(target(page).locator("[data-text]")).to_have_text("ERROR rank 1 lost a block at 550")
    expect(target(page)).to_have_attribute("data-error", "true")


@pytest.mark.slow
def test_colours_wrapped_lines_and_a_line_that_is_sent_to_a_colleague(
    bare: LiveServer, told: str, visit: Visit
) -> None:
    """Lines look as the program wrote them; the address of a line opens that line anywhere."""
    window = visit(bare)
    window.open(f"/jobs/{told}/logs?task=worker-0&q=turning+point&system=0")
    page = window.page
    page.get_by_role("button", name="Next match").click()
    expect(target(page).locator("[data-text]")).to_have_text("a turning point at 150")
    styles = "[...document.querySelectorAll('[data-target] [data-text] > *, [data-target] [data-text]')]"
    seen = page.evaluate(
        f"{styles}.map((one) => [one.textContent, getComputedStyle(one).color,"
        " getComputedStyle(one).backgroundColor, getComputedStyle(one).fontWeight])"
    )
    looks = {text: (color, ground, weight) for text, color, ground, weight in seen}
    plain = looks["a turning point at 150"][0]
    assert looks["int"][1] == "rgb(0, 0, 175)" and looks["rn"][0] != plain
    page.get_by_role("button", name="3 errors").click()
    expect(target(page)).to_contain_text("ERROR")
    error = target(page).locator("[data-text] > *").first
    expect(error).to_have_text("ERROR")
    assert int(error.evaluate("(one) => getComputedStyle(one).fontWeight")) >= 600
    assert error.evaluate("(one) => getComputedStyle(one).color") != plain

    link = target(page).locator("a[data-line]").get_attribute("href")
    other = visit(bare)
    other.open(f"/jobs/{told}/logs{link}")
    expect(target(other.page).locator("[data-text]")).to_have_text("ERROR rank 0 lost a block at 150")
    expect(target(other.page)).to_be_in_viewport()
    assert "line=" in other.page.url

    page = other.page
    page.get_by_role("log").focus()
    page.keyboard.press("End")
    wide = page.locator("[role=log] [data-key]").filter(has_text="wide wide").last
    wrap = page.get_by_role("button", name="Wrap long lines")
    overflow = "(box) => box.scrollWidth - box.clientWidth"
    expect(wide).to_be_in_viewport()
    assert wide.evaluate("(row) => row.offsetHeight") == 18
    assert page.get_by_role("log").evaluate(overflow) > 0
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "true")
    expect(wide).to_be_in_viewport()
    assert wide.evaluate("(row) => row.offsetHeight") >= 36
    assert page.get_by_role("log").evaluate(overflow) == 0


@pytest.mark.slow
def test_the_minimap_of_all_tasks_leads_to_every_error(bare: LiveServer, told: str, visit: Visit) -> None:
    """A stroke for each error, not only for each task's first one; a click on it goes to that line, one beside all of
    them to about that place.
    """
    window = visit(bare)
    window.open(f"/jobs/{told}/logs?task=all")
    page = window.page
    expect(page.get_by_role("button", name="6 errors")).to_be_visible()
    minimap = page.get_by_role("button", name="Where errors and matches are")
    minimap.click(position={"x": 3, "y": 1})
    expect(page.locator("[role=log] [data-key]").first).to_contain_text("Service Log")
    box = minimap.bounding_box()
    assert box is not None
    found = set()
    for share in page.evaluate(STROKES):
        before = page.url
        minimap.click(position={"x": 3, "y": share * box["height"]})
        expect(page).not_to_have_url(before)
        expect(target(page)).to_be_in_viewport()
        expect(target(page)).to_have_attribute("data-error", "true")
        found.add(target(page).locator("[data-text]").inner_text().rpartition(" ")[2])
    assert found == {"150", "550", "950"}


@pytest.mark.slow
def test_logs_are_saved_as_they_are(bare: LiveServer, told: str, visit: Visit, tmp_path: Path) -> None:
    """One log, and all of them as an archive: the very bytes that the tasks wrote."""
    window = visit(bare)
    window.open(f"/jobs/{told}/logs?task=worker-1")
    page = window.page

    def saved(name: str) -> Path:
        page.get_by_role("button", name="Download", exact=True).click()
        with page.expect_download() as started:
            page.get_by_role("link", name=name).click()
        path = tmp_path / started.value.suggested_filename
        started.value.save_as(path)
        return path

    names = [f"modelarts-job-{told}-worker-{rank}.log" for rank in range(2)]
    logs = [bare.log(told, f"worker-{rank}") for rank in range(2)]
    one = saved("Log of worker-1")
    assert (one.name, one.read_bytes()) == (names[1], logs[1])
    with zipfile.ZipFile(saved("All logs (2 tasks, zip)")) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(
            zip(names, logs, strict=True)
        )
