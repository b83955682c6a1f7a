"""The console's log viewer in a browser: a log of 1 GB, and a job that prints 1,000 lines a second for ten minutes."""

import json
import random
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.log_viewer import RARE, TASK, forget, write_log
from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting, client_of
from tests.console.browser import WIDE, launch
from tests.e2e.live import LiveServer

LINES_A_SECOND = 1000
FRAME_MS = 1000 / 60
PRINTER = """
import sys, time
began = time.monotonic()
for turn in range({seconds} * 100):
    now = time.time_ns() // 1_000_000
    first = turn * {lines} // 100
    sys.stdout.write("".join(
        "line %d at %d loss=0.1234 lr=1.0e-04 throughput 945.1 samples/s\\n" % (number, now)
        for number in range(first, (turn + 1) * {lines} // 100)
    ))
    sys.stdout.flush()
    ahead = began + (turn + 1) / 100 - time.monotonic()
    if ahead > 0:
        time.sleep(ahead)
"""
# What the page is asked. `last`: the text of the last line that is drawn; `middle`: the line in the view's middle.
_HELPERS = """
window.viewer = {
  box: () => document.querySelector('[role=log]'),
  texts: () => [...document.querySelectorAll('[role=log] [data-text]')].map((one) => one.textContent),
  last: () => viewer.texts().at(-1) ?? '',
  middle: () => {
    const box = viewer.box()?.getBoundingClientRect();
    const there = box && document.elementFromPoint(box.left + 200, box.top + box.height / 2);
    return there?.closest('[data-key]')?.dataset.key ?? '';
  },
  until: (look, limit = 60_000) => new Promise((done, failed) => {
    const began = performance.now();
    const turn = () => {
      const now = performance.now();
      if (look()) done(now - began);
      else if (now - began > limit) failed(new Error(`not within ${limit} ms: ${look}`));
      else requestAnimationFrame(turn);
    };
    turn();
  }),
};
window.longTasks = [];
new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((one) => one.duration)))
  .observe({type: 'longtask', buffered: true});
"""
_FRAMES = """
window.intervals = []; window.watching = true;
let before = performance.now();
const turn = (now) => {
  window.intervals.push(now - before); before = now;
  if (window.watching) requestAnimationFrame(turn);
};
requestAnimationFrame(turn);
"""
_BLANKS = """
window.blank = 0; window.looked = 0; window.watching = true;
const look = () => {
  window.looked += 1;
  if (!viewer.middle()) window.blank += 1;
  if (window.watching) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_LAGS = """
window.lags = [];
window.lagTimer = setInterval(() => {
  const found = / at ([0-9]+) /.exec(viewer.last());
  if (found) window.lags.push([Date.now(), Date.now() - Number(found[1])]);
}, 200);
"""


def run(setting: Setting) -> list[Row]:
    """The log is written into a job's place in the server's folder; the live one is printed by a real job."""
    mib = setting.amount(1000, 60)
    with setting.server("log-console") as live, sync_playwright() as playwright:
        job = live.create(live.body("viewed", command="true"))
        live.wait(job)
        path = write_log(live.data_dir / "logs", job, mib)
        live.stop()
        forget(path)
        live.start()
        browser = launch(playwright)
        try:
            return _large(browser, live, job, path, mib) + followed(browser, live, setting.amount(600, 10))
        finally:
            browser.close()


def _large(browser: Browser, live: LiveServer, job: str, path: Path, mib: int) -> list[Row]:
    page = _signed_in(browser, live)
    page.goto(f"{live.url}/console/jobs/{job}/config")
    page.get_by_role("tab", name="Logs").wait_for()
    heap_before = _heap_mib(page)
    last = _last_line(path)
    opened = float(
        page.evaluate(
            "async (last) => { document.querySelector('[data-node-key=logs] [role=tab]').click();"
            " return await viewer.until(() => viewer.last() === last); }",
            last,
        )
    )
    began = time.perf_counter()
    _until(page, "document.querySelector('[role=log] a[data-line]')?.textContent.length > 3")
    numbered = opened + (time.perf_counter() - began) * 1000
    again = _signed_in(browser, live)
    again.goto(f"{live.url}/console/jobs/{job}/logs", wait_until="commit")
    _until(again, f"viewer.last() === {json.dumps(last)}")
    direct = float(again.evaluate("performance.now()"))
    again.context.close()
    rows = [
        Row(
            f"tail of {mib} MiB after a click, cold",
            opened,
            "ms",
            at_most(1000),
            note="code of the tab included",
        ),
        Row("its lines have numbers after", numbered, "ms"),
        Row("tail from the address, warm", direct, "ms", note="page, code, session and log"),
        *_jumping(page),
        *_scrolling(page),
        *_searching(page),
    ]
    for share in (number / 100 for number in range(100)):
        _jump(page, share)
    rows.append(
        Row(
            "JavaScript heap after scrolling all over",
            _heap_mib(page),
            "MiB",
            at_most(100),
            heap_before,
            "before",
            f"{page.evaluate('document.querySelectorAll(`[data-key]`).length')} rows drawn",
        )
    )
    page.context.close()
    return rows


def _jumping(page: Page) -> list[Row]:
    chance = random.Random(20261122)
    taken = [_jump(page, chance.random()) for _ in range(40)]
    return [
        Row(
            "jump anywhere by the scroll bar, p99",
            percentile(taken, 0.99),
            "ms",
            at_most(300),
            note=f"p50 {percentile(taken, 0.5):.0f} ms, until lines are drawn",
        )
    ]


def _jump(page: Page, share: float) -> float:
    return float(
        page.evaluate(
            "async (share) => { const box = viewer.box(); const before = viewer.middle();"
            " box.scrollTop = share * (box.scrollHeight - box.clientHeight);"
            " return await viewer.until(() => viewer.middle() && viewer.middle() !== before); }",
            share,
        )
    )


def _scrolling(page: Page) -> list[Row]:
    """The wheel, turned fast, for some seconds: about 40 lines an event."""
    _jump(page, 0.5)
    page.wait_for_timeout(1000)
    box = page.locator("[role=log]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.evaluate("window.longTasks = []")
    page.evaluate(_FRAMES)
    turns = _turn_wheel(page, 6)
    page.evaluate("window.watching = false")
    frames: list[float] = page.evaluate("window.intervals")
    tasks: list[float] = page.evaluate("window.longTasks")
    page.evaluate(_BLANKS)  # by itself: looking costs the time that is measured above
    _turn_wheel(page, 3)
    page.evaluate("window.watching = false")
    blank, looked = page.evaluate("[window.blank, window.looked]")
    late = sum(1 for one in frames if one > 2 * FRAME_MS)
    return [
        Row(
            "longest task while the wheel turns",
            max(tasks, default=0.0),
            "ms",
            at_most(100),
            note=f"{len(tasks)} over 50 ms in 6 s",
        ),
        Row(
            "frames that came late (over 33 ms)",
            100 * late / len(frames),
            "%",
            at_most(10),
            note=f"of {len(frames)}, p99 {percentile(frames, 0.99):.0f} ms; {turns} turns of 40 lines",
        ),
        Row("frames without lines in the view's middle", 100 * blank / looked, "%", at_most(1)),
    ]


def _turn_wheel(page: Page, seconds: float) -> int:
    began, turns = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        page.mouse.wheel(0, 720 if turns % 200 < 120 else -720)
        page.wait_for_timeout(16)
        turns += 1
    return turns


def _searching(page: Page) -> list[Row]:
    word = RARE.partition(b"\n")[0].decode()[:11]
    field = page.get_by_role("textbox", name="Search the whole log")
    began = time.perf_counter()
    field.fill(word)
    counter = "document.querySelector('search [role=status]')?.textContent.trim() === '3'"
    _until(page, counter)
    counted = (time.perf_counter() - began) * 1000
    began = time.perf_counter()
    field.press("Enter")
    page.locator("[role=log] [data-target] mark").first.wait_for()
    went = (time.perf_counter() - began) * 1000
    return [
        Row(
            "rare word counted over the whole log",
            counted,
            "ms",
            at_most(5000),
            note="300 ms of typing pause included",
        ),
        Row("next match is in view after", went, "ms", at_most(500)),
    ]


def followed(browser: Browser, live: LiveServer, seconds: int) -> list[Row]:
    """A job prints, the page follows: how old the last line is that it shows."""
    job = live.create(live.body("followed", PRINTER.format(seconds=seconds, lines=LINES_A_SECOND)))
    live.wait(job, "Running", "Completed")
    page = _signed_in(browser, live)
    page.goto(f"{live.url}/console/jobs/{job}/logs")
    _until(page, "/ at [0-9]+ /.test(viewer.last())")
    page.evaluate(_LAGS)
    page.wait_for_timeout(3000)
    heap_before = _heap_mib(page)
    page.evaluate("window.longTasks = []")
    end = f"line {seconds * LINES_A_SECOND - 1} "
    _until(page, f"viewer.texts().some((one) => one.startsWith('{end}'))", seconds + 60)
    page.evaluate("clearInterval(window.lagTimer)")
    heap = _heap_mib(page)
    lags = [lag for _, lag in page.evaluate("window.lags")]
    tasks: list[float] = page.evaluate("window.longTasks")
    live.wait(job, timeout_s=60)
    page.wait_for_timeout(1500)
    tenth = max(1, len(lags) // 10)
    trend = percentile(lags[-tenth:], 0.5) - percentile(lags[:tenth], 0.5)
    fault = _fault(page, live, job)
    page.context.close()
    name = f"{LINES_A_SECOND:,} lines/s followed for {seconds} s"
    return [
        Row(
            f"{name}: age of the last line shown, p99",
            percentile(lags, 0.99),
            "ms",
            at_most(2000),
            note=f"p50 {percentile(lags, 0.5):.0f} ms, from the program's print to the screen",
        ),
        Row(
            "age at the end over that at the beginning",
            trend,
            "ms",
            at_most(250),
            note="last tenth, first tenth, p50",
        ),
        Row(
            "longest task meanwhile",
            max(tasks, default=0.0),
            "ms",
            at_most(100),
            note=f"{len(tasks)} over 50 ms",
        ),
        Row(
            "JavaScript heap at the end",
            heap,
            "MiB",
            at_most(100),
            heap_before,
            "after 3 s",
            fault or "no line missing or twice",
        ),
    ]


def _fault(page: Page, live: LiveServer, job: str) -> str:
    """What is wrong with the lines that are shown in the end: their numbers, and those that the job printed."""
    shown = page.evaluate(
        "[...document.querySelectorAll('[role=log] [data-key]')].map((row) =>"
        " [Number(row.querySelector('a').textContent), row.querySelector('[data-text]').textContent])"
    )
    with client_of(live) as client:
        page_of = client.list_log_lines(job, TASK, start_line=shown[0][0], count=1000)
    stored = [[line.number, line.text] for line in page_of.lines][: len(shown)]
    return "" if shown == stored else f"SHOWN {json.dumps(shown[-3:])}, STORED {json.dumps(stored[-3:])}"


def _signed_in(browser: Browser, live: LiveServer) -> Page:
    context = browser.new_context(viewport=WIDE, locale="en-US")  # type: ignore[arg-type]  # a plain dict is what it is
    context.request.post(f"{live.url}/v1/session", data={"token": live.token})
    page = context.new_page()
    page.add_init_script(_HELPERS)
    return page


def _until(page: Page, expression: str, limit_s: float = 60) -> None:
    """`wait_for_function` compiles text in the page, which its content-security policy forbids."""
    page.evaluate(f"viewer.until(() => {expression}, {limit_s * 1000})")


def _heap_mib(page: Page) -> float:
    wire = page.context.new_cdp_session(page)
    wire.send("HeapProfiler.collectGarbage")
    usage: dict[str, Any] = wire.send("Runtime.getHeapUsage")
    wire.detach()
    return float(usage["usedSize"]) / (1 << 20)


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(-4096, 2)
        return file.read().rstrip(b"\n").rpartition(b"\n")[2].decode()
