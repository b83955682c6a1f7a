"""`Environment`: a name, and what is to be installed."""

from modelarts.environment.conda_env import CondaDependencies
from modelarts.exception import InvalidArgument


class Environment:
    """An environment called `name`. `conda` may be set later: `env.conda = CondaDependencies.create(…)`.

    In local training it is a virtual environment of the caller's own Python with these packages, made on first use and
    then shared by everything that asks for the same packages. Without `conda` it is the caller's own Python.
    """

    def __init__(self, name: str, conda: CondaDependencies | None = None) -> None:
        if not isinstance(name, str) or not name.strip():
            raise InvalidArgument("Environment: name must be a text that is not empty.")
        self.name = name
        self.conda = conda

    def __repr__(self) -> str:
        return f"Environment(name={self.name!r}, conda={self.conda!r})"
