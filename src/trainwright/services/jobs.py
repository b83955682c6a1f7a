"""Use cases of training jobs: create, show, search, stop, delete, change the description."""

from collections.abc import Mapping
from typing import Any

from trainwright.domain.texts import Language
from trainwright.ports.uow import Principal
from trainwright.services.context import Services
from trainwright.wire.job_answers import JobResponse, JobSearchResponse


async def create(ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language) -> JobResponse:
    """Accept a job (body as `wire.parsing.load_object` gives it); durable once this returns. Refusals leave nothing.

    Raises:
        UserError: something in the request does not fit; see `create_checks`, `store_checks` and `catalog.resolve`.
        OutputPathInUse: an unfinished job writes to one of its output paths.
        PoolNotFound: the pool does not exist.
        StorageUnavailable: the object store could not be asked.
    """
    raise NotImplementedError


async def show(ctx: Services, who: Principal, job_id: str, language: Language) -> JobResponse:
    """One job.

    Raises:
        JobNotFound: no such job in the caller's project.
    """
    raise NotImplementedError


async def search(
    ctx: Services, who: Principal, raw: Mapping[str, Any], language: Language
) -> JobSearchResponse:
    """One page of the caller's jobs that match (body as `wire.parsing.load_object` gives it).

    Raises:
        InvalidParam, UnsupportedSort, UnsupportedFilterKey, UnsupportedFilterOperator, InvalidFilterValue, NotOffered.
    """
    raise NotImplementedError


async def stop(
    ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any], language: Language
) -> JobResponse:
    """Ask for the job to be stopped (`{"action_type": "terminate"}`); the answer shows it Terminating.

    Raises:
        UnsupportedAction: another action.
        JobNotFound: no such job in the caller's project.
        JobNotStoppable: it has ended or is being stopped already.
    """
    raise NotImplementedError


async def delete(ctx: Services, who: Principal, job_id: str) -> None:
    """Remove an ended job with its history and logs. Outputs and exported logs in the object store stay.

    Raises:
        JobNotFound: no such job in the caller's project.
        JobNotDeletable: it has not ended.
    """
    raise NotImplementedError


async def change(ctx: Services, who: Principal, job_id: str, raw: Mapping[str, Any]) -> None:
    """Change the description (`{"description": …}`); without one nothing happens.

    Raises:
        InvalidParam: too long or not text.
        NotOffered: another change of the contract.
        JobNotFound: no such job in the caller's project.
    """
    raise NotImplementedError
