"""The audit trail as the server keeps it: from a request's answer to the database. See ADR 0038.

Whoever has heard the answer to a change can rely on the record: it is written to the spool before the answer goes out,
and stored from there, some at a time, within a second.
"""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from trainwright.control.chores import Chore
from trainwright.domain.errors import Unavailable
from trainwright.ports.audit import AuditRecord, Keep
from trainwright.ports.uow import PLATFORM
from trainwright.server.audit_rules import SIGN_INS
from trainwright.server.audit_spool import AuditSpool
from trainwright.services.context import Services

log = logging.getLogger(__name__)

STORE_EVERY_S = 0.5
AWAY_S = 5.0  # a database that did not answer is asked again after so long
BATCH = 500
DAY_MS = 86_400_000
SWEEP_EVERY_S = 3600.0
SWEEP_BATCH = 2000
TELL_AFTER_S = 60.0


class Strangers:
    """How many requests of people nobody knows are recorded: a burst, then a few a minute, however many there are.

    Who has no credentials must not be able to fill the disk.
    """

    def __init__(
        self, *, burst: int = 100, per_minute: float = 10.0, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._per_s = per_minute / 60
        self._now_s = now_s
        self._left = float(burst)
        self._at_s = now_s()

    def admit(self) -> bool:
        """Whether one more is recorded."""
        now_s = self._now_s()
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class AuditTrail:
    """Takes records and stores them. For use on one event loop."""

    def __init__(
        self, services: Services, spool: AuditSpool, *, strangers: Callable[[], Strangers] = Strangers
    ) -> None:
        self._services = services
        self._spool = spool
        self._strangers = strangers()
        self._sign_ins = strangers()  # of their own: noise must not hide who guesses at passwords
        self._storing = asyncio.Lock()
        self._not_before_s = 0.0
        self._unrecorded = 0
        self._told_at_s = -TELL_AFTER_S
        self._numbers = itertools.count()
        self._mark = secrets.token_hex(4)  # of this process

    async def record(self, record: AuditRecord, *, known: bool) -> None:
        """Write it down, with its id and time. `known`: whether somebody known made the request.

        It never fails: what cannot be kept is counted, and the next record says how many there were.
        """
        strangers = self._sign_ins if record.operation in SIGN_INS else self._strangers
        if not known and not strangers.admit():
            self._unrecorded += 1
            return
        missing, self._unrecorded = self._unrecorded, 0
        now_ms = self._services.clock.now_ms()
        number = next(self._numbers) & 0xFFFFFF
        dated = replace(record, id=f"{now_ms:012x}{number:06x}{self._mark}", at_ms=now_ms, unrecorded=missing)
        try:
            await self._services.blocking(self._spool.append, dated)
        except OSError as exc:
            self._unrecorded += missing + 1
            self._tell(exc)

    async def store(self) -> None:
        """Bring what waits into the database. What was recorded before the call is there when it returns, unless the
        database is away: then it waits on.
        """
        if self._spool.is_empty:
            return
        async with self._storing:
            for path in await self._services.blocking(self._spool.take):
                await self._services.blocking(self._store_file, path)

    async def store_if_due(self) -> None:
        """The same, but a database that is away is left alone for a while."""
        if time.monotonic() < self._not_before_s:
            return
        try:
            await self.store()
        except (Unavailable, OSError) as exc:
            self._not_before_s = time.monotonic() + AWAY_S
            log.warning("audit_waits", extra={"error": str(exc)})

    def chores(self, keep: Keep) -> tuple[Chore, ...]:
        """What comes round by the clock: storing, and the removal of what is old."""

        async def sweep() -> None:
            await sweep_audit(self._services, keep)

        return (
            Chore("audit_store", STORE_EVERY_S, self.store_if_due),
            Chore("audit_sweep", SWEEP_EVERY_S, sweep),
        )

    def _store_file(self, path: Path) -> None:
        records = self._spool.read(path)
        while batch := list(islice(records, BATCH)):
            with self._services.units(PLATFORM) as uow:
                uow.audit.add(batch)
                uow.commit()
        self._spool.remove(path)

    def _tell(self, error: OSError) -> None:
        now_s = time.monotonic()
        if now_s - self._told_at_s >= TELL_AFTER_S:
            self._told_at_s = now_s
            log.error("audit_unrecorded", extra={"records": self._unrecorded, "error": str(error)})


async def sweep_audit(services: Services, keep: Keep) -> int:
    """Remove records that are too old or too many, some at a time; how many."""
    removed = 0
    before_ms = services.clock.now_ms() - keep.days * DAY_MS if keep.days else 0

    def some() -> int:
        with services.units(PLATFORM) as uow:
            gone = uow.audit.delete_before(before_ms, limit=SWEEP_BATCH) if before_ms else 0
            if not gone and keep.records:
                gone = uow.audit.delete_beyond(keep.records, limit=SWEEP_BATCH)
            if gone:
                uow.commit()
            return gone

    while gone := await services.blocking(some):
        removed += gone
    if removed:
        log.info("audit_swept", extra={"records": removed})
    return removed
