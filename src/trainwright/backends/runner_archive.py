"""Packs the runner into the one file that backends start on nodes."""

import ast
import importlib.util
import io
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
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, source: str) -> None:
    """The source, and before it its code as an unchecked hash-based .pyc: it depends on no file time."""
    code = compile(ast.parse(source), f"runner.pyz/{name}.py", "exec", dont_inherit=True, optimize=2)
    flags = (1).to_bytes(4, "little")
    digest = importlib.util.source_hash(source.encode("utf-8"))
    compiled = importlib.util.MAGIC_NUMBER + flags + digest + marshal.dumps(code, _MARSHAL)
    for suffix, data in ((".pyc", compiled), (".py", source.encode("utf-8"))):
        entry = zipfile.ZipInfo(name + suffix, _EPOCH)
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        archive.writestr(entry, data)
