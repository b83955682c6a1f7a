"""Makes the newest page of a database of ended jobs run: with attempts, series, and samples of the last minutes."""

import random
import sqlite3
import time
from array import array
from contextlib import closing
from pathlib import Path

from trainwright.db.database import Database
from trainwright.ports.training_metrics import Curve, SeriesKey
from trainwright.ports.uow import PLATFORM, MetricBatch, UnitOfWork

PAGE = 50
SAMPLED_S, BATCH_S = 180, 5
POINTS = 3000
SERIES = ("loss", "accuracy", "epoch", "lr", "grad_norm")
SAMPLED = ("cpuUsage", "memUsage", "gpuUtil", "gpuMemUsage", "networkReceive", "networkSend", "memBytes")
_FAR_MS = 2**52


def let_run(path: Path) -> None:
    """Each job gets the attempt it had. Nothing is due, so that a server leaves them alone."""
    with closing(sqlite3.connect(path)) as connection:
        _attempts(connection)
        found = connection.execute("SELECT id FROM jobs ORDER BY created_at_ms DESC LIMIT ?", (PAGE,))
        newest = found.fetchall()
        connection.executemany(
            "UPDATE jobs SET phase = 'Running', public_phase = 'Running', reason = NULL, ended_at_ms = 0, "
            f"ran_ms = 0, due_at_ms = {_FAR_MS} WHERE id = ?",
            newest,
        )
        connection.executemany("UPDATE attempts SET ended_at_ms = 0 WHERE job_id = ?", newest)
        connection.commit()
    database = Database.open(f"sqlite:///{path}")
    try:
        with database.units(PLATFORM) as unit:
            for (job_id,) in newest:
                _measure(unit, f"{job_id}-a1")
            unit.commit()
    finally:
        database.close()


def _attempts(connection: sqlite3.Connection) -> None:
    """What has no value of its own is nothing."""
    known = {
        "key": "id || '-a1'",
        "job_id": "id",
        "number": "1",
        "end_task": "''",
        "created_at_ms": "created_at_ms",
        "up_at_ms": "started_at_ms",
        "ended_at_ms": "ended_at_ms",
    }
    columns = [row[1] for row in connection.execute("PRAGMA table_info(attempts)") if row[3]]
    values = ", ".join(known.get(name, "0") for name in columns)
    connection.execute(f"INSERT INTO attempts ({', '.join(columns)}) SELECT {values} FROM jobs")


def _measure(unit: UnitOfWork, key: str) -> None:
    chance, now_s = random.Random(key), time.time_ns() // 1_000_000_000
    steps = range(POINTS)
    for name in SERIES:
        values = array("d", [chance.random() for _ in steps])
        curve = Curve(array("q", steps), values, array("q", [now_s * 1000] * POINTS))
        unit.training_metrics.put(SeriesKey(key, "worker-0", name), curve, total=0, room=POINTS)
    for ago in range(SAMPLED_S, 0, -BATCH_S):
        samples = {name: [round(chance.uniform(0, 100), 2) for _ in range(BATCH_S)] for name in SAMPLED}
        unit.metrics.add(MetricBatch(key, "worker-0", now_s - ago, 1, samples))
