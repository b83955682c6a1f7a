"""Work that comes round by the clock: keeping models, sweeping what is left of them, retention of checkpoints."""

from trainwright.control.chores import Chore
from trainwright.services import model_keeper
from trainwright.services.checkpoint_retention import Retention
from trainwright.services.context import Services
from trainwright.services.model_keeper import RETRY_S, ModelKeeper


def model_keeping(services: Services) -> Chore:
    """Keeps the models of jobs as they end; it runs for ever and is begun again when the database was away."""
    return Chore("model_keeping", RETRY_S, ModelKeeper(services).run)


def model_sweep(services: Services, *, every_s: float = 3600.0) -> Chore:
    """Removes files of model versions that are gone."""

    async def sweep() -> None:
        await model_keeper.sweep(services)

    return Chore("model_sweep", every_s, sweep)


def checkpoint_retention(services: Services, *, every_s: float = 60.0) -> Chore:
    """Removes checkpoints that their jobs' policies give up."""
    return Chore("checkpoint_retention", every_s, Retention(services).run_once)
