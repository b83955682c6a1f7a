"""What `job create` takes beside a `JobDraft`: where the job lies and runs, what it is made of, what is read of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import typer

from trainwright.cli.files import named_pairs
from trainwright.cli.finding import (
    find_algorithm,
    find_dataset,
    find_dataset_version,
    find_experiment,
    find_pool,
    find_subscription,
    workspace_id,
)
from trainwright.cli.options import Globals
from trainwright.client import ApiError, Client


@dataclass(frozen=True, slots=True)
class Extras:
    """As they were typed; names are looked up when they are laid over the body."""

    image: str = ""
    workspace: str = ""
    pool: str = ""
    experiment: str = ""
    algorithm: str = ""
    subscription: str = ""
    datasets: Sequence[str] = field(default_factory=tuple)
    metrics: Sequence[str] = field(default_factory=tuple)


def lay_over(told: Globals, client: Client, body: dict[str, Any], extras: Extras) -> None:
    """Put `extras` into the body of a job.

    Raises:
        ApiError: something that is named is not there.
        BadParameter: a value has the wrong form.
    """
    metadata, algorithm = _section(body, "metadata"), _section(body, "algorithm")
    if extras.image:
        algorithm["engine"] = {"image_url": extras.image}
    if extras.workspace:
        metadata["workspace_id"] = workspace_id(told, client, extras.workspace)
    if extras.pool:
        resource = _section(_section(body, "spec"), "resource")
        resource["pool_id"] = find_pool(told, client, extras.pool).metadata.name
    if extras.experiment:
        metadata["training_experiment_reference"] = _experiment(told, client, extras.experiment)
    if extras.algorithm:
        algorithm["id"] = find_algorithm(told, client, extras.algorithm).metadata.id
    if extras.subscription:
        found = find_subscription(told, client, extras.subscription)
        algorithm["subscription_id"] = found.subscription_id
        algorithm["item_version_id"] = found.item_version_id
    for channel, named in named_pairs(told, "--dataset", extras.datasets).items():
        _put(algorithm, "inputs", {"name": channel, "remote": {"dataset": _dataset(told, client, named)}})
    for metric, regex in named_pairs(told, "--metric", extras.metrics).items():
        _put(algorithm, "metrics", {"name": metric, "regex": regex})


def tag_values(texts: Sequence[str]) -> dict[str, str]:
    """`["team=vision", "urgent"]` as keys with values, empty where none is given.

    Raises:
        BadParameter: one has no key.
    """
    tags = {}
    for text in texts:
        key, _, value = text.partition("=")
        if not key:
            raise typer.BadParameter(text)
        tags[key] = value
    return tags


def _experiment(told: Globals, client: Client, text: str) -> dict[str, str]:
    """By id where there is one of that name or id, else by name, which makes it."""
    try:
        return {"id": find_experiment(told, client, text).metadata.id}
    except ApiError as exc:
        if exc.status != 404:
            raise
        return {"name": text}


def _dataset(told: Globals, client: Client, text: str) -> dict[str, str]:
    """`digits` or `digits@V002`; without a version the server takes the newest that is ready."""
    name, _, version = text.partition("@")
    found = find_dataset(told, client, name)
    chosen = {"id": found.dataset_id}
    if version:
        chosen["version_id"] = find_dataset_version(told, client, found, version).version_id
    return chosen


def _put(algorithm: dict[str, Any], key: str, item: dict[str, Any]) -> None:
    """It takes the place of the one of the same name."""
    others = [each for each in algorithm.get(key) or [] if each.get("name") != item["name"]]
    algorithm[key] = [*others, item]


def _section(parent: dict[str, Any], key: str) -> dict[str, Any]:
    section = parent.get(key)
    if not isinstance(section, dict):
        section = parent[key] = {}
    return section
