"""From what a user types, an id or a name, to the thing that is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import typer

from trainwright.cli.options import Globals
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.client import Client
    from trainwright.wire import pools, workspaces
    from trainwright.wire.algorithms import AlgorithmResponse
    from trainwright.wire.datasets import DatasetItem, VersionItem
    from trainwright.wire.experiments import ExperimentResponse
    from trainwright.wire.gallery import ItemResponse, SubscriptionResponse
else:
    pools = deferred("trainwright.wire.pools")
    workspaces = deferred("trainwright.wire.workspaces")

T = TypeVar("T")
_PART_MAX = 64  # of a name that is searched for


def find(
    told: Globals, text: str, items: Iterable[T], name: Callable[[T], str], show: Callable[[str], T]
) -> T:
    """The first of `items` with exactly this name, else what `show` says of this id.

    Raises:
        BadParameter: `text` is empty.
        ApiError: there is none.
    """
    if not text.strip():
        raise typer.BadParameter(told.say("An id or a name is needed."))
    for item in items:
        if name(item) == text:
            return item
    return show(text)


def find_algorithm(told: Globals, client: Client, text: str) -> AlgorithmResponse:
    """The newest algorithm of this name, or that with this id."""
    found = client.iter_algorithms(name=text[:_PART_MAX].split(",")[0], limit=50)
    return find(told, text, found, lambda item: item.metadata.name, client.show_algorithm)


def find_gallery_item(told: Globals, client: Client, text: str) -> ItemResponse:
    """The newest published algorithm of this title, or that with this id; with its versions."""
    found = client.iter_gallery(title=text[:_PART_MAX], limit=50)
    item = find(told, text, found, lambda item: item.title, client.show_gallery_item)
    return item if item.versions else client.show_gallery_item(item.id)


def find_subscription(told: Globals, client: Client, text: str) -> SubscriptionResponse:
    """The subscription to the algorithm of this title, or that with this id; with the versions there are."""
    found = client.iter_subscriptions(title=text[:_PART_MAX], limit=50)
    item = find(told, text, found, lambda item: item.item.title, client.show_subscription)
    return item if item.item.versions else client.show_subscription(item.subscription_id)


def find_dataset(told: Globals, client: Client, text: str) -> DatasetItem:
    """The newest dataset of this name, or that with this id."""
    found = client.iter_datasets(name=text[:_PART_MAX], limit=100)
    return find(told, text, found, lambda item: item.dataset_name, client.show_dataset)


def find_dataset_version(told: Globals, client: Client, dataset: DatasetItem, text: str) -> VersionItem:
    """The version of this name or id; the newest for an empty text.

    Raises:
        ApiError: there is none of that name or id.
        BadParameter: the dataset has no versions.
    """
    if text:
        found = client.iter_dataset_versions(dataset.dataset_id, limit=100)
        return find(
            told,
            text,
            found,
            lambda item: item.version_name,
            lambda version_id: client.show_dataset_version(dataset.dataset_id, version_id),
        )
    newest = client.list_dataset_versions(dataset.dataset_id, limit=1).versions
    if not newest:
        raise typer.BadParameter(told.say("Dataset {name} has no versions.", name=dataset.dataset_name))
    return newest[0]


def find_experiment(told: Globals, client: Client, text: str) -> ExperimentResponse:
    """The newest experiment of this name, or that with this id."""
    found = client.iter_experiments(limit=1000)
    return find(told, text, found, lambda item: item.metadata.name, client.show_experiment)


def find_pool(told: Globals, client: Client, text: str) -> pools.PoolItem:
    """The pool of this display name, or that with this id."""
    found = client.list_pools().items
    return find(
        told, text, found, lambda item: item.metadata.labels.get(pools.NAME_LABEL, ""), client.show_pool
    )


def find_workspace(told: Globals, client: Client, text: str) -> workspaces.WorkspaceItem:
    """The workspace of this name, or that with this id."""

    def show(workspace_id: str) -> workspaces.WorkspaceItem:
        return client.show_workspace(workspace_id)

    found = client.iter_workspaces(name=text, limit=1000)
    return find(told, text, found, lambda item: item.name, show)


def workspace_id(told: Globals, client: Client, text: str) -> str:
    """The id of the workspace that is meant; empty when none is named."""
    return find_workspace(told, client, text).id if text else ""


def with_members(client: Client, workspace: workspaces.WorkspaceItem) -> workspaces.WorkspaceResponse:
    """The workspace with its members, which lists leave out."""
    return (
        workspace
        if isinstance(workspace, workspaces.WorkspaceResponse)
        else client.show_workspace(workspace.id)
    )
