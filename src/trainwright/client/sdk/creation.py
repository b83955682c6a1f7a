"""What a new job is made of: the keywords of `jobs.create`, in both SDKs."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from trainwright.client.job_body import JobDraft, draft_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CreateT = TypeVar("CreateT", bound="Callable[..., Any]")
_BESIDE = frozenset({"name", "code_dir"})


class JobFields(TypedDict, total=False):
    """The fields of `JobDraft` beside `name` and `code_dir`; what is left out is left to the server."""

    description: str | None
    boot_file: str
    command: str
    engine: str
    image: str
    algorithm: str
    flavor: str
    nodes: int | None
    parameters: Mapping[str, object]
    environment: Mapping[str, object]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    prefetch: Sequence[str]
    by_environment: Sequence[str]
    working_dir: str
    local_code_dir: str
    log_path: str
    auto_stop: str
    priority: int | None
    preemptible: bool | None
    retries: int | None
    reserve_hours: int | None
    workspace: str
    pool: str
    experiment: str
    metrics: Mapping[str, str]
    annotations: Mapping[str, str]


def body_of(name: str, code_dir: str, given: JobFields) -> dict[str, Any]:
    """The REST body of a job with these fields.

    Raises:
        ValueError: `prefetch` or `by_environment` names no channel, or `auto_stop` is no duration.
    """
    return draft_body(JobDraft(name=name, code_dir=code_dir, **given))


def shows_fields(create: CreateT) -> CreateT:
    """`create`, whose help and completion show every field of `JobFields` instead of `**fields`."""
    signature = inspect.signature(create)
    own = [each for each in signature.parameters.values() if each.kind is not each.VAR_KEYWORD]
    defaults = {each.name: each for each in fields(JobDraft) if each.name not in _BESIDE}
    more = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=each.default_factory() if callable(each.default_factory) else each.default,
            annotation=each.type,
        )
        for name, each in defaults.items()
    ]
    shown: Any = create
    shown.__signature__ = signature.replace(parameters=[*own, *more])
    return create
