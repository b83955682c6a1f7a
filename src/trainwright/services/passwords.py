"""Passwords: hashed with Argon2id, checked by few at a time, and fewer for those who guess."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2  # each takes 19 MiB and some 40 ms: more would let strangers who guess keep others out
WAITING_MAX = 64
FREE_TRIES = 5
WAIT_MAX_S = 60
KEPT_MS = 15 * 60 * 1000
REMEMBERED = 10_000
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # the least that OWASP recommends
# Of a random text that nobody kept: it costs the same to find out that a password is not this one.
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$obCafPa7oxWZe4xbF6F48Q$Zqsz3paz+u6a6EdanWYZu5IG3XCKXkiWwzuzhmzThxY"


@dataclass(slots=True)
class _Failures:
    count: int
    next_at_ms: int
    last_at_ms: int


class Tries:
    """Failed log-ins by whom they were for. After `FREE_TRIES` each next one waits twice as long, up to `WAIT_MAX_S`.

    Forgotten after a quarter of an hour without one, and, oldest first, when there are more than `REMEMBERED`.
    """

    def __init__(self, *, size: int = REMEMBERED) -> None:
        self._size = size
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_s(self, who: tuple[str, str], now_ms: int) -> int:
        """For how many seconds no try is taken; 0: it is taken."""
        failures = self._failures.get(who)
        if failures is None or failures.last_at_ms + KEPT_MS < now_ms:
            return 0
        return max(0, -((now_ms - failures.next_at_ms) // 1000))

    def failed(self, who: tuple[str, str], now_ms: int) -> None:
        """One more."""
        known = self._failures.pop(who, None)
        count = known.count + 1 if known and known.last_at_ms + KEPT_MS >= now_ms else 1
        wait_s = min(2 ** min(count - FREE_TRIES, 16), WAIT_MAX_S) if count >= FREE_TRIES else 0
        self._failures[who] = _Failures(count, now_ms + wait_s * 1000, now_ms)
        if len(self._failures) > self._size:
            self._failures.popitem(last=False)

    def succeeded(self, who: tuple[str, str]) -> None:
        """They are known again."""
        self._failures.pop(who, None)


@dataclass
class Passwords:
    """What one process needs for passwords. `turns` is held while one is hashed or checked."""

    tries: Tries = field(default_factory=Tries)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0


def hash_password(password: str) -> str:
    """What is stored of a password. Takes a tenth of a second: never on the event loop."""
    return _HASHER.hash(password)


def is_password(stored: str, password: str) -> bool:
    """Whether `password` is the one that `stored` was made of; does the same work when `stored` is empty."""
    try:
        return _HASHER.verify(stored or _NOBODYS, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False
