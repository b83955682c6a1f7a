"""A server that dies at a chosen step: before or after any call to the database's threads or to the object store."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from trainwright.services.context import Services
from trainwright.services.owners import BucketOwners


class Killed(BaseException):
    """The server died here: nothing after it happens."""


class Life:
    """One life of a server over the same database and store. It ends at step `last`, if it comes that far."""

    def __init__(self, ctx: Services, last: int) -> None:
        self._left = last
        self._blocking = ctx.blocking
        self._objects = ctx.objects
        self.ctx = replace(
            ctx,
            blocking=self._call,
            objects=_MortalStore(self, ctx.objects),
            owners=BucketOwners(),
        )

    def step(self) -> None:
        """One more step. Raises `Killed`, and goes on doing so."""
        self._left -= 1
        if self._left < 0:
            raise Killed

    async def _call(self, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        self.step()
        result = await self._blocking(call, *args, **more)
        self.step()
        return result


class _MortalStore:
    def __init__(self, life: Life, objects: Any) -> None:
        self._life = life
        self._objects = objects

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._objects, name)
        if name == "shared_path":
            return method

        async def call(*args: Any, **more: Any) -> Any:
            self._life.step()
            result = await method(*args, **more)
            self._life.step()
            return result

        async def pieces(*args: Any, **more: Any) -> AsyncIterator[bytes]:
            async for piece in method(*args, **more):
                self._life.step()
                yield piece

        return pieces if name == "read" else call
