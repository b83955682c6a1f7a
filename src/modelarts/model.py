"""Registered models. Services, which run models to answer requests, are not offered here.

A model is registered by the job that trains it: with `spec.folders.output_model` what it writes to `/model` becomes a
version of the model of that name once it has completed (docs/howto/keep-models.md).
"""

from pathlib import Path
from typing import Any

from modelarts.exception import InvalidArgument, ModelArtsError, raising, v2_answer
from modelarts.session import Session
from trainwright.client import save_model

Answer = dict[str, Any]
NOT_OFFERED = "Trainwright.0004"
_CREATE = (
    "A model cannot be made of a folder on this server: the job that trains it registers it.",
    "Give the job spec.folders.output_model and write the model to /model; Model.get_model_list finds it then.",
)
_SERVICES = (
    "Services are not offered on this server.",
    "Download the model with Model(…).download(folder) and serve it with a program of its framework.",
)


class Model:
    """One registered model, attached by `model_id`. Making one of `source_location` is not offered.

    Raises:
        ModelArtsError: no `model_id` is given.
    """

    @raising
    def __init__(self, session: Session, model_id: str | None = None, **kwargs: Any) -> None:
        if not model_id:
            raise _not_offered(*_CREATE)
        self.session = session
        self.model_id = model_id

    @staticmethod
    @v2_answer
    def get_model_list(
        session: Session,
        model_status: str | None = None,
        model_name: str | None = None,
        order: str = "desc",
        offset: int = 0,
        limit: int = 10,
    ) -> Answer:
        """One page of models: `total_count`, `count`, `models`. `model_name` is a part of the name; every model is
        `published`, which is the only `model_status` that finds any. The newest comes first, or last with order `asc`.
        """
        if order not in ("asc", "desc"):
            raise InvalidArgument("order must be asc or desc.")
        if model_status not in (None, "", "published"):
            return {"total_count": 0, "count": 0, "models": []}
        page = session.client.list_models(name=model_name or "", offset=offset, limit=limit)
        models = [_shown(item.model_dump(mode="json")) for item in page.items]
        models = models if order == "desc" else models[::-1]
        return {"total_count": page.total, "count": len(models), "models": models}

    @staticmethod
    @raising
    def get_model_object_list(
        session: Session,
        model_status: str | None = None,
        model_name: str | None = None,
        order: str = "desc",
    ) -> list["Model"]:
        """The models of the first page as objects.

        Raises:
            ModelArtsError: the server refused, or cannot be asked.
        """
        answer = Model.get_model_list(session, model_status, model_name, order)
        if "error_msg" in answer:
            raise ModelArtsError(
                answer["error_msg"], error_code=answer["error_code"], error_solution=answer["error_solution"]
            )
        return [Model(session, model_id=each["model_id"]) for each in answer["models"]]

    @v2_answer
    def get_model_info(self) -> Answer:
        """The model, and its `versions`, the newest first, with the job that made each."""
        shown = _shown(self.session.client.show_model(self.model_id).model_dump(mode="json"))
        versions = self.session.client.list_model_versions(self.model_id, limit=100).items
        return {**shown, "versions": [version.model_dump(mode="json") for version in versions]}

    @v2_answer
    def delete_model(self) -> Answer:
        """Delete the model with its versions and their files. An empty dict after success."""
        self.session.client.delete_model(self.model_id)
        return {}

    @raising
    def download(self, folder: str, version: int | None = None) -> str:
        """Lay the files of a version, the newest without `version`, into a folder of this machine; the folder.

        Raises:
            InvalidArgument: there is no such version.
            ModelArtsError: the files cannot be had, or not be written.
        """
        client = self.session.client
        found = [
            each
            for each in client.list_model_versions(self.model_id, limit=100).items
            if version in (None, each.version)
        ]
        if not found:
            raise InvalidArgument(f"The model has no version{'' if version is None else f' {version}'}.")
        save_model(client, self.model_id, found[0].version_id, Path(folder).expanduser())
        return folder

    def deploy_predictor(self, service_name: str | None = None, **kwargs: Any) -> "Predictor":
        """Not offered.

        Raises:
            ModelArtsError: always; it says what to do instead.
        """
        return Predictor(self.session)

    def __repr__(self) -> str:
        return f"<Model {self.model_id}>"


class Predictor:
    """A service. Not offered: making one raises, and says what to do instead."""

    def __init__(self, session: Session, service_id: str | None = None, **kwargs: Any) -> None:
        raise _not_offered(*_SERVICES)


def _shown(model: Answer) -> Answer:
    """A model with the names that scripts look for beside our own."""
    return {**model, "model_version": str(model["last_version"]), "model_status": "published"}


def _not_offered(what: str, instead: str) -> ModelArtsError:
    return ModelArtsError(what, error_code=NOT_OFFERED, error_solution=instead)
