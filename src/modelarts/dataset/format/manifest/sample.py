"""One sample of a manifest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from modelarts.dataset.format.manifest.annotation import Annotation

FIELDS = {
    "source": "source",
    "usage": "usage",
    "inference_loc": "inference-loc",
    "id": "id",
    "source_type": "source-type",
    "source_property": "source-property",
    "hard": "hard",
    "hard_coefficient": "hard-coefficient",
    "hard_reasons": "hard-reasons",
    "source_map": "source-map",
}
"""Attributes, and their names in a manifest."""


@dataclass
class Sample:
    """One sample: where it is (`source`, or `content://` and a text), what for (`usage`: TRAIN, EVAL, TEST or
    INFERENCE) and its labels. None for what is not said.
    """

    source: str | None = None
    usage: str | None = None
    annotations: Sequence[Annotation] = field(default_factory=list)
    inference_loc: str | None = None
    id: str | None = None
    source_type: str | None = None
    source_property: object = None
    hard: bool | None = None
    hard_coefficient: float | None = None
    hard_reasons: str | None = None
    source_map: object = None

    def get_source(self) -> str | None:
        """`source`."""
        return self.source

    def get_usage(self) -> str | None:
        """`usage`."""
        return self.usage

    def get_annotations(self) -> Sequence[Annotation]:
        """`annotations`."""
        return self.annotations

    def get_inference_loc(self) -> str | None:
        """`inference_loc`."""
        return self.inference_loc
