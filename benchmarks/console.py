"""The console's list of 100,000 jobs: what a first visit transfers, when it paints, when it can be used."""

import statistics
from dataclasses import dataclass
from functools import partial

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.listing import fill, first_start
from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, timed
from tests.console.browser import launch
from tests.e2e.live import LiveServer

FIRST_LOAD_BUDGET_KB = 600
_ROW = ".ant-table-row"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
# Main-thread tasks that would have kept a click waiting, and when the last of them ended.
_WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(
  ...list.getEntries().map((one) => [one.startTime, one.duration]))).observe({type: 'longtask', buffered: true});
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit with an empty cache; times in ms from the navigation on."""

    transferred_kb: float
    requests: int
    painted_ms: float
    rows_ms: float
    usable_ms: float
    """Rows are there and no long task follows for half a second."""


def run(setting: Setting) -> list[Row]:
    """Cold visits, each in a browser context of its own; then what is done in the list, warm."""
    count, visits = setting.amount(100_000, 5_000), setting.amount(7, 2)
    folder = setting.folder / "console"
    fill(folder, first_start(folder), count)
    with setting.server("console") as live, sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            seen = [_visit(browser, live) for _ in range(visits)]
            actions = _act(browser, live, setting.amount(15, 3))
        finally:
            browser.close()
    first = seen[0]
    rows = [
        Row(
            "first visit, transferred",
            first.transferred_kb,
            "kB",
            at_most(FIRST_LOAD_BUDGET_KB),
            note=f"compressed, {first.requests} requests, {count:,} jobs in the database",
        ),
        Row("first visit, first paint, p50", statistics.median(one.painted_ms for one in seen), "ms"),
        Row("first visit, rows are there, p50", statistics.median(one.rows_ms for one in seen), "ms"),
        Row("first visit, usable, p50", statistics.median(one.usable_ms for one in seen), "ms"),
    ]
    rows += [
        Row(f"{name}, p50", percentile(taken, 0.5), "ms", note=f"p99 {percentile(taken, 0.99):.0f} ms")
        for name, taken in actions.items()
    ]
    return rows


def _open(browser: Browser, live: LiveServer) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.request.post(f"{live.url}/v1/session", data={"token": live.token})
    page = context.new_page()
    page.add_init_script(_WATCH_TASKS)
    return page


def _visit(browser: Browser, live: LiveServer) -> Visit:
    page = _open(browser, live)
    wire: CDPSession = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{live.url}/console/jobs", wait_until="commit")
    page.locator(_ROW).first.wait_for()
    rows_ms = float(page.evaluate("performance.now()"))
    painted_ms = float(page.evaluate(_PAINT))
    page.wait_for_timeout(500)
    tasks: list[list[float]] = page.evaluate("window.longTasks")
    ends = [start + length for start, length in tasks]
    visit = Visit(sum(sizes) / 1000, len(sizes), painted_ms, rows_ms, max([rows_ms, *ends]))
    page.context.close()
    return visit


def _act(browser: Browser, live: LiveServer, rounds: int) -> dict[str, list[float]]:
    """Milliseconds from the key or click until the rows that were asked for are shown."""
    page = _open(browser, live)
    page.goto(f"{live.url}/console/jobs")
    page.locator(_ROW).first.wait_for()
    taken: dict[str, list[float]] = {"next page": [], "search by name": [], "sort by duration": []}
    for number in range(rounds):
        word = f"net-{number % 90 + 10}-"
        taken["next page"].append(timed(partial(_click_and_wait, page, ".ant-pagination-next")))
        taken["search by name"].append(timed(partial(_search_and_wait, page, word)))
        taken["sort by duration"].append(timed(partial(_click_and_wait, page, "th:has-text('Duration')")))
        page.goto(f"{live.url}/console/jobs")
        page.locator(_ROW).first.wait_for()
    page.context.close()
    return taken


def _click_and_wait(page: Page, selector: str) -> None:
    """Until the first row is another one."""
    before = page.locator(_ROW).first.get_attribute("data-row-key")
    page.locator(selector).first.click()
    page.wait_for_function(
        f"(before) => (document.querySelector('{_ROW}')?.dataset.rowKey ?? before) !== before", arg=before
    )


def _search_and_wait(page: Page, word: str) -> None:
    """Until the first row's name begins with `word`; the field waits for a pause in the typing."""
    page.locator('[data-hotkey="search"] input').fill(word)
    page.wait_for_function(
        f"(word) => document.querySelector('{_ROW} a')?.textContent.startsWith(word)", arg=word
    )
