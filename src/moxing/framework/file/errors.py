"""MoXing's exceptions. All are `OSError`s, so that code written for local files catches them as it is."""

from __future__ import annotations

import errno
import functools
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence, TypeVar, cast

from moxing.framework.file.notes import say_error
from trainwright.portable.failures import (
    BUCKET_MISSING,
    KEY_CONFLICT,
    Interrupted,
    ObjectChanged,
    Refused,
    StoreError,
    Unreachable,
)

F = TypeVar("F", bound=Callable[..., Any])
_SHOWN = 200
_ERRNOS = {401: errno.EACCES, 403: errno.EACCES, 404: errno.ENOENT, 409: errno.EEXIST}


class Response(NamedTuple):
    """What the server answered, by the names that the OBS SDK has for it."""

    status: int
    reason: str
    errorCode: str
    errorMessage: str
    requestId: str = ""


class _MoxFileBaseRespException(OSError):
    """Base of those that carry the server's answer as `resp`."""

    def __init__(self, resp: Response) -> None:
        super().__init__(_ERRNOS.get(resp.status, errno.EIO), resp.errorMessage)
        self.resp = resp

    def __reduce__(self) -> tuple[Any, ...]:  # or worker processes could not hand it over
        return type(self), (self.resp,)


class MoxFileRespException(_MoxFileBaseRespException):
    """The server refused (HTTP status 300 or above)."""


class MoxFileReadException(_MoxFileBaseRespException):
    """The bytes of an object broke off after the answer had begun, or became those of another version."""


class MoxFileNotExistsException(MoxFileRespException, FileNotFoundError):
    """There is no such object."""


class MoxFileNameDuplicateException(MoxFileRespException, FileExistsError):
    """One name is that of an object and of a folder, which no filesystem can hold."""


def missing(url: str) -> MoxFileNotExistsException:
    """For something that is not there."""
    return MoxFileNotExistsException(
        Response(404, "Not Found", "NoSuchKey", f"No such file or directory: {url!r}")
    )


def duplicate(url: str) -> MoxFileNameDuplicateException:
    """For something that is a file and a folder."""
    text = f"{url!r} is the name of an object and of a folder"
    return MoxFileNameDuplicateException(Response(409, "Conflict", "FileNameDuplicate", text))


def translate(error: StoreError) -> OSError:
    """`error` as MoXing has it."""
    if isinstance(error, Refused):
        if error.is_missing:
            code = "NoSuchBucket" if error.error_code == BUCKET_MISSING else "NoSuchKey"
            return MoxFileNotExistsException(_response(error, "Not Found", code))
        if error.error_code == KEY_CONFLICT:
            return MoxFileNameDuplicateException(_response(error, "Conflict", error.error_code))
        return MoxFileRespException(_response(error, "", error.error_code))
    if isinstance(error, (Interrupted, ObjectChanged)):
        return MoxFileReadException(Response(200, "OK", "ReadInterrupted", str(error)))
    if isinstance(error, Unreachable):
        return error
    return OSError(errno.EIO, str(error))


@contextmanager
def told(
    func: str, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None
) -> Iterator[None]:
    """What fails in the block is logged with what was called, and raised as MoXing has it."""
    try:
        yield
    except StoreError as exc:
        error = translate(exc)
        _log(func, args, kwargs or {}, error)
        if isinstance(error, StoreError):
            raise
        raise error from exc


def tells(function: F) -> F:
    """A function whose failures are told."""

    @functools.wraps(function)
    def told_function(*args: Any, **kwargs: Any) -> Any:
        with told(function.__name__, args, kwargs):
            return function(*args, **kwargs)

    return cast("F", told_function)


def tells_each(function: F) -> F:
    """The same for a generator."""

    @functools.wraps(function)
    def told_function(*args: Any, **kwargs: Any) -> Any:
        with told(function.__name__, args, kwargs):
            yield from function(*args, **kwargs)

    return cast("F", told_function)


def _response(error: Refused, reason: str, code: str) -> Response:
    return Response(error.status, reason, code, str(error), error.request_id)


def _log(func: str, args: Sequence[object], kwargs: Mapping[str, object], error: OSError) -> None:
    shown = ", ".join(_short(arg) for arg in args)
    named = ", ".join(f"{name!r}: {_short(value)}" for name, value in kwargs.items())
    say_error(f"Failed to call:\n\tfunc={func}\n\targs=({shown})\n\tkwargs={{{named}}}")
    if isinstance(error, _MoxFileBaseRespException):
        resp = error.resp
        say_error(
            f"\n\tstat:{resp.status}\n\terrorCode:{resp.errorCode}\n\terrorMessage:{resp.errorMessage}"
            f"\n\treason:{resp.reason}\n\trequest-id:{resp.requestId}\n\tretry:0"
        )
    else:
        say_error(str(error))


def _short(value: object) -> str:
    if isinstance(value, (str, bytes)) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}… ({len(value)} in all)"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
