"""Jobs in custom images: what is run, what the runner is told, and what is refused when the job is made."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.images import MadeImage, entry, layer, write_archive
from tests.services.world import ALICE, BOB, CATALOGUE, EN, REGISTRATION, ZH, World, job_body
from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.images import ImageEntry
from trainwright.domain.errors import GrantNotFound, ImageNotRunnable, TrainwrightError
from trainwright.ports.backend import Capacity
from trainwright.services import grants, jobs, reports
from trainwright.wire.runner import UploadRequest

pytestmark = pytest.mark.anyio

NAME = "100.125.5.235:20202/jobmng/cpu-base:1.0"
TREE = layer(entry("bin/sh", b""))


@pytest.fixture
async def lab(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world whose jobs have a sandbox and whose catalogue names images."""
    (tmp_path / "tree/bin").mkdir(parents=True)
    docker = write_archive(tmp_path / "i.tar", MadeImage([TREE]).docker_parts())
    other = write_archive(tmp_path / "other.tar", MadeImage([TREE], architecture="s390x").docker_parts())
    (tmp_path / "text").write_text("no archive" * 100)
    paths = {
        NAME: tmp_path / "tree",
        "docker:1": docker,
        "other:1": other,
        "gone:1": tmp_path / "gone",
        "text:1": tmp_path / "text",
    }
    images = tuple(
        ImageEntry(name=name, path=str(path), environment={"A": "b"}, working_dir="/w")
        for name, path in paths.items()
    )
    probe = world.backend.probe

    async def sandboxed() -> Capacity:
        return replace(await probe(), launcher="sandbox")

    monkeypatch.setattr(world.backend, "probe", sandboxed)
    monkeypatch.setattr(world.backend, "name", "local")
    catalogue = Catalogue(engines=CATALOGUE.engines, flavors=CATALOGUE.flavors, images=images)
    yield replace(world, ctx=replace(world.ctx, catalogue=catalogue))


def body(image: str, **more: Any) -> dict[str, Any]:
    """A job with a command in it."""
    made = job_body()
    made["algorithm"] = {
        "command": "bash /home/work/run_train.sh python a.py",
        "engine": {"image_url": image},
        **more,
    }
    return made


async def order_of(lab: World, job_id: str) -> dict[str, Any]:
    """What the runner is told."""
    lab.step(job_id)
    told = await reports.register(lab.ctx, f"{job_id}-a1", "worker-0", REGISTRATION)
    return told.model_dump(mode="json")


async def test_a_named_image_is_told_to_the_runner_with_its_place(lab: World, tmp_path: Path) -> None:
    """Guards the admin's images: frozen in the launch, and handed over as a path."""
    made = await jobs.create(lab.ctx, ALICE, body(NAME), EN)
    launch = lab.read(made.metadata.id).job.launch
    assert launch.image is not None and (launch.engine, launch.image.name) == (None, NAME)
    image = (await order_of(lab, made.metadata.id))["image"]
    assert image["grant"] == {"kind": "path", "path": str(tmp_path / "tree")}
    assert (image["name"], image["environment"], image["working_dir"]) == (NAME, {"A": "b"}, "/w")


async def test_an_archive_of_the_callers_own(lab: World) -> None:
    """Guards images in the object store: looked at with the caller's eyes, reached by the runner through a grant."""
    archive = MadeImage([TREE]).docker_parts()
    path = write_archive(Path(lab.ctx.catalogue.images[0].path).parent / "mine.tar", archive)
    await lab.put("obs://bucket/images/mine.tar", path.read_bytes())
    made = await jobs.create(lab.ctx, ALICE, body("s3://bucket/images/mine.tar"), EN)
    image = (await order_of(lab, made.metadata.id))["image"]
    assert image["uri"] == "obs://bucket/images/mine.tar"
    assert image["grant"]["kind"] == "url" and image["grant"]["url"].endswith("/files/image/0")
    ref = grants.GrantRef(f"{made.metadata.id}-a1", "worker-0", "image", 0)
    (target,) = (await grants.list_files(lab.ctx, ref)).objects
    assert (target.path, target.size) == ("mine.tar", path.stat().st_size)
    with pytest.raises(GrantNotFound):
        await grants.upload_targets(lab.ctx, ref, UploadRequest(files=(("x", 1),)))
    with pytest.raises(ImageNotRunnable, match="no such object"):
        await jobs.create(lab.ctx, BOB, body("obs://bucket/images/mine.tar"), EN)


async def test_a_preset_engine_on_an_image(lab: World) -> None:
    """Guards that the engine only says how the boot file is started."""
    made = job_body()
    made["algorithm"]["engine"] = {"engine_id": "sk-2", "image_url": "docker:1"}
    job = await jobs.create(lab.ctx, ALICE, made, EN)
    launch = lab.read(job.metadata.id).job.launch
    assert launch.engine is not None and launch.image is not None
    assert (launch.engine.name, launch.engine.requirements) == ("scikit-learn", ())


@pytest.mark.parametrize(
    ("image", "words", "chinese"),
    [
        ("nobody/knows:1", "no container engine", "没有可拉取镜像的容器引擎"),
        ("/etc", "no container engine", "没有可拉取镜像的容器引擎"),
        ("file:///etc", "no container engine", "没有可拉取镜像的容器引擎"),
        ("gone:1", "does not exist", "不存在"),
        ("text:1", "not an archive", "无法读取的归档文件"),
        ("other:1", "is for s390x machines", "镜像适用于 s390x 机器"),
        ("obs://bucket/nothing.tar", "no such object", "对象不存在"),
        ("obs://nobodys/nothing.tar", "no such object", "对象不存在"),
        ("obs://bucket/data/a.png", "not a tar archive", "不是 tar"),
        ("obs://bucket/data/", "is a folder", "是目录"),
    ],
)
async def test_what_cannot_be_run_is_refused_with_the_reason(
    lab: World, image: str, words: str, chinese: str
) -> None:
    """Guards that nobody waits in a queue for an image that is not there, and that no path of the machine is taken."""
    with pytest.raises(ImageNotRunnable) as caught:
        await jobs.create(lab.ctx, ALICE, body(image), EN)
    assert words in caught.value.message(EN) and chinese in caught.value.message(ZH)
    assert image in caught.value.message(EN) and "obs://" in caught.value.solution(ZH)
    assert caught.value.slots["field"] == "algorithm.engine.image_url"


async def test_without_a_sandbox_every_image_is_refused(lab: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards servers and clusters whose jobs cannot be given another file system; an engine's own image is no image."""
    monkeypatch.undo()
    with pytest.raises(ImageNotRunnable, match="the launcher of this server is process"):
        await jobs.create(lab.ctx, ALICE, body(NAME), EN)
    await jobs.create(lab.ctx, ALICE, body("lab/python:1"), EN)


async def test_a_role_of_its_own_is_named(lab: World) -> None:
    """Guards that the field of the refusal is the one in the body."""
    role = {"role": "a", "task_resource": {"flavor_id": "cpu.1", "node_count": 1}, "command": "true"}
    made = {
        "kind": "hetero_job",
        "metadata": {"name": "roles"},
        "tasks": [{**role, "algorithm": {"engine": {"image_url": "nobody/knows:1"}}}],
    }
    with pytest.raises(TrainwrightError) as caught:
        await jobs.create(lab.ctx, ALICE, made, EN)
    assert isinstance(caught.value, ImageNotRunnable), caught.value
    assert str(caught.value.slots["field"]).startswith("tasks[0]")
