"""Bodies in and out: strict JSON objects, models as JSON, and their place in the OpenAPI description."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from trainwright.wire.parsing import load_object

JSON = "application/json"


async def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object, whatever its content type says (the official client is lax there).

    Raises:
        InvalidJson: see `wire.parsing.load_object`.
        BodyTooLarge: it is over the limit.
    """
    return load_object(await request.body())


async def repaired_body(request: Request) -> dict[str, Any]:
    """As `json_body`, for runners: what cannot be stored is replaced, as they pass on what users' programs print."""
    return load_object(await request.body(), repair=True)


JsonBody = Annotated[dict[str, Any], Depends(json_body)]
RepairedBody = Annotated[dict[str, Any], Depends(repaired_body)]


def answer_model(model: BaseModel, status: int = 200) -> Response:
    """`model` as JSON; fields that are None are left out."""
    return Response(model.model_dump_json(exclude_none=True), status, media_type=JSON)


def answer_list(models: Sequence[BaseModel]) -> Response:
    """A bare JSON array."""
    return Response(_LIST.dump_json(list(models), exclude_none=True), media_type=JSON)


def answer_object(body: Mapping[str, Any]) -> Response:
    """A JSON object as it is."""
    return Response(json.dumps(body), media_type=JSON)


def answer_null() -> Response:
    """200 with the body `null`, as the contract has it for changes."""
    return Response(b"null", media_type=JSON)


def download_as(name: str) -> dict[str, str]:
    """What makes a browser save an answer under that name, not show it: bytes of users are no pages."""
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }


REQUEST_MODELS: set[type[BaseModel]] = set()
"""Every model a route takes; filled while the routers are imported."""


def takes(*models: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route whose body is one of `models`; `openapi.describe` adds the models themselves."""
    for model in models:
        if any(known.__name__ == model.__name__ and known is not model for known in REQUEST_MODELS):
            raise TypeError(
                f"two request models are called {model.__name__}: the description has one name for each"
            )
        REQUEST_MODELS.add(model)
    refs = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


def takes_bytes(*, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` of a route whose body is raw bytes."""
    schema = {"type": "string", "format": "binary"}
    return {
        "requestBody": {"required": required, "content": {"application/octet-stream": {"schema": schema}}}
    }


_LIST: TypeAdapter[list[Any]] = TypeAdapter(list[Any])
