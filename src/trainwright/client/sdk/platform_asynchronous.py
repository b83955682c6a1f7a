"""A connection to a server, and how it is made: for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from trainwright.client.asynchronous import AsyncClient
from trainwright.client.sdk.catalogue import AsyncCollection
from trainwright.client.sdk.jobs_asynchronous import AsyncJobs
from trainwright.client.sdk.platform import find_access, with_project
from trainwright.client.storage import AsyncStorage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from trainwright.wire.catalogue import EngineItem, FlavorItem
    from trainwright.wire.models import ModelItem

_PAGE = 100


class AsyncPlatform:
    """As `Platform`, for asyncio. Use as an async context manager.

    >>> async with connect_async() as platform:
    ...     async for job in platform.jobs.list(phases=["Running"]):
    ...         print(job.name)
    """

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.storage = AsyncStorage(client)
        self.jobs = AsyncJobs(client, self.storage)
        self.algorithms = AsyncCollection("algorithms", client.iter_algorithms, client.show_algorithm)
        self.datasets = AsyncCollection("datasets", client.iter_datasets, client.show_dataset)
        self.experiments = AsyncCollection("experiments", client.iter_experiments, client.show_experiment)
        self.models = AsyncCollection("models", self._models, client.show_model)
        self.engines = AsyncCollection("engines", self._engines, self._engine)
        self.flavors = AsyncCollection("flavors", self._flavors, self._flavor)

    async def aclose(self) -> None:
        """Release the connections. Calling it twice is harmless."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        access = self.client.access
        if not access.project_id:
            self.client.access = with_project(access, await self.client.list_iam_projects())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        access = self.client.access
        return f"AsyncPlatform({access.endpoint!r}, project_id={access.project_id!r})"

    async def _models(self, *, name: str = "", workspace_id: str = "") -> AsyncIterator[ModelItem]:
        offset = 0
        while True:
            page = await self.client.list_models(
                name=name, workspace_id=workspace_id, offset=offset, limit=_PAGE
            )
            for item in page.items:
                yield item
            offset += len(page.items)
            if not page.items or offset >= page.total:
                return

    async def _engines(self) -> AsyncIterator[EngineItem]:
        for item in (await self.client.list_engines()).items:
            yield item

    async def _engine(self, engine_id: str) -> EngineItem:
        return {item.engine_id: item async for item in self._engines()}[engine_id]

    async def _flavors(self, flavor_type: str | None = None) -> AsyncIterator[FlavorItem]:
        for item in (await self.client.list_flavors(flavor_type)).flavors:
            yield item

    async def _flavor(self, flavor_id: str) -> FlavorItem:
        return {item.flavor_id: item async for item in self._flavors()}[flavor_id]


def connect_async(
    *,
    endpoint: str = "",
    project_id: str = "",
    token: str = "",
    access_key: str = "",
    secret_key: str = "",
    language: str = "en-us",
    env: Mapping[str, str] | None = None,
) -> AsyncPlatform:
    """As `connect`, for asyncio. Nothing is sent before `async with`.

    >>> async with connect_async() as platform:
    ...     job = await platform.jobs.create(name="first", command="echo hello", flavor="…")
    ...     await job.wait()

    Raises:
        NotConfigured: no server, project or credentials are known.
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
    return AsyncPlatform(AsyncClient(access))
