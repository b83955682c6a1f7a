"""A running job makes room for one of priority 3, gets its grace, waits, resumes, and ends as if nothing had been."""

from pathlib import Path

import pytest

from tests.e2e.live import wait_for
from tests.e2e.recovery import Plan, body_of, final_loss
from tests.e2e.torch_server import ENGINE, FLAVOR, torch_server


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_preempted_job_resumes(tmp_path: Path) -> None:
    """Guards pre-emption end to end: no restart is spent, training goes on from the newest checkpoint, bit for bit."""
    live = torch_server(
        tmp_path, TRAINWRIGHT_POOL__CPUS="0.5", TRAINWRIGHT_POOL__PREEMPTION="true", TRAINWRIGHT_UPLOAD_PERIOD_S="1"
    )  # fmt: skip
    plan = Plan(kills=2, workers=2)
    try:
        body = body_of(live, "victim", plan, ENGINE, FLAVOR)
        body["metadata"].pop("annotations")
        body["spec"]["schedule_policy"] = {"priority": 1, "preemptible": True}
        victim = live.create(body)
        wait_for(lambda: b"step 12 " in live.log(victim), timeout_s=120, what="step 12")
        urgent = live.body("urgent", command="sleep 2; echo urgent work")
        urgent["spec"]["resource"] = {"flavor_id": FLAVOR, "node_count": 2}
        urgent["spec"]["schedule_policy"] = {"priority": 3}
        live.wait(live.create(urgent), "Completed", timeout_s=120)
        status = live.wait(victim, timeout_s=200)["status"]
        assert status["phase"] == "Completed"
        assert [record["end_reason"] for record in status["running_records"]] == ["preempted", "completed"]
        log = live.log(victim)
        assert b"going on after step 10" in log or b"going on after step 15" in log
        events = "\n".join(live.events(victim))
        assert "loses no restarts" in events
        unbroken = live.create(body_of(live, "unbroken", plan.unbroken(), ENGINE, FLAVOR))
        live.wait(unbroken, "Completed", timeout_s=200)
        assert final_loss(live, victim) == final_loss(live, unbroken) != b""
    finally:
        live.stop()
