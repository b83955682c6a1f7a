"""Which output folders unfinished jobs write to."""

from collections.abc import Sequence

import sqlalchemy as sa

from trainwright.db.schema import job_outputs
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Job

_ADD = sa.insert(job_outputs)
_DROP = sa.delete(job_outputs).where(job_outputs.c.job_id == sa.bindparam("job"))
_OVERLAP = (
    sa.select(job_outputs.c.job_id, job_outputs.c.uri)
    .where(
        ((job_outputs.c.folder >= sa.bindparam("first")) & (job_outputs.c.folder < sa.bindparam("beyond")))
        | job_outputs.c.folder.in_(sa.bindparam("above", expanding=True))
    )
    .order_by(job_outputs.c.folder)
    .limit(1)
)
_LOCK = sa.select(
    sa.func.pg_advisory_xact_lock(7_214_001)
)  # any number; the same for all servers of one database


def add_outputs(tx: Transaction, job: Job) -> None:
    """Note where a new unfinished job writes."""
    if job.phase.is_end or not job.launch.all_outputs():
        return
    uris = {_folder(channel.uri): channel.uri for channel in job.launch.all_outputs()}
    tx.insert(_ADD, [{"job_id": job.id, "folder": folder, "uri": uri} for folder, uri in uris.items()])


def drop_outputs(tx: Transaction, job_id: str) -> None:
    """Forget them once the job has ended."""
    tx.change(_DROP, job=job_id)


def find_writer(tx: Transaction, uris: Sequence[str]) -> tuple[str, str] | None:
    """(job id, its uri) where an unfinished job writes to one of `uris`, to a folder above it or below it.

    In a writing unit no other unit gets an answer until this one ends, so that two jobs that are checked and added
    at the same time cannot both find the folder free. (SQLite has one writer anyway.)
    """
    if uris and tx.write and tx.dialect_name == "postgresql":
        tx.scalar(_LOCK)
    for uri in uris:
        folder = _folder(uri)
        # '0' follows '/': all that begins with the folder lies between.
        row = tx.row(_OVERLAP, first=folder, beyond=folder[:-1] + "0", above=_folders_above(folder))
        if row is not None:
            return row["job_id"], row["uri"]
    return None


def _folder(uri: str) -> str:
    return uri.rstrip("/") + "/"


def _folders_above(folder: str) -> list[str]:
    """`obs://b/`, `obs://b/x/` for `obs://b/x/y/`."""
    scheme, separator, path = folder.partition("://")
    parts = path.rstrip("/").split("/")
    return [f"{scheme}{separator}{'/'.join(parts[:depth])}/" for depth in range(1, len(parts))]
