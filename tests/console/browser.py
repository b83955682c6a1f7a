"""A real Chromium in front of a real server, and what every look at a page must prove."""

import functools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect
from playwright.sync_api import Error as PlaywrightError

CONSOLE = Path(__file__).parents[2] / "console"
CHROMIUM = "/usr/bin/chromium"
_FLAGS = (  # no sandbox: tests run as root; the rest keeps Chromium from looking for hosts of its own
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 20_000
_LOADING = "[role=status] .ant-spin, .ant-skeleton, .ant-spin-spinning, [aria-busy=true]"
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
_NAMESPACES = sorted(path.stem for path in (CONSOLE / "src/locales/en").glob("*.json"))
_BARE_KEY = re.compile(rf"\b(?:{'|'.join(_NAMESPACES)})\.[a-z]\w+(?:\.\w+)*\b")


@functools.cache
def _axe() -> str:
    return (CONSOLE / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium; scripts/test-setup installs it. Expectations get the patience that busy machines need."""
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))


def once(page: Page, url: str, handle: Callable[[Route], None]) -> None:
    """Let `handle` have the first request for `url`; those after it go their way.

    Not Playwright's `times=1`: interception then ends with that request, and another one that is on its way at that
    moment is sometimes never answered (seen in 2 of 180 windows, in none of 240 this way).
    """
    handlers = iter((handle,))

    def pass_on(route: Route) -> None:
        chosen = next(handlers, None)
        if chosen is None:
            route.continue_()
        else:
            chosen(route)

    page.route(url, pass_on)


@dataclass
class Screen:
    """One signed-in window. Every error that the page logs, throws or gets is kept in `problems`."""

    base: str
    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of problems that a test provokes on purpose."""

    def __post_init__(self) -> None:
        page = self.page
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", self._logged)
        page.on(
            "response",
            lambda answer: (
                self.problems.append(f"{page.url}: {answer.status} {answer.url}")
                if answer.status >= 400
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.base, "blob:", "data:"))
                else self.problems.append(f"{page.url}: asks another host: {request.url}")
            ),
        )

    def _logged(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{self.page.url}: {message.type}: {message.text}")

    def open(self, path: str) -> None:
        """Go to a page below /console and wait until it has what it shows."""
        self.page.goto(f"{self.base}/console{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        self.page.locator("h1").first.wait_for()
        expect(self.page.locator(_LOADING)).to_have_count(0, timeout=PATIENCE_MS)

    def assert_clean(self) -> None:
        """Nothing went wrong so far, and no text on the page is the name of a sentence."""
        found = [*self.take_problems(), *self.missing_sentences()]
        assert not found, "\n".join(found)

    def faults_of(self, path: str) -> list[str]:
        """Open a page; what is wrong with it, its accessibility among it."""
        try:
            self.open(path)
        except PlaywrightError as failure:
            return [*self.take_problems(), f"{self.page.url} does not come up: {failure}"]
        return [*self.take_problems(), *self.missing_sentences(), *self.barriers(), *self.named_icons()]

    def take_problems(self) -> list[str]:
        """What went wrong since the last time, without what was expected."""
        found = [one for one in self.problems if not any(part in one for part in self.expected)]
        self.problems.clear()
        return found

    def missing_sentences(self) -> list[str]:
        """Texts on the page that are the name of a sentence instead of the sentence."""
        keys = sorted(set(_BARE_KEY.findall(self.page.locator("body").inner_text())))
        return [f"{self.page.url} shows names of sentences: {keys}"] if keys else []

    def barriers(self) -> list[str]:
        """What axe finds against WCAG 2 A and AA, once nothing is loading."""
        self.settle()
        self.page.evaluate(_axe())
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']})"
        )
        return [
            f"{self.page.url}: {one['id']} ({one['impact']}): {one['help']}\n"
            + "\n".join(
                f"    {node['html'][:200]}\n      {node['failureSummary'][:300]}" for node in one["nodes"][:4]
            )
            for one in found["violations"]
        ]

    def named_icons(self) -> list[str]:
        """Icons that call themselves by the name that antd gave them, such as `plus`, in the names of buttons, too."""
        found = self.page.evaluate(
            "[...document.querySelectorAll('.anticon[aria-label]')].map((one) => one.getAttribute('aria-label'))"
        )
        named = sorted({name for name in found if re.fullmatch("[a-z]+(-[a-z]+)*", name)})
        return [f"{self.page.url}: icons say {named}"] if named else []

    def overflow_on_a_telephone(self) -> int:
        """By how many pixels the page would be wider than a telephone; the window is as wide as before afterwards."""
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a plain dict is what it is
        try:
            self.page.evaluate(
                "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            return self.overflow()
        finally:
            self.page.set_viewport_size(before)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@contextmanager
def screen(
    browser: Browser,
    base: str,
    who: dict[str, str],
    *,
    language: str = "en",
    dark: bool = False,
    size: dict[str, int] | None = None,
) -> Iterator[Screen]:
    """A fresh window; signed in as `who` (the body of POST /v1/session) unless that is empty."""
    context = browser.new_context(
        viewport=size or WIDE,  # type: ignore[arg-type]  # a plain dict is what it is
        locale="zh-CN" if language == "zh" else "en-US",
        color_scheme="dark" if dark else "light",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    try:
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(
            f"if (!localStorage.getItem('trainwright.language')) "
            f"localStorage.setItem('trainwright.language', {json.dumps(language)})"
        )
        if who:
            answer = context.request.post(f"{base}/v1/session", data=who)
            assert answer.ok, answer.text()
        yield Screen(base, context, context.new_page())
    finally:
        context.close()
