"""The object storage of the console with real bytes: uploads that go on where they stopped, and the editor."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console.browser import Screen, once
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

MIB = 1 << 20
LONG_AGO = """() => {
    for (const name of Object.keys(localStorage).filter((one) => one.includes("uploads"))) {
        const kept = JSON.parse(localStorage[name]).map((one) => ({ ...one, at: 0 }));
        localStorage[name] = JSON.stringify(kept);
    }
}"""


def rows(page: Page) -> Locator:
    """The names in the list of a folder."""
    return page.locator('[role="table"] [data-hotkey="row"]')


def bucket(live: LiveServer, window: Screen, name: str) -> str:
    """A fresh bucket, opened; returns the API's path of its objects."""
    assert live.call("PUT", f"/v1/{{P}}/buckets/{name}").is_success
    window.open(f"/objects/{name}/")
    return f"/v1/{{P}}/buckets/{name}/objects/"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_files_and_folders_go_up_are_moved_and_deleted(
    bare: LiveServer, visit: Visit, tmp_path: Path
) -> None:
    """What is chosen arrives with its folders; what is there already is asked about; nothing is left in the end."""
    code = tmp_path / "code"
    (code / "deep").mkdir(parents=True)
    (code / "a.py").write_text("print(1)\n")
    (code / "deep/b.txt").write_text("b\n")
    window = visit(bare)
    page = window.page
    objects = bucket(bare, window, "console-files")
    page.locator("input[type=file]").nth(1).set_input_files(code)
    expect(rows(page)).to_have_text(["code"])
    page.locator("input[type=file]").first.set_input_files(code / "a.py")
    expect(rows(page)).to_have_text(["code", "a.py"])
    assert bare.call("GET", objects + "code/deep/b.txt").text == "b\n"

    (code / "a.py").write_text("print(2)\n")
    page.locator("input[type=file]").first.set_input_files(code / "a.py")
    page.get_by_role("button", name="Upload and replace").click()
    expect(page.get_by_text("4 files uploaded")).to_be_visible()
    assert bare.call("GET", objects + "a.py").text == "print(2)\n"
    assert not window.barriers()

    page.get_by_role("button", name="More for a.py").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("main.py")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_text(["code", "main.py"])
    page.get_by_label("Choose main.py").check()
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("dialog").get_by_role("button", name="Folder code").click()
    expect(page.get_by_role("dialog").get_by_text("obs://console-files/code/")).to_be_visible()
    page.get_by_role("button", name="Use this folder").click()
    expect(rows(page)).to_have_text(["code"])
    assert bare.call("GET", objects + "code/main.py").text == "print(2)\n"

    page.get_by_label("Choose all").check()
    page.get_by_role("button", name=re.compile("Delete$")).click()
    expect(page.get_by_text("This deletes 3 files")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This folder is empty")).to_be_visible()
    assert bare.call("GET", objects.rstrip("/")).json()["objects"] == []
    window.assert_clean()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_upload_goes_on_after_a_cut_and_after_the_page_was_closed(
    bare: LiveServer, visit: Visit, tmp_path: Path
) -> None:
    """Parts that the server has are not sent twice."""
    file = tmp_path / "data.bin"
    file.write_bytes(os.urandom(40 * MIB))
    window = visit(bare)
    window.expected = ["ERR_CONNECTION_RESET", "ERR_FAILED"]
    page = window.page
    objects = bucket(bare, window, "console-uploads")
    cut = [True]
    page.route("**/parts/3", lambda route: route.abort("connectionreset") if cut else route.continue_())
    with page.expect_response("**/parts/1"), page.expect_response("**/parts/2"):
        page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_text("Connection lost").first).to_be_visible()

    page.once("dialog", lambda dialog: dialog.accept())  # uploads are on their way: leave?
    page.evaluate(LONG_AGO)
    page.reload()
    expect(page.get_by_text("Uploads were cut off here")).to_be_visible()
    cut.clear()  # not unroute: see `once`
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/parts/" in request.url else None)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose the file").click()
    chooser.value.set_files(file)
    expect(rows(page)).to_have_text(["data.bin"])
    assert [url.rpartition("/")[2] for url in sent] == ["3"]
    assert bare.call("GET", objects + "data.bin").content == file.read_bytes()
    window.assert_clean()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_editor_overwrites_nobody_and_loses_nothing(bare: LiveServer, visit: Visit) -> None:
    """What somebody else has saved meanwhile is asked about; what is not saved is back after leaving."""
    window = visit(bare)
    page = window.page
    objects = bucket(bare, window, "console-editor")
    window.expected = [": 412 http", "status of 412"]  # saving over somebody else's, twice
    assert bare.call("PUT", objects + "train.py", content=b"lr = 0.1\n").is_success
    window.open("/objects/console-editor/train.py?edit=1")
    text = page.locator(".cm-content")
    text.click()
    expect(text.locator("span").first).to_be_visible()  # in colours
    page.keyboard.press("Control+a")  # over a selection, which Chromium would style against the policy
    page.keyboard.type("lr = 0.1\nepochs = 3\n")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert bare.call("GET", objects + "train.py").text == "lr = 0.1\nepochs = 3\n"
    assert not window.barriers()

    assert bare.call("PUT", objects + "train.py", content=b"theirs\n").is_success
    page.keyboard.type("mine = 1\n")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Somebody else has changed this file")).to_be_visible()
    assert bare.call("GET", objects + "train.py").text == "theirs\n"
    page.get_by_role("button", name="Go on editing").click()
    page.get_by_role("link", name="Models").click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()

    window.open("/objects/console-editor/train.py?edit=1")
    expect(page.get_by_text("Your unsaved changes are back")).to_be_visible()
    text.click()
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Overwrite with mine").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert bare.call("GET", objects + "train.py").text == "lr = 0.1\nepochs = 3\nmine = 1\n"
    window.assert_clean()


@pytest.mark.slow
def test_saving_again_after_a_lost_answer_is_no_conflict_with_oneself(bare: LiveServer, visit: Visit) -> None:
    """The server stored it, the answer did not come: the same text saved again is saved."""
    window = visit(bare)
    page = window.page
    objects = bucket(bare, window, "console-lost")
    window.expected = [": 412 http", "status of 412", "ERR_FAILED"]
    assert bare.call("PUT", objects + "train.py", content=b"lr = 0.1\n").is_success
    window.open("/objects/console-lost/train.py?edit=1")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("epochs = 3\n")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    once(page, "**/train.py*", lose_the_answer)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_have_count(0)
    expect(page.get_by_role("alert").first).to_be_visible()
    assert bare.call("GET", objects + "train.py").text == "lr = 0.1\nepochs = 3\n"
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_text("Somebody else has changed this file")).to_have_count(0)
