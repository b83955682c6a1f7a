"""Packs the runner, and with it what jobs can import, into the one file that backends start on nodes."""

import ast
import importlib.util
import io
import json
import marshal
import os
import stat
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MARSHAL = 2  # without back references, whose use depends on what else this process holds
_PACKAGE = "trainwright_runner"
_MAIN = f"import sys\n\nfrom {_PACKAGE}.entry import main\n\nsys.exit(main(sys.argv[1:]))\n"
_SOURCES = Path(__file__).parent.parent / "runner"
_LIBRARY = "job-library.json"
_LIBRARY_ROOT = Path(__file__).parents[2]
_LIBRARY_PACKAGES = ("moxing", "trainwright/inside", "trainwright/portable")
_PACKAGE_ITSELF = "trainwright/__init__.py"
_EXTEND_PATH = """
# In jobs: what every job needs of `trainwright` lies here, the rest where it is installed, if it is.
__path__ = __import__("pkgutil").extend_path(__path__, __name__)
"""


def build(target: Path) -> Path:
    """Write the runner's archive to `target` (its folder is made) and return `target`.

    The same sources and the same Python give the same bytes; when those are there already nothing is written, so that
    running runners are not disturbed. It holds sources for any Python and code for ours, so that starting it compiles
    nothing, and it is not compressed, so that starting it does not need `zlib` either.
    """
    data = _archive()
    if target.is_file() and target.read_bytes() == data:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.chmod(0o644)
    draft.rename(target)
    return target


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "__main__", _MAIN)
        for source in sorted(_SOURCES.glob("*.py")):
            if source.stem != "__main__":
                _add(archive, f"{_PACKAGE}/{source.stem}", source.read_text(encoding="utf-8"))
        _store(archive, _LIBRARY, json.dumps(library(), sort_keys=True).encode())
    return buffer.getvalue()


def library() -> dict[str, str]:
    """Path and text of every source that jobs can import (ADR 0026), as this Python has them installed."""
    sources = {
        path.relative_to(_LIBRARY_ROOT).as_posix(): path.read_text(encoding="utf-8")
        for package in _LIBRARY_PACKAGES
        for path in (_LIBRARY_ROOT / package).rglob("*.py*")
        if path.suffix == ".py" or path.name == "py.typed"
    }
    itself = (_LIBRARY_ROOT / _PACKAGE_ITSELF).read_text(encoding="utf-8")
    return {**sources, _PACKAGE_ITSELF: itself + _EXTEND_PATH}


def _add(archive: zipfile.ZipFile, name: str, source: str) -> None:
    """The source, and before it its code as an unchecked hash-based .pyc: it depends on no file time."""
    code = compile(ast.parse(source), f"runner.pyz/{name}.py", "exec", dont_inherit=True, optimize=2)
    flags = (1).to_bytes(4, "little")
    digest = importlib.util.source_hash(source.encode("utf-8"))
    compiled = importlib.util.MAGIC_NUMBER + flags + digest + marshal.dumps(code, _MARSHAL)
    for suffix, data in ((".pyc", compiled), (".py", source.encode("utf-8"))):
        _store(archive, name + suffix, data)


def _store(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(entry, data)
