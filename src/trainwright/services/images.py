"""Whether jobs can run in an image here: asked when a job is made, so that nobody waits in a queue to be told."""

import platform
from pathlib import Path

from trainwright.catalog.resolve import IMAGE_FIELD
from trainwright.domain.details import in_chinese
from trainwright.domain.errors import BucketNotFound, ImageNotRunnable, ObjectNotFound
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import ImageSpec
from trainwright.domain.texts import Text
from trainwright.ports.objects import ObjectStore
from trainwright.runner.image_files import GZIP_MAGIC, BadImage, is_compressed, is_root_folder, read_image
from trainwright.services.context import Services
from trainwright.services.pools import probe

SANDBOX = "sandbox"
LOCAL = "local"  # the backend whose jobs run on this machine
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_NO_SANDBOX = Text(
    "images run under bubblewrap, and the launcher of this server is {launcher} ({note})",
    "镜像在 bubblewrap 沙箱中运行，而本服务器的启动器为 {launcher}（{note}）",
)
_NO_OBJECT = Text("there is no such object", "对象不存在")
_NO_FILE = Text(
    "the file that images.yaml names for it does not exist; tell the administrator",
    "images.yaml 中为其指定的文件不存在，请联系管理员",
)
_UNREADABLE = Text(
    "its file cannot be read ({why}); tell the administrator", "无法读取其文件（{why}），请联系管理员"
)
_NO_ARCHIVE = Text("it is not a tar archive, nor one compressed with gzip", "它不是 tar 或 tar.gz 归档文件")


async def check_image(ctx: Services, objects: ObjectStore, image: ImageSpec) -> None:
    """Look at everything that can be told now. `objects`: the store as the caller sees it.

    Raises:
        ImageNotRunnable: with the reason.
        BackendUnavailable, StorageUnavailable: they could not be asked.
    """
    capacity = await probe(ctx)
    if capacity.launcher != SANDBOX:
        raise _refused(image, _NO_SANDBOX, launcher=capacity.launcher, note=capacity.launcher_note or "-")
    machine = platform.machine() if ctx.backend.name == LOCAL else ""
    if image.path:
        problem = await ctx.blocking(_problem_of, Path(image.path), image.name, machine)
    else:
        problem = await _problem_of_object(ctx, objects, image, machine)
    if problem is not None:
        raise _refused(image, problem)


def _refused(image: ImageSpec, detail: Text, **slots: str) -> ImageNotRunnable:
    return ImageNotRunnable(field=IMAGE_FIELD, image=image.name, detail=detail, **slots)


def _problem_of(path: Path, name: str, machine: str) -> Text | None:
    """What keeps the folder or archive at `path` from being an image for this machine (empty: for any)."""
    try:
        if not path.exists():
            return _NO_FILE
        if path.is_dir() and is_root_folder(str(path)):
            return None
        if is_compressed(str(path)):
            return None  # what is in it is told when it is unpacked
        read_image(str(path), name, machine)
    except BadImage as error:
        return _said(str(error))
    except OSError as error:
        return _said(_UNREADABLE.en.replace("{why}", error.strerror or "?"))
    return None


def _said(english: str) -> Text:
    """What the runner's code says, in both languages; braces in it are no slots."""
    escaped = english.replace("{", "{{").replace("}", "}}")
    return Text(escaped, in_chinese(escaped))


async def _problem_of_object(
    ctx: Services, objects: ObjectStore, image: ImageSpec, machine: str
) -> Text | None:
    place = ObsPath.parse(image.uri)
    try:
        await objects.head(place)
        shared = ctx.objects.shared_path(place)
        if shared is not None:
            return await ctx.blocking(_problem_of, shared, image.name, machine)
        first = b"".join([piece async for piece in objects.read(place, start=0, end=512)])
    except (ObjectNotFound, BucketNotFound):
        return _NO_OBJECT
    at = _TAR_MAGIC_AT
    is_archive = first.startswith(GZIP_MAGIC) or first[at : at + len(_TAR_MAGIC)] == _TAR_MAGIC
    return None if is_archive else _NO_ARCHIVE
