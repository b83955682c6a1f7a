"""The door of the console, and what follows one through it: session, language, theme, keys."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.console.browser import Screen
from tests.console.conftest import Visit
from tests.console.demo_people import PEOPLE, make_people
from tests.e2e.live import LiveServer
from trainwright.client import connect

STUDENT = PEOPLE["student"]
NOBODY: dict[str, str] = {}


@pytest.fixture(scope="module")
def peopled(bare: LiveServer) -> Iterator[LiveServer]:
    """The server with accounts that have passwords."""
    with connect(endpoint=bare.url, project_id=bare.project_id, token=bare.token) as platform:
        make_people(platform)
    yield bare


def enter(window: Screen, name: str, password: str) -> None:
    """Fill in the door's form and go."""
    window.page.get_by_role("textbox", name="Account").fill(name)
    window.page.get_by_role("textbox", name="Password").fill(password)
    window.page.get_by_role("button", name="Sign in").click()


def test_the_first_day(bare: LiveServer, visit: Visit) -> None:
    """The hint names the file with the token; a wrong token says so and stays; the right one leads where one wanted."""
    window = visit(bare, who=NOBODY)
    window.expected.append("401")
    window.open("/jobs?phase=Failed")
    page = window.page
    expect(page.get_by_text(str(bare.data_dir / "admin.json"))).to_be_visible()
    assert window.barriers() == []
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Enter a token.")).to_be_visible()
    token = page.get_by_role("textbox", name="Token")
    token.fill("tw_wrong")
    page.get_by_role("button", name="Sign in").click()
    alert = page.get_by_role("alert").filter(has_text="Trainwright.")
    expect(alert).to_be_visible()
    expect(token).to_have_value("tw_wrong")
    assert window.barriers() == []
    token.fill(f"  {bare.token}\n")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Training jobs")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/console/jobs\?phase=Failed$"))
    assert "trainwright_session" not in page.evaluate("document.cookie"), "no script may read it"


def test_by_password(peopled: LiveServer, visit: Visit) -> None:
    """A wrong password says so, with a code, and nothing of what was typed is lost; signing out ends the session."""
    window = visit(peopled, who=NOBODY)
    window.expected.append("401")
    window.open("/")
    page = window.page
    page.get_by_role("tab", name="Password").click()
    enter(window, STUDENT.name, "wrong")
    alert = page.get_by_role("alert").filter(has_text="password")
    expect(alert).to_contain_text(re.compile(r"\b[A-Za-z]+\.\d{4}\b"))
    expect(page.get_by_label("Account")).to_have_value(STUDENT.name)
    expect(page.get_by_role("textbox", name="Password")).to_have_value("wrong")
    enter(window, STUDENT.name, STUDENT.password)
    expect(page.get_by_role("heading", level=1, name="Overview")).to_be_visible()
    cookies = [one for one in window.context.cookies() if one["name"] == "trainwright_session"]
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [(True, "Strict")]

    window.open("/jobs")
    page.get_by_role("button", name=f"Account of {STUDENT.name}").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    kept = httpx.get(
        f"{peopled.url}/v2/{peopled.project_id}/training-job-engines",
        cookies={"trainwright_session": cookies[0]["value"]},
    )
    assert kept.status_code == 401, "a cookie that somebody kept is worth nothing any more"
    page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_session_that_ends_loses_no_work(peopled: LiveServer, visit: Visit) -> None:
    """Somebody fills in a form, the session ends, they sign in again: the same page, and all they had typed."""
    window = visit(peopled, who={"name": STUDENT.name, "password": STUDENT.password})
    window.expected.append("401")
    window.open("/jobs/new")
    page = window.page
    page.get_by_text("Command or image").click()
    page.get_by_role("textbox", name="Command").fill("echo 训练一晚上")
    expect(page.get_by_role("complementary").get_by_text("echo 训练一晚上").first).to_be_visible()
    end_session(peopled, window)
    page.keyboard.type(" ")  # the preview is asked for anew
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.get_by_role("tab", name="Password").click()
    enter(window, STUDENT.name, STUDENT.password)
    expect(page.get_by_role("heading", level=1, name="Create job")).to_be_visible()
    expect(page.get_by_text("Your draft is back as you left it.")).to_be_visible()
    expect(page.get_by_text("echo 训练一晚上").first).to_be_visible()


def end_session(live: LiveServer, window: Screen) -> None:
    """Sign out from elsewhere; the window still has its cookie."""
    value = next(one["value"] for one in window.context.cookies() if one["name"] == "trainwright_session")
    cookies = {"trainwright_session": value}
    shown = httpx.get(f"{live.url}/v1/session", cookies=cookies).json()
    ended = httpx.delete(
        f"{live.url}/v1/session", cookies=cookies, headers={"X-CSRF-Token": shown["csrf_token"]}
    )
    assert ended.status_code == 204


def test_language_and_theme_are_remembered(peopled: LiveServer, visit: Visit) -> None:
    """They change all of the page at once, and are there again after a reload, in other tabs and at the door."""
    window = visit(peopled)
    window.open("/jobs")
    page = window.page
    page.get_by_role("button", name="切换到中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("训练作业")
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
    page.get_by_role("button", name="主题").click()
    page.get_by_role("menuitem", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    window.open("/account")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert window.missing_sentences() == []
    other = window.context.new_page()
    other.goto(f"{peopled.url}/console/jobs")
    expect(other.get_by_role("heading", level=1)).to_have_text("训练作业")
    other.get_by_role("button", name="主题").click()
    other.get_by_role("menuitem", name="浅色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    window.context.clear_cookies()
    window.open("/")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_what_the_server_says_is_in_the_language_too(peopled: LiveServer, visit: Visit) -> None:
    """Its errors come in Chinese to who reads Chinese."""
    window = visit(peopled, who=NOBODY, language="zh")
    window.expected.append("401")
    window.open("/")
    page = window.page
    page.get_by_role("tab", name="密码").click()
    page.get_by_label("账号").fill("没有此人")
    page.get_by_role("textbox", name="密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert").filter(has_text="密码")).to_be_visible()
    assert window.barriers() == []


def test_keys(peopled: LiveServer, visit: Visit) -> None:
    """Going, creating, searching, walking and opening without a mouse."""
    for name in ("first", "second", "third"):
        peopled.create(peopled.body(f"keys-{name}", command="true"))
    window = visit(peopled)
    window.open("/")
    page = window.page
    heading = page.get_by_role("heading", level=1)
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(heading).to_have_text("Training jobs")
    expect(page.get_by_role("link", name="keys-third", exact=True)).to_be_visible()
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(heading).to_have_text("keys-second")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(heading).to_have_text("Training jobs")
    page.keyboard.press("/")
    expect(page.get_by_label("Name or id")).to_be_focused()
    page.keyboard.type("keys-f gj?c")
    expect(page.get_by_text("No job matches these filters")).to_be_visible()
    expect(heading).to_have_text("Training jobs")
    page.get_by_label("Name or id").fill("")
    page.keyboard.press("Escape")
    heading.click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert window.barriers() == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("c")
    expect(heading).to_have_text("Create job")
