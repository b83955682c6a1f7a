"""The blocking client's part for checkpoints and registered models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainwright.client.people import PeopleClient
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


class ModelsClient(PeopleClient):
    """Checkpoints, models, versions, files."""

    def list_checkpoints(
        self, job_id: str, *, output: str = "", offset: int = 0, limit: int = 10
    ) -> CheckpointList:
        """One page of what looks like checkpoints in a job's outputs, newest first, each checked."""
        return self.send(
            models.build_list_checkpoints(self._project, job_id, output=output, offset=offset, limit=limit)
        )

    def list_models(
        self, *, name: str = "", workspace_id: str = "", offset: int = 0, limit: int = 10
    ) -> ModelList:
        """One page of models, newest first."""
        return self.send(
            models.build_list_models(
                self._project, name=name, workspace_id=workspace_id, offset=offset, limit=limit
            )
        )

    def show_model(self, model_id: str) -> ModelItem:
        """One model."""
        return self.send(models.build_show_model(self._project, model_id))

    def change_model(self, model_id: str, body: Mapping[str, object]) -> ModelItem:
        """Change name and description; fields as in `ModelUpdate`."""
        return self.send(models.build_change_model(self._project, model_id, body))

    def delete_model(self, model_id: str) -> None:
        """Delete a model with its versions and their files."""
        self.send(models.build_delete_model(self._project, model_id))

    def list_model_versions(self, model_id: str, *, offset: int = 0, limit: int = 10) -> ModelVersionList:
        """One page of versions, the highest number first."""
        return self.send(
            models.build_list_model_versions(self._project, model_id, offset=offset, limit=limit)
        )

    def show_model_version(self, model_id: str, version_id: str) -> ModelVersionItem:
        """One version."""
        return self.send(models.build_show_model_version(self._project, model_id, version_id))

    def delete_model_version(self, model_id: str, version_id: str) -> None:
        """Delete a version and its files."""
        self.send(models.build_delete_model_version(self._project, model_id, version_id))

    def list_model_files(self, model_id: str, version_id: str, *, after: str = "") -> ModelFileList:
        """One page of a version's files by path, from behind `after`."""
        return self.send(models.build_list_model_files(self._project, model_id, version_id, after=after))

    def iter_model_files(self, model_id: str, version_id: str) -> Iterator[ModelFileItem]:
        """All files of a version, by path."""
        after = ""
        while True:
            page = self.list_model_files(model_id, version_id, after=after)
            yield from page.files
            after = page.next_after
            if not after:
                return

    def read_model_file(
        self, model_id: str, version_id: str, path: str, *, start: int = 0
    ) -> Iterator[bytes]:
        """The bytes of one file from `start` on, in pieces."""
        with self.stream(
            models.build_read_model_file(self._project, model_id, version_id, path, start=start)
        ) as response:
            yield from response.iter_raw()

    def download_model_archive(self, model_id: str, version_id: str) -> Iterator[bytes]:
        """All files of a version as a zip archive, in pieces."""
        with self.stream(
            models.build_download_model_archive(self._project, model_id, version_id)
        ) as response:
            yield from response.iter_raw()
