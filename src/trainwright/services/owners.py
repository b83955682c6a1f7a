"""What this process remembers of whose each bucket is: the question comes with every object read or written."""

import asyncio
from weakref import WeakValueDictionary

BUCKETS_MAX = 10_000


class BucketOwners:
    """Owners that do not change while their buckets exist, until `forget`. For use on one event loop.

    An answer read from the database counts only when no owner has changed since the reading began (`ticket`): else an
    old owner, read just before a change, would be remembered just after it.
    """

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._changes = 0
        self._changing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def find(self, bucket: str) -> str | None:
        """The project it belongs to, if that is known."""
        return self._owners.get(bucket)

    def ticket(self) -> int:
        """To be taken before the owner is read, for `remember`."""
        return self._changes

    def remember(self, bucket: str, owner: str, ticket: int) -> None:
        """Keep what was read. The oldest go when there are too many."""
        if ticket != self._changes:
            return
        while len(self._owners) >= BUCKETS_MAX:
            self._owners.pop(next(iter(self._owners)))
        self._owners[bucket] = owner

    def forget(self, bucket: str) -> None:
        """Its owner has changed, or may have."""
        self._changes += 1
        self._owners.pop(bucket, None)

    def changing(self, bucket: str) -> asyncio.Lock:
        """Held while it is created or deleted: a name given back must not be one just created again."""
        return self._changing.setdefault(bucket, asyncio.Lock())
