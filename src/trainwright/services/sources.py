"""Where a job's algorithm comes from: a saved one, a subscribed one, or the request itself. Blocking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainwright.catalog.from_algorithm import dataset_types
from trainwright.domain.errors import (
    AlgorithmNotFound,
    InvalidParam,
    RemoteTypeUnsupported,
    SubscriptionNotFound,
)
from trainwright.domain.texts import Text
from trainwright.ports.uow import UnitOfWork
from trainwright.wire.jobs import JobRequest

_TWO_SOURCES = Text("id and subscription_id cannot be given together", "id 与 subscription_id 不能同时填写")
_BOTH = Text(
    "subscription_id and item_version_id are given together",
    "subscription_id 与 item_version_id 必须同时填写",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A saved or subscribed algorithm. `document` as `catalog.from_algorithm.merge` takes it.

    `algorithm_id`: the algorithm's, or the gallery item's. `code_uri`: the platform's own copy of published code, which
    lies in a bucket nobody may name; empty for a saved algorithm, or when there is no code. `code_hidden`: the code and
    the command are never shown.
    """

    algorithm_id: str
    name: str
    document: Mapping[str, Any]
    code_hidden: bool = False
    code_uri: str = ""


def find_source(uow: UnitOfWork, request: JobRequest) -> Source | None:
    """The algorithm that `request` names; None when it brings its own.

    To be asked again in the unit that stores the job: in a writing unit the source stays until the unit ends.

    Raises:
        InvalidParam: it names two, or half of a subscription.
        AlgorithmNotFound: not for the caller.
    """
    asked = request.algorithm
    if asked is None:
        return None
    if asked.id and (asked.subscription_id or asked.item_version_id):
        raise InvalidParam(field="algorithm", detail=_TWO_SOURCES)
    if bool(asked.subscription_id) != bool(asked.item_version_id):
        raise InvalidParam(field="algorithm", detail=_BOTH)
    if asked.id:
        saved = uow.algorithms.get(asked.id)
        return Source(saved.id, saved.name, saved.document)
    if asked.subscription_id and asked.item_version_id:
        return _subscribed(uow, asked.subscription_id, asked.item_version_id)
    return None


def _subscribed(uow: UnitOfWork, subscription_id: str, version_id: str) -> Source:
    try:
        _, item = uow.gallery.get_subscription(subscription_id)
    except SubscriptionNotFound as exc:
        raise AlgorithmNotFound(field="algorithm.subscription_id", algorithm=subscription_id) from exc
    for version in item.versions:
        if version.id == version_id:
            return Source(item.id, item.title, version.document, code_hidden=True, code_uri=version.code_uri)
    raise AlgorithmNotFound(field="algorithm.item_version_id", algorithm=version_id)


def check_datasets(uow: UnitOfWork, source: Source, request: JobRequest) -> None:
    """The registered datasets that are inputs have the types that the algorithm takes. Only the type is held against
    its `remote_constraints`: data formats and segmentation are not known of a registered dataset.

    Raises:
        RemoteTypeUnsupported: one has not.
        DatasetNotFound: one is not for the caller.
    """
    algorithm = request.algorithm
    for index, channel in enumerate((algorithm and algorithm.inputs) or []):
        dataset = channel.remote.dataset if channel.remote else None
        if dataset is None or not dataset.id:
            continue
        allowed = dataset_types(source.document, channel.name)
        if allowed and uow.datasets.get(dataset.id).type not in allowed:
            listed = f"dataset_type {', '.join(sorted(allowed))}"
            field = f"algorithm.inputs[{index}].remote.dataset"
            raise RemoteTypeUnsupported(field=field, algorithm=source.name, allowed=listed)
