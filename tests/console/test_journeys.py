"""From code on one's own disk to two runs side by side, without leaving the browser."""

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.acts import (
    chart,
    confirm,
    create,
    open_section,
    painted,
    phase,
    request_of,
    tab,
    write_code,
)
from tests.console.browser import Screen
from tests.console.conftest import Visit
from tests.e2e.live import LiveServer

TRAIN = """\
import argparse
import json
import time
from pathlib import Path

from trainwright import inside

parser = argparse.ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=0.1)
given, _ = parser.parse_known_args()
config = json.loads((Path(__file__).parent / "配置" / "模型.json").read_text("utf-8"))
print("开始训练", config["名称"], "learning rate", given.learning_rate, flush=True)
for step in range(3000):
    loss = 2 / (1 + step * given.learning_rate)
    inside.report(step=step, loss=loss)
    print(f"第 {step} 步 loss={loss:.4f}", flush=True)
    time.sleep(0.25)
"""


@pytest.mark.slow
def test_from_a_folder_to_a_comparison(bare: LiveServer, visit: Visit, tmp_path: Path) -> None:
    """Upload, create with two inputs, watch log and curve live, stop, rebuild with another value, compare."""
    window = visit(bare)
    page = window.page
    files = {"train.py": TRAIN, "配置/模型.json": '{"名称": "小模型"}'}
    upload_folder(window, write_code(tmp_path / "训练代码", files))
    assert set(bare.keys("obs://lab-code/")) == {"训练代码/train.py", "训练代码/配置/模型.json"}

    first = create_with_two_inputs(window)
    follow_the_log(window)
    see_the_curve_move(window)
    stop(page)

    second = rebuild_with(window, "learning_rate", "0.5")
    body = request_of(bare, second)
    assert body["algorithm"]["parameters"] == [{"name": "learning_rate", "value": "0.5"}]
    assert body["algorithm"]["code_dir"] == request_of(bare, first)["algorithm"]["code_dir"]
    tab(page, "Metrics")
    expect(chart(page, "loss")).to_be_visible()
    stop(page)
    compare(window, first, second)


def upload_folder(window: Screen, folder: Path) -> None:
    """Make a bucket and upload the folder into it."""
    window.open("/objects")
    page = window.page
    page.get_by_role("button", name="New bucket").first.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("lab-code")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("lab-code")
    page.get_by_label("Upload a folder").set_input_files(folder)
    expect(page.get_by_text("2 files uploaded")).to_be_visible()
    for name in ("训练代码", "配置", "模型.json"):
        page.get_by_role("cell").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_text("小模型").first).to_be_visible()
    assert window.barriers() == []


def create_with_two_inputs(window: Screen) -> str:
    """The folder, a click on Create job: everything else has a good beginning."""
    page = window.page
    window.open("/jobs/new")
    page.get_by_role("button", name="Browse").first.click()
    picker = page.get_by_role("dialog")
    picker.get_by_role("button", name="lab-code").click()
    picker.get_by_role("button", name="训练代码").click()
    picker.get_by_role("button", name="Use this folder").click()
    expect(page.get_by_role("combobox", name="Boot file")).to_have_value("train.py")
    side = page.get_by_role("complementary", name=re.compile(".+")).last
    expect(side.get_by_text("train.py").first).to_be_visible()
    assert window.barriers() == []
    return create(window)


def follow_the_log(window: Screen) -> None:
    """Lines come without a reload."""
    page = window.page
    expect(phase(page)).to_have_attribute("data-phase", "Running")
    tab(page, "Logs")
    expect(page.get_by_text("开始训练 小模型 learning rate 0.1").first).to_be_visible()
    expect(page.get_by_text(re.compile("第 1[0-9] 步 loss=")).first).to_be_visible()
    expect(page.get_by_text(re.compile("第 2[0-9] 步 loss=")).first).to_be_visible()


def see_the_curve_move(window: Screen) -> None:
    """The chart's last value and its picture change without a reload."""
    page = window.page
    tab(page, "Metrics")
    drawing = chart(page, "loss")
    legend = drawing.get_by_role("button")
    expect(legend).to_contain_text(re.compile(r"0\.\d"))
    before, picture = legend.inner_text(), painted(drawing)
    expect(legend).not_to_have_text(before, use_inner_text=True)
    assert painted(drawing) != picture
    assert window.barriers() == []


def stop(page: Page) -> None:
    """Stop the job whose page is open; what is asked says what is kept."""
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("dialog")).to_contain_text("outputs and logs written so far are kept")
    confirm(page, "Stop")
    expect(phase(page)).to_have_attribute("data-phase", "Terminated")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


def rebuild_with(window: Screen, name: str, value: str) -> str:
    """The same job again with one more hyperparameter."""
    page = window.page
    page.get_by_role("link", name="Rebuild…").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create job")
    open_section(page, "Parameters")
    page.get_by_role("button", name="Add").first.click()
    page.get_by_role("textbox", name="Name", exact=True).last.fill(name)
    page.get_by_role("textbox", name=f"Value of {name}").fill(value)
    return create(window)


def compare(window: Screen, first: str, second: str) -> None:
    """Tick both in the list: what differs, both curves, the table as CSV."""
    page = window.page
    window.open("/jobs")
    for box in page.get_by_role("row").get_by_role("checkbox").all()[1:]:
        box.check()
    page.get_by_role("region", name="2 selected").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare jobs")
    expect(page).to_have_url(re.compile(rf"ids=({first},{second}|{second},{first})"))
    expect(chart(page, "loss").get_by_role("button")).to_have_count(2)
    differing = page.get_by_role("row").filter(has_text="learning_rate")
    expect(differing).to_contain_text("0.5")
    row = page.get_by_role("row").filter(has_text="Boot file")
    expect(row).to_have_count(0)
    before = page.get_by_role("row").count()
    page.get_by_role("switch", name="Also what is equal").click()
    expect(page.get_by_role("row").filter(has_text="obs://lab-code/训练代码/").first).to_be_visible()
    assert page.get_by_role("row").count() > before
    assert window.barriers() == []
    with page.expect_download() as expected:
        page.get_by_role("button", name="CSV").click()
    with Path(expected.value.path()).open(encoding="utf-8-sig", newline="") as file:
        table = {cells[0]: cells[1:] for cells in csv.reader(file)}
    assert sorted(table["learning_rate"]) == ["", "0.5"]
    assert all(float(value) < 2 for value in table["loss"])
