"""Which output folders unfinished jobs write to."""

from collections.abc import Sequence

import sqlalchemy as sa

from trainwright.db.dialects import Words
from trainwright.db.schema import job_outputs
from trainwright.db.transaction import Transaction
from trainwright.domain.entities import Job

# Any number; the same for all servers of one database.
_OUTPUTS_LOCK = 7_214_001


def add_outputs(tx: Transaction, job: Job) -> None:
    """Note where a new unfinished job writes."""
    if job.phase.is_end or not job.launch.outputs:
        return
    uris = {_folder(channel.uri): channel.uri for channel in job.launch.outputs}
    tx.insert(
        sa.insert(job_outputs),
        [{"job_id": job.id, "folder": folder, "uri": uri} for folder, uri in uris.items()],
    )


def drop_outputs(tx: Transaction, job_id: str) -> None:
    """Forget them once the job has ended."""
    tx.change(sa.delete(job_outputs).where(job_outputs.c.job_id == job_id))


def find_writer(tx: Transaction, uris: Sequence[str]) -> tuple[str, str] | None:
    """(job id, its uri) where an unfinished job writes to one of `uris`, to a folder above it or below it.

    In a writing unit no other unit gets an answer until this one ends, so that two jobs that are checked and added
    at the same time cannot both find the folder free. (SQLite has one writer anyway.)
    """
    if not uris:
        return None
    if tx.write and tx.dialect_name == "postgresql":
        tx.scalar(sa.select(sa.func.pg_advisory_xact_lock(_OUTPUTS_LOCK)))
    for uri in uris:
        row = tx.row(_overlap(_folder(uri)))
        if row is not None:
            return row["job_id"], row["uri"]
    return None


def _overlap(folder: str) -> sa.Select[tuple[str, str]]:
    column = job_outputs.c.folder
    # '0' follows '/': all that begins with the folder lies between. Both bounds use the index.
    below = sa.and_(column >= folder, column < folder[:-1] + "0")
    above = column.in_([sa.literal(parent, Words) for parent in _folders_above(folder)])
    return sa.select(job_outputs.c.job_id, job_outputs.c.uri).where(below | above).order_by(column).limit(1)


def _folder(uri: str) -> str:
    return uri.rstrip("/") + "/"


def _folders_above(folder: str) -> list[str]:
    """`obs://b/`, `obs://b/x/` for `obs://b/x/y/`."""
    scheme, separator, path = folder.partition("://")
    parts = path.rstrip("/").split("/")
    return [f"{scheme}{separator}{'/'.join(parts[:depth])}/" for depth in range(1, len(parts))]
