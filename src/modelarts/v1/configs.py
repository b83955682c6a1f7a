"""Saved configurations: everything `fit` needs, as JSON objects in the project's default bucket."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from modelarts.arguments import as_text
from modelarts.exception import InvalidArgument, ModelArtsError, RequestRefused, raising, v1_answer
from modelarts.session import Session
from modelarts.v1.lists import check_page, cut_page
from modelarts.v1.settings import DESCRIPTION_MAX, Data, Settings
from modelarts.v1.shown import Json, engine_type
from trainwright.client import ApiError
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright import client
    from trainwright.domain.obs import ObsPath
else:
    client = deferred("trainwright.client")

FOLDER = ".job-configs"
SUFFIX = ".json"
CONFIG_NOT_FOUND = "Trainwright.1906"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_FOUND = 404
_SORTS = ("config_name", "config_desc", "create_time", "engine_type")


class ConfigMethods:
    """What `JobConfig` and an `Estimator` that is attached to a configuration have in common."""

    session: Session
    config_name: str

    @v1_answer
    def get_job_configs_info(self) -> Json:
        """The whole configuration."""
        return shown(load(self.session, self._config_name()))

    @v1_answer
    def delete_job_configs(self) -> Json:
        """Delete it; deleting it twice is an error."""
        name = self._config_name()
        load(self.session, name)
        place = _place(self.session, name)
        self.session.storage.client.delete_object(place.bucket, place.key)
        return {}

    def _config_name(self) -> str:
        if not self.config_name:
            raise InvalidArgument(
                "This estimator is not attached to a configuration.",
                error_solution="Make it with Estimator(session, config_name=…).",
            )
        return self.config_name


class JobConfig(ConfigMethods):
    """A saved configuration. `Estimator(session, config_name=…).fit()` runs it."""

    def __init__(self, session: Session, config_name: str, config_desc: str = "") -> None:
        self.session = session
        self.config_name = config_name
        self.config_desc = config_desc

    def __repr__(self) -> str:
        return f"<JobConfig {self.config_name}: {self.config_desc or 'no description'}>"


def new_name() -> str:
    """One made of the date; the rest tells apart what is made in one second."""
    return time.strftime("config-%m%d-%H%M%S-") + os.urandom(2).hex()


def check_name(name: str) -> str:
    """`name`, as it may be.

    Raises:
        InvalidArgument: it is not 1 to 64 letters, digits, `_` and `-`.
    """
    if not _NAME.fullmatch(as_text("config_name", name)):
        raise InvalidArgument(f"config_name: {name!r} is not 1 to 64 letters, digits, _ and -.")
    return name


@raising
def save(
    session: Session, name: str, description: str, settings: Settings, data: Data, *, new: bool
) -> JobConfig:
    """Store a configuration; `new`: refuse a name that is taken, else refuse one that is not.

    Raises:
        InvalidArgument: the name is taken, or the description too long.
        ModelArtsError: there is no such configuration to be replaced.
    """
    if len(as_text("config_desc", description)) > DESCRIPTION_MAX:
        raise InvalidArgument(f"config_desc is longer than {DESCRIPTION_MAX} characters.")
    place = _place(session, name)
    created = int(time.time() * 1000)
    if new:
        if session.obs.is_obs_path_exists(str(place)):
            raise InvalidArgument(
                f"There is a configuration called {name} already.",
                error_solution="Use update_job_configs, or another name.",
            )
    else:
        created = int(load(session, name).get("create_time") or created)
    content = {
        "config_name": name,
        "config_desc": description,
        "create_time": created,
        "settings": asdict(settings),
        "data": asdict(data),
    }
    session.storage.client.write_object(place.bucket, place.key, json.dumps(content, indent=1).encode())
    return JobConfig(session, name, description)


def load(session: Session, name: str) -> Json:
    """The stored content.

    Raises:
        RequestRefused: there is none of that name.
        ModelArtsError: it is there, and cannot be understood.
    """
    place = _place(session, check_name(name))
    try:
        return _parsed(str(place), session.storage.client.read_object(place.bucket, place.key))
    except ApiError as exc:
        if exc.status != _NOT_FOUND:
            raise
    raise RequestRefused(
        f"There is no configuration called {name}.",
        error_code=CONFIG_NOT_FOUND,
        error_solution="Estimator.get_job_configs_list(session) lists them.",
        status=_NOT_FOUND,
    )


def settings_of(content: Json) -> tuple[Settings, Data]:
    """What a configuration says, as `fit` takes it. Fields of a newer version of this SDK are left out."""
    settings, data = content.get("settings") or {}, content.get("data") or {}
    pairs = tuple((str(label), str(value)) for label, value in settings.get("hyperparameters") or ())
    known = {name: settings[name] for name in Settings.__slots__ if name in settings}
    sources = tuple(data.get("data_source") or ())
    kept = {name: data[name] for name in Data.__slots__ if name in data}
    return Settings(**{**known, "hyperparameters": pairs}), Data(**{**kept, "data_source": sources})


def list_configs(
    session: Session, *, per_page: int, page: int, sort_by: str | None, order: str, search_content: str | None
) -> tuple[int, list[Json]]:
    """How many configurations match, and one page of their contents.

    Raises:
        InvalidArgument: a sort key, an order or a number that does not exist.
        ModelArtsError: one of them cannot be understood.
    """
    key = sort_by or "config_name"
    key = "config_name" if key == "job_name" else key
    if key not in _SORTS:
        raise InvalidArgument(f"sortBy: {key!r} is none of {', '.join(_SORTS)}.")
    sought = check_page(per_page, page, order, search_content)
    folder = client.parse_path(f"{session.obs.get_default_bucket()}/{FOLDER}/")
    store = session.storage.client
    contents = [
        _parsed(f"obs://{folder.bucket}/{item.key}", store.read_object(folder.bucket, item.key))
        for item in store.iter_objects(folder.bucket, prefix=folder.key)
        if item.key.endswith(SUFFIX) and sought in item.key[len(folder.key) :].lower()
    ]
    contents.sort(key=lambda content: shown(content)[key])
    return len(contents), cut_page(contents, per_page, page, order)


def shown(content: Json) -> Json:
    """A configuration as `get_job_configs_info` shows it."""
    settings, data = settings_of(content)
    return {
        "config_name": content.get("config_name", ""),
        "config_desc": content.get("config_desc", ""),
        "create_time": content.get("create_time", 0),
        "engine_type": engine_type(settings.framework_type),
        "engine_name": settings.framework_type,
        "engine_version": settings.framework_version,
        "app_url": settings.code_dir,
        "boot_file_url": settings.boot_file,
        "parameter": [{"label": label, "value": value} for label, value in settings.hyperparameters],
        "spec_id": settings.train_instance_type,
        "worker_server_num": settings.train_instance_count,
        "data_url": data.inputs,
        "dataset_id": data.dataset_id,
        "dataset_version_id": data.dataset_version_id,
        "data_source": [dict(item) for item in data.data_source],
        "train_url": settings.output_path,
        "log_url": settings.log_url,
        "model_name": settings.model_name,
        "user_image_url": settings.user_image_url,
        "user_command": settings.user_command,
        "pool_id": settings.pool_id,
    }


def _place(session: Session, name: str) -> ObsPath:
    return client.parse_path(f"{session.obs.get_default_bucket()}/{FOLDER}/{name}{SUFFIX}")


def _parsed(where: str, content: bytes) -> Json:
    try:
        parsed = json.loads(content)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ModelArtsError(f"{where} is no configuration.", error_solution="Delete the object.")
    return parsed
