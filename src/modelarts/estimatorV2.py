"""`modelarts.estimatorV2`: training jobs without versions. One job is one run; its id is all that is needed later.

`fit` raises when a job cannot be made. All other methods answer: after a failure with a dict that has `error_msg`,
`error_code` and `error_solution` in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar

from modelarts.environment import Environment
from modelarts.exception import InvalidArgument, JobFailed, raising, v2_answer
from modelarts.local import (
    LOCAL,
    LocalSession,
    local_session,
    new_name,
    wait_for_copies,
)
from modelarts.session import Session
from modelarts.train_params import InputData, OutputData, TrainingFiles
from modelarts.v1.states import JOB_STATE
from modelarts.v2_local import start_local
from modelarts.v2_request import JobArguments, job_body
from modelarts.waiting import wait_for_end
from trainwright.client.operations.jobs import JOB
from trainwright.client.requests import make_request, parse_object

__all__ = ["JOB_STATE", "Estimator", "TrainingJob"]

Answer = dict[str, Any]
T = TypeVar("T")
LIMIT = 10
SEARCHES = "/v2/{project_id}/training-job-searches"
_NO_JOB = "This estimator stands for no job yet: call fit first, or make it with job_id=…."


class TrainingJob:
    """One job of the platform, or of this machine. `job_id` is its id."""

    def __init__(self, session: Session, job_id: str) -> None:
        self.session = session
        self.job_id = job_id

    @v2_answer
    def get_job_info(self) -> Answer:
        """The job as the REST interface shows it: `kind`, `metadata`, `status` (`phase`, `duration` in ms, …),
        `algorithm`, `spec`.
        """
        return _send(self.session, "GET", JOB, {"training_job_id": self._id()})

    @v2_answer
    def get_job_log(self, task_id: str = "worker-0") -> Answer:
        """The newest 5 MB of a task's log: `content`, `current_size`, `full_size`."""
        route = JOB + "/tasks/{task_id}/logs/preview"
        return _send(self.session, "GET", route, {"training_job_id": self._id(), "task_id": task_id})

    @v2_answer
    def get_job_metrics(self, task_id: str = "worker-0") -> Answer:
        """What a task used, means per minute: `metrics`, a list of `metric` and `value`; -1 where nothing is known."""
        route = JOB + "/metrics/{task_id}"
        return _send(self.session, "GET", route, {"training_job_id": self._id(), "task_id": task_id})

    @v2_answer
    def update_job_configs(self, description: str) -> Answer:
        """Change the description; an empty one removes it. An empty dict after success."""
        self.session.client.describe_job(self._id(), description)
        return {}

    @v2_answer
    def control_job(self) -> Answer:
        """Ask the job to stop; the job, whose phase is Terminating then."""
        return _stop(self.session, self._id())

    def stop(self) -> Answer:
        """The same as `control_job`."""
        return self.control_job()

    @v2_answer
    def delete_job(self) -> Answer:
        """Delete a job that has ended, with its events and logs. An empty dict after success."""
        self.session.client.delete_job(self._id())
        return {}

    @raising
    def wait(self) -> Self:
        """Show what happens to the job until it has ended. Ctrl-C lets go of it; it goes on.

        Raises:
            JobFailed: it ended otherwise than Completed.
            TransferFailed: outputs of a local job could not be copied into the object store.
            ModelArtsError: the server cannot be asked.
        """
        try:
            ended = wait_for_end(self.session.access, self._id(), come_back=self._come_back())
        except JobFailed as exc:
            exc.job = self
            if isinstance(self.session, LocalSession):
                wait_for_copies(self.session.places, self._id())
            raise
        if ended is not None and isinstance(self.session, LocalSession):
            wait_for_copies(self.session.places, self._id())
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.job_id or 'without a job'}>"

    def _id(self) -> str:
        return _known(self.job_id, _NO_JOB)

    def _come_back(self) -> str:
        if isinstance(self.session, LocalSession):
            return (
                f'  Estimator(session, train_instance_type="{LOCAL}", job_id="{self.job_id}").wait()'
                "    # modelarts.estimatorV2"
            )
        return (
            f'  Estimator(session, job_id="{self.job_id}").wait()    # modelarts.estimatorV2\n'
            f"  trainwright job watch {self.job_id}"
        )


class Estimator(TrainingJob):
    """What a job is to be; `fit` makes it. With `job_id` it stands for a job that exists, and has its methods.

    * A preset framework: `framework_type`, `framework_version` (see `get_framework_list`) and `training_files`.
    * A custom image: `user_image_url` and `user_command`; with a framework as well, its boot file in that image.
    * On this machine: `train_instance_type="local"`, see docs/howto/train-locally.md. `environment` (packages beside
      this Python's own) is for these only.

    `parameters` are `{"name": …, "value": …}`, handed over as `--name=value`; without `value` as `--name`.
    `train_instance_type` is a flavor (see `get_train_instance_types`), `train_instance_count` the number of nodes,
    `pool_id` a dedicated pool. `volumes`, `env_variables`, `working_dir` and `local_code_dir` are of the job's
    container. `log_url` is the OBS folder that logs are kept in as well.
    """

    def __init__(
        self,
        session: Session,
        training_files: TrainingFiles | None = None,
        outputs: Sequence[OutputData] | None = None,
        parameters: Sequence[Mapping[str, Any]] | None = None,
        framework_type: str | None = None,
        framework_version: str | None = None,
        user_image_url: str | None = None,
        user_command: str | None = None,
        train_instance_type: str | None = None,
        train_instance_count: int | None = None,
        log_url: str | None = None,
        job_description: str | None = None,
        pool_id: str | None = None,
        volumes: Sequence[Mapping[str, Any]] | None = None,
        env_variables: Mapping[str, Any] | None = None,
        working_dir: str | None = None,
        local_code_dir: str | None = None,
        job_id: str | None = None,
        environment: Environment | None = None,
    ) -> None:
        super().__init__(session, job_id or "")
        self._given = JobArguments(
            training_files=training_files,
            outputs=list(outputs or ()),
            parameters=list(parameters or ()),
            framework_type=framework_type or "",
            framework_version=framework_version or "",
            user_image_url=user_image_url or "",
            user_command=user_command or "",
            train_instance_type=train_instance_type or "",
            train_instance_count=1 if train_instance_count is None else train_instance_count,
            log_url=log_url or "",
            job_description=job_description or "",
            pool_id=pool_id or "",
            volumes=list(volumes or ()),
            env_variables=dict(env_variables or {}),
            working_dir=working_dir or "",
            local_code_dir=local_code_dir or "",
        )
        self._environment = environment
        self._caller = session  # `self.session` is that of the job, which may be of this machine
        if job_id and train_instance_type == LOCAL:
            self.session = local_session()

    @raising
    def fit(
        self,
        inputs: Sequence[InputData] | None = None,
        wait: bool = False,
        job_name: str | None = None,
        show_log: bool = True,
    ) -> TrainingJob:
        """Make the job. What is on this machine of its code and inputs is uploaded first.

        `job_name`: 1 to 64 letters, digits, `_` and `-`; made up when it is left out. `wait`: show what happens to it
        until it has ended; `show_log` is taken for the sake of scripts: the log is shown whenever there is waiting.

        Raises:
            InvalidArgument: something is missing, has the wrong form, or contradicts something else.
            RequestRefused, AuthenticationError, NotReachable, TransferFailed: there is no job.
            LocalModeFailed: the private server of local training cannot be had.
            JobFailed: with `wait`: it ended otherwise than Completed.
        """
        sources = _listed("inputs", inputs, InputData)
        if not isinstance(self._given.training_files, TrainingFiles | None):
            raise InvalidArgument(
                f"training_files must be a TrainingFiles, not {self._given.training_files!r}."
            )
        _listed("outputs", self._given.outputs, OutputData)
        if self._given.train_instance_type == LOCAL:
            local, job_id = start_local(self._caller, self._given, sources, job_name or "", self._environment)
            job = TrainingJob(local, job_id)
        else:
            body = job_body(self._caller, self._given, sources, job_name or new_name("job"))
            job = TrainingJob(self._caller, self._caller.client.create_job(body).metadata.id)
        self.session, self.job_id = job.session, job.job_id
        return job.wait() if wait else job

    @staticmethod
    @v2_answer
    def control_job_by_id(session: Session, job_id: str) -> Answer:
        """Ask a job to stop; the job."""
        return _stop(session, job_id)

    @staticmethod
    @v2_answer
    def delete_job_by_id(session: Session, job_id: str) -> Answer:
        """Delete a job that has ended. An empty dict after success."""
        session.client.delete_job(_known(job_id))
        return {}

    @staticmethod
    @v2_answer
    def get_job_list(
        session: Session,
        offset: int = 0,
        limit: int = LIMIT,
        sort_by: str = "create_time",
        order: str = "desc",
        group_by: str | None = None,
        filters: Sequence[Mapping[str, Any]] | None = None,
    ) -> Answer:
        """One page of the jobs that match all `filters`: `total`, `count`, `limit`, `offset`, `items`, ….

        `offset` counts jobs, `limit` is 1 to 50. A filter is `{"key": "name", "operator": "like", "value": ["a"]}`.
        """
        body: Answer = {"offset": offset, "limit": limit, "sort_by": sort_by, "order": order}
        if group_by:
            body["group_by"] = group_by
        if filters:
            body["filters"] = [_filter(item) for item in filters]
        return _send(session, "POST", SEARCHES, {}, body)

    @staticmethod
    @raising
    def get_framework_list(session: Session) -> list[dict[str, str]]:
        """The preset frameworks: `framework_type` and `framework_version` of each.

        Raises:
            ModelArtsError: the server cannot be asked.
        """
        engines = session.client.list_engines().items
        return [
            {"framework_type": each.engine_name, "framework_version": each.engine_version} for each in engines
        ]

    @staticmethod
    @raising
    def get_train_instance_types(session: Session) -> list[str]:
        """The flavors by their ids.

        Raises:
            ModelArtsError: the server cannot be asked.
        """
        flavors = session.client.list_flavors().flavors
        return [each.flavor_id for each in flavors]


def _send(
    session: Session, method: str, route: str, path: Mapping[str, str], body: Mapping[str, Any] | None = None
) -> Answer:
    """The server's answer as it is; searches may be repeated although they are posted."""
    whole = {"project_id": session.project_id, **path}
    return session.client.send(
        make_request(method, route, parse_object, path=whole, body=body, repeatable=True)
    )


def _known(job_id: object, empty: str = "job_id is empty.") -> str:
    """`job_id` as one can ask for it. Raises `InvalidArgument`."""
    if not job_id:
        raise InvalidArgument(empty)
    if not isinstance(job_id, str):
        raise InvalidArgument(f"job_id must be a text, not {job_id!r}.")
    return job_id


def _stop(session: Session, job_id: str) -> Answer:
    return session.client.stop_job(_known(job_id)).model_dump(mode="json", exclude_unset=True)


def _filter(item: Mapping[str, Any]) -> Answer:
    if not isinstance(item, Mapping) or not {"key", "operator"} <= item.keys():
        raise InvalidArgument(
            f'filters: each must be {{"key": …, "operator": …, "value": […]}}, not {item!r}.'
        )
    values = item.get("value")
    values = [values] if isinstance(values, str | int) else values
    return {**item, "value": [str(value) for value in values or []]}


def _listed(name: str, items: Any, kind: type[T]) -> list[T]:
    """`items` as a list of `kind`; one alone is a list of one. Raises `InvalidArgument`."""
    found = [items] if isinstance(items, kind) else list(items or [])
    for item in found:
        if not isinstance(item, kind):
            raise InvalidArgument(f"{name}: each must be a {kind.__name__}, not {item!r}.")
    return found
