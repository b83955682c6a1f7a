"""Looking at the audit trail, as a page or as a table to be kept."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from trainwright.ports.audit import AuditQuery, AuditRecord
from trainwright.ports.identity import Principal
from trainwright.services.context import Services
from trainwright.services.reading import scope_of
from trainwright.wire.audit import AuditRecordItem, AuditRecordList

EXPORT_PAGE = 1000
COLUMNS = tuple(AuditRecordItem.model_fields)
_BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets take UTF-8 for something else
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def list_records(ctx: Services, who: Principal, query: AuditQuery) -> AuditRecordList:
    """One page of the project's records, newest first. The server's admin sees those of no project, too: who tried to
    sign in to an account that does not exist.
    """
    found = await _page(ctx, who, query)
    full = len(found) == query.limit
    return AuditRecordList(
        records=[item_of(record) for record in found], next_after=found[-1].id if full else ""
    )


async def export(
    ctx: Services, who: Principal, query: AuditQuery, *, most: int | None = None
) -> AsyncIterator[bytes]:
    """All that match as CSV with a header, newest first, a page at a time; `most`: not more than so many."""
    yield (_BYTE_ORDER_MARK + _lines([COLUMNS])).encode()
    left = most
    while left is None or left > 0:
        size = EXPORT_PAGE if left is None else min(EXPORT_PAGE, left)
        found = await _page(ctx, who, replace(query, limit=size))
        if found:
            yield _lines([_row(record) for record in found]).encode("utf-8", "replace")
        if len(found) < size:
            return
        query = replace(query, before=found[-1].id)
        left = None if left is None else left - len(found)


def item_of(record: AuditRecord) -> AuditRecordItem:
    """A record as it is shown."""
    return AuditRecordItem(
        id=record.id,
        time=record.at_ms,
        project_id=record.project_id,
        workspace_id=record.workspace_id,
        user_id=record.user_id,
        user_name=record.user_name,
        credential=record.credential,
        operation=record.operation,
        resource=record.resource,
        resource_id=record.resource_id,
        resource_name=record.resource_name,
        outcome=record.outcome.value,
        status=record.status,
        error_code=record.error_code,
        request_id=record.request_id,
        client_address=record.client,
        unrecorded=record.unrecorded,
    )


async def _page(ctx: Services, who: Principal, query: AuditQuery) -> tuple[AuditRecord, ...]:
    def read() -> tuple[AuditRecord, ...]:
        with ctx.units(scope_of(who), write=False) as uow:
            return uow.audit.search(replace(query, strangers=who.is_admin))

    return await ctx.blocking(read)


def _row(record: AuditRecord) -> tuple[str, ...]:
    item = item_of(record)
    at = datetime.fromtimestamp(item.time / 1000, UTC).isoformat(timespec="milliseconds")
    values = item.model_dump() | {"time": at}
    return tuple(_plain(str(values[name])) for name in COLUMNS)


def _plain(text: str) -> str:
    """`text` as spreadsheets leave it alone: strangers choose names, and a formula is one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(rows: list[tuple[str, ...]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
