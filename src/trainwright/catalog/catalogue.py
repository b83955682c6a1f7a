"""What a job can choose from, and how a request with it becomes a frozen launch."""

from dataclasses import dataclass
from typing import Literal

from trainwright.catalog.aliases import find_by_alias
from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.flavors import Flavor
from trainwright.catalog.images import ImageEntry
from trainwright.domain.errors import EngineNotFound, FlavorNotFound


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Engines, flavors and images on offer; fixed while the server runs."""

    engines: tuple[EngineEntry, ...]
    flavors: tuple[Flavor, ...]
    images: tuple[ImageEntry, ...] = ()

    def get_engine(self, engine_id: str) -> EngineEntry:
        """The engine of that id, else the one that stands in for it.

        Raises:
            EngineNotFound: there is none.
        """
        for engine in self.engines:
            if engine.id == engine_id:
                return engine
        stand_in = find_by_alias(self.engines, engine_id)
        if stand_in is not None:
            return stand_in
        raise EngineNotFound(engine=engine_id, allowed=", ".join(engine.id for engine in self.engines))

    def get_engine_version(self, name: str, version: str) -> EngineEntry:
        """The first engine of that name and version, else the one that stands in for the version, whatever the name:
        old versions hold their frameworks' names.

        Raises:
            EngineNotFound: there is none.
        """
        for engine in self.engines:
            if (engine.name, engine.version) == (name, version):
                return engine
        stand_in = find_by_alias(self.engines, version)
        if stand_in is not None:
            return stand_in
        allowed = ", ".join(f"{engine.name} {engine.version}" for engine in self.engines)
        raise EngineNotFound(engine=f"{name} {version}", allowed=allowed)

    def find_engine_of_image(self, image: str) -> EngineEntry | None:
        """The engine whose image this is."""
        return next((engine for engine in self.engines if engine.image == image), None) if image else None

    def find_image(self, name: str) -> ImageEntry | None:
        """The image of that name."""
        return next((image for image in self.images if image.name == name), None)

    @property
    def accelerator_kind(self) -> Literal["gpu", "npu"]:
        """The kind of card the flavors have; `gpu` when none has any."""
        kinds = {flavor.resources.accelerator_kind for flavor in self.flavors}
        return "npu" if "npu" in kinds and "gpu" not in kinds else "gpu"

    def get_flavor(self, flavor_id: str) -> Flavor:
        """The flavor of that id, else the one that stands in for it.

        Raises:
            FlavorNotFound: there is none.
        """
        for flavor in self.flavors:
            if flavor.id == flavor_id:
                return flavor
        stand_in = find_by_alias(self.flavors, flavor_id)
        if stand_in is not None:
            return stand_in
        raise FlavorNotFound(flavor=flavor_id, allowed=", ".join(flavor.id for flavor in self.flavors))
