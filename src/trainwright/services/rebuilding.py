"""A job's creation request, ready to be edited and sent again."""

import copy
import re
import uuid
from typing import Any

from trainwright.domain.entities import Job
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork
from trainwright.services.context import Services
from trainwright.services.reading import scope_of
from trainwright.wire.model import NAME_LENGTH_MAX

_COPIES_MAX = 200
_COPY = re.compile(r"-copy[0-9]*$")


async def request_of(ctx: Services, who: Principal, job_id: str) -> dict[str, Any]:
    """The body that made the job, with what was changed of it since, and with a name that is free: `<name>-copy`,
    `<name>-copy2`, … The code of a subscription is not in it, as it never was.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    return await ctx.blocking(_read, ctx, who, job_id)


def _read(ctx: Services, who: Principal, job_id: str) -> dict[str, Any]:
    with ctx.units(scope_of(who), write=False) as uow:
        job = uow.jobs.get(job_id)
        body = copy.deepcopy(job.request)
        metadata = dict(body.get("metadata") or {})
        metadata["name"] = _free_name(uow, job.name)
        metadata["description"] = job.description
        metadata.pop("training_experiment_reference", None)
        if _experiment_is_there(uow, job):
            metadata["training_experiment_reference"] = {"id": job.experiment_id}
    return {**body, "kind": job.kind, "metadata": metadata}


def _experiment_is_there(uow: UnitOfWork, job: Job) -> bool:
    return bool(job.experiment_id) and job.experiment_id in uow.experiments.names([job.experiment_id])


def _free_name(uow: UnitOfWork, name: str) -> str:
    base = _COPY.sub("", name) or name
    suffixes = ["-copy", *(f"-copy{number}" for number in range(2, _COPIES_MAX))]
    names = [_shortened(base, suffix) for suffix in suffixes]
    taken = uow.jobs.taken(names)
    return next(
        (free for free in names if free not in taken), _shortened(base, f"-copy-{uuid.uuid4().hex[:8]}")
    )


def _shortened(base: str, suffix: str) -> str:
    return base[: NAME_LENGTH_MAX - len(suffix)] + suffix
