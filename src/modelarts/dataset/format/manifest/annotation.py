"""One label of a sample."""

from dataclasses import dataclass
from typing import Any

FIELDS = {
    "name": "name",
    "type": "type",
    "id": "id",
    "annotation_loc": "annotation-loc",
    "annotation_property": "property",
    "confidence": "confidence",
    "creation_time": "creation-time",
    "annotated_by": "annotated-by",
    "annotation_format": "annotation-format",
    "hard": "hard",
    "hard_coefficient": "hard-coefficient",
    "hard_reasons": "hard-reasons",
}
"""Attributes, and their names in a manifest."""


@dataclass
class Annotation:
    """One label. None for what is not said.

    `type` is such as `modelarts/image_classification`; `annotation_loc` the path of a file with the label's details,
    which lies in the format `annotation_format`; `confidence` and `hard_coefficient` are between 0 and 1.
    """

    name: str | None = None
    type: str | None = None
    id: str | None = None
    annotation_loc: str | None = None
    annotation_property: dict[str, Any] | None = None
    confidence: float | None = None
    creation_time: str | None = None
    annotated_by: str | None = None
    annotation_format: str | None = None
    hard: bool | None = None
    hard_coefficient: float | None = None
    hard_reasons: str | None = None

    def get_name(self) -> str | None:
        """`name`."""
        return self.name

    def get_type(self) -> str | None:
        """`type`."""
        return self.type

    def get_loc(self) -> str | None:
        """`annotation_loc`."""
        return self.annotation_loc

    def get_property(self) -> dict[str, Any] | None:
        """`annotation_property`."""
        return self.annotation_property

    def get_confidence(self) -> float | None:
        """`confidence`."""
        return self.confidence

    def get_creation_time(self) -> str | None:
        """`creation_time`."""
        return self.creation_time

    def get_annotated_by(self) -> str | None:
        """`annotated_by`."""
        return self.annotated_by

    def get_annotation_format(self) -> str | None:
        """`annotation_format`."""
        return self.annotation_format
