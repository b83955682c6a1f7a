"""Inputs of local training: what lies in the object store is brought to this machine, once."""

import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from modelarts.exception import INVALID_PATH, InvalidArgument, TransferFailed
from modelarts.progress import ProgressLine
from modelarts.session import Session
from trainwright.client import TransferOptions, parse_path

ARCHIVE = ".zip"
_DONE = ".unpacked"
_DEPTH_MAX = 128


def is_store_path(text: str) -> bool:
    """Whether `text` can only be a path of the object store."""
    return text.startswith(("obs://", "s3://"))


def fetch(session: Session, path: str, target: Path) -> Path:
    """Bring an OBS folder's contents below `target`, or an object into it, and return where it lies then. What is
    there already, unchanged, is not copied again.

    Raises:
        TransferError, ApiError, ConnectionFailed: of the client: nothing lies there, or it cannot be copied.
    """
    place = parse_path(path)
    target.mkdir(parents=True, exist_ok=True)
    with ProgressLine("Downloading") as progress:
        options = TransferOptions(skip_unchanged=True)
        session.storage.download(str(place), target, options=options, progress=progress)
    return target if place.is_folder else target / place.name


def fetch_archive(session: Session, path: str, cache: Path, target: Path) -> Path:
    """Bring a zip archive into `cache` and unpack it below `target`; the same archive is unpacked there once only.

    Raises:
        TransferFailed: it is no zip archive, or a name in it leaves the folder. Nothing of it was unpacked then.
        TransferError, ApiError, ConnectionFailed: as `fetch`.
    """
    archive = fetch(session, path, cache)
    found = archive.stat()
    mark, content = target / _DONE, f"{path} {found.st_size} {found.st_mtime_ns}"
    if mark.is_file() and mark.read_text("utf-8") == content:
        return target
    unpack(archive, target)
    mark.write_text(content, "utf-8")
    return target


def unpack(archive: Path, target: Path) -> None:
    """Unpack `archive` below `target`, over what is there. Links and special files are left out.

    Raises:
        TransferFailed: it is no zip archive, or a name in it leaves the folder.
    """
    target.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as content:
            members = [member for member in content.infolist() if _is_plain(member)]
            places = [(member, _place(target, member.filename)) for member in members]
            for member, place in places:
                if member.is_dir():
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.parent.resolve().is_relative_to(target.resolve()):
                    raise _unsafe(member.filename)  # through a link that was there before
                draft = place.with_name(f".{place.name[:100]}.{os.getpid()}.part")
                with content.open(member) as source, draft.open("wb") as file:
                    shutil.copyfileobj(source, file)
                draft.replace(place)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as exc:
        raise TransferFailed(f"{archive.name} cannot be unpacked: {exc}.", error_code=INVALID_PATH) from exc


def local_folder(name: str, text: str) -> Path:
    """`text` as a folder or file of this machine.

    Raises:
        InvalidArgument: it is not there.
    """
    path = Path(text).expanduser().absolute()
    if not path.exists():
        raise InvalidArgument(
            f"{name}: there is no {text} on this machine.",
            error_code=INVALID_PATH,
            error_solution="Local training takes a path of this machine, or obs://bucket/folder/.",
        )
    return path


def _is_plain(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    return kind in (0, stat.S_IFREG, stat.S_IFDIR)


def _place(target: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or len(parts) > _DEPTH_MAX or "\\" in name:
        raise _unsafe(name)
    return target.joinpath(*parts)


def _unsafe(name: str) -> TransferFailed:
    return TransferFailed(
        f"The archive holds {name!r}, which is no place in the folder that it is unpacked to.",
        error_code=INVALID_PATH,
    )
