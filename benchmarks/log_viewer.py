"""The log viewer over a log of 1 GB: opening at the tail, a page in its middle, searches, errors, many tasks."""

import os
import random
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import rss_mib
from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Sampler, Setting, client_of, timed
from tests.e2e.live import LiveServer
from trainwright.client.blocking import Client
from trainwright.domain.specs import attempt_key
from trainwright.services.log_lines import LogText
from trainwright.services.log_merge import Source, older
from trainwright.storage.logs import FolderLogs

MIB = 1 << 20
TASK = "worker-0"
TASKS = 256
RARE = b"a needle in 1 GB\nTraceback (most recent call last):\n  File train.py, line 1\nRuntimeError: rare\n"


def run(setting: Setting) -> list[Row]:
    """The log is written into a job's place in the server's folder; the server starts anew before what is cold."""
    mib = setting.amount(1000, 60)
    with setting.server("log-viewer") as live:
        job = live.create(live.body("viewed", command="true"))
        live.wait(job)
        rows = _opening(live, job, write_log(live.data_dir / "logs", job, mib), mib)
        with client_of(live) as client:
            assert live.process is not None
            pid = live.process.pid
            with Sampler(lambda: rss_mib(pid), 0.02) as memory:
                rows += _reading(client, job, mib)
                rows += _searching(client, job, mib)
            rows.append(Row("server memory meanwhile", max(memory.seen), "MiB", at_most(300)))
        rows += _merging(setting.folder / "many-logs")
    return rows


def _opening(live: LiveServer, job: str, path: Path, mib: int) -> list[Row]:
    """Whoever opens the log first, with nothing of it in memory, and then again."""
    live.stop()
    forget(path)
    live.start()
    with client_of(live) as client:
        client.show_job(job)
        first = timed(lambda: client.list_log_lines(job, TASK))
        began, asked = time.perf_counter(), 1
        while client.list_log_lines(job, TASK).line_count is None:
            asked += 1
        counted_ms = first + (time.perf_counter() - began) * 1000
        again = [timed(lambda: client.list_log_lines(job, TASK)) for _ in range(30)]
    return [
        Row(f"tail of {mib} MiB, cold: not in the page cache, not counted", first, "ms", at_most(1000)),
        Row("all its lines are counted after", counted_ms, "ms", note=f"{asked + 1} requests"),
        Row(
            "tail again, p50",
            percentile(again, 0.5),
            "ms",
            at_most(50),
            note=f"p99 {percentile(again, 0.99):.1f}",
        ),
    ]


def _reading(client: Client, job: str, mib: int) -> list[Row]:
    """Jumps to lines and to bytes anywhere."""
    chance = random.Random(20261122)
    lines = client.list_log_lines(job, TASK, count=1).line_count
    assert lines is not None
    by_line = [
        timed(lambda: client.list_log_lines(job, TASK, start_line=chance.randrange(1, lines), count=200))
        for _ in range(100)
    ]
    by_byte = [
        timed(lambda: client.list_log_lines(job, TASK, offset=chance.randrange(mib * MIB), count=200))
        for _ in range(100)
    ]
    return [
        Row(
            "200 lines from any line on, p99",
            percentile(by_line, 0.99),
            "ms",
            at_most(50),
            note=f"p50 {percentile(by_line, 0.5):.1f}",
        ),
        Row(
            "200 lines from any byte on, p99",
            percentile(by_byte, 0.99),
            "ms",
            at_most(50),
            note=f"p50 {percentile(by_byte, 0.5):.1f}",
        ),
    ]


def _searching(client: Client, job: str, mib: int) -> list[Row]:
    """The whole log, as a viewer does it: on from where the last answer came to; other requests run beside it."""
    with Sampler(lambda: timed(lambda: client.show_job(job)), 0.02) as answers:
        rows = []
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("a rare word", {"query": "a needle in"}),
            ("a rare word, case matters", {"query": "a needle in", "case": True}),
            ("an expression", {"query": r"ne+dle (in|on) \d GB$", "regex": True}),
            ("errors", {"errors": True}),
            ("a word of each line, counted", {"query": "loss", "limit": 0}),
        )
        for name, ask in asked:
            took, requests, found = _whole(client, job, ask)
            rows.append(
                Row(
                    f"{name}, of {mib} MiB",
                    took,
                    "ms",
                    at_most((15 if "limit" in ask else 5) * mib),
                    note=f"{mib * MIB / took / 1e6:.2f} GB/s, {requests} requests, {found} lines",
                )
            )
    rows.append(Row("other answers meanwhile, p99", percentile(answers.seen, 0.99), "ms", at_most(200)))
    began, requests = time.perf_counter(), 1
    while not client.show_log_errors(job, TASK).complete:
        requests += 1
    took = (time.perf_counter() - began) * 1000
    again = timed(lambda: client.show_log_errors(job, TASK))
    rows.append(
        Row(
            "map of errors, first",
            took,
            "ms",
            at_most(5 * mib),
            note=f"{requests} requests, again {again:.1f} ms",
        )
    )
    return rows


def _whole(client: Client, job: str, ask: dict[str, Any]) -> tuple[float, int, int]:
    """Milliseconds, requests, lines found."""
    began, offset, requests, found = time.perf_counter(), 0, 0, 0
    while True:
        answer = client.search_log(job, TASK, offset=offset, **ask)
        requests, found, offset = requests + 1, found + answer.count, answer.end_offset
        if answer.complete:
            return (time.perf_counter() - began) * 1000, requests, found


def write_log(root: Path, job: str, mib: int) -> Path:
    """A log as training prints it, with a rare line in its first quarter, its middle and at its end."""
    store, key = FolderLogs(root), attempt_key(job, 1)
    chance = random.Random(7)
    block = b"".join(
        b"2026-11-22 10:%02d:%02d,%03d INFO step %d loss=%.4f lr=1.0e-04 throughput %.1f samples/s\n"
        % (
            number // 600 % 60,
            number // 10 % 60,
            chance.randrange(1000),
            number,
            3 * chance.random(),
            900 + 99 * chance.random(),
        )
        for number in range(12_000)
    )[:MIB]
    size = store.size(key, TASK)
    for number in range(mib):
        data = RARE + block[len(RARE) :] if number in (mib // 4, mib // 2, mib - 1) else block
        size = store.append(key, TASK, size, data)
    path = store.path(key, TASK)
    assert path is not None
    return path


def forget(path: Path) -> None:
    """Have the machine read the file from its disk the next time."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _merging(root: Path) -> list[Row]:
    """The newest lines of many tasks, as the service finds them; each task has printed for a while."""
    store, clock = FolderLogs(root), time.time_ns() // 1_000_000
    keys = [f"worker-{number}" for number in range(TASKS)]
    for turn in range(20):
        for task in keys:
            store.append("many-a1", task, store.size("many-a1", task), b"step %d loss 0.1\n" % turn * 50)
    sources = []
    for task in keys:
        size = store.size("many-a1", task)
        text = LogText(partial(store.read, "many-a1", task), size)
        sources.append(Source(text, partial(store.arrivals, "many-a1", task), clock, size))
    ends = tuple(source.end for source in sources)
    newest = [timed(lambda: older(sources, ends, 200)) for _ in range(10)]
    return [Row(f"newest 200 lines of {TASKS} tasks, p50", percentile(newest, 0.5), "ms", at_most(300))]
