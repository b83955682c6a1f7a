"""What a job can choose from, and how a request with it becomes a frozen launch."""

from dataclasses import dataclass
from typing import Literal

from trainwright.catalog.engines import EngineEntry
from trainwright.catalog.flavors import Flavor
from trainwright.domain.errors import EngineNotFound, FlavorNotFound


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Engines and flavors on offer; fixed while the server runs."""

    engines: tuple[EngineEntry, ...]
    flavors: tuple[Flavor, ...]

    def get_engine(self, engine_id: str) -> EngineEntry:
        """The engine of that id.

        Raises:
            EngineNotFound: there is none.
        """
        for engine in self.engines:
            if engine.id == engine_id:
                return engine
        raise EngineNotFound(engine=engine_id, allowed=", ".join(engine.id for engine in self.engines))

    def get_engine_version(self, name: str, version: str) -> EngineEntry:
        """The first engine of that name and version.

        Raises:
            EngineNotFound: there is none.
        """
        for engine in self.engines:
            if (engine.name, engine.version) == (name, version):
                return engine
        allowed = ", ".join(f"{engine.name} {engine.version}" for engine in self.engines)
        raise EngineNotFound(engine=f"{name} {version}", allowed=allowed)

    def find_engine_of_image(self, image: str) -> EngineEntry | None:
        """The engine whose image this is."""
        return next((engine for engine in self.engines if engine.image == image), None) if image else None

    @property
    def accelerator_kind(self) -> Literal["gpu", "npu"]:
        """The kind of card the flavors have; `gpu` when none has any."""
        kinds = {flavor.resources.accelerator_kind for flavor in self.flavors}
        return "npu" if "npu" in kinds and "gpu" not in kinds else "gpu"

    def get_flavor(self, flavor_id: str) -> Flavor:
        """The flavor of that id.

        Raises:
            FlavorNotFound: there is none.
        """
        for flavor in self.flavors:
            if flavor.id == flavor_id:
                return flavor
        raise FlavorNotFound(flavor=flavor_id, allowed=", ".join(flavor.id for flavor in self.flavors))
