"""What the contract knows and this server does not do: refused by name, never silently ignored."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.errors import NotOffered
from trainwright.services.handling import Handling, settings_on

IN_IMAGE = "file://"
ORDINARY_KIND = "job"
ROLES_KIND = "hetero_job"


def check_job_offered(raw: Mapping[str, Any]) -> None:
    """Nothing in the creation body `raw`, whose form has been checked, asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    kind = raw.get("kind") or ORDINARY_KIND
    if kind not in (ORDINARY_KIND, ROLES_KIND):
        raise NotOffered(field=f"kind {kind}")
    for field in settings_on(raw, Handling.REFUSED):
        raise NotOffered(field=field)


def check_code_offered(code_dir: str | None) -> None:
    """The code lies in the object store, not in an image. Raises `NotOffered`."""
    if code_dir and code_dir.startswith(IN_IMAGE):
        raise NotOffered(field="algorithm.code_dir file://")


def check_update_offered(raw: Mapping[str, Any]) -> None:
    """Nothing in the update `raw`, whose form has been checked, asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    for field in settings_on(as_creation(raw), Handling.REFUSED):
        raise NotOffered(field=field)


def as_creation(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The update `raw` in the form of a creation body, where annotations have another name."""
    annotations = (raw.get("metadata") or {}).get("annotation")
    return {
        "spec": raw.get("spec"),
        "endpoints": raw.get("endpoints"),
        "metadata": {"annotations": annotations},
    }
