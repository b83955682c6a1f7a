"""Items and versions of the gallery as they are shown: never with what is the publisher's alone. Pure."""

from typing import Final

from trainwright.ports.algorithms import GalleryItem, GalleryVersion
from trainwright.ports.identity import Principal
from trainwright.services.algorithm_view import shown_advanced, shown_config, shown_requirements
from trainwright.wire.gallery import ItemResponse, ItemVersion

SHOWN: Final = ("parameters", "parameters_customization", "inputs", "outputs", "engine")
"""What subscribers see of `job_config`. Code folder, boot file and command are not among it, nor what is unknown."""


def item_response(item: GalleryItem, who: Principal) -> ItemResponse:
    """`item` for `who`; what its versions take and need only when it was read with their documents."""
    return ItemResponse(
        id=item.id,
        title=item.title,
        description=item.description,
        visibility="public" if item.visibility == "public" else "project",
        user_name=item.user_name,
        own=item.project_id == who.project_id,
        version_count=len(item.versions),
        latest_version=item.versions[0].number if item.versions else "",
        create_time=item.created_at_ms,
        update_time=item.updated_at_ms,
        versions=[_version_response(version) for version in item.versions],
    )


def _version_response(version: GalleryVersion) -> ItemVersion:
    brief = ItemVersion(
        id=version.id,
        version_num=version.number,
        description=version.description,
        create_time=version.created_at_ms,
    )
    if not version.document:
        return brief
    config = shown_config(version.document)
    shown = {
        "job_config": {name: config[name] for name in SHOWN},
        "resource_requirements": shown_requirements(version.document),
        "advanced_config": shown_advanced(version.document),
    }
    return brief.model_copy(update=shown)
