"""Downloads a version of a model into a folder: each file appears whole or not at all, and none outside it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from trainwright.client.errors import TransferError
from trainwright.client.transfers.plan import TargetFolder

if TYPE_CHECKING:
    from pathlib import Path

    from trainwright.client.blocking import Client
    from trainwright.wire.models import ModelFileItem


def save_model(client: Client, model_id: str, version_id: str, folder: Path) -> tuple[int, int]:
    """Lay all files of the version into `folder`, over what is there; how many and their bytes.

    Raises:
        UnsafeKey: a path would leave the folder.
        TransferError: a file cannot be written, or came incomplete.
        ApiError, ConnectionFailed: the server refused, or did not answer.
    """
    target = TargetFolder(folder)
    files = list(client.iter_model_files(model_id, version_id))
    for item in files:
        TargetFolder.check(item.path)
    for item in files:
        _save(client, model_id, version_id, item, target.place(item.path))
    return len(files), sum(item.size for item in files)


def _save(client: Client, model_id: str, version_id: str, item: ModelFileItem, place: Path) -> None:
    draft = place.with_name(f".{place.name[:100]}.{secrets.token_hex(4)}.part")
    size = 0
    try:
        with draft.open("wb") as file:
            for piece in client.read_model_file(model_id, version_id, item.path):
                size += file.write(piece)
        if size != item.size:
            raise TransferError("{name} came incomplete; download it again", name=item.path)
        draft.replace(place)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=place, detail=exc.strerror) from exc
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
