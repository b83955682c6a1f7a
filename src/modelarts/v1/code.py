"""Code folders of this machine, brought to where jobs can read them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from modelarts.environment import Environment
from modelarts.exception import INVALID_PATH, InvalidArgument
from modelarts.session import Session
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright import client
else:
    client = deferred("trainwright.client")

REQUIREMENTS = "pip-requirements.txt"
_NOT_CODE = shutil.ignore_patterns("__pycache__", ".git")


def is_local(code_dir: str) -> bool:
    """Whether it is a folder of this machine. `/a/b/` may be both: here, if such a folder is here."""
    return client.is_local_folder(code_dir)


def bring_code(
    session: Session,
    code_dir: str,
    boot_file: str,
    environment: Environment | None,
    *,
    needs_boot_file: bool = True,
) -> tuple[str, str]:
    """Upload the folder with the packages of `environment` among its requirements; where it and its boot file lie then.

    Raises:
        InvalidArgument: there is no such folder or boot file, or packages are asked for that pip does not install.
    """
    folder = Path(code_dir).expanduser()
    if not folder.is_dir():
        raise InvalidArgument(
            f"code_dir: there is no folder {code_dir} on this machine.",
            error_code=INVALID_PATH,
            error_solution="Folders of the object store begin with obs:// or /.",
        )
    relative = _relative(folder, boot_file) if boot_file or needs_boot_file else ""
    bucket = client.parse_path(session.obs.get_default_bucket()).bucket
    packages = packages_of(environment)
    if not packages:
        target = session.storage.upload_code(folder, bucket=bucket)
        return target, target + relative if relative else ""
    with tempfile.TemporaryDirectory(prefix="modelarts-code-") as place:
        copy = Path(place) / folder.resolve().name
        shutil.copytree(folder, copy, symlinks=True, ignore=_NOT_CODE)
        with (copy / REQUIREMENTS).open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(packages) + "\n")
        target = session.storage.upload_code(copy, bucket=bucket)
    return target, target + relative if relative else ""


def packages_of(environment: Environment | None) -> list[str]:
    """What pip is to install.

    Raises:
        InvalidArgument: conda packages are asked for: an engine has the Python it has.
    """
    conda = environment.conda if environment is not None else None
    if environment is None or conda is None:
        return []
    others = [package for package in conda.conda_packages if not package.lower().startswith("python")]
    if others:
        raise InvalidArgument(
            f"Environment {environment.name}: conda packages ({', '.join(others)}) cannot be added to an engine.",
            error_solution="Put packages into pip_packages, or choose an engine that has them.",
        )
    return list(conda.pip_packages)


def _relative(folder: Path, boot_file: str) -> str:
    given = Path(boot_file).expanduser()
    full = given if given.is_absolute() else folder / given
    if not full.is_file() or not full.resolve().is_relative_to(folder.resolve()):
        raise InvalidArgument(
            f"boot_file: there is no {boot_file or '(none given)'} in {folder}.",
            error_code=INVALID_PATH,
            error_solution="Name a .py file in code_dir.",
        )
    return full.resolve().relative_to(folder.resolve()).as_posix()
