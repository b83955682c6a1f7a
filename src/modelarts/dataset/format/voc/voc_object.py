"""One object on an image."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from modelarts.dataset.format.voc.position import Position

TAGS = {
    "name": "name",
    "pose": "pose",
    "truncated": "truncated",
    "occluded": "occluded",
    "difficult": "difficult",
    "difficult_coefficient": "difficult_coefficient",
    "confidence": "confidence",
    "mask_color": "mask_color",
}
"""Attributes that are texts, and their names in a file."""


@dataclass
class VocObject:
    """One object: what it is, where it is, and its parts. Values are texts, as in the file; None for what is not
    said.
    """

    name: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    pose: str | None = None
    truncated: str | None = None
    occluded: str | None = None
    difficult: str | None = None
    difficult_coefficient: str | None = None
    confidence: str | None = None
    position: Position | None = None
    parts: Sequence["VocObject"] = field(default_factory=list)
    mask_color: str | None = None
