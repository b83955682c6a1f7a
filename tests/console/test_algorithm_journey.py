"""An algorithm made in the console binds the jobs that are made of it there."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console.acts import choose, create, open_section, request_of
from tests.console.browser import Screen
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

CODE = "obs://lab-code/手写数字识别/"


@pytest.mark.slow
def test_an_algorithm_is_made_and_used(bare: LiveServer, visit: Visit) -> None:
    """Fixed, required and limited hyperparameters; a job that keeps to them runs with what was chosen."""
    bare.put(f"{CODE}train.py", "import sys\nprint('given', sys.argv[1:])\n")
    window = visit(bare)
    make_algorithm(window)
    page = window.page
    page.get_by_role("link", name="Create job").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create job")
    open_section(page, "Parameters")
    expect(page.get_by_role("textbox", name="Value of seed")).to_be_disabled()
    rate = page.get_by_role("textbox", name="Value of lr")
    rate.fill("3")
    expect(page.get_by_text("Outside of 0 – 1.")).to_be_visible()
    rate.fill("half")
    expect(page.get_by_text(re.compile("Not of type"))).to_be_visible()
    rate.fill("0.5")
    epochs = page.get_by_role("textbox", name="Value of epochs")
    epochs.fill("")
    page.get_by_role("button", name="Create job").click()
    expect(page.get_by_text("Required.")).to_be_visible()
    epochs.fill("2")
    choose(page, "Value of optimizer", "adam")
    expect(page.get_by_text(re.compile("problem"))).to_have_count(0)
    assert window.barriers() == []
    job = create(window)
    given = {one["name"]: one["value"] for one in request_of(bare, job)["algorithm"]["parameters"]}
    assert given == {"lr": "0.5", "epochs": "2", "optimizer": "adam", "seed": "7"}
    bare.wait(job, "Completed")
    assert b"'--lr=0.5'" in bare.log(job)


def make_algorithm(window: Screen) -> None:
    """Fill in the form of a new algorithm; what is wrong is said before it is sent."""
    page = window.page
    window.open("/algorithms")
    page.get_by_role("main").get_by_text("New algorithm").first.click()
    page.get_by_role("textbox", name="Code folder").fill(CODE)
    expect(page.get_by_role("combobox", name="Boot file")).to_have_value("train.py")
    page.get_by_role("button", name="Paste a command").click()
    dialog = page.get_by_role("dialog").or_(page.get_by_role("tooltip")).last
    dialog.get_by_role("textbox").fill("python train.py --lr 0.1 --epochs=3 --optimizer sgd --seed 7")
    dialog.get_by_role("button", name=re.compile("^Take 4")).click()
    expect(row(page, "lr")).to_be_visible()
    limit(page, "lr", "Range")
    row(page, "lr").get_by_role("textbox", name="From").fill("0")
    row(page, "lr").get_by_role("textbox", name="To").fill("0.01")
    row(page, "epochs").get_by_role("checkbox", name="Required").check()
    limit(page, "optimizer", "Choice")
    for value in ("sgd", "adam"):
        row(page, "optimizer").get_by_role("combobox", name="Values").fill(value)
        page.keyboard.press("Enter")
    row(page, "seed").get_by_role("button", name=re.compile("^Limits")).click()
    row(page, "seed").get_by_role("checkbox", name="Jobs cannot change it").check()
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text("The default is not among the allowed values.")).to_be_visible()
    expect(page.get_by_text("Required.")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).first.fill("digits-softmax")
    row(page, "lr").get_by_role("textbox", name="To").fill("1")
    expect(page.get_by_text("The default is not among the allowed values.")).to_have_count(0)
    assert window.barriers() == []
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("digits-softmax")


def row(page: Page, name: str) -> Locator:
    """The hyperparameter of this name in the algorithm's form."""
    return page.get_by_role("listitem").filter(has=page.locator(f"input[value='{name}']")).first


def limit(page: Page, name: str, kind: str) -> None:
    """Say that only some values are allowed."""
    row(page, name).get_by_role("button", name=re.compile("^Limits")).click()
    row(page, name).get_by_text(kind, exact=True).click()
