"""Ranks of a 4-rank DDP job are killed at random: how soon it trains again, what is lost, whether it ends the same."""

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting
from tests.e2e.recovery import JOB, PROCESS, Outcome, Plan, recover
from tests.e2e.torch_server import ENGINE, FLAVOR, torch_server


def run(setting: Setting) -> list[Row]:
    """Fifty kills answered by restarts in place, and ten by restarts of the job."""
    live = torch_server(setting.folder / "recovery", TRAINWRIGHT_UPLOAD_PERIOD_S="1")
    rows: list[Row] = []
    try:
        for level, kills in ((PROCESS, setting.amount(50, 2)), (JOB, setting.amount(50, 2))):
            plan = Plan(kills=kills, level=level, pause_s=0.05)
            broken = recover(live, f"broken-{level}", plan, engine=ENGINE, flavor=FLAVOR)
            unbroken = recover(live, f"unbroken-{level}", plan.unbroken(), engine=ENGINE, flavor=FLAVOR)
            rows += _rows(level, plan, broken, unbroken)
    finally:
        live.stop()
    return rows


def _rows(level: str, plan: Plan, broken: Outcome, unbroken: Outcome) -> list[Row]:
    same = broken.phase == "Completed" and broken.final == unbroken.final != b""
    what = f"{plan.kills} ranks killed, {level} restarted"
    note = f"{broken.phase}, {broken.attempts} attempts, loss {broken.final.decode()}"
    return [
        Row(f"{what}: ended otherwise than unbroken", int(not same), "runs", at_most(0), note=note),
        Row(f"{what}: steps lost, worst", max(broken.lost_steps), "steps", at_most(plan.every)),
        Row(f"{what}: kill → next new step, p50", percentile(broken.recovery_s, 0.5), "s"),
        Row(f"{what}: kill → next new step, worst", max(broken.recovery_s), "s"),
    ]
