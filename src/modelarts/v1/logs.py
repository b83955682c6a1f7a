"""Logs of the first generation: files called `job-<job name>.<index>`, read by byte positions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from modelarts.arguments import as_text
from modelarts.exception import InvalidArgument
from modelarts.v1.versions import as_version

if TYPE_CHECKING:
    from trainwright.client import Client
    from trainwright.wire.job_answers import JobResponse

OFFSET_MAX = 2048
_FILE = re.compile(r"job-(?P<name>.+)\.(?P<index>\d+)")


def log_files(job: JobResponse) -> list[str]:
    """One name for each task, in the order of the tasks."""
    name = as_version(job).job_name
    return [f"job-{name}.{index}" for index, _ in enumerate(job.status.tasks)]


def task_of(job: JobResponse, log_file: str) -> str:
    """The task whose log it is.

    Raises:
        InvalidArgument: the job has no such file.
    """
    match = _FILE.fullmatch(as_text("log_file", log_file))
    if match is None or log_file not in log_files(job):
        raise InvalidArgument(
            f"log_file: the job has no log called {log_file!r}.",
            error_solution=f"It has: {', '.join(log_files(job)) or 'none yet'}.",
        )
    return job.status.tasks[int(match["index"])]


def read_log(client: Client, job: JobResponse, log_file: str, start_byte: int, offset: int) -> dict[str, Any]:
    """At most `|offset|` bytes: from `start_byte` on, or those before it when `offset` is negative; -1 is the end.

    `start_line` and `end_line` are the byte positions where the content begins and ends. A character that is cut in
    two is left to the page that holds the rest of it.

    Raises:
        InvalidArgument: a number is out of range, or there is no such file.
    """
    if isinstance(start_byte, bool) or not isinstance(start_byte, int) or start_byte < -1:
        raise InvalidArgument(f"start_byte must be -1 or more, not {start_byte!r}.")
    if isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) > OFFSET_MAX:
        raise InvalidArgument(f"offset must be from -{OFFSET_MAX} to {OFFSET_MAX}, not {offset!r}.")
    task = task_of(job, log_file)
    sizes = {item.task: item.log_size for item in client.list_tasks(job.metadata.id)}
    size = sizes.get(task, 0)
    if start_byte == -1:
        begin, end = max(0, size - abs(offset)), size
    elif offset < 0:
        begin, end = max(0, start_byte + offset), min(start_byte, size)
    else:
        begin, end = start_byte, min(start_byte + offset, size)
    content = _read(client, job.metadata.id, task, begin, end) if begin < end else b""
    skipped, kept = _whole_characters(content, at_start=begin == 0)
    text = kept.decode("utf-8", "replace")
    return {
        "content": text,
        "lines": len(text.splitlines()),
        "start_line": begin + skipped,
        "end_line": begin + skipped + len(kept),
    }


def _read(client: Client, job_id: str, task: str, begin: int, end: int) -> bytes:
    content = bytearray()
    for piece in client.read_log(job_id, task, start=begin):
        content += piece
        if len(content) >= end - begin:
            break
    return bytes(content[: end - begin])


def _whole_characters(content: bytes, *, at_start: bool) -> tuple[int, bytes]:
    """How many bytes at the beginning belong to a character before it, and the rest without a cut one at its end."""
    skipped = 0
    while not at_start and skipped < min(3, len(content)) and content[skipped] & 0xC0 == 0x80:
        skipped += 1
    kept = content[skipped:]
    for length in range(1, min(3, len(kept)) + 1):
        byte = kept[-length]
        if byte & 0xC0 == 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return skipped, kept[:-length] if length < wanted and len(kept) > length else kept
        if byte < 0x80:
            break
    return skipped, kept
