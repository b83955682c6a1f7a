"""`trainwright job logs` by lines: what is found in a log, and the logs of all tasks as one."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from trainwright.client import Client
from trainwright.wire.log_views import LogMatches, MergedLine, MergedLogPage

_LINES_PER_PAGE = 1000


def print_matches(
    out: BinaryIO,
    client: Client,
    job_id: str,
    task: str,
    *,
    query: str,
    regex: bool,
    errors: bool,
    attempt: int | None,
) -> None:
    """All lines that match, each behind its number, or behind its byte while lines are not counted so far."""
    offset, done = 0, False
    while not done:
        found: LogMatches = client.search_log(
            job_id,
            task,
            query,
            regex=regex,
            errors=errors,
            offset=offset,
            limit=_LINES_PER_PAGE,
            count_on=False,
            attempt=attempt,
        )
        for match in found.matches:
            place = f"@{match.offset}" if match.number is None else str(match.number)
            out.write(f"{place}:{match.text}{'…' if match.cut else ''}\n".encode())
        out.flush()
        done = found.next is None
        attempt, offset = found.attempt, found.next or 0


def print_merged(
    out: BinaryIO,
    client: Client,
    job_id: str,
    *,
    tail: int | None,
    follow: bool,
    attempt: int | None,
) -> None:
    """The lines of all tasks in the order they came, each behind its task: all, or the last `tail` of them."""
    pages = [*_newest(client, job_id, tail, attempt)] if tail is not None else _all(client, job_id, attempt)
    after = ""
    for page in pages:
        _write(out, page.lines)
        after = page.after
        attempt = page.attempt if page.lines else attempt
    if follow:
        for page in client.follow_merged_log(job_id, after=after, attempt=attempt):
            _write(out, page.lines)


def _all(client: Client, job_id: str, attempt: int | None) -> Iterator[MergedLogPage]:
    page: MergedLogPage = client.list_merged_log_lines(job_id, time=0, count=_LINES_PER_PAGE, attempt=attempt)
    yield page
    while not page.at_end:
        page = client.list_merged_log_lines(job_id, after=page.after, count=_LINES_PER_PAGE, attempt=attempt)
        yield page


def _newest(client: Client, job_id: str, count: int, attempt: int | None) -> list[MergedLogPage]:
    """The pages of the last `count` lines, oldest first."""
    pages: list[MergedLogPage] = []
    before = None
    while True:
        asked = max(1, min(count, _LINES_PER_PAGE))
        page = client.list_merged_log_lines(job_id, before=before, count=asked, attempt=attempt)
        if count == 0:
            return [page.model_copy(update={"lines": []})]
        pages.insert(0, page)
        count -= len(page.lines)
        before = page.before
        if count <= 0 or page.at_start:
            return pages


def _write(out: BinaryIO, lines: Iterable[MergedLine]) -> None:
    for line in lines:
        out.write(f"{line.task} | {line.text}{'…' if line.cut else ''}\n".encode())
    out.flush()
