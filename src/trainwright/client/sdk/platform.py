"""A connection to a server, and how it is made: blocking."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from trainwright.client.access import Access
from trainwright.client.blocking import Client
from trainwright.client.config import resolve_access
from trainwright.client.errors import NotConfigured
from trainwright.client.sdk.catalogue import Collection
from trainwright.client.sdk.jobs import Jobs
from trainwright.client.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from trainwright.wire.catalogue import EngineItem, FlavorItem
    from trainwright.wire.identity import IamProjectList
    from trainwright.wire.models import ModelItem

_PAGE = 100


class Platform:
    """A server as one project sees it. Use as a context manager, or call `close`.

    `jobs` and `storage` (the object store); `algorithms`, `datasets`, `experiments`, `models`, `engines` and `flavors`
    as collections; `client` has every operation of the REST API.

    >>> with connect() as platform:
    ...     for engine in platform.engines:
    ...         print(engine.engine_id)
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.storage = Storage(client)
        self.jobs = Jobs(client, self.storage)
        self.algorithms = Collection("algorithms", client.iter_algorithms, client.show_algorithm)
        self.datasets = Collection("datasets", client.iter_datasets, client.show_dataset)
        self.experiments = Collection("experiments", client.iter_experiments, client.show_experiment)
        self.models = Collection("models", self._models, client.show_model)
        self.engines = Collection("engines", self._engines, self._engine)
        self.flavors = Collection("flavors", self._flavors, self._flavor)

    def close(self) -> None:
        """Release the connections. Calling it twice is harmless."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        access = self.client.access
        return f"Platform({access.endpoint!r}, project_id={access.project_id!r})"

    def _models(self, *, name: str = "", workspace_id: str = "") -> Iterator[ModelItem]:
        offset = 0
        while True:
            page = self.client.list_models(name=name, workspace_id=workspace_id, offset=offset, limit=_PAGE)
            yield from page.items
            offset += len(page.items)
            if not page.items or offset >= page.total:
                return

    def _engines(self) -> Iterator[EngineItem]:
        return iter(self.client.list_engines().items)

    def _engine(self, engine_id: str) -> EngineItem:
        return {item.engine_id: item for item in self._engines()}[engine_id]

    def _flavors(self, flavor_type: str | None = None) -> Iterator[FlavorItem]:
        return iter(self.client.list_flavors(flavor_type).flavors)

    def _flavor(self, flavor_id: str) -> FlavorItem:
        return {item.flavor_id: item for item in self._flavors()}[flavor_id]


def connect(
    *,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    access_key: str = "",
    secret_key: str = "",
    language: str = "en-us",
    env: Mapping[str, str] | None = None,
) -> Platform:
    """A connection with what is not given taken from the environment, `trainwright login` or the local server.

    Who asks is said by a token or by an access key with its secret key; with keys the project may be left out, since
    they belong to one. `language` (`en-us` or `zh-cn`) is that of the server's sentences.

    >>> platform = connect()
    >>> platform = connect(endpoint="https://train.example", project_id="…", token="…")
    >>> platform = connect(endpoint="https://train.example", access_key="…", secret_key="…")

    Raises:
        NotConfigured: no server, project or credentials are known.
        ApiError, ConnectionFailed: the server was to be asked for the project of the keys.
    """
    access = find_access(
        endpoint=endpoint,
        project_id=project_id,
        token=token,
        access_key=access_key,
        secret_key=secret_key,
        language=language,
        env=env,
    )
    client = Client(access)
    if not access.project_id:
        client.access = with_project(access, client.list_iam_projects())
    return Platform(client)


def find_access(
    *,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    access_key: str = "",
    secret_key: str = "",
    language: str = "en-us",
    env: Mapping[str, str] | None = None,
) -> Access:
    """What `connect` would use. With keys the project may be unknown (empty).

    Raises:
        NotConfigured: something is missing or contradicts itself.
    """
    found = resolve_access(
        env=os.environ if env is None else env,
        endpoint=endpoint,
        project_id=project_id,
        token=token,
        access_key=access_key,
        secret_key=secret_key,
    )
    return Access(
        found.endpoint.value,
        found.project_id.value,
        found.token.value,
        language,
        found.access_key.value,
        found.secret_key.value,
        found.verify_tls,
    )


def with_project(access: Access, projects: IamProjectList) -> Access:
    """`access` for the project its keys belong to.

    Raises:
        NotConfigured: they belong to none.
    """
    for project in projects.projects:
        return replace(access, project_id=project.id)
    raise NotConfigured("No project is known for {endpoint}.", endpoint=access.endpoint)
