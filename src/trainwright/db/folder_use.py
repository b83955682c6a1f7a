"""Whether jobs use a folder of the object store."""

from collections.abc import Iterable

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains
from trainwright.db.schema import job_documents, jobs
from trainwright.db.transaction import Transaction
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import LaunchSpec

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


def uses_folder(tx: Transaction, uri: str, besides: str) -> bool:
    """Whether an unfinished job but `besides` reads or writes there, below it, or in a folder above it."""
    for row in tx.rows(_NAMING, besides=besides, bucket=_bucket(uri)):
        launch = LaunchSpec.model_validate_json(row["launch"])
        places = [channel.uri for channel in (*launch.all_inputs(), *launch.all_outputs())]
        for work in map(launch.work_of, launch.roles):
            places += [work.code.uri] if work.code else []
        if _touches(uri, places):
            return True
    return False


def was_written(tx: Transaction, uri: str, besides: str, since_ms: int) -> bool:
    """Whether a job but `besides` that had not ended by then writes or wrote there, below it, or in a folder above."""
    for row in tx.rows(_NAMING_SINCE, besides=besides, bucket=_bucket(uri), since=since_ms):
        launch = LaunchSpec.model_validate_json(row["launch"])
        if _touches(uri, [channel.uri for channel in launch.all_outputs()]):
            return True
    return False


def _bucket(uri: str) -> str:
    """What a launch that names the bucket holds."""
    return f'"obs://{ObsPath.parse(uri).bucket}/'


def _touches(uri: str, places: Iterable[str]) -> bool:
    wanted = uri.rstrip("/") + "/"
    folders = [place.rstrip("/") + "/" for place in places]
    return any(folder.startswith(wanted) or wanted.startswith(folder) for folder in folders)
