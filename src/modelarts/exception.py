"""What can go wrong, and how each generation of the SDK says so.

ModelArtsError
├── InvalidArgument        what the script passed cannot be right; nothing was sent
├── AuthenticationError    credentials are missing, wrong or not enough
├── NotReachable           the server does not answer
├── TransferFailed         a file could not be copied
├── RequestRefused         the server refused, in its own words
└── JobFailed              a job that was waited for ended otherwise than Completed

Methods that create something (`fit`, `create_…`, `Session(…)`) raise these. Methods of v1 that answer with a dict never
raise them: they answer `{"is_success": False, "error_code": …, "error_msg": …}`. Methods of v2 that answer with a dict
have `error_code`, `error_msg` and `error_solution` in it after a failure, OBS helpers the first two.

Whatever is raised carries no frames of what is below the called method: the traceback ends where the script called it.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from trainwright.client import (
    ApiError,
    BadPath,
    ClientError,
    ConnectionFailed,
    NotConfigured,
    TransferError,
)

P = ParamSpec("P")
T = TypeVar("T")

INVALID_PATH = "ModelArts.2791"
INVALID_VALUE = "ModelArts.2788"
NOT_REACHABLE = "Trainwright.1901"
NOT_CONFIGURED = "Trainwright.1902"
TRANSFER_FAILED = "Trainwright.1903"
JOB_FAILED = "Trainwright.1904"
WRONG_PROJECT = "Trainwright.1905"
_UNAUTHORIZED, _FORBIDDEN = 401, 403


class ModelArtsError(Exception):
    """Base of all. `error_msg` says what happened, `error_solution` what to do (possibly empty), `error_code` is
    stable.
    """

    def __init__(self, error_msg: str, *, error_code: str = INVALID_VALUE, error_solution: str = "") -> None:
        super().__init__(f"{_sentences(error_msg, error_solution)} ({error_code})")
        self.error_code = error_code
        self.error_msg = error_msg
        self.error_solution = error_solution


class InvalidArgument(ModelArtsError, ValueError):
    """An argument has the wrong form, is missing, or contradicts another one."""


class AuthenticationError(ModelArtsError):
    """No credentials are known, or the server does not accept them, or they do not allow what was asked."""


class NotReachable(ModelArtsError):
    """No answer from the server. What was asked may have happened all the same."""


class TransferFailed(ModelArtsError):
    """Files could not be copied. What was copied stays; the same call again goes on where this one stopped."""


class RequestRefused(ModelArtsError):
    """The server refused. `status` is the HTTP status."""

    def __init__(self, error_msg: str, *, error_code: str, error_solution: str, status: int) -> None:
        super().__init__(error_msg, error_code=error_code, error_solution=error_solution)
        self.status = status


class JobFailed(ModelArtsError):
    """A job that was waited for ended as `phase`; `log_tail` holds the last lines of the log of the task that decided.

    `job` is what `fit` would have returned: it can be asked for its logs as usual.
    """

    def __init__(
        self, error_msg: str, *, job_id: str, phase: str, log_tail: str = "", error_solution: str = ""
    ) -> None:
        super().__init__(error_msg, error_code=JOB_FAILED, error_solution=error_solution)
        self.job_id = job_id
        self.phase = phase
        self.log_tail = log_tail
        self.job: Any = None


def as_modelarts_error(error: ClientError | OSError) -> ModelArtsError:
    """`error` as the SDK's callers know it."""
    if isinstance(error, ApiError):
        if error.status in (_UNAUTHORIZED, _FORBIDDEN):
            return AuthenticationError(
                error.error_msg, error_code=error.error_code, error_solution=error.error_solution
            )
        return RequestRefused(
            error.error_msg,
            error_code=error.error_code,
            error_solution=error.error_solution,
            status=error.status,
        )
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return TransferFailed(f"{where}{error.strerror or error}", error_code=TRANSFER_FAILED)
    text, remedy = str(error), error.remedy
    if isinstance(error, ConnectionFailed):
        return NotReachable(text, error_code=NOT_REACHABLE, error_solution=remedy)
    if isinstance(error, NotConfigured):
        return AuthenticationError(text, error_code=NOT_CONFIGURED, error_solution=remedy)
    if isinstance(error, BadPath):
        return InvalidArgument(
            text,
            error_code=INVALID_PATH,
            error_solution="Use obs://bucket/folder/ for folders and obs://bucket/key for objects.",
        )
    if isinstance(error, TransferError):
        return TransferFailed(text, error_code=TRANSFER_FAILED, error_solution=remedy)
    return ModelArtsError(text, error_code=TRANSFER_FAILED, error_solution=remedy)


@contextmanager
def translated() -> Iterator[None]:
    """Around calls of the client: its errors, and those of local files, leave as `ModelArtsError`."""
    try:
        yield
    except (ClientError, OSError) as exc:
        raise as_modelarts_error(exc) from None


def raising(method: Callable[P, T]) -> Callable[P, T]:
    """For methods that raise `ModelArtsError`, or let Ctrl-C through: without the frames of what is below them."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except ModelArtsError as exc:
            failure: BaseException = exc
        except (ClientError, OSError) as exc:
            failure = as_modelarts_error(exc)
        except KeyboardInterrupt as exc:
            failure = exc
        raise failure.with_traceback(None) from None

    return call


def v1_answer(method: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """For methods of v1 that answer with a dict: `is_success` is added, a failure becomes an answer."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            return {**method(*args, **kwargs), "is_success": True}
        except ModelArtsError as exc:
            failure = exc
        except (ClientError, OSError) as exc:
            failure = as_modelarts_error(exc)
        return {"is_success": False, "error_code": failure.error_code, "error_msg": _with_remedy(failure)}

    return call


def v2_answer(method: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """For methods of v2 that answer with a dict: a failure becomes an answer with three texts."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        try:
            return method(*args, **kwargs)
        except ModelArtsError as exc:
            failure = exc
        except (ClientError, OSError) as exc:
            failure = as_modelarts_error(exc)
        return v2_failure(failure)

    return call


def v2_failure(failure: ModelArtsError) -> dict[str, Any]:
    """A failure as the methods of v2 answer it."""
    return {
        "error_msg": failure.error_msg,
        "error_code": failure.error_code,
        "error_solution": failure.error_solution,
    }


def obs_answer(method: Callable[P, T]) -> Callable[P, T | dict[str, Any]]:
    """For OBS helpers: a failure becomes an answer with `error_code` and `error_msg`; Ctrl-C ends a script without the
    frames of what was being copied.
    """

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T | dict[str, Any]:
        interrupt = None
        try:
            return method(*args, **kwargs)
        except ModelArtsError as exc:
            failure = exc
        except (ClientError, OSError) as exc:
            failure = as_modelarts_error(exc)
        except KeyboardInterrupt as exc:
            interrupt = exc
        if interrupt is not None:
            raise interrupt.with_traceback(None) from None
        return {"error_code": failure.error_code, "error_msg": _with_remedy(failure)}

    return call


def _with_remedy(failure: ModelArtsError) -> str:
    return _sentences(failure.error_msg, failure.error_solution)


def _sentences(what: str, remedy: str) -> str:
    """Both in one text. What comes from elsewhere (an errno, say) has no full stop of its own."""
    stop = "" if what.endswith((".", "!", "?", "。", "\n")) or not remedy else "."
    return f"{what}{stop} {remedy}".rstrip(" ")
