"""Whether unfinished jobs use a folder of the object store."""

import sqlalchemy as sa

from trainwright.db.dialects import WORDS, contains
from trainwright.db.schema import job_documents, jobs
from trainwright.db.transaction import Transaction
from trainwright.domain.obs import ObsPath
from trainwright.domain.specs import LaunchSpec

# No index on the launch: unfinished jobs are few.
_NAMING = (
    sa.select(job_documents.c.launch)
    .join(jobs)
    .where(
        jobs.c.due_at_ms.is_not(None),
        jobs.c.id != sa.bindparam("besides", type_=WORDS),
        contains(job_documents.c.launch, sa.bindparam("bucket", type_=WORDS)),
    )
)


def uses_folder(tx: Transaction, uri: str, besides: str) -> bool:
    """Whether an unfinished job but `besides` reads or writes there, below it, or in a folder above it."""
    bucket = ObsPath.parse(uri).bucket
    wanted = uri.rstrip("/") + "/"
    for row in tx.rows(_NAMING, besides=besides, bucket=f'"obs://{bucket}/'):
        launch = LaunchSpec.model_validate_json(row["launch"])
        places = [channel.uri for channel in (*launch.all_inputs(), *launch.all_outputs())]
        for work in map(launch.work_of, launch.roles):
            places += [work.code.uri] if work.code else []
        folders = [place.rstrip("/") + "/" for place in places]
        if any(folder.startswith(wanted) or wanted.startswith(folder) for folder in folders):
            return True
    return False
