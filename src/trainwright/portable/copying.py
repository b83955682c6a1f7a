"""Storing and fetching whole files and objects: small ones in one request, large ones in parts that survive a cut."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from trainwright.portable.calls import Call
from trainwright.portable.failures import UPLOAD_GONE, ObjectChanged, Refused
from trainwright.portable.parallel import for_each
from trainwright.portable.sources import Source
from trainwright.portable.store import Store

MIB = 1 << 20
_PARTS_MAX = 9000
_COMPLETED_PER_S = 50 * MIB  # what the slowest store puts together in a second


@dataclass(frozen=True)
class Sizes:
    """Sizes in bytes."""

    large_from: int = 64 * MIB  # what is larger travels in parts
    part: int = 16 * MIB
    parts_at_once: int = 4


def put(store: Store, bucket: str, key: str, source: Source, *, sizes: Sizes = Sizes()) -> None:
    """Store `source` as an object, which appears in one step. Storing the same revision again after an interruption
    goes on where it was.

    Raises:
        Refused, Unreachable: it could not be stored.
        ObjectChanged, OSError: the source could not be read to its end.
    """
    if source.size <= max(sizes.large_from, 1):
        store.write(bucket, key, source.body(0, source.size))
    else:
        _Multipart(store, bucket, key, source).run(sizes)


def fetch(
    store: Store, bucket: str, key: str, target: str, *, size: int | None = None, sizes: Sizes = Sizes()
) -> int:
    """Copy an object to the file `target`, which appears whole or not at all; its bytes. `size`, where it is known,
    saves a request. What is no ordinary file (a pipe, a device) is written to as it is.

    Raises:
        Refused, Unreachable, ObjectChanged: it could not be read.
        OSError: the file cannot be written.
    """
    with _draft(target) as descriptor:
        ordinary = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if size is None or size <= sizes.large_from or not ordinary:
            stream = store.open(bucket, key)
            if stream.size <= sizes.large_from or not ordinary:
                at = 0
                for piece in stream.pieces():
                    at = _write(descriptor, piece, at if ordinary else None)
                return stream.size
            stream.close()
        return _fetch_parts(store, bucket, key, descriptor, sizes)


def _fetch_parts(store: Store, bucket: str, key: str, descriptor: int, sizes: Sizes) -> int:
    entry = store.head(bucket, key)
    os.truncate(descriptor, entry.size)

    def fetch_part(start: int) -> None:
        end, at = min(start + sizes.part, entry.size), start
        for piece in store.open(bucket, key, start=start, end=end, etag=entry.etag).pieces():
            at = _write(descriptor, piece, at)

    for_each(range(0, entry.size, sizes.part), fetch_part, threads=sizes.parts_at_once)
    return entry.size


def _write(descriptor: int, piece: bytes, at: int | None) -> int:
    view = memoryview(piece)
    place = at or 0
    while view:
        written = os.write(descriptor, view) if at is None else os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written
    return place


@contextmanager
def _draft(target: str) -> Iterator[int]:
    """A file that takes the place of `target` (of what it links to) when the block ends well, and goes if not."""
    real = Path(os.path.realpath(target))
    try:
        status: os.stat_result | None = real.stat()
    except FileNotFoundError:
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        descriptor = _open(real, os.O_WRONLY, target)  # a folder is refused here
        try:
            yield descriptor
        finally:
            os.close(descriptor)
        return
    draft = real.with_name(f".{real.name[:40]}.{secrets.token_hex(4)}.part")
    descriptor = _open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, target)
    try:
        if status is not None:
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        yield descriptor
        draft.replace(real)
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            draft.unlink()


def _open(path: Path, flags: int, target: str) -> int:
    try:
        return os.open(str(path), flags, 0o666)
    except OSError as exc:
        exc.filename = target
        raise


class _Multipart:
    """An upload in parts. What an earlier try of the same revision left is used."""

    def __init__(self, store: Store, bucket: str, key: str, source: Source) -> None:
        self._store = store
        self._bucket = bucket
        self._key = key
        self._source = source
        self._uploads = store.path(bucket) + "/uploads"

    def run(self, sizes: Sizes) -> None:
        """Store it."""
        size = self._source.size
        begun = self._store.ask(
            Call(
                "POST",
                self._uploads,
                json={
                    "key": self._key,
                    "size": size,
                    "part_size": max(sizes.part, -(-size // _PARTS_MAX)),
                    "revision": self._source.revision or secrets.token_hex(8),
                },
            )
        )
        part_size, stored = int(begun["part_size"]), set(begun["parts"])
        upload = f"{self._uploads}/{begun['upload_id']}"

        def send_part(number: int) -> None:
            start = (number - 1) * part_size
            body = self._source.body(start, min(start + part_size, size))
            self._store.connection.call(Call("PUT", f"{upload}/parts/{number}", body=body))

        numbers = range(1, -(-size // part_size) + 1)
        try:
            missing = (number for number in numbers if number not in stored)
            for_each(missing, send_part, threads=sizes.parts_at_once)
        except (ObjectChanged, FileNotFoundError, PermissionError):  # these parts are of no use to anyone
            self._store.connection.call(Call("DELETE", upload))
            raise
        self._complete(upload)

    def _complete(self, upload: str) -> None:
        answer_s = self._store.connection.patience.answer_s + self._source.size / _COMPLETED_PER_S
        try:
            self._store.connection.call(Call("POST", upload + "/completion", answer_s=answer_s))
        except Refused as exc:
            # The answer of an earlier try may have been lost: then the upload is gone and the object is there.
            found = self._store.find(self._bucket, self._key) if exc.error_code == UPLOAD_GONE else None
            if found is None or found.size != self._source.size:
                raise
