"""One request as data: what `Client` and `AsyncClient` send, and how the answer is read. No I/O here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from pydantic import BaseModel

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound="BaseModel")

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """A call of one REST operation.

    `route` is the path template as the server publishes it (`/v2/{project_id}/…`), `path` the same filled in.
    `parse` reads a 2xx answer. `repeatable` tells whether sending it twice does the same as once.
    """

    method: str
    route: str
    path: str
    parse: Callable[[httpx.Response], T]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    repeatable: bool = False


def make_request(
    method: str,
    route: str,
    parse: Callable[[httpx.Response], T],
    *,
    path: Mapping[str, str],
    query: Mapping[str, str | int | None] | None = None,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    repeatable: bool | None = None,
) -> Request[T]:
    """The request for `route` with its `{names}` taken from `path`, percent-encoded.

    Query values that are None are left out. `body` is sent as JSON when it is not None. A name ending in `:path`
    keeps its slashes. `repeatable` defaults to what the method promises.

    Raises:
        ValueError: a path value is empty (it would name another route).
    """
    filled = route
    for name, value in path.items():
        if not value:
            raise ValueError(f"{name} is empty")
        if "{" + name + ":path}" in filled:
            filled = filled.replace("{" + name + ":path}", quote(value, safe="/"))
        else:
            filled = filled.replace("{" + name + "}", quote(value, safe=""))
    all_headers = dict(headers or {})
    content = None
    if body is not None:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        all_headers["Content-Type"] = "application/json"
    return Request(
        method=method,
        route=route,
        path=filled,
        parse=parse,
        query=tuple((key, str(value)) for key, value in (query or {}).items() if value is not None),
        headers=all_headers,
        content=content,
        repeatable=method in _IDEMPOTENT if repeatable is None else repeatable,
    )


def model_parser(model: type[ModelT]) -> Callable[[httpx.Response], ModelT]:
    """A parser for answers that are one `model` as JSON."""

    def parse(response: httpx.Response) -> ModelT:
        return model.model_validate_json(response.content)

    return parse


def parse_object(response: httpx.Response) -> dict[str, Any]:
    """For answers that are a JSON object of any form."""
    answer: dict[str, Any] = response.json()
    return answer


def parse_nothing(response: httpx.Response) -> None:
    """For answers whose body says nothing."""
