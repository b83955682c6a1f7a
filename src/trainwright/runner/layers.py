"""Layers of an image laid over each other in a folder of our own, whatever is in them.

Nobody else writes in the folder meanwhile, so links in it stay what they are: each path is walked part by part, and a
link on the way is followed inside the folder, as it would be in the image. Left out: owners, set-user-id and other
extra bits, devices, pipes, sockets.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import stat
import tarfile
import zlib

from .image_files import GZIP_MAGIC, READ_MAX, BadImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .image_files import Layer, Parts

BYTES_MAX = 32 << 30  # ModelArts takes images of 30 GB
ENTRIES_MAX = 2_000_000
_HEADERS_MAX = 4 << 30  # beside the files' own bytes
_LINKS_MAX = 40
_PIECE = 1 << 20
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class Sums:
    """Bytes on their way, hashed; can be read to their end, which comes after `limit` of them at the latest."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source = source
        self._sum = hashlib.sha256()
        self._limit = limit
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises `BadImage` beyond the limit."""
        data: bytes = self._source.read(size)
        self._sum.update(data)
        self._left -= len(data)
        if self._left < 0:
            raise BadImage(f"a layer of it is larger than {self._limit >> 20} MiB")
        return data

    def finish(self) -> str:
        """The SHA-256 of all of it; what was not read is read now."""
        while self.read(_PIECE):
            pass
        return self._sum.hexdigest()


class Stream:
    """An uncompressed layer as `tarfile` wants it: forward only, but for the byte it steps back to."""

    def __init__(self, source: Sums) -> None:
        self._source = source
        self._position = 0
        self._last = b""
        self._again = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises `BadImage` when a header asks for more than any honest one needs."""
        if size < 0 or size > READ_MAX:
            raise BadImage("a layer holds a header of impossible size")
        data, self._again = self._again[:size], b""
        while len(data) < size:
            more = self._source.read(size - len(data))
            if not more:
                break
            data += more
        self._position += len(data)
        self._last = data[-1:] or self._last
        return data

    def tell(self) -> int:
        """Bytes read so far."""
        return self._position

    def seek(self, position: int) -> int:
        """Skip ahead, or back by one byte."""
        if position == self._position - 1 and self._last:
            self._position, self._again = position, self._last
        while self._position < position:
            if not self.read(min(_PIECE, position - self._position)):
                break  # it is cut short, which the next read tells
        return self._position


class Unpacker:
    """Lays layers into the folder `root`, the lowest first."""

    def __init__(self, root: str, *, bytes_max: int = BYTES_MAX, entries_max: int = ENTRIES_MAX) -> None:
        self.root = root
        self.skipped = 0  # devices and the like
        self._bytes_left = bytes_max
        self._entries_left = entries_max
        self._bytes_max = bytes_max
        self._own: set[str] = set()  # what the present layer has laid
        self._known: dict[str, str] = {}  # folders as named, and where they are

    def apply(self, parts: Parts, layer: Layer) -> None:
        """Lay one layer over what is there.

        Raises:
            BadImage: it is damaged, hostile, too large, or packed in a way that cannot be read here.
            OSError: the disk does not take it.
        """
        self._own.clear()
        self._known.clear()
        with parts.open(layer.name) as part:
            limit = self._bytes_max + _HEADERS_MAX
            packed = Sums(part, limit)
            unpacked = Sums(_decompressed(packed), limit)
            try:
                self._lay_all(Stream(unpacked))
                if unpacked.finish() != layer.diff_id or (
                    packed.finish() != layer.digest and bool(layer.digest)
                ):
                    raise BadImage(f"layer {layer.name} is not what its digest says: the file is damaged")
            except (tarfile.TarError, EOFError, RecursionError, zlib.error, gzip.BadGzipFile) as error:
                raise BadImage(f"layer {layer.name} cannot be read ({error})") from error
            except ValueError as error:  # a NUL in a name
                if isinstance(error, BadImage):
                    raise
                raise BadImage(f"layer {layer.name} holds a name that no file can have") from error

    def _lay_all(self, stream: Stream) -> None:
        duck: Any = stream  # it has of a file what `tarfile` asks of it
        opened: Any = tarfile.open(fileobj=duck, mode="r:", encoding="utf-8")  # noqa: SIM115 - closed below
        with opened as archive:
            while True:
                member = archive.next()
                if member is None:
                    return
                archive.members = []  # which would hold all of them
                self._entries_left -= 1
                if self._entries_left < 0:
                    raise BadImage("it holds too many files")
                self._lay(archive, member)

    def _lay(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        names = [name for name in member.name.split("/") if name not in ("", ".")]
        if ".." in names:
            raise BadImage(f"it holds a path that leads outside: {member.name[:200]}")
        if not names:
            return  # the root itself
        folder = self._folder(names[:-1])
        name = names[-1]
        if name.startswith(_WHITEOUT):
            self._take_away(folder, name)
            return
        path = os.path.join(folder, name)
        if member.isdir():
            self._lay_folder(path, member.mode)
        elif member.isreg():
            self._clear(path)
            self._lay_file(archive, member, path)
        elif member.issym():
            self._clear(path)
            os.symlink(member.linkname, path)
        elif member.islnk():
            self._lay_link(member, path)
        else:
            self.skipped += 1
            return
        self._own.add(path)

    def _folder(self, names: list[str]) -> str:
        """Where a folder is, made when it is missing; links on the way lead to places inside only."""
        key = "/".join(names)
        known = self._known.get(key)
        if known is not None:
            return known
        path = self._walk(names)
        self._known[key] = path
        return path

    def _walk(self, names: list[str]) -> str:
        found: list[str] = []
        waiting = list(reversed(names))
        links = 0
        while waiting:
            name = waiting.pop()
            if name in ("", "."):
                continue
            if name == "..":
                del found[-1:]  # above the root is the root
                continue
            path = os.path.join(self.root, *found, name)
            mode = _mode_of(path)
            if stat.S_ISLNK(mode):
                links += 1
                if links > _LINKS_MAX:
                    raise BadImage("it holds links that lead in a circle")
                target = os.readlink(path)
                if target.startswith("/"):
                    found = []
                waiting.extend(reversed(target.split("/")))
                continue
            if not stat.S_ISDIR(mode):
                self._clear(path)
                os.mkdir(path, 0o755)
            found.append(name)
        return os.path.join(self.root, *found)

    def _lay_folder(self, path: str, mode: int) -> None:
        if not stat.S_ISDIR(_mode_of(path)):
            self._clear(path)
            os.mkdir(path, 0o755)
        os.chmod(path, (mode & 0o777) | 0o700)  # else we could not write in it, nor remove it

    def _lay_file(self, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
        self._bytes_left -= member.size
        if self._bytes_left < 0:
            raise BadImage(f"it is larger than {self._bytes_max >> 20} MiB")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as target:
            source = archive.extractfile(member)
            assert source is not None  # it is a regular file
            written = 0
            while written < member.size:
                data = source.read(min(_PIECE, member.size - written))
                if not data:
                    raise BadImage(f"it is cut short at {member.name[:200]}")
                target.write(data)
                written += len(data)
            os.fchmod(target.fileno(), (member.mode & 0o777) | 0o400)
        seconds = max(0, int(member.mtime))  # Python tells by it whether what it has compiled is still right
        os.utime(path, (seconds, seconds))

    def _lay_link(self, member: tarfile.TarInfo, path: str) -> None:
        names = [name for name in member.linkname.split("/") if name not in ("", ".")]
        if not names or ".." in names:
            raise BadImage(f"it holds a link that leads outside: {member.name[:200]}")
        target = os.path.join(self._folder(names[:-1]), names[-1])
        mode = _mode_of(target)
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise BadImage(f"it holds a link to nothing: {member.name[:200]}")
        if target == path:
            return
        self._clear(path)
        os.link(target, path, follow_symlinks=False)

    def _take_away(self, folder: str, name: str) -> None:
        """What a layer says is not there any more; what it lays itself stays."""
        if name == _OPAQUE:
            for entry in os.listdir(folder):
                self._remove_lower(os.path.join(folder, entry))
            return
        hidden = name[len(_WHITEOUT) :]
        if hidden in ("", ".", ".."):
            raise BadImage(f"it holds a path that leads outside: {name}")
        self._remove_lower(os.path.join(folder, hidden))

    def _remove_lower(self, path: str) -> None:
        if stat.S_ISDIR(_mode_of(path)) and self._has_own_below(path):
            for entry in os.listdir(path):
                self._remove_lower(os.path.join(path, entry))
        elif path not in self._own:
            self._clear(path)

    def _has_own_below(self, path: str) -> bool:
        return path in self._own or any(own.startswith(path + "/") for own in self._own)

    def _clear(self, path: str) -> None:
        """Nothing lies at `path` any more."""
        mode = _mode_of(path)
        if not mode:
            return
        if stat.S_ISDIR(mode):
            shutil.rmtree(path)
        else:
            os.unlink(path)
        if not stat.S_ISREG(mode):
            self._known.clear()


def _mode_of(path: str) -> int:
    """Of what lies there itself, not of what a link leads to; 0: nothing does."""
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


class _Ahead:
    """A source whose first bytes were looked at."""

    def __init__(self, first: bytes, source: Sums) -> None:
        self._first = first
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if self._first:
            data = self._first if size < 0 else self._first[:size]
            self._first = self._first[len(data) :]
            return data
        return self._source.read(size)


def _decompressed(packed: Sums) -> Any:
    """The layer's own bytes. Raises `BadImage` when it is compressed in a way that Python does not know."""
    first = packed.read(4)
    source: Any = _Ahead(first, packed)
    if first[:2] == GZIP_MAGIC:
        return gzip.GzipFile(fileobj=source, mode="rb")
    if first == _ZSTD_MAGIC:
        raise BadImage(
            "its layers are compressed with zstd; copy it with "
            "`skopeo copy --dest-compress-format gzip` or save it with `docker save`"
        )
    return source
