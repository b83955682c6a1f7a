"""What a route may ask for: who calls, the services, the unfinished uploads, the language.

Routes below `/v1/{project_id}` and `/v2/{project_id}` that take `CallerDep` need no path parameter of their own for
the project: it is documented here. Authentication has happened in `server.auth` before.
"""

import pathlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, cast

from fastapi import Depends, Path
from pydantic import AfterValidator
from starlette.requests import HTTPConnection

from trainwright.domain.access import Action
from trainwright.domain.errors import ActionDenied, NoCredentials, WrongProject
from trainwright.domain.texts import Language
from trainwright.ports.identity import Principal
from trainwright.server.audit_trail import AuditTrail
from trainwright.server.broadcast import Broadcast
from trainwright.server.job_feed import JobFeed
from trainwright.server.site_files import SITE_FOLDER, Site
from trainwright.services.context import Services
from trainwright.storage.uploads import Uploads


@dataclass(frozen=True)
class Wiring:
    """What the app was made with; lies in `app.state.wiring`.

    `admin_file` tells the first administrator their token; `site` is the console as it was built.
    """

    services: Services
    uploads: Uploads
    broadcast: Broadcast
    default_language: Language
    audit: AuditTrail | None = None  # who changes what; None: nobody keeps it
    admin_file: pathlib.Path | None = None
    site: Site = field(default_factory=lambda: Site(SITE_FOLDER))

    @cached_property
    def job_feed(self) -> JobFeed:
        """The changes of all jobs, for those who follow them."""
        return JobFeed(self.services, self.broadcast)


def wiring_of(request: HTTPConnection) -> Wiring:
    """The app's wiring."""
    return cast(Wiring, request.app.state.wiring)


async def services(request: HTTPConnection) -> Services:
    """The ports and settings that use cases work with."""
    return wiring_of(request).services


async def uploads(request: HTTPConnection) -> Uploads:
    """The resumable uploads."""
    return wiring_of(request).uploads


async def broadcast(request: HTTPConnection) -> Broadcast:
    """Wake-ups for streams."""
    return wiring_of(request).broadcast


async def language(request: HTTPConnection) -> Language:
    """The reader's language: `X-Language`, else `Accept-Language`, else the server's default."""
    return cast(Language, request.state.language)


async def signed_in(request: HTTPConnection) -> Principal:
    """Who calls, on a path that names no project. Raises `NoCredentials`: nobody was authenticated."""
    principal = cast(Principal | None, getattr(request.state, "principal", None))
    if principal is None:
        raise NoCredentials
    return principal


async def signed_in_still(request: HTTPConnection, who: Principal) -> Principal:
    """`who` by the same credentials as they count now, allowed to do what is under way: for what lasts long.

    Raises:
        NoCredentials, WrongProject: they are gone, or stand for somebody else.
        ActionDenied: no role of theirs allows it any more.
    """
    now = cast(Principal, await request.state.identify())
    if (now.user_id, now.project_id) != (who.user_id, who.project_id):
        raise WrongProject
    return now if who.action is None else _allowed(now, who.action)


async def caller(
    request: HTTPConnection,
    project_id: Annotated[str, Path(description="Project of the caller.")],
) -> Principal:
    """Who calls.

    Raises:
        NoCredentials: nobody was authenticated.
        WrongProject: the project in the path is not the caller's.
    """
    principal = await signed_in(request)
    if project_id != principal.project_id:
        raise WrongProject
    return principal


def without_nul(text: str) -> str:
    """`text` with NUL replaced: for ids in paths and queries."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL refuses NUL; no id has either


JobId = Annotated[
    str,
    Path(alias="training_job_id", description="Id of a training job."),
    AfterValidator(without_nul),
]
TaskId = Annotated[
    str,
    Path(alias="task_id", description="Name of a task, such as worker-0."),
    AfterValidator(without_nul),
]
CallerDep = Annotated[Principal, Depends(caller)]
SignedInDep = Annotated[Principal, Depends(signed_in)]


class Needs:
    """A dependency: the caller, when one of their roles allows `action`, with `action` set."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, who: CallerDep) -> Principal:
        """The caller.

        Raises:
            ActionDenied: none of their roles allows it.
        """
        return _allowed(who, self.action)


class NeedsAnywhere(Needs):
    """The same on a path that names no project."""

    async def __call__(self, who: SignedInDep) -> Principal:
        """The caller. Raises `ActionDenied`: none of their roles allows it."""
        return _allowed(who, self.action)


def _allowed(who: Principal, action: Action) -> Principal:
    if not who.may(action):
        raise ActionDenied(action=action.value)
    return replace(who, action=action)


def needs(action: Action) -> Any:
    """The caller, allowed to do `action`: every operation declares so once, in the type of its caller.

    The reference, and the test that tries every operation with every role, read it from there.
    """
    return Depends(Needs(action))


def needs_anywhere(action: Action) -> Any:
    """`needs`, for a path that names no project."""
    return Depends(NeedsAnywhere(action))


ServicesDep = Annotated[Services, Depends(services)]
UploadsDep = Annotated[Uploads, Depends(uploads)]
BroadcastDep = Annotated[Broadcast, Depends(broadcast)]
LanguageDep = Annotated[Language, Depends(language)]
