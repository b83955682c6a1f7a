"""`Dataset`: a folder of the object store that is registered under a name, and its versions.

Making one raises when it cannot be made. All else answers: after a failure with a dict that has `error_msg`,
`error_code` and `error_solution` in it. Labelling, and tasks that import or export, are not offered: their methods say
what to do instead.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Self

from modelarts.exception import InvalidArgument, ModelArtsError, raising, v2_answer, v2_failure
from modelarts.session import Session
from trainwright.client.operations import datasets
from trainwright.wire.datasets import ManifestItem

Answer = dict[str, Any]
NOT_OFFERED = "Trainwright.0004"
READY = 1
TYPES = {"IMAGE": 0, "TEXT": 100, "AUDIO": 200, "TABLE": 400, "VIDEO": 600, "FREE_FORMAT": 900}
"""Kinds of data by `data_type`; `dataset_type` says it more closely."""
_TASKS = "There are no tasks that import or export data on this server."
_BRING = (
    "Copy the data into the dataset's folder with session.obs.upload_dir(…), then call create_version: a version is "
    "what lies there at that time."
)
_TAKE = "Copy the dataset's folder with session.obs.download_dir(…); list_samples says what a version holds."
_LIMIT_MAX = 100


class Dataset:
    """One registered dataset, attached by its id."""

    def __init__(self, session: Session, dataset_id: str) -> None:
        if not dataset_id:
            raise InvalidArgument("Dataset: dataset_id is missing.")
        self.session = session
        self.dataset_id = dataset_id

    @classmethod
    @raising
    def create_dataset(
        cls,
        session: Session,
        dataset_name: str,
        data_type: str | None = None,
        data_sources: Mapping[str, Any] | list[Mapping[str, Any]] | None = None,
        work_path: Mapping[str, Any] | None = None,
        dataset_type: int | None = None,
        description: str | None = None,
        workspace_id: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Register the OBS folder `data_sources["path"]` under a name. `data_type` (IMAGE, TEXT, AUDIO, TABLE, VIDEO,
        FREE_FORMAT) or `dataset_type` say what kind of data it is. `work_path` and further arguments, which are about
        labelling, are taken and have no effect.

        Raises:
            InvalidArgument: the folder is missing, or there are several; an unknown kind of data.
            ModelArtsError: the server refused, or cannot be asked.
        """
        body: Answer = {"dataset_name": dataset_name, "data_source": {"data_path": _folder(data_sources)}}
        if dataset_type is not None:
            body["dataset_type"] = dataset_type
        elif data_type is not None:
            kind = str(data_type).upper()
            if kind not in TYPES:
                raise InvalidArgument(f"data_type must be one of {', '.join(TYPES)}, not {data_type}.")
            body["dataset_type"] = TYPES[kind]
        if description:
            body["description"] = description
        if workspace_id:
            body["workspace_id"] = workspace_id
        made = session.client.send(datasets.build_create_dataset(session.project_id, body))
        return cls(session, made.dataset_id)

    @staticmethod
    @v2_answer
    def list_datasets(
        session: Session,
        dataset_type: int | None = None,
        dataset_name: str | None = None,
        offset: int = 0,
        limit: int = 10,
    ) -> Answer:
        """One page of datasets, newest first: `total_number` and `datasets`. `dataset_name` is a part of the name;
        `dataset_type` chooses among those of the page.
        """
        asked = datasets.build_list_datasets(
            session.project_id, name=dataset_name or "", offset=offset, limit=limit
        )
        page = session.client.send(asked).model_dump(mode="json")
        if dataset_type is not None:
            page["datasets"] = [each for each in page["datasets"] if each["dataset_type"] == dataset_type]
        return page

    @staticmethod
    @v2_answer
    def delete_dataset(session: Session, dataset_id: str) -> Answer:
        """Forget a dataset with its versions; its objects stay. An empty dict after success."""
        session.client.send(datasets.build_delete_dataset(session.project_id, dataset_id))
        return {}

    @v2_answer
    def get_dataset_info(self) -> Answer:
        """What it is called and where its data lies."""
        return self._send(datasets.build_show_dataset(self.session.project_id, self.dataset_id))

    @v2_answer
    def update_dataset(self, dataset_name: str | None = None, description: str | None = None) -> Answer:
        """Change name or description; the dataset."""
        given = {"dataset_name": dataset_name, "description": description}
        body = {name: value for name, value in given.items() if value is not None}
        return self._send(datasets.build_change_dataset(self.session.project_id, self.dataset_id, body))

    @v2_answer
    def create_version(
        self,
        name: str | None = None,
        version_format: str = "Default",
        label_task_type: int | None = None,
        description: str | None = None,
        **kwargs: Any,
    ) -> Answer:
        """Begin a version of what lies in the folder now; it can be used once `status` is 1. `version_format` must be
        Default; `label_task_type` and further arguments, which are about labelling, are taken and have no effect.
        """
        if version_format != "Default":
            raise InvalidArgument("version_format must be Default: versions are the objects as they are.")
        given = {"version_name": name, "description": description}
        body = {name: value for name, value in given.items() if value is not None}
        return self._send(
            datasets.build_create_dataset_version(self.session.project_id, self.dataset_id, body)
        )

    @v2_answer
    def list_versions(self, offset: int = 0, limit: int = 10) -> Answer:
        """One page of versions, newest first: `total_number` and `versions`."""
        return self._send(
            datasets.build_list_dataset_versions(
                self.session.project_id, self.dataset_id, offset=offset, limit=limit
            )
        )

    @v2_answer
    def get_version_info(self, version_id: str) -> Answer:
        """One version: `status` is 0 while it is being made, 1 when it is ready, 4 when it failed."""
        return self._send(
            datasets.build_show_dataset_version(self.session.project_id, self.dataset_id, version_id)
        )

    @v2_answer
    def delete_version(self, version_id: str) -> Answer:
        """Forget a version that no unfinished job reads. An empty dict after success."""
        self.session.client.send(
            datasets.build_delete_dataset_version(self.session.project_id, self.dataset_id, version_id)
        )
        return {}

    @v2_answer
    def list_samples(self, version_id: str | None = None, offset: int = 0, limit: int = 10) -> Answer:
        """The objects of a version (the newest one that is ready, without `version_id`) by path: `sample_count` and
        `samples`; `limit` is 1 to 100.
        """
        if not (_is_number(offset) and _is_number(limit) and offset >= 0 and 1 <= limit <= _LIMIT_MAX):
            raise InvalidArgument(f"offset must be 0 or more, limit 1 to {_LIMIT_MAX}.")
        version = self._version(version_id)
        found = self.session.client.iter_manifest(self.dataset_id, version["version_id"])
        samples = [_sample(version, item) for item in islice(found, offset, offset + limit)]
        return {"sample_count": version["total_sample_count"], "samples": samples}

    @v2_answer
    def get_sample_info(self, sample_id: str, version_id: str | None = None) -> Answer:
        """One object of a version. `sample_id` is its path below the dataset's folder."""
        version = self._version(version_id)
        found = self.session.client.iter_manifest(
            self.dataset_id, version["version_id"], after=sample_id[:-1]
        )
        for item in found:
            if item.path == sample_id:
                return _sample(version, item)
            if item.path > sample_id:
                break
        raise InvalidArgument(f"Version {version['version_name']} holds no {sample_id}.")

    def delete_samples(self, samples: object = None, **kwargs: Any) -> Answer:
        """Not offered: versions never change."""
        return _not_offered(
            "A version never changes.",
            "Delete the objects with session.obs.delete_object(…), then call create_version.",
        )

    def import_data(self, path: str | None = None, **kwargs: Any) -> Answer:
        """Not offered: says how to bring data in."""
        return _not_offered(_TASKS, _BRING)

    def export_data(self, path: str | None = None, **kwargs: Any) -> Answer:
        """Not offered: says how to take data out."""
        return _not_offered(_TASKS, _TAKE)

    def list_import_tasks(self, **kwargs: Any) -> Answer:
        """Not offered, as `import_data`."""
        return _not_offered(_TASKS, _BRING)

    def get_import_task_info(self, task_id: str = "", **kwargs: Any) -> Answer:
        """Not offered, as `import_data`."""
        return _not_offered(_TASKS, _BRING)

    def list_export_tasks(self, **kwargs: Any) -> Answer:
        """Not offered, as `export_data`."""
        return _not_offered(_TASKS, _TAKE)

    def get_export_task_info(self, task_id: str = "", **kwargs: Any) -> Answer:
        """Not offered, as `export_data`."""
        return _not_offered(_TASKS, _TAKE)

    def __repr__(self) -> str:
        return f"<Dataset {self.dataset_id}>"

    def _send(self, request: Any) -> Answer:
        answer: Answer = self.session.client.send(request).model_dump(mode="json")
        return answer

    def _version(self, version_id: str | None) -> Answer:
        if version_id:
            return self._send(
                datasets.build_show_dataset_version(self.session.project_id, self.dataset_id, version_id)
            )
        for version in self.session.client.iter_dataset_versions(self.dataset_id):
            if version.status == READY:
                return version.model_dump(mode="json")
        raise InvalidArgument(
            "The dataset has no version that is ready.", error_solution="Call create_version."
        )


def _folder(sources: Mapping[str, Any] | list[Mapping[str, Any]] | None) -> str:
    given = sources if isinstance(sources, list) else [sources]
    if len(given) != 1 or not isinstance(given[0], Mapping):
        raise InvalidArgument(
            'data_sources must be one source, such as {"type": 0, "path": "/bucket/folder/"}.'
        )
    path = given[0].get("path") or given[0].get("data_path")
    if not isinstance(path, str) or not path:
        raise InvalidArgument("data_sources: path is missing.")
    return path


def _is_number(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _sample(version: Answer, item: ManifestItem) -> Answer:
    return {
        "sample_id": item.path,
        "source": version["data_path"].rstrip("/") + "/" + item.path,
        "size": item.size,
        "sha256": item.sha256,
        "etag": item.etag,
    }


def _not_offered(what: str, instead: str) -> Answer:
    return v2_failure(ModelArtsError(what, error_code=NOT_OFFERED, error_solution=instead))
