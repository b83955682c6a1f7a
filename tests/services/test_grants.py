"""Access of runners to their own folders, and attempt tokens."""

from collections.abc import AsyncIterator

import pytest

from tests.services.world import World, pieces_of
from trainwright.domain.errors import AttemptClosed, GrantNotFound, InvalidObsPath, ObjectNotFound
from trainwright.domain.obs import ObsPath
from trainwright.services import grants, tokens
from trainwright.services.grants import GrantRef
from trainwright.wire.runner import UploadRequest

pytestmark = pytest.mark.anyio


async def pending(world: World) -> str:
    """The attempt key of a job with a folder and a file as inputs, and log export."""
    channels = [
        {"name": "all", "remote": {"obs": {"obs_url": "obs://bucket/data/"}}},
        {"name": "one", "remote": {"obs": {"obs_url": "obs://bucket/data/a.png"}}},
    ]
    job_id = await world.create(
        algorithm__inputs=channels, spec__log_export_path={"obs_url": "obs://results/logs/"}
    )
    world.step(job_id)
    return f"{job_id}-a1"


async def text_of(pieces: AsyncIterator[bytes]) -> bytes:
    """All of a stream."""
    return b"".join([piece async for piece in pieces])


async def test_folders_and_single_objects_are_listed(world: World) -> None:
    """Guards relative paths, encoded URLs of our own, and the name of a single object."""
    await world.put("obs://bucket/data/ü b.png", b"12345")
    key = await pending(world)
    folder = await grants.list_files(world.ctx, GrantRef(key, "worker-0", "inputs", 0))
    assert [(item.path, item.size) for item in folder.objects] == [
        ("a.png", 1),
        ("deep/b.png", 1),
        ("ü b.png", 5),
    ]
    assert folder.objects[2].url.endswith(f"/attempts/{key}/tasks/worker-0/objects/inputs/0/%C3%BC%20b.png")
    assert all(item.authorized for item in folder.objects)
    single = await grants.list_files(world.ctx, GrantRef(key, "worker-0", "inputs", 1))
    assert [(item.path, item.size) for item in single.objects] == [("a.png", 1)]
    code = await grants.list_files(world.ctx, GrantRef(key, "worker-0", "code", 0))
    assert [item.path for item in code.objects] == ["train.py"]


async def test_objects_are_read_and_written_below_the_folder(world: World) -> None:
    """Guards the proxied bytes, and that nothing leads out of the folder."""
    key = await pending(world)
    meta, pieces = await grants.read_object(world.ctx, GrantRef(key, "worker-0", "inputs", 0), "deep/b.png")
    assert (meta.size, await text_of(pieces)) == (1, b"x")
    out = GrantRef(key, "worker-0", "outputs", 0)
    await grants.write_object(world.ctx, out, "sub/model.bin", pieces_of(b"model"))
    stored = world.objects.read(ObsPath("results", "run1/sub/model.bin"))
    assert await text_of(stored) == b"model"
    targets = await grants.upload_targets(world.ctx, out, UploadRequest(files=(("m", 1), ("d/n", 2))))
    assert [(target.path, target.size) for target in targets.objects] == [("m", 1), ("d/n", 2)]
    for path in ("../other", "/etc/passwd", "a//b", "a/../../b", "a\\b", "."):
        with pytest.raises(InvalidObsPath):
            await grants.write_object(world.ctx, out, path, pieces_of(b""))
        with pytest.raises(InvalidObsPath):
            await grants.upload_targets(world.ctx, out, UploadRequest(files=((path, 1),)))
        with pytest.raises(InvalidObsPath):
            await grants.read_object(world.ctx, GrantRef(key, "worker-0", "inputs", 0), path)
    with pytest.raises(ObjectNotFound):
        await grants.read_object(world.ctx, out, "none")


async def test_only_the_jobs_own_folders_are_granted(world: World) -> None:
    """Guards other sections and indexes, writing to inputs and code, and attempts that are over."""
    key = await pending(world)
    for section, index in (("inputs", 2), ("inputs", -1), ("outputs", 1), ("code", 1), ("secrets", 0)):
        with pytest.raises(GrantNotFound):
            await grants.list_files(world.ctx, GrantRef(key, "worker-0", section, index))
    for section in ("inputs", "code"):
        with pytest.raises(GrantNotFound):
            await grants.write_object(world.ctx, GrantRef(key, "worker-0", section, 0), "a", pieces_of(b""))
    ended = await world.ended(metadata__name="ended", algorithm__outputs=[])
    for ref in (GrantRef(f"{ended}-a1", "worker-0", "code", 0), GrantRef(key, "worker-7", "code", 0)):
        with pytest.raises(AttemptClosed):
            await grants.list_files(world.ctx, ref)


def test_tokens_fit_their_own_attempt_and_secret_only() -> None:
    """Guards that a token of one attempt opens no other."""
    token = tokens.derive(b"secret", "job-a1")
    assert tokens.verify(b"secret", "job-a1", token)
    assert not tokens.verify(b"secret", "job-a2", token)
    assert not tokens.verify(b"other", "job-a1", token)
    for wrong in ("", token[:-1], token + "x", "é", "\ud800"):
        assert not tokens.verify(b"secret", "job-a1", wrong)
