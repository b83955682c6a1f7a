"""The SDK: a job as an object, jobs and storage as collections."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from trainwright.client.blocking import Client
from trainwright.client.config import resolve_settings
from trainwright.client.connection import Access
from trainwright.client.job_body import JobDraft, draft_body, is_local_folder
from trainwright.client.storage import CODE_BUCKET, Storage
from trainwright.client.streams import JobUpdate, is_end_phase
from trainwright.domain.lifecycle import Phase
from trainwright.wire.job_answers import JobResponse
from trainwright.wire.job_search import JobSearch, SearchFilter
from trainwright.wire.watch import EventItem, MetricsResponse, TaskItem

_PAGE = 50


class TrainingJob:
    """One job. Attributes show what was last heard of it; `refresh` asks again."""

    def __init__(self, client: Client, answer: JobResponse) -> None:
        self._client = client
        self.answer = answer

    @property
    def id(self) -> str:
        """The job's id."""
        return self.answer.metadata.id

    @property
    def name(self) -> str:
        """The job's name."""
        return self.answer.metadata.name

    @property
    def phase(self) -> str:
        """The phase as last heard."""
        return self.answer.status.phase

    @property
    def is_ended(self) -> bool:
        """Whether it will never change again."""
        return is_end_phase(self.phase)

    @property
    def exit_code(self) -> int | None:
        """The exit code of the first task that failed; 0 when all succeeded; None when there is none (yet)."""
        codes = [status.exit_code for status in self.answer.status.task_statuses]
        failed = [code for code in codes if code > 0]
        if failed:
            return failed[0]
        return 0 if self.phase == Phase.COMPLETED else None

    def refresh(self) -> Self:
        """Ask the server again."""
        self.answer = self._client.show_job(self.id)
        return self

    def rebuild(self, name: str = "") -> "TrainingJob":
        """Create another job from the same request; without `name` under one that the server finds free."""
        body = self._client.job_request(self.id)
        if name:
            body["metadata"]["name"] = name
        return TrainingJob(self._client, self._client.create_job(body))

    def wait(self) -> Self:
        """Return once the job has ended, whatever its result; survives restarts of the server."""
        if not self.is_ended:
            for _ in self.updates():
                pass
        return self.refresh()

    def updates(self) -> Iterator[JobUpdate]:
        """Events and changes of phase as they happen, from the beginning until the job has ended."""
        return self._client.follow_events(self.id)

    def events(self) -> Iterator[EventItem]:
        """The events so far, oldest first."""
        offset = 0
        while True:
            page = self._client.list_events(self.id, offset=offset, limit=100, order="asc")
            yield from page.events
            offset += len(page.events)
            if not page.events or offset >= page.total:
                return

    def logs(self, task: str = "worker-0", *, follow: bool = False) -> Iterator[bytes]:
        """A task's log in pieces; with `follow` until the task has ended."""
        if follow:
            return self._client.follow_log(self.id, task)
        return self._client.read_log(self.id, task)

    def tasks(self) -> list[TaskItem]:
        """Its tasks."""
        return self._client.list_tasks(self.id)

    def metrics(self, task: str = "worker-0") -> MetricsResponse:
        """A task's resource usage, means per minute."""
        return self._client.show_metrics(self.id, task)

    def stop(self) -> Self:
        """Ask it to stop; `wait` for the end."""
        self.answer = self._client.stop_job(self.id)
        return self

    def delete(self) -> None:
        """Delete it; it must have ended."""
        self._client.delete_job(self.id)


class Jobs:
    """All jobs of the project."""

    def __init__(self, client: Client, storage: Storage) -> None:
        self._client = client
        self._storage = storage

    def create(
        self,
        *,
        name: str,
        code_dir: str | Path = "",
        boot_file: str = "",
        command: str = "",
        engine: str = "",
        flavor: str = "",
        nodes: int = 1,
        parameters: Mapping[str, object] | None = None,
        environment: Mapping[str, object] | None = None,
        inputs: Mapping[str, str] | None = None,
        outputs: Mapping[str, str] | None = None,
        prefetch: Sequence[str] = (),
        description: str | None = None,
        log_path: str = "",
        auto_stop: str = "",
        priority: int | None = None,
        bucket: str = CODE_BUCKET,
    ) -> TrainingJob:
        """Create a job. A `code_dir` on this machine is uploaded to `bucket` first; other fields as in `JobDraft`.

        Raises:
            ValueError: `prefetch` names no output, or `auto_stop` is no duration.
            ClientError: the code could not be uploaded, or the server refused.
        """
        code = str(code_dir)
        if isinstance(code_dir, Path) or is_local_folder(code):
            code = self._storage.upload_code(code_dir, bucket=bucket)
        draft = JobDraft(
            name=name,
            description=description,
            code_dir=code,
            boot_file=boot_file,
            command=command,
            engine=engine,
            flavor=flavor,
            nodes=nodes,
            parameters=parameters or {},
            environment=environment or {},
            inputs=inputs or {},
            outputs=outputs or {},
            prefetch=prefetch,
            log_path=log_path,
            auto_stop=auto_stop,
            priority=priority,
        )
        return self.create_from(draft_body(draft))

    def create_from(self, body: Mapping[str, object]) -> TrainingJob:
        """Create a job from a REST body."""
        return TrainingJob(self._client, self._client.create_job(body))

    def get(self, job_id: str) -> TrainingJob:
        """The job with this id. Raises `ApiError` when there is none."""
        return TrainingJob(self._client, self._client.show_job(job_id))

    def list(self, *, name: str = "", phases: Sequence[str] = ()) -> Iterator[TrainingJob]:
        """Jobs, newest first: those whose name contains `name` and whose phase is one of `phases`, if given."""
        filters = []
        if name:
            filters.append(SearchFilter(key="name", operator="like", value=[name]))
        if phases:
            filters.append(SearchFilter(key="phase", operator="in", value=[*phases]))
        offset = 0
        while True:
            page = self._client.search_jobs(JobSearch(offset=offset, limit=_PAGE, filters=filters))
            yield from (TrainingJob(self._client, item) for item in page.items)
            offset += len(page.items)
            if not page.items or offset >= page.count:
                return


class Platform:
    """A connection to a server. Use as a context manager, or call `close`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.storage = Storage(client)
        self.jobs = Jobs(client, self.storage)

    def close(self) -> None:
        """Release the connections."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    *,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    language: str = "en-us",
    env: Mapping[str, str] | None = None,
) -> Platform:
    """A connection with what is not given taken from the environment, `trainwright login` or the local server.

    Raises:
        NotConfigured: no server, project or token is known.
    """
    settings = resolve_settings(
        env=os.environ if env is None else env, endpoint=endpoint, project_id=project_id, token=token
    )
    access = Access(settings.endpoint.value, settings.project_id.value, settings.token.value, language)
    return Platform(Client(access))
