"""What is asked of the server, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Mapping, NamedTuple, Sequence

CONNECT_S = 10.0
ANSWER_S = 120.0
TRIES = 10
WAIT_S = 0.1
Query = Sequence["tuple[str, str]"]


class Retry(NamedTuple):
    """A call that failed and will be tried again: how many tries are left, and how long until the next."""

    left: int
    wait_s: float
    cause: Exception


@dataclass(frozen=True)
class Patience:
    """How long to wait for what. `tries` in all; the pause between them doubles from `wait_s`."""

    tries: int = TRIES
    wait_s: float = WAIT_S
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S
    keep_alive: bool = True


class Body:
    """Bytes to send, as often as it takes. `size` is known before."""

    size = 0

    def pieces(self) -> Iterator[bytes]:
        """All of them, from the beginning."""
        return iter(())


class BytesBody(Body):
    """Bytes at hand."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def pieces(self) -> Iterator[bytes]:
        """In one piece."""
        return iter((self._content,) if self._content else ())


@dataclass(frozen=True)
class Call:
    """One request. `path` is decoded and begins with a slash."""

    method: str
    path: str
    query: Query = ()
    headers: Mapping[str, str] | None = None
    body: Body | None = None
    json: object = None
    answer_s: float | None = None
