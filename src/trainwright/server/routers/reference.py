"""The description of the API, and a page to read it and try it. Both tell nothing that the documentation does not.

The page is Swagger UI as a Python package ships it, served from here: it asks no other host for anything.
"""

import json
from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.responses import Response

from trainwright.domain.errors import UnknownRoute
from trainwright.server.answers import JSON
from trainwright.server.openapi import describe

router = APIRouter(tags=["reference"])

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trainwright API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
# Deep links and a filter, as a page of 150 operations needs them; the token is forgotten when the page is closed.
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#page", deepLinking: true, filter: true, docExpansion: "none",
  displayOperationId: true, displayRequestDuration: true, persistAuthorization: false, validatorUrl: null,
});
"""
_HEADERS = {
    # Swagger UI sets styles in the document; scripts come from files only.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
}


@router.get("/openapi.json", operation_id="reference_description")
async def show_description(request: Request) -> Response:
    """This description."""
    app = request.app
    if not hasattr(app.state, "description"):
        app.state.description = json.dumps(describe(app), ensure_ascii=False).encode()
    return Response(app.state.description, media_type=JSON)


@router.get(
    "/docs",
    operation_id="reference_page",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}},
)
async def show_page() -> Response:
    """The page."""
    return Response(_PAGE, headers=_HEADERS, media_type="text/html")


@router.get("/docs/{asset}", operation_id="reference_asset", response_class=Response, include_in_schema=False)
async def show_asset(asset: str) -> Response:
    """A part of the page.

    Raises:
        UnknownRoute: it has no such part.
    """
    if asset not in _ASSETS:
        raise UnknownRoute(path=f"/docs/{asset}")
    headers = {**_HEADERS, "Cache-Control": "max-age=3600"}
    return Response(_asset(asset), headers=headers, media_type=_ASSETS[asset])


@lru_cache
def _asset(name: str) -> bytes:
    if name == "start.js":
        return _START.encode()
    return files("fastapi_offline").joinpath("static", name).read_bytes()
