"""Points that no runner of ours sends: the report around them is taken in, or the job would never come to its end."""

import json
from typing import Any

import pytest

from tests.server.world import ServerWorld

pytestmark = pytest.mark.anyio

FAR = 1 << 62


def points(name: str = "loss", steps: Any = (1,), values: Any = (1.0,), times: Any = (1,)) -> dict[str, Any]:
    return {"name": name, "steps": list(steps), "values": list(values), "times": list(times)}


@pytest.mark.parametrize(
    "told",
    [
        [points(steps=[FAR * 2 - 1, -FAR * 2, 1 << 70], values=[1, 2, 3], times=[FAR * 4, -FAR, 0])],
        [points(name="")],
        [points(name="x" * 100_000), points(name="line\nbreak\0 \ud800")],
        [points(values=["NaN"]), points(values=["Infinity"]), points(values=[1e308]), points(values=[0])],
        [points(steps=[1, 2]), points(values=[]), points(times=[1, 2, 3])],
        [points(), points(), points(steps=[], values=[], times=[])],
        [points(name=f"{number}") for number in range(5000)],
        [points(steps=range(20_000), values=[0.5] * 20_000, times=[1] * 20_000)],
        [points(steps=[True], times=[True])],
    ],
    ids=["far", "nameless", "names", "values", "lengths", "empty", "many", "long", "bool"],
)
async def test_a_report_with_odd_points_is_taken_in(world: ServerWorld, told: list[dict[str, Any]]) -> None:
    """Guards the job's events and its result, which come in the same reports."""
    job = await world.start_job()
    async with world.runner(job) as runner:
        final = {"reason": "completed", "exit_code": 0}
        for report in (
            {"step": "command", "points": told},
            {"step": "report", "points": told, "final": final},
        ):
            answer = await runner.post("/reports", content=json.dumps({"started_at_ms": 1, **report}))
            assert answer.status_code == 200, answer.text[:300]
    async with world.client() as client:
        shown = await client.get(f"/v2/{job.project_id}/training-jobs/{job.id}/training-metrics")
        assert shown.status_code == 200
