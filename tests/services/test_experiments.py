"""Experiments: their life, and how jobs join them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.services.people import add_user, boss
from tests.services.world import ALICE, BOB, EN, World, job_body
from trainwright.domain.access import DEVELOPER, Action
from trainwright.domain.errors import (
    ActionDenied,
    DuplicateExperimentName,
    DuplicateJobName,
    ExperimentMismatch,
    ExperimentNotFound,
    InvalidParam,
    WorkspaceNotFound,
)
from trainwright.ports.identity import Principal
from trainwright.ports.workspaces import ExperimentQuery
from trainwright.services import experiments, jobs, workspaces

pytestmark = pytest.mark.anyio


async def make(world: World, who: Principal, name: str = "tries", **more: Any) -> str:
    """An experiment; its id."""
    made = await experiments.create(world.ctx, who, {"metadata": {"name": name, **more}})
    return made.metadata.id


async def job_in(world: World, who: Principal, reference: dict[str, Any], **changes: Any) -> tuple[str, int]:
    """The experiment that a new job of theirs is in, and its number there."""
    body = job_body(
        metadata__training_experiment_reference=reference, **{"algorithm__outputs": [], **changes}
    )
    body["metadata"]["name"] = changes.get("metadata__name") or f"job-{world.clock.ms}"
    world.clock.ms += 1
    answer = await jobs.create(world.ctx, replace(who, action=Action.JOB_CREATE), body, EN)
    job = world.read(answer.metadata.id).job
    return job.experiment_id, job.experiment_serial


async def test_an_experiment_answers_with_what_was_asked(world: World) -> None:
    """Guards fields, defaults, partial changes and the end."""
    made = await experiments.create(
        world.ctx, ALICE, {"metadata": {"name": "对比 1.0_a-b", "description": "d"}}
    )
    told = made.metadata
    assert (told.name, told.description, told.workspace_id) == ("对比 1.0_a-b", "d", "0")
    assert told.create_time == told.update_time == world.clock.ms
    world.clock.ms += 5
    changed = await experiments.change(world.ctx, ALICE, told.id, {"description": ""})
    assert (changed.name, changed.description) == ("对比 1.0_a-b", "")
    shown = await experiments.show(world.ctx, ALICE, told.id)
    assert (shown.metadata.update_time, shown.statistic.job_count) == (world.clock.ms, 0)
    assert (await experiments.check_name(world.ctx, ALICE, told.name, "")).is_duplicate
    await experiments.delete(world.ctx, ALICE, told.id)
    assert not (await experiments.check_name(world.ctx, ALICE, told.name, "0")).is_duplicate
    for call in (
        experiments.show(world.ctx, ALICE, told.id),
        experiments.change(world.ctx, ALICE, told.id, {}),
        experiments.delete(world.ctx, ALICE, told.id),
    ):
        with pytest.raises(ExperimentNotFound):
            await call


@pytest.mark.parametrize("name", ["", " blank", "blank ", "x" * 65, "a/b", "a\nb", "<b>", 5, None])
async def test_a_name_that_does_not_fit_is_refused(world: World, name: object) -> None:
    """Guards names, at creation and at a change."""
    with pytest.raises(InvalidParam):
        await experiments.create(world.ctx, ALICE, {"metadata": {"name": name}})
    if name is not None:
        with pytest.raises(InvalidParam):
            await experiments.change(world.ctx, ALICE, await make(world, ALICE), {"name": name})


async def test_jobs_join_by_id_or_name(world: World) -> None:
    """Guards joining: by id, by name (made when new), numbers in order, the id before the name, empty forms."""
    by_name = await job_in(world, ALICE, {"name": "new", "description": "made with a job"})
    shown = await experiments.show(world.ctx, ALICE, by_name[0])
    assert (shown.metadata.name, shown.metadata.description, by_name[1]) == ("new", "made with a job", 1)
    assert await job_in(world, ALICE, {"name": "new"}) == (by_name[0], 2)
    assert await job_in(world, ALICE, {"id": by_name[0], "name": "other"}) == (by_name[0], 3)
    assert (await experiments.show(world.ctx, ALICE, by_name[0])).statistic.job_count == 3
    assert await job_in(world, ALICE, {}) == ("", 0)
    assert await job_in(world, ALICE, {"id": "", "name": ""}) == ("", 0)


async def test_a_refused_job_makes_no_experiment(world: World) -> None:
    """Guards that a refusal leaves nothing: unknown ids, bad names, others' experiments, a job's name that is taken."""
    await world.create()
    theirs = await make(world, BOB)
    for reference in ({"id": "never-was"}, {"id": theirs}):
        with pytest.raises(ExperimentNotFound):
            await job_in(world, ALICE, reference)
    with pytest.raises(InvalidParam):
        await job_in(world, ALICE, {"name": "a/b"})
    with pytest.raises(DuplicateJobName):
        await job_in(world, ALICE, {"name": "left"}, metadata__name="digits")
    assert not (await experiments.check_name(world.ctx, ALICE, "left", "")).is_duplicate


async def test_who_may_not_create_experiments_only_joins(world: World) -> None:
    """Guards the action of making one, which joining by a new name is."""
    known = await make(world, ALICE)
    humble = replace(ALICE, actions=ALICE.actions - {Action.EXPERIMENT_CREATE})
    assert await job_in(world, humble, {"name": "tries"}) == (known, 1)
    with pytest.raises(ActionDenied):
        await job_in(world, humble, {"name": "new"})


async def test_experiments_keep_to_their_workspace(world: World) -> None:
    """Guards: a job joins in its own workspace only; others find nothing, but the name counts."""
    admin, eve = boss(world), add_user(world, "eve", DEVELOPER)
    own = (await workspaces.create(world.ctx, admin, {"name": "hidden", "auth_type": "PRIVATE"})).id
    inside = await make(world, admin, "inside", workspace_id=own)
    with pytest.raises(ExperimentMismatch):
        await job_in(world, admin, {"id": inside})
    with pytest.raises(ExperimentMismatch):
        await job_in(world, admin, {"name": "inside"})
    assert await job_in(world, admin, {"name": "inside"}, metadata__workspace_id=own) == (inside, 1)
    with pytest.raises(ExperimentNotFound):
        await job_in(world, eve, {"id": inside})
    with pytest.raises(DuplicateExperimentName):
        await job_in(world, eve, {"name": "inside"})
    with pytest.raises(DuplicateExperimentName):
        await make(world, eve, "inside")
    assert (await experiments.check_name(world.ctx, eve, "inside", "")).is_duplicate
    assert (await experiments.list_all(world.ctx, eve, ExperimentQuery())).total == 0
    for call in (
        make(world, eve, "mine", workspace_id=own),
        experiments.list_all(world.ctx, eve, ExperimentQuery(workspace_id=own)),
        experiments.check_name(world.ctx, eve, "mine", own),
        make(world, eve, "mine", workspace_id="never-was"),
    ):
        with pytest.raises(WorkspaceNotFound):
            await call


async def test_a_viewer_of_the_workspace_changes_nothing(world: World) -> None:
    """Guards the member's narrower role in each call that changes something."""
    admin, ann = boss(world), add_user(world, "ann", DEVELOPER)
    grants = [{"user_id": "ann", "role": "viewer"}]
    body = {"name": "team", "auth_type": "INTERNAL", "grants": grants}
    team = (await workspaces.create(world.ctx, admin, body)).id
    inside = await make(world, admin, "inside", workspace_id=team)
    assert (await experiments.show(world.ctx, ann, inside)).metadata.id == inside
    for call in (
        make(world, replace(ann, action=Action.EXPERIMENT_CREATE), "mine", workspace_id=team),
        experiments.change(world.ctx, replace(ann, action=Action.EXPERIMENT_UPDATE), inside, {"name": "n"}),
        experiments.delete(world.ctx, replace(ann, action=Action.EXPERIMENT_DELETE), inside),
    ):
        with pytest.raises(ActionDenied):
            await call
