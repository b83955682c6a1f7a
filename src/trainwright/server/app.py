"""The web application: routers inside error handling, authentication, limits and request context."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from trainwright.ports.identity import Principal
from trainwright.server import errors
from trainwright.server.audit_watch import AuditWatch
from trainwright.server.auth import Authentication, KeyCache, TokenCache
from trainwright.server.codings import JsonCompression
from trainwright.server.context import RequestContext
from trainwright.server.dependencies import Wiring
from trainwright.server.limits import BodyLimit
from trainwright.server.routers import (
    algorithms,
    audit,
    authorizations,
    backends,
    catalog,
    checkpoints,
    console,
    credentials,
    datasets,
    events,
    experiments,
    gallery,
    health,
    identity,
    job_changes,
    job_collection,
    jobs,
    log_views,
    logs,
    metrics,
    models,
    nodes,
    object_folders,
    objects,
    overview,
    pools,
    quotas,
    reference,
    runner,
    sessions,
    shell,
    stacks,
    tags,
    training_metrics,
    trials,
    unavailable,
    unavailable_jobs,
    workspaces,
)
from trainwright.services import principals
from trainwright.services.credentials import KeyOwner, find_key

_ROUTERS = (
    health,
    reference,
    identity,
    sessions,
    credentials,
    job_collection,
    jobs,
    overview,
    job_changes,
    events,
    logs,
    log_views,
    metrics,
    training_metrics,
    checkpoints,
    stacks,
    trials,
    tags,
    experiments,
    algorithms,
    gallery,
    datasets,
    models,
    catalog,
    quotas,
    workspaces,
    authorizations,
    pools,
    nodes,
    backends,
    object_folders,
    objects,
    audit,
    unavailable,
    unavailable_jobs,
    shell,
    runner,
    console,
)


def create_app(wiring: Wiring) -> FastAPI:
    """The application over `wiring`."""
    services = wiring.services

    async def user_of(token: str) -> Principal:
        return await principals.authenticate(services, token)

    async def owner_of(access_key: str) -> KeyOwner | None:
        return await find_key(services, access_key)

    tokens, keys = TokenCache(user_of), KeyCache(owner_of)
    services.credentials_changed.listen(tokens.forget)
    services.credentials_changed.listen(keys.forget)
    watch = [Middleware(AuditWatch, trail=wiring.audit)] if wiring.audit else []
    app = bare_app(
        [
            *watch,
            Middleware(RequestContext, default_language=wiring.default_language),
            Middleware(
                Authentication, tokens=tokens, keys=keys, clock=services.clock, public_url=services.public_url
            ),
            Middleware(JsonCompression, blocking=services.blocking),
            Middleware(BodyLimit),
        ]
    )
    app.state.wiring = wiring
    return app


def bare_app(middleware: list[Middleware] | None = None) -> FastAPI:
    """All routes, wired to nothing: enough to describe them."""
    app = FastAPI(
        title="Trainwright",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=middleware or [],
    )
    errors.install(app)
    for module in _ROUTERS:
        app.include_router(module.router)
    app.include_router(nodes.machines)
    app.include_router(logs.shared)
    return app
