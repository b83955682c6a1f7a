"""Downloading: small files many at a time, large ones by parallel ranges; a file appears whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwright.client.errors import ApiError, ConnectionFailed, TransferError
from trainwright.client.transfers.plan import TargetFolder
from trainwright.client.transfers.report import MIB, Meter, Progress, TransferOptions, TransferReport
from trainwright.client.transfers.workers import files_at_once, for_each, repeat
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from pathlib import Path

    from trainwright.client.asynchronous import AsyncClient
    from trainwright.client.operations import objects
    from trainwright.domain.obs import ObsPath
    from trainwright.wire.objects import ObjectItem
else:
    asyncio = deferred("asyncio")
    objects = deferred("trainwright.client.operations.objects")

_WHOLE_UP_TO = MIB
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class _Item:
    remote: ObjectItem
    target: Path
    name: str


async def download(
    client: AsyncClient,
    source: ObsPath,
    target: Path,
    *,
    options: TransferOptions | None = None,
    progress: Progress | None = None,
) -> TransferReport:
    """Copy the object `source`, or everything below it when it ends in `/`, to `target`.

    A folder's contents come to lie below the folder `target`. An object becomes the file `target`, or keeps its name
    in it when `target` is a folder. Keys are checked before anything is written.

    Raises:
        UnsafeKey: a key would leave `target`.
        TransferError: nothing lies under `source`, it changed meanwhile, or this side cannot be written.
        ApiError: the server refused.
        ConnectionFailed: it did not answer, also not after several tries.
    """
    options = options or TransferOptions()
    report = TransferReport()
    if source.is_folder:
        items = _small_enough(await _plan_folder(client, source, target), options.size_max, report)
    else:
        items = [await _plan_object(client, source, target)]
    if options.skip_unchanged:
        changed = [item for item in items if not _is_same(item)]
        report.unchanged = len(items) - len(changed)
        items = changed
    await _fetch_all(client, source.bucket, items, options, progress)
    report.files = len(items)
    report.bytes = sum(item.remote.size for item in items)
    return report


async def _plan_folder(client: AsyncClient, source: ObsPath, target: Path) -> list[_Item]:
    found = [item async for item in client.iter_objects(source.bucket, prefix=source.key)]
    if not found:
        raise TransferError("Nothing lies under {path}", path=source)
    names = [(item, item.key.removeprefix(source.key)) for item in found]
    files = [(item, name) for item, name in names if name and not name.endswith("/")]
    for _, name in files:
        TargetFolder.check(name)
    folder = TargetFolder(target)
    return [_Item(item, folder.place(name), name) for item, name in files]


def _small_enough(items: list[_Item], size_max: int, report: TransferReport) -> list[_Item]:
    if not size_max:
        return items
    report.left_out += [
        (item.name, f"larger than {size_max} bytes") for item in items if item.remote.size > size_max
    ]
    return [item for item in items if item.remote.size <= size_max]


async def _plan_object(client: AsyncClient, source: ObsPath, target: Path) -> _Item:
    page = await client.list_objects(source.bucket, prefix=source.key, limit=1)
    item = next((item for item in page.objects if item.key == source.key), None)
    if item is None:
        raise TransferError("{path} does not exist", path=source)
    into_folder = target.is_dir()
    folder = TargetFolder(target if into_folder else target.parent)
    return _Item(item, folder.place(source.name if into_folder else target.name), source.name)


async def _fetch_all(
    client: AsyncClient,
    bucket: str,
    items: Sequence[_Item],
    options: TransferOptions,
    progress: Progress | None,
) -> None:
    meter = Meter(sum(item.remote.size for item in items), progress)
    large = [item for item in items if item.remote.size >= options.large_from]
    small = [item for item in items if item.remote.size < options.large_from]

    async def fetch_small(item: _Item) -> None:
        if item.remote.size <= _WHOLE_UP_TO:
            await _fetch_whole(client, bucket, item, meter, options)
        else:
            await _fetch_ranges(client, bucket, item, meter, options)

    at_once = files_at_once(options.files_in_flight, len(small), here=client.access.is_here)
    await for_each(small, fetch_small, at_once=at_once)
    for item in large:
        await _fetch_ranges(client, bucket, item, meter, options)


async def _fetch_whole(
    client: AsyncClient, bucket: str, item: _Item, meter: Meter, options: TransferOptions
) -> None:
    try:
        content = await repeat(lambda: client.read_object(bucket, item.remote.key), tries=options.tries)
    except ApiError as exc:
        if exc.status == _NOT_FOUND:
            raise _gone(bucket, item) from exc
        raise
    draft = _draft(item)
    try:
        draft.write_bytes(content)
        _finish(draft, item)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=item.target, detail=exc.strerror) from exc
    finally:
        draft.unlink(missing_ok=True)
    meter.add(len(content), item.name)


async def _fetch_ranges(
    client: AsyncClient, bucket: str, item: _Item, meter: Meter, options: TransferOptions
) -> None:
    size = item.remote.size
    step = options.part_size if size >= options.large_from else size
    draft = _draft(item)
    descriptor = _open_draft(draft, size)
    try:
        fetcher = _RangeFetcher(client, bucket, item, meter=meter, descriptor=descriptor, tries=options.tries)
        await for_each(
            [(start, min(start + step, size)) for start in range(0, size, step)],
            fetcher.fetch,
            at_once=options.parts_in_flight,
        )
        _finish(draft, item)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=item.target, detail=exc.strerror) from exc
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            draft.unlink()


class _RangeFetcher:
    """Writes ranges of one object to their places in one open file, all of the same version of the object."""

    def __init__(
        self, client: AsyncClient, bucket: str, item: _Item, *, meter: Meter, descriptor: int, tries: int
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._item = item
        self._meter = meter
        self._descriptor = descriptor
        self._tries = tries
        self._etag = ""

    async def fetch(self, span: tuple[int, int]) -> None:
        """Fetch from `span[0]` up to `span[1]`; after a cut only what is missing."""
        position, end = span

        async def go_on() -> None:
            nonlocal position
            request = objects.build_read_object(
                self._client.access.project_id, self._bucket, self._item.remote.key, start=position, end=end
            )
            async with self._client.stream(request) as response:
                self._check_version(
                    response.headers.get("content-range", ""), response.headers.get("etag", "")
                )
                held = bytearray()
                try:
                    async for piece in response.aiter_raw():
                        held += piece
                        if len(held) >= MIB:
                            await asyncio.to_thread(self._write, held, position)
                            position = self._took(held, position)
                            held = bytearray()
                finally:  # also after a cut: what came is kept
                    self._write(held, position)
                    position = self._took(held, position)
            if position < end:
                raise ConnectionFailed(self._client.access.endpoint, "the object's bytes ended too early")

        try:
            await repeat(go_on, tries=self._tries)
        except ApiError as exc:
            if exc.status == _NOT_FOUND:
                raise _gone(self._bucket, self._item) from exc
            raise

    def _write(self, piece: bytearray, position: int) -> None:
        try:
            _write_at(self._descriptor, piece, position)
        except OSError as exc:
            raise TransferError("{path}: {detail}", path=self._item.target, detail=exc.strerror) from exc

    def _took(self, piece: bytearray, position: int) -> int:
        self._meter.add(len(piece), self._item.name)
        return position + len(piece)

    def _check_version(self, content_range: str, etag: str) -> None:
        total = content_range.rpartition("/")[2]
        self._etag = self._etag or etag
        if total != str(self._item.remote.size) or etag != self._etag:
            raise TransferError(
                "obs://{bucket}/{key} changed while it was being downloaded; download it again",
                bucket=self._bucket,
                key=self._item.remote.key,
            )


def _draft(item: _Item) -> Path:
    return item.target.with_name(f".{item.target.name[:80]}.{secrets.token_hex(4)}.part")


def _open_draft(draft: Path, size: int) -> int:
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except OSError as exc:
        raise TransferError("{path}: {detail}", path=draft, detail=exc.strerror) from exc
    try:
        os.truncate(descriptor, size)
    except OSError as exc:
        os.close(descriptor)
        draft.unlink(missing_ok=True)
        raise TransferError("{path}: {detail}", path=draft, detail=exc.strerror) from exc
    return descriptor


def _write_at(descriptor: int, piece: bytearray, position: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(descriptor, view, position)
        view, position = view[written:], position + written


def _finish(draft: Path, item: _Item) -> None:
    # The copy carries the object's time, so that a later copy can tell what is unchanged.
    stamp = item.remote.modified_at_ms * 1_000_000
    os.utime(draft, ns=(stamp, stamp))
    draft.replace(item.target)


def _is_same(item: _Item) -> bool:
    try:
        status = item.target.stat()
    except OSError:
        return False  # not there: it has to be copied
    return (
        status.st_size == item.remote.size and status.st_mtime_ns // 1_000_000 >= item.remote.modified_at_ms
    )


def _gone(bucket: str, item: _Item) -> TransferError:
    return TransferError(
        "obs://{bucket}/{key} was deleted while it was being downloaded", bucket=bucket, key=item.remote.key
    )
