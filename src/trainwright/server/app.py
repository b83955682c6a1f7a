"""The web application: routers inside error handling, authentication, limits and request context."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from trainwright.ports.identity import Principal
from trainwright.server import errors
from trainwright.server.auth import Authentication, TokenCache
from trainwright.server.context import RequestContext
from trainwright.server.dependencies import Wiring
from trainwright.server.limits import BodyLimit
from trainwright.server.routers import (
    algorithms,
    authorizations,
    backends,
    catalog,
    datasets,
    events,
    experiments,
    gallery,
    health,
    identity,
    jobs,
    logs,
    metrics,
    objects,
    pools,
    quotas,
    reference,
    runner,
    tags,
    trials,
    unavailable,
    workspaces,
)
from trainwright.services import principals

_ROUTERS = (
    health,
    reference,
    identity,
    jobs,
    events,
    logs,
    metrics,
    trials,
    tags,
    experiments,
    algorithms,
    gallery,
    datasets,
    catalog,
    quotas,
    workspaces,
    authorizations,
    pools,
    backends,
    objects,
    unavailable,
    runner,
)


def create_app(wiring: Wiring) -> FastAPI:
    """The application over `wiring`."""

    async def find(token: str) -> Principal:
        return await principals.authenticate(wiring.services, token)

    app = bare_app(
        [
            Middleware(RequestContext, default_language=wiring.default_language),
            Middleware(Authentication, tokens=TokenCache(find)),
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
    app.include_router(logs.shared)
    return app
