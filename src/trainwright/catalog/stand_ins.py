"""Which names in a request stand for something else here, to be told to whoever sent it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Literal

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.flavors import POOL_FLAVOR_PREFIX
from trainwright.catalog.resolve import find_engine
from trainwright.catalog.roles import Part
from trainwright.wire.jobs import AlgorithmRequest, EngineRequest

StandIn = tuple[Literal["engine", "flavor"], str, str]
"""What it is, how the request calls it, the id of what is used instead."""


def find_stand_ins(parts: Sequence[Part], catalogue: Catalogue) -> tuple[StandIn, ...]:
    """All of them, each once; `parts` are of a job that could be resolved."""
    return tuple(dict.fromkeys(found for part in parts for found in _of_part(part, catalogue)))


def _of_part(part: Part, catalogue: Catalogue) -> Iterator[StandIn]:
    algorithm = part.request.algorithm or AlgorithmRequest()
    wanted = algorithm.engine or EngineRequest()
    engine = find_engine(algorithm, catalogue)
    named = wanted.engine_id or wanted.engine_version or ""
    if engine is not None and named not in ("", engine.engine_id, engine.version):
        yield "engine", named, engine.engine_id
    asked = part.request.spec.resource.flavor_id or ""
    if not asked.startswith(POOL_FLAVOR_PREFIX):
        flavor = catalogue.get_flavor(asked)
        if flavor.id != asked:
            yield "flavor", asked, flavor.id
