"""A named environment of packages for local training."""

from modelarts.environment.conda_env import CondaDependencies
from modelarts.environment.environment import Environment

__all__ = ["CondaDependencies", "Environment"]
