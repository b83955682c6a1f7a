"""Use cases of registered datasets: a folder under a name, and versions of what lay in it."""

from trainwright.domain.errors import DatasetVersionNotFound, DatasetVersionNotReady
from trainwright.ports.datasets import DatasetVersion
from trainwright.ports.identity import Principal
from trainwright.ports.uow import UnitOfWork

CREATING, READY, FAILED = "creating", "ready", "failed"


def find_version(uow: UnitOfWork, who: Principal, dataset_id: str, version_id: str) -> DatasetVersion:
    """The version a job is to read; its `uri` is the folder, `bytes` the size of all of it. Empty `version_id`: the
    newest one that is ready. In a writing unit it stays until the unit ends.

    Raises:
        DatasetNotFound: no such dataset in what the caller sees.
        DatasetVersionNotFound: it has no such version, or none at all.
        DatasetVersionNotReady: it is not, or none is, or its bucket is no longer the project's.
    """
    if not version_id:
        return _newest(uow, who, dataset_id)
    version = uow.datasets.get_version(dataset_id, version_id)
    if version.state != READY:
        raise DatasetVersionNotReady(version=version.name, state=version.state)
    return version


def _newest(uow: UnitOfWork, who: Principal, dataset_id: str) -> DatasetVersion:
    newest = uow.datasets.find_newest(dataset_id, READY)
    if newest is not None:
        return find_version(uow, who, dataset_id, newest.id)
    for state in (CREATING, FAILED):
        other = uow.datasets.find_newest(dataset_id, state)
        if other is not None:
            raise DatasetVersionNotReady(version=other.name, state=state)
    raise DatasetVersionNotFound(version="-", dataset=dataset_id)
