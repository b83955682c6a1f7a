"""`VisualizationJob`: TensorBoard over a folder of the object store, as a job of the server.

The job's script keeps a copy of the folder and runs TensorBoard over it, on the loopback address of its node. A restart
is the next version of the job, as with training jobs; it keeps `visualization_id`.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from modelarts.arguments import as_text, optional_text
from modelarts.exception import INVALID_PATH, InvalidArgument, RequestRefused, raising, v1_answer
from modelarts.session import Session, as_session
from modelarts.v1.lists import list_jobs
from modelarts.v1.settings import DESCRIPTION_MAX
from modelarts.v1.shown import Json
from modelarts.v1.states import JOB_STATE, status_number
from modelarts.v1.versions import (
    VERSION,
    VISUALIZATION,
    Version,
    as_version,
    create_version,
    list_versions,
)
from trainwright.client import ApiError
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    import html
    from importlib import resources

    from trainwright import client
    from trainwright.wire.catalogue import FlavorItem
    from trainwright.wire.job_answers import JobResponse
else:
    client = deferred("trainwright.client")
    html = deferred("html")
    resources = deferred("importlib.resources")

ENGINE = "TensorBoard"
SCRIPT = "tensorboard_job.py"
ADDRESS = re.compile(rb"TensorBoard \S+ at (http://\S+)")
FOLDER = ".visualization-jobs"
NO_ENGINE = "Trainwright.1907"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,20}")
_PER_PAGE_MAX = 100
_LOG_HEAD = 256 * 1024


class VisualizationJob:
    """A TensorBoard. `VisualizationJob(session).create_visualization_job(train_url=…)` makes one;
    `VisualizationJob(session, visualization_id)` is a handle of one that there is.
    """

    def __init__(self, modelarts_session: Session, visualization_id: str | None = None) -> None:
        self.session = as_session(modelarts_session)
        self.visualization_id = str(visualization_id or "")
        self.job_name = ""
        self.status = 0
        self.create_time = 0

    @property
    def job_id(self) -> str:
        """The same as `visualization_id`."""
        return self.visualization_id

    @raising
    def create_visualization_job(
        self, job_name: str | None = None, job_desc: str = "", train_url: str = ""
    ) -> VisualizationJob:
        """Start a TensorBoard over the folder `train_url`, such as `/bucket/output/`.

        `get_visualization_job_info()["service_url"]` says where it is, once it runs.

        Raises:
            InvalidArgument: a name that is not 1 to 20 letters, digits, `_` and `-`; or no folder.
            RequestRefused: the server has no engine called TensorBoard.
        """
        train_url = optional_text("train_url", train_url)
        if not train_url:
            raise InvalidArgument("train_url is needed: the folder whose event files are shown.")
        if not train_url.endswith("/"):
            raise InvalidArgument(
                f"train_url: {train_url!r} is a folder and must end in a slash.",
                error_code=INVALID_PATH,
                error_solution=f"Write {train_url + '/'!r}.",
            )
        name = job_name or time.strftime("board-%m%d-%H%M%S")
        if not _NAME.fullmatch(as_text("job_name", name)):
            raise InvalidArgument(f"job_name: {name!r} is not 1 to 20 letters, digits, _ and -.")
        body = self._body(name, job_desc, train_url, {VERSION: "1"})
        return VisualizationJob(self.session)._of(as_version(self.session.client.create_job(body)))

    @v1_answer
    def get_visualization_job_info(self) -> Json:
        """Everything about it. `service_url` is empty until TensorBoard runs, and after it was stopped."""
        version = self._newest()
        return {**_shown(version), "service_url": self._service_url(version)}

    @v1_answer
    def update_visualization_job(self, job_desc: str) -> Json:
        """Change the description."""
        if len(as_text("job_desc", job_desc)) > DESCRIPTION_MAX:
            raise InvalidArgument(f"job_desc is longer than {DESCRIPTION_MAX} characters.")
        self.session.client.describe_job(self._newest().id, job_desc)
        return {}

    @v1_answer
    def stop_visualization_job(self) -> Json:
        """Stop it; it can be restarted."""
        self.session.client.stop_job(self._newest().id)
        return {}

    @v1_answer
    def restart_visualization_job(self) -> Json:
        """Start it again after it was stopped; refused while it runs."""
        versions = self._versions()
        newest = versions[-1]
        if not client.is_end_phase(newest.job.status.phase):
            raise InvalidArgument(f"The visualization job {newest.job.metadata.name} has not been stopped.")
        body = self._body("", newest.job.metadata.description, _train_url(newest), {})

        def create(name: str, annotations: dict[str, str]) -> JobResponse:
            body["metadata"]["annotations"] |= annotations
            body["metadata"]["name"] = name
            return self.session.client.create_job(body)

        create_version(self.session.client, self.visualization_id, newest.id, create)
        return {}

    @v1_answer
    def delete_visualization_job(self) -> Json:
        """Stop it if it runs, and forget it; what it shows stays."""
        for version in reversed(self._versions()):
            if not client.is_end_phase(version.job.status.phase):
                self.session.client.stop_job(version.id)
                self._await_end(version.id)
            self.session.client.delete_job(version.id)
        return {}

    @classmethod
    @v1_answer
    def get_visualization_job_list(
        cls,
        modelarts_session: Session,
        status: int | None = None,
        per_page: int = 10,
        page: int = 1,
        sortBy: str | None = None,
        order: str = "desc",
        search_content: str = "",
        sort_by: str | None = None,
    ) -> Json:
        """One page of them: `job_total_count`, `jobs`; arguments as of `Estimator.get_job_list`."""
        total, groups = _page(
            modelarts_session, status, per_page, page, sortBy or sort_by, order, search_content
        )
        return {
            "job_total_count": total,
            "job_count_limit": 0,
            "quotas": 0,
            "jobs": [_shown(versions[-1]) for versions in groups],
        }

    @classmethod
    @raising
    def get_visualization_job_object_list(
        cls,
        modelarts_session: Session,
        status: int | None = None,
        per_page: int = 10,
        page: int = 1,
        sortBy: str | None = None,
        order: str = "desc",
        search_content: str = "",
        is_show: bool = True,
        sort_by: str | None = None,
    ) -> list[VisualizationJob]:
        """The same as objects; printed as well when `is_show`."""
        _, groups = _page(modelarts_session, status, per_page, page, sortBy or sort_by, order, search_content)
        found = [VisualizationJob(modelarts_session)._of(versions[-1]) for versions in groups]
        if is_show:
            for number, item in enumerate(found):
                print(f"{number:4d}  {item!r}")
        return found

    def __repr__(self) -> str:
        if not self.visualization_id:
            return "<VisualizationJob, not created yet>"
        return (
            f"<VisualizationJob {self.job_name} {JOB_STATE[self.status]}, "
            f"visualization_id={self.visualization_id!r}>"
        )

    def _repr_html_(self) -> str:
        url = self.get_visualization_job_info().get("service_url", "") if self.visualization_id else ""
        link = f' <a href="{html.escape(url)}">{html.escape(url)}</a>' if url else ""
        return f"<p>{html.escape(repr(self))}{link}</p>"

    def _of(self, version: Version) -> VisualizationJob:
        self.visualization_id = version.job_id
        self.job_name = version.job_name
        self.status = status_number(version.job)
        self.create_time = version.job.metadata.create_time
        return self

    def _versions(self) -> list[Version]:
        if not self.visualization_id:
            raise InvalidArgument("There is no visualization job yet: call create_visualization_job.")
        versions = list_versions(self.session.client, self.visualization_id)
        if VISUALIZATION not in versions[-1].job.metadata.annotations:
            raise InvalidArgument(f"{self.visualization_id} is no visualization job.")
        return versions

    def _newest(self) -> Version:
        newest = self._versions()[-1]
        self._of(newest)
        return newest

    def _body(self, name: str, description: str, train_url: str, annotations: dict[str, str]) -> Json:
        """The body to create it with; its script is stored."""
        asked = self.session.client
        code = client.parse_path(f"{self.session.obs.get_default_bucket()}/{FOLDER}/")
        script = resources.files("modelarts.v1").joinpath(SCRIPT + ".txt").read_bytes()
        self.session.storage.client.write_object(code.bucket, code.key + SCRIPT, script)
        engine = next((item for item in asked.list_engines().items if item.engine_name == ENGINE), None)
        if engine is None:
            raise RequestRefused(
                f"The server has no engine called {ENGINE}.",
                error_code=NO_ENGINE,
                error_solution="An administrator adds it to engines.yaml, as in the packaged one.",
                status=404,
            )
        smallest = min(asked.list_flavors().flavors, key=_size)
        return {
            "kind": "job",
            "metadata": {
                "name": name,
                "description": description,
                "annotations": {**annotations, VISUALIZATION: train_url},
            },
            "algorithm": {
                "code_dir": str(code),
                "boot_file": str(code) + SCRIPT,
                "engine": {"engine_id": engine.engine_id},
                "parameters": [{"name": "train_url", "value": str(client.parse_path(train_url))}],
            },
            "spec": {"resource": {"flavor_id": smallest.flavor_id, "node_count": 1}},
        }

    def _service_url(self, version: Version) -> str:
        """What the job's script said in its log; empty unless it runs."""
        job = version.job
        if job.status.phase != "Running" or not job.status.tasks:
            return ""
        said = bytearray()
        try:
            for piece in self.session.client.read_log(version.id, job.status.tasks[0]):
                said += piece
                if len(said) >= _LOG_HEAD or ADDRESS.search(said):
                    break
        except ApiError:
            return ""  # it has not written anything yet
        found = ADDRESS.search(said)
        return found[1].decode() if found else ""

    def _await_end(self, job_id: str) -> None:
        for _ in self.session.client.follow_events(job_id):
            pass


def _page(
    session: Session,
    status: int | None,
    per_page: int,
    page: int,
    sort_by: str | None,
    order: str,
    search_content: str,
) -> tuple[int, list[list[Version]]]:
    if isinstance(per_page, int) and per_page > _PER_PAGE_MAX:
        raise InvalidArgument(f"per_page must be a number from 1 to {_PER_PAGE_MAX}, not {per_page}.")
    return list_jobs(
        as_session(session).client,
        status=status,
        per_page=per_page,
        page=page,
        sort_by=sort_by,
        order=order,
        search_content=search_content,
        visualization=True,
    )


def _shown(version: Version) -> Json:
    job = version.job
    return {
        "job_id": version.job_id,
        "visualization_id": version.job_id,
        "job_name": version.job_name,
        "job_desc": job.metadata.description,
        "status": status_number(job),
        "create_time": job.metadata.create_time,
        "duration": job.status.duration,
        "train_url": _train_url(version),
        "resource_id": version.id,
    }


def _train_url(version: Version) -> str:
    return version.job.metadata.annotations.get(VISUALIZATION, "")


def _size(flavor: FlavorItem) -> tuple[Any, ...]:
    """Small ones first, without accelerators."""
    info = flavor.flavor_info
    return (
        info.gpu is not None or info.npu is not None,
        info.cpu.core_num,
        info.memory.size,
        flavor.flavor_id,
    )
