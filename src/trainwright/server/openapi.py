"""The OpenAPI description: FastAPI's, with the request models our routes parse themselves and the error body."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from trainwright.server.answers import REQUEST_MODELS
from trainwright.server.routers.health import VERSION


class ErrorAnswer(BaseModel):
    """Every answer from 400 on."""

    error_code: str
    error_msg: str
    error_solution: str
    request_id: str


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of `app`'s routes, the same for the same code."""
    described = get_openapi(title="Trainwright", version=VERSION, routes=app.routes)
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    models: tuple[type[BaseModel], ...] = (
        *sorted(REQUEST_MODELS, key=lambda model: model.__name__),
        ErrorAnswer,
    )
    _, ours = models_json_schema(
        [(model, "validation") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    schemas.update({name: schema for name, schema in ours["$defs"].items() if name not in schemas})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    }
    for path, operations in described["paths"].items():
        for operation in operations.values():
            _finish(path, operation)
    return described


def _finish(path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    answers.pop("422", None)
    schema = {"$ref": f"#/components/schemas/{ErrorAnswer.__name__}"}
    answers["default"] = {
        "description": "What is wrong and what to do.",
        "content": {"application/json": {"schema": schema}},
    }
    if path.startswith("/runner/"):
        operation["security"] = [{"bearer": []}]
    elif not path.startswith(("/health", "/share/")):
        operation["security"] = [{"bearer": []}, {"token": []}]
