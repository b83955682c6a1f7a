"""Fixed folders at the root of a job's file system (facts/octopus.md §3): code, dataset, models, a home. Pure.

Every one of them reaches the command as an environment variable of its channel's name, never as an argument: scripts
written for these folders know where they lie, and take no arguments they do not know.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from trainwright.catalog.places import Place
from trainwright.domain.specs import MODEL_CHANNEL, Channel, PassAs

CODE_FOLDER: Final = "/code"
DATASET: Final = "dataset"
PRETRAINED: Final = "pretrainmodel"
USER_HOME: Final = "userhome"
NAMES: Final[Collection[str]] = (DATASET, PRETRAINED, MODEL_CHANNEL, USER_HOME)
"""Channels of a job with such folders cannot be called so. The folder of each is `/<name>`."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One of them, and what lies there."""

    name: str
    place: Place

    def channel(self, *, prefetch: bool) -> Channel:
        """What tasks are given."""
        return Channel(
            name=self.name,
            uri=str(self.place.path),
            local_path=f"/{self.name}",
            pass_as=PassAs.ENVIRONMENT,
            prefetch=prefetch,
            dataset_version_id=self.place.version_id,
        )


@dataclass(frozen=True, slots=True)
class Folders:
    """Those that a job asks for. What outputs hold is laid before the start, so that the job's next attempt, and the
    caller's next job, find it. `model_name`: what its model is registered as.
    """

    inputs: tuple[Folder, ...] = ()
    outputs: tuple[Folder, ...] = ()
    model_name: str = ""

    def input_channels(self) -> tuple[Channel, ...]:
        """The inputs among them."""
        return tuple(folder.channel(prefetch=False) for folder in self.inputs)

    def output_channels(self) -> tuple[Channel, ...]:
        """The outputs among them."""
        return tuple(folder.channel(prefetch=True) for folder in self.outputs)
