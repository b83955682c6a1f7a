"""Built-in algorithms of the first generation: here, what is published in the gallery, by its title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelarts.exception import InvalidArgument
from modelarts.v1.settings import INPUT, OUTPUT
from modelarts.v1.shown import Json, engine_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trainwright.client import Client
    from trainwright.wire.gallery import ItemResponse, SubscriptionResponse

_PAGE = 50


def list_algorithms(client: Client) -> Json:
    """`get_built_in_algorithms`. What only ModelArts' own models have (usage, precision, size, …) is empty."""
    items = [client.show_gallery_item(item.id) for item in client.iter_gallery(limit=_PAGE)]
    return {"model_total_count": len(items), "models": [_shown(item) for item in items]}


def use_algorithm(client: Client, name: str, algorithm: Json) -> Json:
    """`algorithm` of a job body as one that runs the published algorithm `name`; the project is subscribed to it.

    Input and output get the names that the algorithm gives its first ones.

    Raises:
        InvalidArgument: nothing of that title is published.
        ApiError: subscribing is refused.
    """
    item = next((item for item in client.iter_gallery(title=name, limit=_PAGE) if item.title == name), None)
    if item is None:
        raise InvalidArgument(
            f"model_name: no algorithm called {name!r} is published in the gallery.",
            error_solution="Estimator.get_built_in_algorithms(session) lists them.",
        )
    subscription = client.subscribe({"item_id": item.id})
    config = _config(client, item, subscription)
    return {
        "subscription_id": subscription.subscription_id,
        "item_version_id": subscription.item_version_id,
        "parameters": algorithm["parameters"],
        "inputs": _renamed(algorithm["inputs"], config.get("inputs") or [], INPUT),
        "outputs": _renamed(algorithm["outputs"], config.get("outputs") or [], OUTPUT),
    }


def _config(client: Client, item: ItemResponse, subscription: SubscriptionResponse) -> Mapping[str, Any]:
    versions = client.show_gallery_item(item.id).versions
    chosen = [version for version in versions if version.id == subscription.item_version_id]
    return next((version.job_config for version in [*chosen, *versions] if version.job_config), {})


def _renamed(channels: Sequence[Json], declared: Sequence[Mapping[str, Any]], name: str) -> list[Json]:
    """The channel called `name` under the first declared name, unless that name itself is declared."""
    names = [str(item.get("name")) for item in declared if item.get("name")]
    if not names or name in names:
        return list(channels)
    return [{**channel, "name": names[0]} if channel["name"] == name else channel for channel in channels]


def _shown(item: ItemResponse) -> Json:
    newest = item.versions[0] if item.versions else None
    config = (newest.job_config or {}) if newest is not None else {}
    engine = config.get("engine") or {}
    return {
        "model_id": item.id,
        "model_name": item.title,
        "model_usage": 0,
        "model_precision": "",
        "model_size": 0,
        "model_train_dataset": "",
        "model_dataset_format": "",
        "model_description_url": item.description,
        "parameter": [
            {"label": each.get("name"), "value": each.get("value") or ""}
            for each in config.get("parameters") or []
        ],
        "create_time": item.create_time,
        "engine_id": engine.get("engine_id") or "",
        "engine_type": engine_type(engine.get("engine_name") or ""),
        "engine_name": engine.get("engine_name") or "",
        "engine_version": engine.get("engine_version") or "",
    }
