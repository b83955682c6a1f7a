"""What can go wrong on the caller's side.

ClientError
├── ApiError            the server refused the request
├── ConnectionFailed    the server did not answer at all
├── NotConfigured       no endpoint, project or token is known
├── TransferError       a file could not be copied
│   └── UnsafeKey       an object's key would leave the target folder
├── JobFailed           a job that was waited for ended otherwise than Completed
└── WaitTimeout         a job had not ended in time
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
else:
    httpx = deferred("httpx")


class ClientError(Exception):
    """Base of all. `str()` says what happened, to what, in English; `remedy` what to do, possibly nothing.

    `text` and `slots` are the same before they are put together, for those who speak another language.
    """

    def __init__(self, text: str, /, *, remedy: str = "", **slots: object) -> None:
        super().__init__(text.format(**slots) if slots else text)
        self.text = text
        self.remedy = remedy
        self.slots = slots


class ApiError(ClientError):
    """The server's refusal, as it words it (in the client's language).

    `status` is the HTTP status; `error_code` is stable (`ModelArts.NNNN`, `Trainwright.NNNN`), or the status as
    text when something between the server and us answered. `error_field` is the field of the request that is to blame
    (`spec.resource.flavor_id`); empty: none is.
    """

    def __init__(
        self,
        status: int,
        error_code: str,
        error_msg: str,
        *,
        error_solution: str = "",
        error_field: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(
            "{message} ({code}, HTTP {status})",
            remedy=error_solution,
            message=error_msg,
            code=error_code,
            status=status,
        )
        self.status = status
        self.error_code = error_code
        self.error_msg = error_msg
        self.error_solution = error_solution
        self.error_field = error_field
        self.request_id = request_id


class ConnectionFailed(ClientError):
    """No answer from `endpoint`: refused, unreachable, timed out, or cut off half-way."""

    def __init__(self, endpoint: str, detail: str) -> None:
        super().__init__(
            "Cannot reach the Trainwright server at {endpoint}: {detail}",
            remedy="Start the server with `trainwright server`, or set the right address with `trainwright login` "
            "or TRAINWRIGHT_ENDPOINT.",
            endpoint=endpoint,
            detail=detail,
        )


class NotConfigured(ClientError):
    """A setting is missing or contradicts another."""


class TransferError(ClientError):
    """One or more files could not be copied. Those copied before stay; running the copy again is safe."""


class BadPath(TransferError):
    """A text that should name a place of the object store names none. Nothing was sent."""


class UnsafeKey(TransferError):
    """An object's key names no place inside the target folder. Nothing was written for it."""


class JobFailed(ClientError):
    """A job that was waited for ended otherwise than Completed. `log_tail`: the last lines of the deciding task's log,
    possibly empty; `exit_code` is None when no command of it ever gave one.
    """

    def __init__(
        self, text: str, *, job_id: str, phase: str, exit_code: int | None, log_tail: str = ""
    ) -> None:
        super().__init__(text, remedy=f"`trainwright job show {job_id}` says more.")
        self.job_id = job_id
        self.phase = phase
        self.exit_code = exit_code
        self.log_tail = log_tail


class WaitTimeout(ClientError, TimeoutError):
    """A job had not ended in time. It goes on; waiting again is harmless."""

    def __init__(self, job_id: str, phase: str, seconds: float) -> None:
        super().__init__(
            "Job {id} was still {phase} after {seconds:g} s",
            remedy="It goes on: wait again, with a longer `timeout`, or stop it.",
            id=job_id,
            phase=phase,
            seconds=seconds,
        )
        self.job_id = job_id
        self.phase = phase


def api_error(response: httpx.Response) -> ApiError:
    """The error that `response` (already read, status ≥ 300) carries.

    A body in another shape than ours (a proxy's page, say) gives the status as code and the body's beginning as text.
    """
    request_id = response.headers.get("x-request-id", "")
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and "error_code" in body and "error_msg" in body:
        return ApiError(
            status=response.status_code,
            error_code=str(body["error_code"]),
            error_msg=str(body["error_msg"]),
            error_solution=str(body.get("error_solution") or ""),
            error_field=str(body.get("error_field") or ""),
            request_id=request_id,
        )
    text = response.text.strip()[:300]
    return ApiError(
        status=response.status_code,
        error_code=str(response.status_code),
        error_msg=text or response.reason_phrase or "no message",
        request_id=request_id,
    )


@contextmanager
def unbundled() -> Iterator[None]:
    """Around a task group: its first `ClientError` is raised alone; the others are its consequences, or say the same.

    A bundle that holds anything else passes as it is. Not by `except*`: Python before 3.11.4 bundles again what is
    raised there.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        failures, others = group.split(ClientError)
        if failures is None or others is not None:
            raise
        raise _first(failures) from None


def _first(group: BaseExceptionGroup[ClientError]) -> ClientError:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group is never empty")


def connection_failed(endpoint: str, error: httpx.HTTPError | OSError) -> ConnectionFailed:
    """`error` in words a person can act on."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        detail = "connecting took too long"
    elif isinstance(error, httpx.TimeoutException):
        detail = "no answer in time"
    elif isinstance(error, httpx.ConnectError):
        detail = str(error) or "connection refused"
    else:
        detail = f"the connection broke: {error or type(error).__name__}"
    return ConnectionFailed(endpoint, detail)
