"""The OpenAPI description: FastAPI's, with the request models our routes parse themselves, the error answers, and the
action each operation needs (`x-action`).
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIRouter
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from trainwright.domain.access import Action
from trainwright.server.answers import JSON, REQUEST_MODELS
from trainwright.server.cookies import COOKIE, SESSION_PATH
from trainwright.server.dependencies import Needs
from trainwright.server.examples import REQUEST_EXAMPLES
from trainwright.server.routers.health import VERSION
from trainwright.wire.job_changes import JobChangeItem

OPEN_PREFIXES = ("/health", "/share/", "/docs", "/openapi.json", "/v3/auth/tokens")
_ABOUT = (
    "Training jobs and all that belongs to them: the ModelArts v2 contract, and beside it in the same style what it "
    "lacks. Authentication: `X-Auth-Token`, a bearer token, or the signature SDK-HMAC-SHA256 of the official clients. "
    "Every answer carries `X-Request-Id`; every error has one shape."
)
_BY_HEADER: list[dict[str, list[str]]] = [{"bearer": []}, {"token": []}, {"signature": []}]
_ERRORS = {
    "400": "The request cannot be carried out as it stands.",
    "401": "No credentials, or wrong ones.",
    "403": "Another project's path, or no role that allows the action.",
    "404": "It does not exist, or not for this caller.",
    "409": "It contradicts the present state.",
    "413": "The body is too large.",
    "default": "What is wrong and what to do.",
}
_ERROR_EXAMPLE = {
    "error_code": "ModelArts.2775",
    "error_msg": "Training job 3faa8f09 not found.",
    "error_solution": "List the jobs to find its id.",
    "request_id": "b0b9e3a5f9d84d0f8a7f0d6f0e2f4c11",
}


STREAMED: tuple[type[BaseModel], ...] = (JobChangeItem,)
"""What the data of server-sent events is, where no other answer has it."""


class ErrorAnswer(BaseModel):
    """Every answer from 400 on. `error_field` is ours: the path of the field that is to blame, where one is."""

    error_code: str
    error_msg: str
    error_solution: str
    request_id: str
    error_field: str | None = None


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of `app`'s routes, the same for the same code."""
    described = get_openapi(title="Trainwright", version=VERSION, description=_ABOUT, routes=app.routes)
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    ours = sorted(REQUEST_MODELS, key=lambda model: model.__name__)
    taken: list[type[BaseModel]] = [*ours, ErrorAnswer, *STREAMED]
    _, made = models_json_schema(
        [(model, "validation") for model in taken], ref_template="#/components/schemas/{model}"
    )
    schemas.update({name: schema for name, schema in made["$defs"].items() if name not in schemas})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schema = {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}
    content = {JSON: {"schema": schema, "example": _ERROR_EXAMPLE}}
    components["responses"] = {
        f"Error-{status}": {"description": text, "content": content} for status, text in _ERRORS.items()
    }
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "The console's: what changes anything must carry X-CSRF-Token, too.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "SDK-HMAC-SHA256, as the official clients sign.",
        },
    }
    actions = {route.operation_id: action_of(route) for route in routes_of(app.router)}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _finish(path, operation, actions.get(operation["operationId"]))
    return described


def routes_of(router: APIRouter) -> Iterator[APIRoute]:
    """All routes below `router`, however deep FastAPI has nested them."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif isinstance(nested := getattr(route, "original_router", None), APIRouter):
            yield from routes_of(nested)


def action_of(route: APIRoute) -> Action | None:
    """The action a route needs; None where it asks for no user."""
    return next(_actions_below(route.dependant), None)


def _actions_below(dependant: Dependant) -> Iterator[Action]:
    if isinstance(dependant.call, Needs):
        yield dependant.call.action
    for inner in dependant.dependencies:
        yield from _actions_below(inner)


def _finish(path: str, operation: dict[str, Any], action: Action | None) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    answers.update({status: {"$ref": f"#/components/responses/Error-{status}"} for status in _ERRORS})
    if action is not None:
        operation["x-action"] = action.value
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    example = REQUEST_EXAMPLES.get(operation["operationId"])
    if body is not None and example is not None:
        body["example"] = example
    if path.startswith("/runner/"):
        operation["security"] = [{"bearer": []}]
    elif path == SESSION_PATH:
        operation["security"] = [{}, {"session": []}, *_BY_HEADER]
    elif not path.startswith(OPEN_PREFIXES):
        operation["security"] = _BY_HEADER
