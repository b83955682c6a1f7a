"""Uploading: small files many at a time, large ones in parts that survive an interruption."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwright.client.errors import ApiError, ConnectionFailed, TransferError
from trainwright.client.transfers.plan import LocalFile, key_below, local_file, scan_folder
from trainwright.client.transfers.report import MIB, Meter, Progress, TransferOptions, TransferReport
from trainwright.client.transfers.workers import files_at_once, for_each, repeat
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from trainwright.client.asynchronous import AsyncClient
    from trainwright.client.operations import objects
    from trainwright.domain.obs import ObsPath
    from trainwright.wire import objects as wire
else:
    wire = deferred("trainwright.wire.objects")
    asyncio = deferred("asyncio")
    objects = deferred("trainwright.client.operations.objects")

_WHOLE_UP_TO = MIB  # read and sent in one piece
_PIECE = MIB
_PARTS_MAX = 9000
_UPLOAD_GONE = "Trainwright.0105"


@dataclass(frozen=True, slots=True)
class _Item:
    file: LocalFile
    key: str


async def upload(
    client: AsyncClient,
    source: Path,
    target: ObsPath,
    *,
    options: TransferOptions | None = None,
    progress: Progress | None = None,
) -> TransferReport:
    """Copy the file, or everything in the folder, `source` to `target`.

    A folder's contents come to lie below `target`. A file becomes `target` itself, or keeps its name below it when
    `target` ends in `/`. Running an interrupted upload again goes on where it was.

    Raises:
        TransferError: something on this side cannot be read, or changes while being read.
        ApiError: the server refused.
        ConnectionFailed: it did not answer, also not after several tries.
    """
    options = options or TransferOptions()
    report = TransferReport()
    if source.is_dir():
        folder = await asyncio.to_thread(scan_folder, source, options.leave_out)
        report.left_out.extend(folder.left_out)
        items = [_Item(file, key_below(target, file.relative)) for file in folder.files]
    else:
        file = local_file(source)
        items = [_Item(file, key_below(target, file.relative) if target.is_folder else target.key)]
    if options.skip_unchanged:
        present = {item.key: item async for item in client.iter_objects(target.bucket, prefix=target.key)}
        changed = [item for item in items if not _is_same(item.file, item.key, present)]
        report.unchanged = len(items) - len(changed)
        items = changed
    await _send_all(client, target.bucket, items, options, progress)
    report.files = len(items)
    report.bytes = sum(item.file.size for item in items)
    return report


async def _send_all(
    client: AsyncClient,
    bucket: str,
    items: Sequence[_Item],
    options: TransferOptions,
    progress: Progress | None,
) -> None:
    meter = Meter(sum(item.file.size for item in items), progress)
    large = [item for item in items if item.file.size >= options.large_from]
    small = [item for item in items if item.file.size < options.large_from]

    async def send_small(item: _Item) -> None:
        await repeat(lambda: _send_small(client, bucket, item, meter), tries=options.tries)

    at_once = files_at_once(options.files_in_flight, len(small), here=client.access.is_here)
    await for_each(small, send_small, at_once=at_once)
    for item in large:  # one after the other: each already keeps several connections busy
        await _send_large(client, bucket, item, options, meter)


async def _send_small(client: AsyncClient, bucket: str, item: _Item, meter: Meter) -> None:
    request = objects.build_write_object(client.access.project_id, bucket, item.key)
    size = item.file.size
    if size <= _WHOLE_UP_TO:
        await client.upload(request, _whole(item.file), size)
        meter.add(size, item.file.relative)
        return
    sent = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal sent
        async for piece in _pieces(item.file, 0, size):
            sent += len(piece)
            meter.add(len(piece), item.file.relative)
            yield piece

    try:
        await client.upload(request, counted(), size)
    except (ConnectionFailed, ApiError):
        meter.add(-sent, item.file.relative)
        raise
    _check_unchanged(item.file)


async def _send_large(
    client: AsyncClient, bucket: str, item: _Item, options: TransferOptions, meter: Meter
) -> None:
    file = item.file
    part_size = max(options.part_size, -(-file.size // _PARTS_MAX))
    begun = await client.begin_upload(
        bucket, wire.UploadBegin(key=item.key, size=file.size, part_size=part_size, revision=file.revision)
    )
    part_size = begun.part_size
    count = -(-file.size // part_size)
    stored = set(begun.parts)
    meter.add(sum(min(part_size, file.size - (number - 1) * part_size) for number in stored), file.relative)

    async def send_part(number: int) -> None:
        start = (number - 1) * part_size
        size = min(part_size, file.size - start)
        request = objects.build_write_part(client.access.project_id, bucket, begun.upload_id, number)
        await repeat(
            lambda: client.upload(request, _pieces(file, start, start + size), size), tries=options.tries
        )
        meter.add(size, file.relative)

    missing = [number for number in range(1, count + 1) if number not in stored]
    try:
        await for_each(missing, send_part, at_once=options.parts_in_flight)
        _check_unchanged(file)
    except TransferError:  # the file changed or cannot be read: these parts are of no use to anyone
        await client.abort_upload(bucket, begun.upload_id)
        raise
    await _complete(client, bucket, item, begun.upload_id, options)


async def _complete(
    client: AsyncClient, bucket: str, item: _Item, upload_id: str, options: TransferOptions
) -> None:
    try:
        await client.complete_upload(bucket, upload_id)
    except ConnectionFailed:
        # The answer was lost, perhaps not the call: when the upload is gone, the object has to be there.
        try:
            await repeat(lambda: client.complete_upload(bucket, upload_id), tries=options.tries)
        except ApiError as exc:
            if exc.error_code != _UPLOAD_GONE:
                raise
            headers = await client.head_object(bucket, item.key)
            if headers.get("content-length") != str(item.file.size):
                raise


async def _whole(file: LocalFile) -> AsyncIterator[bytes]:
    # Read on the event loop: for a file of this size a thread hop costs more than the read.
    content = _read_whole(file)
    if len(content) != file.size:
        raise _changed(file)
    yield content


def _read_whole(file: LocalFile) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=file.path, detail=exc.strerror) from exc


async def _pieces(file: LocalFile, start: int, end: int) -> AsyncIterator[bytes]:
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=file.path, detail=exc.strerror) from exc
    try:
        while start < end:
            piece = await asyncio.to_thread(os.pread, descriptor, min(_PIECE, end - start), start)
            if not piece:
                raise _changed(file)
            yield piece
            start += len(piece)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=file.path, detail=exc.strerror) from exc
    finally:
        os.close(descriptor)


def _check_unchanged(file: LocalFile) -> None:
    now = local_file(file.path)
    if (now.size, now.mtime_ns) != (file.size, file.mtime_ns):
        raise _changed(file)


def _changed(file: LocalFile) -> TransferError:
    return TransferError("{path} changed while it was being uploaded; upload it again", path=file.path)


def _is_same(file: LocalFile, key: str, present: Mapping[str, wire.ObjectItem]) -> bool:
    there = present.get(key)
    return (
        there is not None and there.size == file.size and there.modified_at_ms >= file.mtime_ns // 1_000_000
    )
