"""A zip archive made while it is sent: nothing of it is ever held but the piece that is on its way."""

import time
import zipfile
from collections.abc import AsyncIterator

from trainwright.services.context import Blocking


class _Tape:
    """What the archive is written to: takes bytes at the end, gives them away from the front."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


async def zip_pieces(
    files: AsyncIterator[tuple[str, AsyncIterator[bytes]]],
    *,
    compression: int = zipfile.ZIP_STORED,
    blocking: Blocking | None = None,
) -> AsyncIterator[bytes]:
    """The archive of `files`, of any size; uncompressed, as weights hardly shrink. `blocking` is for what is
    compressed: it must not hold up the event loop.
    """
    tape = _Tape()
    archive = zipfile.ZipFile(tape, "w", compression, allowZip64=True)
    async for path, pieces in files:
        entry = zipfile.ZipInfo(path, time.gmtime()[:6])
        entry.external_attr = 0o644 << 16
        entry.compress_type = compression
        with archive.open(entry, "w", force_zip64=True) as member:
            async for piece in pieces:
                if blocking is None:
                    member.write(piece)
                else:
                    await blocking(member.write, piece)
                yield tape.take()
    archive.close()
    yield tape.take()
