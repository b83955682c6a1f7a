"""What the platform offers: engines, flavors, backends."""

from trainwright.services.context import Services
from trainwright.wire.catalogue import BackendsResponse, EnginesResponse, FlavorsResponse


def list_engines(ctx: Services) -> EnginesResponse:
    """All engines of the catalogue."""
    raise NotImplementedError


def list_flavors(ctx: Services, flavor_type: str | None = None) -> FlavorsResponse:
    """All flavors, or those of one type (CPU, GPU, Ascend).

    Raises:
        InvalidQuery: an unknown type.
    """
    raise NotImplementedError


async def list_backends(ctx: Services) -> BackendsResponse:
    """The backend with its present capacity and the launcher in force.

    Raises:
        BackendUnavailable: it does not answer.
    """
    raise NotImplementedError
