"""Images as files: an OCI layout (folder or archive), or what `docker save` and `skopeo copy` write. Only reads.

Nothing in such a file is believed: what it says of itself is small, its parts are looked for by name among its own, and
`layers` checks every byte against the digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import tarfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

ENTRIES_MAX = 20_000  # of the archive itself, not of the layers in it
JSON_BYTES_MAX = 8 << 20
READ_MAX = 16 << 20  # at once: a header that asks for more is a bomb
GZIP_MAGIC = b"\x1f\x8b"
_DEPTH_MAX = 4  # of indexes that name indexes
_BLOBS = "blobs/sha256/"
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_ROOT_MARKS = ("bin", "usr", "lib", "sbin")


class BadImage(ValueError):
    """It is not an image that can be run; says what is wrong with it."""


class Layer:
    """One layer: where its bytes are, what they must be (SHA-256, hexadecimal; empty: not said)."""

    def __init__(self, name: str, digest: str, diff_id: str) -> None:
        self.name = name
        self.digest = digest
        self.diff_id = diff_id


class Image:
    """What an image says of itself."""

    def __init__(self, config: dict[str, Any], layers: list[Layer]) -> None:
        inner = config.get("config") if isinstance(config.get("config"), dict) else {}
        assert isinstance(inner, dict)
        self.layers = layers
        self.architecture = str(config.get("architecture") or "")
        self.system = str(config.get("os") or "linux")
        self.working_dir = str(inner.get("WorkingDir") or "")
        pairs = [str(line).partition("=") for line in inner.get("Env") or ()]
        self.environment = {name: value for name, _, value in pairs if name and "\0" not in name + value}

    def check_architecture(self, machine: str) -> None:
        """Raises `BadImage` when it says that it is for other machines than `machine` (empty: any)."""
        own = _MACHINES.get(machine, machine)
        if self.system != "linux":
            raise BadImage(f"it is for {self.system}, not for Linux")
        if own and self.architecture and _MACHINES.get(self.architecture, self.architecture) != own:
            raise BadImage(f"it is for {self.architecture} machines; this one is {own}")


class Guarded:
    """A file for `tarfile`, which believes headers: no single read is larger than `READ_MAX`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """Raises `BadImage` when more is asked for than any honest archive needs."""
        if size < 0 or size > READ_MAX:
            raise BadImage("it holds a header of impossible size")
        return self._file.read(size)

    def seek(self, position: int) -> int:
        """As the file's own."""
        return self._file.seek(position)

    def tell(self) -> int:
        """As the file's own."""
        return self._file.tell()


class Parts:
    """The named parts of an image: files of a folder, or members of an archive that is not compressed as a whole."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._places: dict[str, tuple[int, int]] = {}  # of an archive: offset and size
        self._is_folder = os.path.isdir(path)
        if not self._is_folder:
            self._read_places()

    def _read_places(self) -> None:
        links: dict[str, str] = {}
        try:
            with open(self._path, "rb") as file:
                self._read_members(Guarded(file), links)
        except (tarfile.TarError, EOFError, RecursionError, ValueError) as error:
            if isinstance(error, BadImage):
                raise
            raise BadImage(f"it is not an archive that can be read ({error})") from error
        for name, target in links.items():
            if target in self._places:
                self._places.setdefault(name, self._places[target])

    def _read_members(self, file: Guarded, links: dict[str, str]) -> None:
        duck: Any = file  # it has of a file what `tarfile` asks of it
        opened: Any = tarfile.open(fileobj=duck, mode="r:", encoding="utf-8")  # noqa: SIM115 - closed below
        with opened as archive:
            while True:
                member = archive.next()
                if member is None:
                    return
                archive.members = []  # which would hold all of them
                name = posixpath.normpath(member.name)
                if member.isreg():
                    self._places[name] = (member.offset_data, member.size)
                elif member.issym() or member.islnk():  # older releases save a repeated layer as a link
                    folder = posixpath.dirname(name) if member.issym() else ""
                    links[name] = posixpath.normpath(posixpath.join(folder, member.linkname))
                if len(self._places) + len(links) > ENTRIES_MAX:
                    raise BadImage(f"it holds more than {ENTRIES_MAX} files: it is no image archive")

    def has(self, name: str) -> bool:
        """Whether there is a part of that name."""
        if self._is_folder:
            return os.path.isfile(os.path.join(self._path, name)) and ".." not in name.split("/")
        return posixpath.normpath(name) in self._places

    def open(self, name: str) -> Part:
        """The bytes of a part. Raises `BadImage` when there is none of that name."""
        if not self.has(name):
            raise BadImage(f"{name} is missing in it")
        if self._is_folder:
            path = os.path.join(self._path, name)
            return Part(path, 0, os.path.getsize(path))
        return Part(self._path, *self._places[posixpath.normpath(name)])

    def json(self, name: str) -> Any:
        """What a part holds. Raises `BadImage` when it is not JSON, or too much of it."""
        return self.json_with_digest(name)[0]

    def json_with_digest(self, name: str) -> tuple[Any, str]:
        """As `json`, and the SHA-256 of it."""
        with self.open(name) as part:
            data = part.read(JSON_BYTES_MAX + 1)
        if len(data) > JSON_BYTES_MAX:
            raise BadImage(f"{name} is larger than {JSON_BYTES_MAX >> 20} MiB")
        try:
            return json.loads(data.decode("utf-8")), hashlib.sha256(data).hexdigest()
        except (ValueError, RecursionError) as error:
            raise BadImage(f"{name} is not JSON") from error


class Part:
    """A stretch of a file, read from its beginning."""

    def __init__(self, path: str, offset: int, size: int) -> None:
        self._file = open(path, "rb")  # noqa: SIM115 - it is a context itself
        self._file.seek(offset)
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most; empty at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        return data

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def is_root_folder(path: str) -> bool:
    """Whether a folder looks like the root of a file system, not like the parts of an image."""
    return not os.path.exists(os.path.join(path, "oci-layout")) and any(
        os.path.isdir(os.path.join(path, name)) for name in _ROOT_MARKS
    )


def is_compressed(path: str) -> bool:
    """Whether an archive is a gzip file as a whole: its parts can be told only once it is decompressed."""
    if os.path.isdir(path):
        return False
    with open(path, "rb") as file:
        return file.read(2) == GZIP_MAGIC


def read_image(path: str, name: str = "", machine: str = "") -> Image:
    """What the layout or (not compressed) archive at `path` holds; of several images the one called `name`. `machine`
    (as `uname -m` has it) is what it must be for; empty: any.

    Raises:
        BadImage: it is none, or for other machines only.
        OSError: it cannot be read.
    """
    return find_image(Parts(path), name, machine)


def find_image(parts: Parts, name: str, machine: str) -> Image:
    """As `read_image`."""
    try:
        if parts.has("manifest.json"):
            image = _of_docker(parts, name)
        elif parts.has("index.json"):
            image = _of_index(parts, parts.json("index.json"), name, machine, _DEPTH_MAX)
        else:
            raise BadImage("it holds neither manifest.json nor index.json")
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise BadImage("what it says of itself is not that of an image") from error
    image.check_architecture(machine)
    return image


def _of_docker(parts: Parts, name: str) -> Image:
    images = parts.json("manifest.json")
    chosen = [one for one in images if any(_is_called(str(tag), name) for tag in one.get("RepoTags") or ())]
    if not chosen and len(images) != 1:
        raise BadImage(f"it holds {len(images)} images, and none is called {name}")
    one = (chosen or images)[0]
    config = _checked_json(parts, str(one["Config"]), _digest_in(str(one["Config"])))
    names = [str(layer) for layer in one["Layers"]]
    diff_ids = _diff_ids(config, len(names))
    return Image(config, [Layer(each, "", diff_id) for each, diff_id in zip(names, diff_ids)])


def _of_index(parts: Parts, index: Any, name: str, machine: str, depth: int) -> Image:
    """The image of an index that is for this machine; an index of a single image need not say for which it is."""
    if depth == 0:
        raise BadImage("its index names indexes without end")
    own = _MACHINES.get(machine, machine)
    offers = list(index["manifests"])
    named = [one for one in offers if name and any(_is_called(each, name) for each in _names_of(one))]
    usable = [
        one
        for one in (named or offers)
        if not own or (one.get("platform") or {}).get("architecture", own) == own
    ]
    if not usable:
        there = sorted({str((one.get("platform") or {}).get("architecture", "?")) for one in offers})
        raise BadImage(f"it is for {', '.join(there)} machines; this one is {own}")
    digest = _digest_of(usable[0]["digest"])
    document = _checked_json(parts, _BLOBS + digest, digest)
    if "manifests" in document:
        return _of_index(parts, document, "", machine, depth - 1)
    config_digest = _digest_of(document["config"]["digest"])
    config = _checked_json(parts, _BLOBS + config_digest, config_digest)
    digests = [_digest_of(layer["digest"]) for layer in document["layers"]]
    diff_ids = _diff_ids(config, len(digests))
    return Image(config, [Layer(_BLOBS + one, one, diff_id) for one, diff_id in zip(digests, diff_ids)])


def _names_of(descriptor: Any) -> list[str]:
    notes = descriptor.get("annotations") or {}
    keys = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
    return [str(notes[key]) for key in keys if key in notes]


def _is_called(own: str, wanted: str) -> bool:
    """Whether a name in an archive is the one that is meant: tools leave out the registry, or put one before it."""
    names = [name if ":" in name.rpartition("/")[2] else f"{name}:latest" for name in (own, wanted)]
    return names[0] == names[1] or names[0].endswith("/" + names[1]) or names[1].endswith("/" + names[0])


def _diff_ids(config: dict[str, Any], count: int) -> list[str]:
    found = [_digest_of(one) for one in (config.get("rootfs") or {}).get("diff_ids") or ()]
    if len(found) != count:
        raise BadImage(f"it has {count} layers, and its configuration names {len(found)}")
    return found


def _digest_of(text: object) -> str:
    kind, _, digest = str(text).partition(":")
    if kind != "sha256" or not _is_digest(digest):
        raise BadImage(f"the digest {str(text)[:80]} is not a SHA-256")
    return digest


def _digest_in(name: str) -> str:
    """Configurations are called by their digests in what Docker saves."""
    stem = posixpath.basename(name)
    if stem.endswith(".json"):
        stem = stem[: -len(".json")]
    return stem if _is_digest(stem) else ""


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(char in "0123456789abcdef" for char in text)


def _checked_json(parts: Parts, name: str, digest: str) -> dict[str, Any]:
    found, read = parts.json_with_digest(name)
    if digest and read != digest:
        raise BadImage(f"{name} is not what its digest says: the file is damaged")
    if not isinstance(found, dict):
        raise BadImage(f"{name} is not a JSON object")
    return found
