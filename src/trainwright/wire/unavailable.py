"""Bodies of operations that this server does not have: their form is checked all the same (contract §2.7, §6.12)."""

from typing import Literal

from pydantic import Field

from trainwright.wire.model import RequestModel, ShortText


class ImageSaveJob(RequestModel):
    """Body of `POST …/tasks/{task}/save-image-job`."""

    name: str = Field(max_length=512, pattern=r"^[a-z0-9_.-]+$")
    namespace: str = Field(min_length=1, max_length=64)
    tag: str = Field(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")
    description: str | None = Field(default=None, max_length=512)


class ArtifactToPublish(RequestModel):
    """One artefact of a fine-tuning job."""

    is_ckpt: bool | None = None
    artifact_id: ShortText | None = None
    asset_name: ShortText | None = None
    visibility: Literal["current", "all"] | None = None
    description: ShortText | None = None
    publish_asset_type: ShortText | None = None
    asset_source_type: ShortText | None = None
    asset_code: ShortText | None = None
    asset_version: ShortText | None = None
    version_description: ShortText | None = None


class PublishArtifacts(RequestModel):
    """Body of `POST …/ft-artifacts/publish`."""

    workspace_id: ShortText | None = None
    publish_artifacts: list[ArtifactToPublish] | None = Field(default=None, max_length=100)
