"""Jobs that name engines and flavors of other platforms."""

from dataclasses import replace

import pytest

from tests.services.world import ALICE, CATALOGUE, EN, World, job_body
from trainwright.catalog.catalogue import Catalogue
from trainwright.services import jobs

OLD = "PyTorch-1.0.0-python3.6"


@pytest.fixture
def catalogue() -> Catalogue:
    """One engine and one flavor of it stand in for others."""
    engines = (CATALOGUE.engines[0].model_copy(update={"aliases": ("PyTorch-1.*",)}), CATALOGUE.engines[1])
    flavors = (
        CATALOGUE.flavors[0].model_copy(update={"aliases": ("modelarts.vm.cpu.2u",)}),
        CATALOGUE.flavors[1],
    )
    return Catalogue(engines=engines, flavors=flavors)


async def test_what_runs_instead_is_said_once_when_the_job_is_made(
    world: World, catalogue: Catalogue
) -> None:
    """Guards that the launch holds what really runs, and that an event names both."""
    ctx = replace(world.ctx, catalogue=catalogue)
    body = job_body()
    body["algorithm"]["engine"] = {"engine_name": "PyTorch", "engine_version": OLD}
    body["spec"]["resource"]["flavor_id"] = "modelarts.vm.cpu.2u"
    made = await jobs.create(ctx, ALICE, body, EN)
    launch = world.read(made.metadata.id).job.launch
    assert launch.engine is not None and launch.engine.engine_id == "py-1"
    assert launch.roles[0].flavor_id == "cpu.1"
    told = [(event.code, dict(event.slots)) for event in world.events(made.metadata.id)]
    assert ("engine_stands_in", {"asked": OLD, "used": "py-1"}) in told
    assert ("flavor_stands_in", {"asked": "modelarts.vm.cpu.2u", "used": "cpu.1"}) in told
    assert len(told) == 3


async def test_who_names_what_is_here_is_told_nothing(world: World, catalogue: Catalogue) -> None:
    """Guards against noise: by id, and by name and version."""
    ctx = replace(world.ctx, catalogue=catalogue)
    for number, engine in enumerate(
        ({"engine_id": "py-1"}, {"engine_name": "Python", "engine_version": "1"})
    ):
        body = job_body(metadata__name=f"digits-{number}")
        body["algorithm"]["engine"] = engine
        made = await jobs.create(ctx, ALICE, body, EN)
        assert not any("stands_in" in event.code for event in world.events(made.metadata.id))
