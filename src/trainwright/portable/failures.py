"""What can go wrong between a program and the object store.

StoreError
├── Refused          the server refused the request
├── Unreachable      the server did not answer at all
│   └── Interrupted  it began to, and broke off again and again
└── ObjectChanged    an object or a file became another one while it was being copied
"""

from __future__ import annotations

import json
import socket
import ssl

OBJECT_MISSING = "ModelArts.2836"
BUCKET_MISSING = "Trainwright.0101"
BUCKET_EXISTS = "Trainwright.0102"
UPLOAD_GONE = "Trainwright.0105"
KEY_CONFLICT = "Trainwright.0108"
_SHOWN = 300


class StoreError(Exception):
    """Base of all. `str()` says what happened, to what, and what to do."""


class Refused(StoreError):
    """The server's refusal, as it words it.

    `status` is the HTTP status; `error_code` is stable (`ModelArts.NNNN`, `Trainwright.NNNN`), or the status as text
    when something between the server and us answered.
    """

    def __init__(
        self, status: int, error_code: str, error_msg: str, *, error_solution: str = "", request_id: str = ""
    ) -> None:
        said = f"{error_msg} ({error_code}, HTTP {status})"
        super().__init__(f"{said} {error_solution}".strip())
        self.status = status
        self.error_code = error_code
        self.error_msg = error_msg
        self.error_solution = error_solution
        self.request_id = request_id

    def __reduce__(self) -> tuple[object, ...]:  # or worker processes could not hand it over
        return _make_refused, (
            self.status, self.error_code, self.error_msg, self.error_solution, self.request_id
        )  # fmt: skip

    @property
    def is_missing(self) -> bool:
        """Whether there is no such object, or no such bucket."""
        return self.status == 404


class Unreachable(StoreError, ConnectionError):
    """No answer from `endpoint`: refused, unreachable, timed out, or cut off half-way, also after all tries."""

    def __init__(self, endpoint: str, detail: str) -> None:
        super().__init__(
            f"Cannot reach the Trainwright server at {endpoint}: {detail}. "
            "Check that it runs and that its address is right (TRAINWRIGHT_ENDPOINT or `trainwright login`)."
        )
        self.endpoint = endpoint
        self.detail = detail

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.endpoint, self.detail)


class Interrupted(Unreachable):
    """An object's bytes came in part only, also when they were asked for again."""


class ObjectChanged(StoreError):
    """What was being read became another one meanwhile: the copy would be part old, part new."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} changed while it was being read; read it again.")
        self.what = what

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what,)


def _make_refused(status: int, code: str, message: str, solution: str, request_id: str) -> Refused:
    return Refused(status, code, message, error_solution=solution, request_id=request_id)


def refused(status: int, reason: str, body: bytes, request_id: str) -> Refused:
    """The error an answer with this status (≥ 300) carries. A body in another shape than ours (a proxy's page, say)
    gives the status as code and the body's beginning as text.
    """
    text = body.decode("utf-8", "replace")
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict) and "error_code" in told and "error_msg" in told:
        return Refused(
            status,
            str(told["error_code"]),
            str(told["error_msg"]),
            error_solution=str(told.get("error_solution") or ""),
            request_id=request_id,
        )
    said = text.strip()[:_SHOWN] or reason or "no message"
    return Refused(status, str(status), said, request_id=request_id)


def in_words(error: Exception) -> str:
    """What an error of the network means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, socket.timeout):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return f"the connection broke: {error or type(error).__name__}"
