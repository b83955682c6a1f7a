"""`CondaDependencies`: packages of an environment, as conda and pip name them."""

from collections.abc import Sequence
from typing import Self

from modelarts.exception import InvalidArgument


class CondaDependencies:
    """Packages of an environment.

    `pip_packages` are requirements as pip reads them (`["numpy==2.1.0"]`). Of `conda_packages` only `python=<version>`
    means something here: environments are made from the Python that runs the script, and one of another version is
    refused when the training starts. `channels` are kept and not used.
    """

    def __init__(
        self,
        channels: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
    ) -> None:
        self.channels = _texts("channels", channels)
        self.pip_packages = _texts("pip_packages", pip_packages)
        self.conda_packages = _texts("conda_packages", conda_packages)

    @classmethod
    def create(
        cls,
        channels: Sequence[str] | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
    ) -> Self:
        """The same as the constructor, under the name that scripts use."""
        return cls(channels, pip_packages, conda_packages)

    def add_pip_package(self, package: str) -> None:
        """One more requirement."""
        self.pip_packages += _texts("pip_packages", [package])

    def add_conda_package(self, package: str) -> None:
        """One more conda package."""
        self.conda_packages += _texts("conda_packages", [package])

    def add_channel(self, channel: str) -> None:
        """One more channel."""
        self.channels += _texts("channels", [channel])

    def __repr__(self) -> str:
        return (
            f"CondaDependencies(pip_packages={self.pip_packages!r}, conda_packages={self.conda_packages!r})"
        )


def _texts(name: str, values: Sequence[str] | None) -> list[str]:
    if isinstance(values, str) or not all(isinstance(each, str) and each.strip() for each in values or []):
        raise InvalidArgument(f"CondaDependencies: {name} must be a list of texts.")
    return list(values or [])
