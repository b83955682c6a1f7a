"""`Manifest`: samples with their labels, read from and written to a file of JSON lines."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from modelarts.dataset.format.files import SaveMode, read_bytes, write_bytes
from modelarts.dataset.format.manifest import annotation as annotations
from modelarts.dataset.format.manifest import sample as samples
from modelarts.dataset.format.manifest.annotation import Annotation
from modelarts.dataset.format.manifest.sample import Sample
from modelarts.exception import InvalidArgument, raising
from modelarts.session import Session

_WORDS = {"true": True, "false": False}


@dataclass
class Manifest:
    """Samples in their order; iterating gives them. `size` is their number."""

    samples: Sequence[Sample] = field(default_factory=list)
    size: int = -1

    def __post_init__(self) -> None:
        self.size = len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    @classmethod
    @raising
    def parse_manifest(
        cls, manifest_path: str, encoding: str = "utf-8", session: Session | None = None
    ) -> Self:
        """Read a manifest of this machine, or with a session of the object store. Empty lines are passed over, fields
        that are not known are left out.

        Raises:
            InvalidArgument: there is no such file, or a line is no JSON object; the text says which.
            ModelArtsError: the file cannot be read.
        """
        try:
            text = read_bytes(manifest_path, session).decode(encoding)
        except (UnicodeDecodeError, LookupError) as exc:
            raise InvalidArgument(f"{manifest_path} cannot be read as {encoding}: {exc}.") from exc
        found = []
        for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
            if line.strip():
                found.append(_sample(line, f"{manifest_path}, line {number}"))
        return cls(found)

    @raising
    def save(self, path: str, session: Session | None = None, save_mode: SaveMode = "w") -> None:
        """Write it to a file of this machine, or with a session to the object store; with `save_mode="a"` behind what
        is there. What is not said is left out.

        Raises:
            ModelArtsError: it cannot be written.
        """
        lines = [json.dumps(_written(sample), ensure_ascii=False) + "\n" for sample in self.samples]
        write_bytes(path, "".join(lines).encode(), session, save_mode)


def _sample(line: str, where: str) -> Sample:
    try:
        raw = json.loads(line)
    except ValueError as exc:
        raise InvalidArgument(f"{where}: no JSON: {exc}.") from exc
    labels = raw.get("annotation") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(labels, list | None):
        raise InvalidArgument(f"{where}: it must be an object, its `annotation` a list.")
    if not all(isinstance(label, dict) for label in labels or []):
        raise InvalidArgument(f"{where}: each annotation must be an object.")
    read = [Annotation(**_read(annotations.FIELDS, label)) for label in labels or []]
    return Sample(annotations=read, **_read(samples.FIELDS, raw))


def _read(fields: Mapping[str, str], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes by the names in a manifest; `true` and `false` come as texts, too."""
    found = {attribute: raw[name] for attribute, name in fields.items() if name in raw}
    hard = found.get("hard")
    if isinstance(hard, str):
        found["hard"] = _WORDS.get(hard.lower(), hard)
    return found


def _written(sample: Sample) -> dict[str, Any]:
    raw = _said(samples.FIELDS, sample)
    if sample.annotations:
        raw["annotation"] = [_said(annotations.FIELDS, label) for label in sample.annotations]
    return raw


def _said(fields: Mapping[str, str], part: Sample | Annotation) -> dict[str, Any]:
    values = {name: getattr(part, attribute) for attribute, name in fields.items()}
    return {name: value for name, value in values.items() if value is not None}
