"""What may come next on the command line: names that the server knows, asked for while Tab is waited on.

A completion never says a word of its own and never takes long: without a server, without rights, or after
`PATIENCE_S` there are no suggestions.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from trainwright.cli.options import globals_of
from trainwright.cli.words import PHASES, word
from trainwright.client import Client, ClientError, Platform, connect
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from trainwright.wire import job_search, pools
else:
    job_search = deferred("trainwright.wire.job_search")
    pools = deferred("trainwright.wire.pools")

PATIENCE_S = 1.0
_MOST = 50
_STORE = "obs://"

Suggestion = tuple[str, str]


def complete_jobs(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of jobs, newest first, each with its phase; ids where the text looks like one."""
    language = globals_of(ctx).language

    def ask(client: Client) -> Iterable[Suggestion]:
        filters = (
            [job_search.SearchFilter(key="name", operator="like", value=[incomplete])] if incomplete else []
        )
        named = client.search_jobs(job_search.JobSearch(limit=_MOST, filters=filters)).items
        yield from ((job.metadata.name, word(PHASES, job.status.phase, language)) for job in named)
        if incomplete and not named:
            recent = client.search_jobs(job_search.JobSearch(limit=_MOST)).items
            yield from ((job.metadata.id, job.metadata.name) for job in recent)

    return _suggest(ctx, incomplete, ask)


def complete_engines(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Ids of engines."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: ((item.engine_id, item.description) for item in client.list_engines().items),
    )


def complete_flavors(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Ids of flavors."""
    return _suggest(
        ctx, incomplete, lambda client: ((item.flavor_id, "") for item in client.list_flavors().flavors)
    )


def complete_objects(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Buckets, then what lies in them, folder by folder; nothing for a path of this machine."""

    def ask(client: Client) -> Iterable[Suggestion]:
        bucket, slash, prefix = incomplete.removeprefix(_STORE).partition("/")
        if not slash:
            yield from ((f"{_STORE}{item.name}/", "") for item in client.list_buckets().buckets)
            return
        page = client.list_objects(bucket, prefix=prefix, delimiter=True, limit=_MOST)
        yield from ((f"{_STORE}{bucket}/{folder}", "") for folder in page.prefixes)
        yield from ((f"{_STORE}{bucket}/{item.key}", "") for item in page.objects)

    if not incomplete.startswith(_STORE) and not _STORE.startswith(incomplete):
        return []
    return _suggest(ctx, incomplete, ask)


def complete_algorithms(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of algorithms."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.metadata.name, item.metadata.description)
            for item in client.list_algorithms(name=incomplete, limit=_MOST).items
        ),
    )


def complete_gallery(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Titles of published algorithms."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.title, item.description)
            for item in client.list_gallery(title=incomplete, limit=_MOST).items
        ),
    )


def complete_subscriptions(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Titles of algorithms that are subscribed to."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.item.title, item.version_num)
            for item in client.list_subscriptions(title=incomplete, limit=_MOST).items
        ),
    )


def complete_datasets(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of datasets."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.dataset_name, item.data_source.data_path)
            for item in client.list_datasets(name=incomplete, limit=_MOST).datasets
        ),
    )


def complete_experiments(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of experiments."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.metadata.name, item.metadata.description)
            for item in client.list_experiments(limit=_MOST).items
        ),
    )


def complete_models(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of models."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.model_name, item.description)
            for item in client.list_models(name=incomplete, limit=_MOST).items
        ),
    )


def complete_pools(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Ids of pools, each with its display name."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.metadata.name, item.metadata.labels.get(pools.NAME_LABEL, ""))
            for item in client.list_pools().items
        ),
    )


def complete_workspaces(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of workspaces."""
    return _suggest(
        ctx,
        incomplete,
        lambda client: (
            (item.name, item.description)
            for item in client.list_workspaces(name=incomplete, limit=_MOST).workspaces
        ),
    )


def complete_users(ctx: typer.Context, incomplete: str) -> list[Suggestion]:
    """Names of users."""
    return _suggest(
        ctx, incomplete, lambda client: ((item.name, "") for item in client.list_users(limit=_MOST).users)
    )


def _suggest(
    ctx: typer.Context, incomplete: str, ask: Callable[[Client], Iterable[Suggestion]]
) -> list[Suggestion]:
    """Those of what the server knows that begin as the text does, each once."""
    found: dict[str, str] = {}

    def work() -> None:
        # Whoever presses Tab has asked nothing yet: no server, no rights and no answer in time are no suggestions.
        with contextlib.suppress(ClientError, OSError, ValueError), _open(ctx) as platform:
            for value, about in ask(platform.client):
                if value.startswith(incomplete):
                    found.setdefault(value, about)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(PATIENCE_S)
    return list(found.items())


def _open(ctx: typer.Context) -> Platform:
    told = globals_of(ctx)
    given = ctx.find_root().params

    def option(name: str, kept: str) -> str:
        return str(given.get(name) or kept)

    return connect(
        endpoint=option("endpoint", told.endpoint),
        project_id=option("project", told.project_id),
        token=option("token", told.token),
        language=told.language,
    )
