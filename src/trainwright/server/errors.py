"""Every error as the contract's body: `error_code`, `error_msg`, `error_solution`, `request_id`.

And `error_field`, ours, where a field is to blame. Statuses live here.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from trainwright.domain.errors import (
    Conflict,
    Denied,
    InvalidJson,
    InvalidParam,
    InvalidQuery,
    InvalidRange,
    LogGap,
    NotFound,
    ObjectChanged,
    SessionEnded,
    TooLarge,
    TrainwrightError,
    Unauthenticated,
    Unavailable,
    UnknownRoute,
    UserError,
    WrongVerb,
)
from trainwright.domain.texts import Language
from trainwright.server.cookies import CLEARED
from trainwright.wire.parsing import field_path, problem_of

log = logging.getLogger(__name__)

STATUS: Mapping[type[TrainwrightError], int] = {
    # single errors first said here: HTTP has a word of its own for them
    WrongVerb: 405,
    InvalidRange: 416,
    ObjectChanged: 412,
    # families
    UserError: 400,
    Unauthenticated: 401,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Unavailable: 503,
    TrainwrightError: 500,
}


def status_of(error: TrainwrightError) -> int:
    """The HTTP status of `error`: of its own class, else of its family."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(error: TrainwrightError, scope: Scope) -> Response:
    """`error` as an HTTP answer in the language and with the request id of `scope`."""
    state: Mapping[str, Any] = scope.get("state", {})
    language = cast(Language, state.get("language", Language.EN))
    body = {
        "error_code": error.code,
        "error_msg": error.message(language),
        "error_solution": error.solution(language),
        "request_id": state.get("request_id", ""),
    }
    field = error.slots.get("field")
    if isinstance(field, str) and field:
        body["error_field"] = field
    scope.setdefault("state", {})["error_code"] = error.code  # for the audit trail
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status_of(error), _headers(error), media_type="application/json")


def install(app: FastAPI) -> None:
    """Make `app` answer every error in this shape; `context.RequestContext` answers what is raised outside of it."""
    app.add_exception_handler(TrainwrightError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _framework_error)


def _headers(error: TrainwrightError) -> dict[str, str]:
    if isinstance(error, LogGap):
        return {"X-Log-Stored": str(error.slots["stored"])}
    if isinstance(error, InvalidRange):
        return {"Content-Range": f"bytes */{error.slots['size']}"}
    if isinstance(error, WrongVerb) and "allowed" in error.slots:
        return {"Allow": str(error.slots["allowed"])}
    if isinstance(error, SessionEnded):
        return {"WWW-Authenticate": "Bearer", "Set-Cookie": CLEARED}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, Unavailable):
        return {"Retry-After": "1"}
    return {}


async def _domain_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, TrainwrightError):
        raise error
    if status_of(error) >= 500:
        log.warning("request_failed", extra={"error": str(error), "error_code": error.code})
    return answer(error, request.scope)


async def _validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    place, *rest = first["loc"]
    problem = problem_of(first)
    if place == "body" and (first["type"] == "json_invalid" or not rest):
        return answer(InvalidJson(**problem), request.scope)
    kind = InvalidParam if place in ("body", "path") else InvalidQuery
    return answer(kind(field=field_path(rest), **problem), request.scope)


async def _framework_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, TrainwrightError):  # raised while FastAPI was reading the body
        return answer(error.__cause__, request.scope)
    return answer(_translated(error, request), request.scope)


def _translated(error: HTTPException, request: Request) -> TrainwrightError:
    path = request.scope["path"]
    if error.status_code == 404:
        return UnknownRoute(path=path)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return WrongVerb(method=request.method, path=path, allowed=allowed)
    if error.status_code < 500:
        return InvalidJson(detail=error.detail)
    _unexpected(error)


def _unexpected(error: HTTPException) -> NoReturn:
    raise RuntimeError(f"the framework answered {error.status_code}: {error.detail}") from error
