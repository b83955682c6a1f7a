"""The engines file: preset AI frameworks as data that an admin edits."""

import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trainwright.catalog.aliases import Alias, find_repeated
from trainwright.domain.specs import Distribution, EngineSpec

E = TypeVar("E", bound=BaseModel)

PACKAGED_NAME = "engines.yaml"
_PYTHON_MARK = "{python}"
_ENGINE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


class CatalogueError(Exception):
    """A catalogue file cannot be used: which file, which entry, which field, and what is wrong with it."""


class EngineEntry(BaseModel):
    """One engine as the file gives it. `image`: what a job can name instead, as `engine.image_url`. `aliases`: names
    and versions of other platforms that it stands in for. `distribution`: how boot files are started on several nodes.

    `requirements` empty: `interpreter` is used as it is (empty: the one that runs the platform). Otherwise a virtual
    environment with these packages is made from it on first use, with `pip_options` handed to pip.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    description: str = ""
    interpreter: str = ""
    requirements: tuple[str, ...] = ()
    pip_options: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    image: str = Field(default="", max_length=512)
    aliases: tuple[Alias, ...] = ()
    distribution: Distribution = Distribution.NONE

    @field_validator("id")
    @classmethod
    def _id_form(cls, value: str) -> str:
        if not _ENGINE_ID.fullmatch(value):
            raise ValueError("1 to 128 letters, digits and . _ + -, beginning with a letter or digit")
        return value

    def to_spec(self) -> EngineSpec:
        """What goes into a job's launch."""
        return EngineSpec(
            engine_id=self.id,
            name=self.name,
            version=self.version,
            interpreter=self.interpreter,
            requirements=self.requirements,
            pip_options=self.pip_options,
            environment=self.environment,
            distribution=self.distribution,
        )


def load_engines(path: Path | None = None) -> tuple[EngineEntry, ...]:
    """The engines of the file at `path`, in its order; of the packaged file when `path` is None or does not exist.

    Raises:
        CatalogueError: the file cannot be read, is no YAML list under `engines`, or an entry is wrong or repeated.
    """
    if path is not None and path.exists():
        return _parse(_read(path), str(path))
    packaged = resources.files("trainwright.catalog").joinpath(PACKAGED_NAME)
    return _parse(packaged.read_text(encoding="utf-8"), PACKAGED_NAME)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogueError(f"{path}: cannot be read: {exc}") from exc


def _parse(text: str, source: str) -> tuple[EngineEntry, ...]:
    entries: list[EngineEntry] = []
    seen: set[str] = set()
    text = text.replace(_PYTHON_MARK, f"{sys.version_info.major}.{sys.version_info.minor}")
    for index, raw in enumerate(read_entries(text, "engines", source)):
        entry = parse_entry(EngineEntry, raw, f"{source}: engines[{index}]")
        if entry.id in seen:
            raise CatalogueError(f"{source}: engines[{index}].id: {entry.id} is used twice")
        if any(entry.image and entry.image == other.image for other in entries):
            raise CatalogueError(f"{source}: engines[{index}].image: {entry.image} is used twice")
        repeated = find_repeated(entry.aliases, *((other.id, *other.aliases) for other in entries))
        if repeated:
            raise CatalogueError(f"{source}: engines[{index}].aliases: {repeated} is used twice")
        seen.add(entry.id)
        entries.append(entry)
    return tuple(entries)


def read_entries(text: str, key: str, source: str) -> list[Any]:
    """The list under `key` of a YAML document.

    Raises:
        CatalogueError: it is not YAML, or has no such list.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise CatalogueError(f"{source}: not valid YAML: {exc}") from exc
    entries = document.get(key) if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise CatalogueError(f"{source}: it must be an object with a list named {key}")
    return entries


def parse_entry(model: type[E], raw: object, where: str) -> E:
    """`raw` as a `model`.

    Raises:
        CatalogueError: the first field that does not fit, after `where`.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CatalogueError(f"{where}{'.' if field else ''}{field}: {first['msg']}") from exc
