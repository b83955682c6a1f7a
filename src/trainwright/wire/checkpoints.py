"""Checkpoints of a job as callers see them: ours, in the style of the contract."""

from typing import Literal

from trainwright.wire.model import AnswerModel


class CheckpointItem(AnswerModel):
    """One checkpoint. `path` is relative to the output; of a folder it ends in a slash, of a set of files it is what
    their names have in common. `obs_url` is the whole of it. `size` in bytes, `update_time` in milliseconds.

    `state`: complete, incomplete (`detail` says what is missing), unsafe (loading it would run something, which
    `detail` names), or unknown.
    """

    output: str
    path: str
    obs_url: str
    kind: str
    step: int | None = None
    epoch: int | None = None
    metrics: dict[str, float]
    files: int
    size: int
    update_time: int
    state: Literal["complete", "incomplete", "unsafe", "unknown"]
    detail: str


class CheckpointList(AnswerModel):
    """One page, newest first; `total` counts all."""

    total: int
    count: int
    offset: int
    limit: int
    items: tuple[CheckpointItem, ...]
