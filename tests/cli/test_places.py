"""`trainwright pool|workspace|quota` against the real application, in both languages."""

import json
import re

import pytest

from tests.cli.conftest import Run
from tests.cli.test_library import field

pytestmark = pytest.mark.anyio


async def test_workspaces(run: Run) -> None:
    """Members come and go; quotas; what one may do; deleted."""
    await run("user", "create", "ann", "--role", "developer")
    code, out, err = await run(
        "workspace", "create", "vision", "--member", "ann=viewer", "--description", "x"
    )
    assert code == 0, err
    assert (field(out, "Kind"), field(out, "Member")) == ("INTERNAL", "ann (viewer)")
    _, out, _ = await run("workspace", "add-member", "vision", "ann", "--language", "zh-cn")
    assert field(out, "成员") == "ann"
    assert "Member" not in (await run("workspace", "remove-member", "vision", "ann"))[1]
    assert field((await run("workspace", "change", "vision", "--kind", "public"))[1], "Kind") == "PUBLIC"
    _, out, _ = await run("workspace", "quotas", "vision", "train_job.cpu=16")
    assert re.search(r"^train_job\.cpu +0 +16 ", out, re.MULTILINE)
    assert "训练作业数" in (await run("workspace", "quotas", "vision", "--language", "zh-cn"))[1]
    assert (await run("workspace", "quotas", "vision", "train_job.cpu=many"))[0] == 2
    _, out, _ = await run("workspace", "can", "vision", "modelarts:trainJob:create")
    assert re.search(r"^modelarts:trainJob:create +yes", out, re.MULTILINE)
    assert "vision" in (await run("workspace", "list"))[1]
    assert (await run("job", "list", "--workspace", "vision"))[0] == 0
    assert (await run("workspace", "delete", "vision"))[1] == "vision deleted.\n"
    assert (await run("workspace", "show", "vision"))[0] == 3


async def test_quotas(run: Run) -> None:
    """Of everyone, and of one."""
    await run("user", "create", "ann", "--role", "developer")
    _, out, _ = await run("quota", "set", "job-num=7")
    assert re.search(r"^job-num +0 +7 *$", out, re.MULTILINE)
    _, out, _ = await run("quota", "set", "job-num=3", "--user", "ann", "--language", "zh-cn")
    assert out.split()[:3] == ["资源", "已用", "上限"] and re.search(r"^job-num +0 +3 *$", out, re.MULTILINE)
    assert (
        json.loads((await run("quota", "show", "--user", "ann", "-o", "json"))[1])["quotas"][0]["quota"] == 3
    )
    code, _, err = await run("quota", "set", "job-num=x")
    assert code == 2 and "wants a whole number" in err


async def test_pools(run: Run) -> None:
    """A share of the machine under a name, and given back."""
    flavor = json.loads((await run("pool", "flavors", "-o", "json"))[1])["items"][0]["metadata"]["name"]
    assert (await run("pool", "flavors", "--language", "zh-cn"))[1].split()[:2] == ["规格", "CPU"]
    code, out, err = await run("pool", "create", "night", "--nodes", f"{flavor}=1", "--preemption")
    assert code == 0, err
    assert field(out, "Nodes") == f"1 × {flavor}"
    _, out, _ = await run("pool", "show", "night", "--language", "zh-cn")
    assert field(out, "名称") == "night" and field(out, "运行中的作业") == "0"
    assert "night" in (await run("pool", "list"))[1]
    assert field((await run("pool", "change", "night", "--description", "x"))[1], "Description") == "x"
    assert (await run("pool", "nodes", "night"))[0] == 0
    assert (await run("pool", "jobs", "night"))[1].split()[0] == "JOB"
    assert "night" in (await run("pool", "events", "night"))[1]
    assert (await run("pool", "create", "x", "--nodes", flavor))[0] == 2
    assert (await run("pool", "delete", "night"))[1] == "night deleted.\n"
    assert (await run("pool", "show", "night"))[0] == 3
