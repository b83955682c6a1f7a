"""The Slurm backend: jobs as batch jobs of a cluster."""

from trainwright.backends.slurm.backend import SlurmBackend
from trainwright.backends.slurm.settings import Priorities, SlurmPool, SlurmSettings

__all__ = ["Priorities", "SlurmBackend", "SlurmPool", "SlurmSettings"]
