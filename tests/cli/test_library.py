"""`trainwright algorithm|gallery|dataset|experiment|tag` against the real application, in both languages."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.server.world import ServerWorld

pytestmark = pytest.mark.anyio


def field(out: str, name: str) -> str:
    """The value printed beside a name."""
    found = re.search(rf"^{re.escape(name)} +(.+?) *$", out, re.MULTILINE)
    assert found, out
    return found[1]


async def engine(run: Run) -> str:
    """Any of the catalogue."""
    return str(json.loads((await run("engine", "list", "-o", "json"))[1])["items"][0]["engine_id"])


async def test_experiments(run: Run) -> None:
    """Made, listed, changed, found by name, deleted."""
    code, out, _ = await run("experiment", "create", "first", "--description", "which?")
    assert code == 0 and field(out, "Name") == "first" and field(out, "Jobs") == "0"
    _, out, _ = await run("experiment", "list", "--language", "zh-cn")
    assert out.split()[:3] == ["名称", "作业数", "创建时间"] and "which?" in out
    _, out, _ = await run("experiment", "change", "first", "--name", "second", "--description", "")
    assert field(out, "Name") == "second" and "Description" not in out
    assert (
        json.loads((await run("experiment", "show", "second", "-o", "json"))[1])["metadata"]["name"]
        == "second"
    )
    assert (await run("experiment", "show", "first"))[0] == 3
    code, _, err = await run("experiment", "show", "")
    assert code == 2 and "An id or a name is needed." in err
    assert (await run("experiment", "delete", "second"))[1] == "second deleted.\n"
    assert (await run("experiment", "delete", "second"))[0] == 3


async def test_datasets(run: Run, tmp_path: Path) -> None:
    """A folder under a name, and versions of it."""
    (tmp_path / "a.txt").write_text("a")
    await run("obs", "mb", "obs://data")
    await run("obs", "cp", str(tmp_path / "a.txt"), "obs://data/digits/a.txt")
    code, out, err = await run("dataset", "create", "digits", "obs://data/digits/", "--description", "x")
    assert code == 0, err
    assert field(out, "Folder") == "obs://data/digits/"
    assert "obs://data/digits/" in (await run("dataset", "list"))[1]
    code, _, err = await run("dataset", "objects", "digits")
    assert code == 2 and "Dataset digits has no versions." in err
    code, out, _ = await run("dataset", "add-version", "digits", "--name", "v1", "--language", "zh-cn")
    assert code == 0 and field(out, "版本") == "v1"
    assert "v1" in (await run("dataset", "versions", "digits"))[1]
    assert field((await run("dataset", "show", "digits", "--version", "v1"))[1], "Version") == "v1"
    assert (await run("dataset", "show", "digits", "--version", "v2"))[0] == 3
    assert field((await run("dataset", "change", "digits", "--description", "y"))[1], "Description") == "y"
    assert (await run("dataset", "delete", "digits", "--version", "v1"))[1] == "v1 deleted.\n"
    assert (await run("dataset", "delete", "digits"))[1] == "digits deleted.\n"
    assert (await run("dataset", "list"))[1].split() == [
        "NAME",
        "FOLDER",
        "CREATED",
        "USER",
        "DESCRIPTION",
        "ID",
    ]


async def test_algorithms_and_the_gallery(run: Run, tmp_path: Path) -> None:
    """Saved from a folder here, changed in part, published, subscribed to, withdrawn."""
    code_dir = tmp_path / "code"
    code_dir.mkdir()
    (code_dir / "train.py").write_text("print(1)")
    made = await run(
        "algorithm", "create", "--name", "digits", "--code-dir", str(code_dir), "--boot-file", "train.py",
        "--engine", await engine(run), "-p", "lr=0.1", "--input", "data_url", "--out", "train_url",
    )  # fmt: skip
    assert made[0] == 0, made[2]
    assert (
        field(made[1], "Boot file").endswith("/code/train.py") and field(made[1], "Parameter") == "lr = 0.1"
    )
    _, out, _ = await run(
        "algorithm", "change", "digits", "-p", "lr=0.2", "-p", "bs=3", "--language", "zh-cn"
    )
    assert re.findall(r"^超参 +(.+?) *$", out, re.MULTILINE) == ["lr = 0.2", "bs = 3"]
    assert field(out, "输入") == "data_url" and field(out, "启动文件").endswith("/code/train.py")
    (tmp_path / "algorithm.yaml").write_text(
        "metadata: {description: from a file}\njob_config: {nonsense: []}\n"
    )
    code, _, err = await run("algorithm", "change", "digits", "-f", str(tmp_path / "algorithm.yaml"))
    assert code == 3 and "ModelArts" in err
    assert "digits" in (await run("algorithm", "list", "--name", "dig"))[1]
    code, out, err = await run("gallery", "publish", "digits", "--title", "Digits", "--version", "1.0.0")
    assert code == 0, err
    assert field(out, "Visible to") == "everyone" and field(out, "Version").startswith("1.0.0")
    await run(
        "gallery", "publish", "digits", "--item", "Digits", "--version", "1.1.0", "--description", "more"
    )
    _, out, _ = await run("gallery", "list", "--own", "--language", "zh-cn")
    assert re.search(r"^Digits +1\.1\.0 +所有人 +是", out, re.MULTILINE)
    assert (
        field((await run("gallery", "change", "Digits", "--visibility", "project"))[1], "Visible to")
        == "the project"
    )
    assert field((await run("gallery", "subscribe", "Digits", "--version", "1.0.0"))[1], "Version") == "1.0.0"
    assert field((await run("gallery", "choose", "Digits", "1.1.0"))[1], "Version") == "1.1.0"
    assert "Digits" in (await run("gallery", "subscriptions"))[1]
    assert "1.0.0" in (await run("gallery", "show", "Digits"))[1]
    assert (await run("gallery", "unsubscribe", "Digits"))[1] == "Subscription to Digits ended.\n"
    assert (await run("gallery", "withdraw", "Digits"))[1] == "Digits withdrawn.\n"
    assert (await run("algorithm", "delete", "digits"))[1] == "digits deleted.\n"


async def test_tags(run: Run, world: ServerWorld) -> None:
    """Put, replaced, taken away; jobs found by them; all of several jobs deleted, or none."""
    first, second = world.add_job("first"), world.add_job("second")
    _, out, _ = await run("job", "tag", "first", "team=vision", "urgent")
    assert re.findall(r"^(\S+) +(\S*) *$", out, re.MULTILINE)[1:] == [("team", "vision"), ("urgent", "")]
    assert (await run("job", "tag", "first", "team=text", "--remove", "urgent"))[1].split()[2:] == [
        "team",
        "text",
    ]
    await run("job", "tag", second.id, "team=vision")
    assert (await run("tag", "list", "--language", "zh-cn"))[1].split() == [
        "键",
        "值",
        "team",
        "text,",
        "vision",
    ]
    assert "first" in (await run("tag", "jobs", "team=text"))[1]
    assert json.loads((await run("tag", "jobs", "team", "-o", "json"))[1])["total_count"] == 2
    assert "second" not in (await run("job", "list", "--tag", "team=text"))[1]
    assert json.loads((await run("tag", "jobs", "--without", "-o", "json"))[1])["total_count"] == 0
    assert (await run("job", "delete", "first", "second"))[0] == 3  # both are unfinished
    assert json.loads((await run("job", "show", first.id, "-o", "json"))[1])["metadata"]["name"] == "first"
