"""What the contract knows and this server does not do: refused by name, never silently ignored."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.errors import NotOffered
from trainwright.services.handling import Handling, settings_on
from trainwright.wire.job_search import JobSearch

IN_IMAGE = "file://"
_ORDINARY_KIND = "job"


def check_job_offered(raw: Mapping[str, Any]) -> None:
    """Nothing in the creation body `raw`, whose form has been checked, asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    kind = raw.get("kind", _ORDINARY_KIND)
    if kind != _ORDINARY_KIND:
        raise NotOffered(field=f"kind {kind}")
    for field in settings_on(raw, Handling.REFUSED):
        raise NotOffered(field=field)
    algorithm = raw.get("algorithm") or {}
    if str(algorithm.get("code_dir") or "").startswith(IN_IMAGE):
        raise NotOffered(field="algorithm.code_dir file://")


def check_update_offered(raw: Mapping[str, Any]) -> None:
    """Nothing in the update `raw`, whose form has been checked, asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    as_created = {"endpoints": raw.get("endpoints")}
    for field in settings_on(as_created, Handling.REFUSED):
        raise NotOffered(field=field)
    annotations = {"annotations": (raw.get("metadata") or {}).get("annotation")}
    for field in settings_on({"metadata": annotations}, Handling.REFUSED):
        raise NotOffered(field=field)


def check_search_offered(search: JobSearch) -> None:
    """Nothing in `search` asks for a feature this server lacks.

    Raises:
        NotOffered: with the first field that does.
    """
    for field, value in (
        ("tags", search.tags),
        ("host_ips", search.host_ips),
        ("train_type", "" if search.train_type == "job" else search.train_type),
    ):
        if value not in (None, "", [], {}):
            raise NotOffered(field=field)
