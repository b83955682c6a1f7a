"""The routes of checkpoints and models: statuses, shapes, parameters, ranges, archives."""

import io
import zipfile
from collections.abc import AsyncIterator

import pytest

from tests.server.world import PROJECT, ServerWorld
from trainwright.domain.obs import ObsPath
from trainwright.ports.models import Model, ModelVersion
from trainwright.ports.uow import PLATFORM
from trainwright.services.model_rows import BUCKET, folder_of

pytestmark = pytest.mark.anyio

ROOT = f"/v2/{PROJECT}/models"
MODEL = Model("m1", PROJECT, "0", "digits", "what", "u1", "ann", 5, 6, last_version=1)
VERSION = ModelVersion(
    "v1", "m1", 1, str(folder_of("m1", "v1")), "j1", "first", 3, 300_006, 7,
    {"source": "obs://b/m/", "engine": {"id": "e"}, "parameters": [{"name": "lr", "value": "1"}], "inputs": []},
    ready=True,
)  # fmt: skip
FILES = {"a.txt": b"abcdef", "空 格/w.bin": b"w" * 300_000, "zero": b""}


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def filled(world: ServerWorld) -> ServerWorld:
    """A model with one version."""
    with world.services.units(PLATFORM) as uow:
        uow.models.add(MODEL)
        uow.models.add_version(VERSION)
        uow.commit()
    await world.services.objects.create_bucket(BUCKET)
    for path, data in FILES.items():
        await world.services.objects.write(folder_of("m1", "v1").join(path), pieces(data))
    return world


async def test_models_and_versions(filled: ServerWorld) -> None:
    """Guards every route once: status and shape."""
    async with filled.client() as http:
        listed = (await http.get(ROOT)).json()
        (model,) = listed.pop("items")
        assert listed == {"total": 1, "count": 1, "offset": 0, "limit": 10}
        assert model == (await http.get(f"{ROOT}/m1")).json()
        assert (model["model_name"], model["version_count"], model["last_version"]) == ("digits", 1, 1)
        changed = await http.put(f"{ROOT}/m1", json={"description": "new"})
        assert (changed.status_code, changed.json()["description"]) == (200, "new")
        versions = (await http.get(f"{ROOT}/m1/versions")).json()
        assert versions["total"] == 1
        version = (await http.get(f"{ROOT}/m1/versions/v1")).json()
        assert version == versions["items"][0]
        assert (version["version"], version["files"], version["engine"]["id"]) == (1, 3, "e")
        assert "source" not in version
        assert (await http.delete(f"{ROOT}/m1/versions/v1")).status_code == 204
        assert (await http.get(f"{ROOT}/m1/versions/v1")).json()["error_code"] == "Trainwright.1103"
        assert (await http.delete(f"{ROOT}/m1")).status_code == 204
        gone = await http.get(f"{ROOT}/m1")
        assert (gone.status_code, gone.json()["error_code"]) == (404, "Trainwright.1101")
    assert not (await filled.services.objects.list_page(ObsPath(BUCKET))).objects


async def test_files_and_the_archive(filled: ServerWorld) -> None:
    """Guards bytes, pages, ranges, and an archive that any tool opens."""
    version = f"{ROOT}/m1/versions/v1"
    async with filled.client() as http:
        page = (await http.get(f"{version}/files", params={"limit": 1})).json()
        assert ([each["path"] for each in page["files"]], page["next_after"]) == (["a.txt"], "a.txt")
        rest = (await http.get(f"{version}/files", params={"after": "a.txt"})).json()
        assert {each["path"]: each["size"] for each in rest["files"]} == {"zero": 0, "空 格/w.bin": 300_000}
        whole = await http.get(f"{version}/files/空 格/w.bin")
        assert (whole.status_code, whole.content) == (200, FILES["空 格/w.bin"])
        assert whole.headers["content-disposition"].endswith("w.bin")
        part = await http.get(f"{version}/files/a.txt", headers={"Range": "bytes=2-3"})
        assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"cd", "bytes 2-3/6")
        beyond = await http.get(f"{version}/files/a.txt", headers={"Range": "bytes=9-"})
        assert beyond.status_code == 416
        for missing in ("nope", "../../x", "空 格"):
            assert (await http.get(f"{version}/files/{missing}")).status_code == 404
        archive = await http.get(f"{version}/archive")
        assert (archive.status_code, archive.headers["content-type"]) == (200, "application/zip")
        assert archive.headers["content-disposition"].endswith("digits-1.zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == FILES


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"name": "x" * 65}, {"limit": "x"}]
)
async def test_parameters_that_cannot_be(filled: ServerWorld, params: dict[str, str]) -> None:
    """Guards bounds."""
    async with filled.client() as http:
        assert (await http.get(ROOT, params=params)).status_code == 400


async def test_checkpoints_of_a_job(world: ServerWorld) -> None:
    """Guards the route: an empty list, bounds, and a job that is none."""
    job = world.add_job()
    async with world.client() as http:
        route = f"/v2/{PROJECT}/training-jobs/{job.id}/checkpoints"
        assert (await http.get(route)).json() == {
            "total": 0,
            "count": 0,
            "offset": 0,
            "limit": 10,
            "items": [],
        }
        assert (await http.get(route, params={"limit": 101})).status_code == 400
        missing = await http.get(route.replace(job.id, "nope"))
        assert missing.status_code == 404
