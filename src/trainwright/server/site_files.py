"""The built console as files: what there is, and which of its forms a browser takes.

Nothing is opened but what a walk of the folder has found, so no path leads out of it. The walk is repeated when the
first page or one of the two folders has changed: a build while the server runs is seen at once.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from trainwright.server.codings import IDENTITY, weight, weights

SITE_FOLDER = Path(__file__).parent / "site"
INDEX = "index.html"
ASSETS = "assets/"
"""Where files have names with a hash of their content: one name never has two contents."""
_FORMS = {"br": ".br", "gzip": ".gz"}  # the better first
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One file of the site, in the forms that it lies there in: by content coding, where, and its validator."""

    media_type: str
    immutable: bool
    forms: Mapping[str, tuple[Path, str]]

    def best(self, accepted: str) -> str:
        """The content coding to answer with, for a header Accept-Encoding."""
        told = weights(accepted)
        offered = [name for name in (*_FORMS, IDENTITY) if name in self.forms]
        taken = max(offered, key=lambda name: (weight(told, name), -offered.index(name)))
        return taken if weight(told, taken) > 0 else IDENTITY


@dataclass
class Site:
    """The files below `folder`; nothing before the console was built."""

    folder: Path
    _files: Mapping[str, SiteFile] = field(default_factory=dict, repr=False)
    _seen: tuple[int, ...] = ()

    def find(self, path: str) -> SiteFile | None:
        """The file of that path below the folder, in whichever forms. Blocking, for a moment."""
        try:
            seen = tuple((self.folder / name).stat().st_mtime_ns for name in (INDEX, ASSETS, "."))
        except OSError:  # not built, or just being built
            self._files, self._seen = {}, ()
            return None
        if seen != self._seen:
            self._files, self._seen = _walk(self.folder), seen
        return self._files.get(path)


def _walk(folder: Path) -> dict[str, SiteFile]:
    entries: dict[str, tuple[Path, str]] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = filter(_is_shown, folders)
        for name in filter(_is_shown, names):
            path = Path(place) / name
            with suppress(FileNotFoundError):  # a build is under way
                status = path.stat()
                validator = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
                entries[path.relative_to(folder).as_posix()] = (path, validator)
    return {
        name: SiteFile(
            media_type=_TYPES.get(Path(name).suffix.lower(), "application/octet-stream"),
            immutable=name.startswith(ASSETS),
            forms={IDENTITY: entry, **_smaller(entries, name)},
        )
        for name, entry in entries.items()
        if not _is_form(entries, name)
    }


def _is_shown(name: str) -> bool:
    """What begins with a dot is a build's own, and no page's."""
    return not name.startswith(".")


def _smaller(entries: Mapping[str, tuple[Path, str]], name: str) -> dict[str, tuple[Path, str]]:
    return {coding: entries[name + suffix] for coding, suffix in _FORMS.items() if name + suffix in entries}


def _is_form(entries: Mapping[str, tuple[Path, str]], name: str) -> bool:
    return any(name.endswith(suffix) and name.removesuffix(suffix) in entries for suffix in _FORMS.values())
