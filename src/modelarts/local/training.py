"""A local training: a job of the private server, on the caller's own Python, with the caller's own paths."""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelarts.environment import Environment
from modelarts.exception import INVALID_PATH, InvalidArgument
from modelarts.local.copies import Copy, draft_order, place_order
from modelarts.local.offers import flavor_for, packages_of
from modelarts.local.places import Places, find_places
from modelarts.local.server import ensure_server
from modelarts.obs import Obs
from modelarts.session import Session
from trainwright.client import Access, Client, ClientError, Storage

LOCAL = "local"
"""The `train_instance_type` that means this machine."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class LocalTraining:
    """What is run. `code_dir` is a folder of this machine, `boot_file` a name below it.

    `arguments` are handed over in order as `--name=value`, or `--name` where the value is None. `copies`: what is
    brought into the object store of the caller's session at the end. `environment`: packages beside the caller's own.
    `annotations` are kept with the job.
    """

    name: str
    code_dir: str
    boot_file: str
    arguments: Sequence[tuple[str, str | None]] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    nodes: int = 1
    framework_type: str = ""
    environment: Environment | None = None
    copies: Sequence[Copy] = ()
    description: str = ""
    working_dir: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


class LocalSession(Session):
    """A session with the private server: its jobs are listed, shown and deleted with the usual methods."""

    def __init__(self, access: Access, places: Places) -> None:
        self.access = access
        self.auth = "token"
        self.project_id = access.project_id
        self.region_name = LOCAL
        self.client = Client(access)
        self.storage = Storage(self.client)
        self.obs = Obs(self)
        self.places = places


def local_session() -> LocalSession:
    """A session with the private server of local training, which is started if need be:
    `Estimator.get_job_list(session=local_session())` lists what was trained on this machine.

    Raises:
        LocalModeFailed: it cannot be had.
    """
    places = find_places()
    return LocalSession(ensure_server(places), places)


def start_training(session: Session, training: LocalTraining) -> tuple[LocalSession, str]:
    """Start it; the private server's session and the job's id. `session` is whose object store outputs are copied to.

    Raises:
        InvalidArgument: code or boot file are not on this machine, or something has the wrong form.
        LocalModeFailed: the private server cannot be had.
        ClientError: of the client: it refused the job.
    """
    code = _code(training)
    packages = packages_of(training.environment)
    flavor = flavor_for(training.nodes)
    places = find_places()
    local = LocalSession(ensure_server(places, packages), places)
    uploaded = local.storage.upload_code(code)
    body = _body(training, packages.engine_id(training.framework_type), flavor, uploaded)
    if not training.copies:
        return local, local.client.create_job(body).metadata.id
    draft = draft_order(places, session.storage.client.access, training.copies)
    try:
        job_id = local.client.create_job(body).metadata.id
    except ClientError:
        draft.unlink(missing_ok=True)
        raise
    place_order(places, draft, job_id)
    return local, job_id


def check_name(name: str) -> str:
    """A job's name, which names folders here as well. Raises `InvalidArgument`."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(f"job_name must be 1 to 64 letters, digits, _ or -, not {name!r}.")
    return name


def new_name(prefix: str = "local") -> str:
    """A name for a job that was given none."""
    return f"{prefix}-{time.strftime('%m%d-%H%M%S')}-{secrets.token_hex(2)}"


def _code(training: LocalTraining) -> Path:
    folder = Path(training.code_dir).expanduser().absolute()
    if not training.code_dir or not folder.is_dir():
        raise InvalidArgument(
            f"code_dir: there is no folder {training.code_dir or '(none given)'} on this machine.",
            error_code=INVALID_PATH,
            error_solution="Local training takes its code from a folder of this machine.",
        )
    boot_file = _boot_file(training)
    if not (folder / boot_file).is_file():
        raise InvalidArgument(
            f"boot_file: there is no {boot_file or '(none given)'} in {folder}.", error_code=INVALID_PATH
        )
    return folder


def _boot_file(training: LocalTraining) -> str:
    """Relative to the code folder, whichever way it was given."""
    folder = Path(training.code_dir).expanduser().absolute()
    given = Path(training.boot_file).expanduser()
    if given.is_absolute() and given.is_relative_to(folder):
        return given.relative_to(folder).as_posix()
    return training.boot_file.removeprefix("./")


def _body(training: LocalTraining, engine_id: str, flavor: str, code: str) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "flag": True} if value is None else {"name": name, "value": value}
        for name, value in training.arguments
    ]
    algorithm: dict[str, Any] = {
        "code_dir": code,
        "boot_file": code + _boot_file(training),
        "engine": {"engine_id": engine_id},
        "parameters": parameters,
        "environments": dict(training.variables),
    }
    if training.working_dir:
        algorithm["working_dir"] = training.working_dir
    metadata: dict[str, Any] = {
        "name": training.name or new_name(),
        "annotations": {
            "modelarts.local/code-dir": str(Path(training.code_dir).expanduser().absolute()),
            **training.annotations,
        },
    }
    if training.description:
        metadata["description"] = training.description
    return {
        "kind": "job",
        "metadata": metadata,
        "algorithm": algorithm,
        "spec": {"resource": {"flavor_id": flavor, "node_count": training.nodes}},
    }
