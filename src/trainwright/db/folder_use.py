"""Whether jobs use a folder of the object store."""

from collections.abc import Iterable

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains
from trainwright.db.schema import job_documents, jobs
from trainwright.db.transaction import Transaction, within
from trainwright.domain.lifecycle import Phase
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import LaunchSpec
from trainwright.ports.uow import FolderJob

# No index on the launch: unfinished jobs are few.
_NAMING_AT_ALL = (
    sa.select(job_documents.c.launch)
    .join(jobs)
    .where(
        jobs.c.id != sa.bindparam("besides", type_=WORDS),
        contains(job_documents.c.launch, sa.bindparam("bucket", type_=WORDS)),
    )
)
_NAMING = _NAMING_AT_ALL.where(jobs.c.due_at_ms.is_not(None))
_NAMING_SINCE = _NAMING_AT_ALL.where(
    sa.or_(jobs.c.due_at_ms.is_not(None), jobs.c.ended_at_ms >= sa.bindparam("since", type_=sa.BigInteger))
)


_USERS = within(
    sa.select(jobs.c.id, jobs.c.name, jobs.c.user_name, jobs.c.public_phase, job_documents.c.launch)
    .join(job_documents)
    .where(jobs.c.due_at_ms >= 0, contains(job_documents.c.launch, sa.bindparam("bucket", type_=WORDS)))
    .order_by(jobs.c.created_at_ms.desc(), jobs.c.id),
    by_ids=True,
)


def list_users(tx: Transaction, uri: str) -> tuple[FolderJob, ...]:
    """The scope's unfinished jobs that read or write there, below it, or in a folder above it; the newest first."""
    found = []
    for row in tx.rows(_USERS, bucket=_bucket(uri)):
        launch = LaunchSpec.model_validate_json(row["launch"])
        reads = _touches(uri, _read_by(launch))
        writes = _touches(uri, [channel.uri for channel in launch.all_outputs()])
        if reads or writes:
            phase = Phase(row["public_phase"])
            found.append(FolderJob(row["id"], row["name"], row["user_name"], phase, reads, writes))
    return tuple(found)


def uses_folder(tx: Transaction, uri: str, besides: str) -> bool:
    """Whether an unfinished job but `besides` reads or writes there, below it, or in a folder above it."""
    for row in tx.rows(_NAMING, besides=besides, bucket=_bucket(uri)):
        launch = LaunchSpec.model_validate_json(row["launch"])
        if _touches(uri, [*_read_by(launch), *(channel.uri for channel in launch.all_outputs())]):
            return True
    return False


def was_written(tx: Transaction, uri: str, besides: str, since_ms: int) -> bool:
    """Whether a job but `besides` that had not ended by then writes or wrote there, below it, or in a folder above."""
    for row in tx.rows(_NAMING_SINCE, besides=besides, bucket=_bucket(uri), since=since_ms):
        launch = LaunchSpec.model_validate_json(row["launch"])
        if _touches(uri, [channel.uri for channel in launch.all_outputs()]):
            return True
    return False


def _read_by(launch: LaunchSpec) -> list[str]:
    """Inputs and code."""
    code = [work.code.uri for work in map(launch.work_of, launch.roles) if work.code]
    return [channel.uri for channel in launch.all_inputs()] + code


def _bucket(uri: str) -> str:
    """What a launch that names the bucket holds."""
    return f'"obs://{ObsPath.parse(uri).bucket}/'


def _touches(uri: str, places: Iterable[str]) -> bool:
    wanted = uri.rstrip("/") + "/"
    folders = [place.rstrip("/") + "/" for place in places]
    return any(folder.startswith(wanted) or wanted.startswith(folder) for folder in folders)
