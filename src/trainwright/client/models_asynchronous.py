"""The asyncio client's part for checkpoints and registered models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.people_asynchronous import AsyncPeopleClient
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from trainwright.client.operations import models
    from trainwright.wire.checkpoints import CheckpointList
    from trainwright.wire.models import (
        ModelFileItem,
        ModelFileList,
        ModelItem,
        ModelList,
        ModelVersionItem,
        ModelVersionList,
    )
else:
    models = deferred("trainwright.client.operations.models")


class AsyncModelsClient(AsyncPeopleClient):
    """Checkpoints, models, versions, files."""

    async def list_checkpoints(
        self, job_id: str, *, output: str = "", offset: int = 0, limit: int = 10
    ) -> CheckpointList:
        """One page of what looks like checkpoints in a job's outputs, newest first, each checked."""
        return await self.send(
            models.build_list_checkpoints(self._project, job_id, output=output, offset=offset, limit=limit)
        )

    async def list_models(
        self, *, name: str = "", workspace_id: str = "", offset: int = 0, limit: int = 10
    ) -> ModelList:
        """One page of models, newest first."""
        return await self.send(
            models.build_list_models(
                self._project, name=name, workspace_id=workspace_id, offset=offset, limit=limit
            )
        )

    async def show_model(self, model_id: str) -> ModelItem:
        """One model."""
        return await self.send(models.build_show_model(self._project, model_id))

    async def change_model(self, model_id: str, body: Mapping[str, object]) -> ModelItem:
        """Change name and description; fields as in `ModelUpdate`."""
        return await self.send(models.build_change_model(self._project, model_id, body))

    async def delete_model(self, model_id: str) -> None:
        """Delete a model with its versions and their files."""
        await self.send(models.build_delete_model(self._project, model_id))

    async def list_model_versions(
        self, model_id: str, *, offset: int = 0, limit: int = 10
    ) -> ModelVersionList:
        """One page of versions, the highest number first."""
        return await self.send(
            models.build_list_model_versions(self._project, model_id, offset=offset, limit=limit)
        )

    async def show_model_version(self, model_id: str, version_id: str) -> ModelVersionItem:
        """One version."""
        return await self.send(models.build_show_model_version(self._project, model_id, version_id))

    async def delete_model_version(self, model_id: str, version_id: str) -> None:
        """Delete a version and its files."""
        await self.send(models.build_delete_model_version(self._project, model_id, version_id))

    async def list_model_files(self, model_id: str, version_id: str, *, after: str = "") -> ModelFileList:
        """One page of a version's files by path, from behind `after`."""
        return await self.send(
            models.build_list_model_files(self._project, model_id, version_id, after=after)
        )

    async def iter_model_files(self, model_id: str, version_id: str) -> AsyncIterator[ModelFileItem]:
        """All files of a version, by path."""
        after = ""
        while True:
            page = await self.list_model_files(model_id, version_id, after=after)
            for item in page.files:
                yield item
            after = page.next_after
            if not after:
                return

    async def read_model_file(
        self, model_id: str, version_id: str, path: str, *, start: int = 0
    ) -> AsyncIterator[bytes]:
        """The bytes of one file from `start` on, in pieces."""
        async with self.stream(
            models.build_read_model_file(self._project, model_id, version_id, path, start=start)
        ) as response:
            async for piece in response.aiter_raw():
                yield piece

    async def download_model_archive(self, model_id: str, version_id: str) -> AsyncIterator[bytes]:
        """All files of a version as a zip archive, in pieces."""
        async with self.stream(
            models.build_download_model_archive(self._project, model_id, version_id)
        ) as response:
            async for piece in response.aiter_raw():
                yield piece
