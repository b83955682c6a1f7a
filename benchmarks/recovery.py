"""Ranks of a 4-rank DDP job are killed at random: how soon it trains again, what is lost, whether it ends the same."""

import sys

from benchmarks.rows import Row, at_most, percentile
from benchmarks.setting import Setting
from tests.backends.slurm_rig import end_lab, start_lab
from tests.e2e.live import LiveServer
from tests.e2e.recovery import JOB, PROCESS, Outcome, Plan, recover
from tests.e2e.torch_server import ENGINE, FLAVOR, prepare, torch_server

KILLS = 50
PORT = 27050
SLURM = """
backend = "slurm"
sandbox = "off"
upload_period_s = 1

[slurm]
partition = "main"
shared_dir = "{shared}"
python = "{python}"
poll_s = 0.5
"""


def run(setting: Setting) -> list[Row]:
    """Fifty kills answered by restarts in place, and fifty by restarts of the whole job."""
    live = torch_server(setting.folder / "recovery", TRAINWRIGHT_UPLOAD_PERIOD_S="1")
    try:
        return _measure(live, setting)
    finally:
        live.stop()


def run_on_slurm(setting: Setting) -> list[Row]:
    """The same on a cluster of five nodes that is brought up for it."""
    setting.folder.chmod(0o755)
    folder = setting.folder / "recovery-slurm"
    folder.mkdir()
    lab = start_lab(folder / "cluster", port=PORT)
    try:
        data = prepare(folder / "data")
        (data / "server.toml").write_text(SLURM.format(shared=folder / "shared", python=sys.executable))
        live = LiveServer(data, {"SLURM_CONF": lab.environment["SLURM_CONF"]}).start()
        try:
            return _measure(live, setting, "on Slurm, ")
        finally:
            live.stop()
    finally:
        end_lab(lab)


def _measure(live: LiveServer, setting: Setting, where: str = "") -> list[Row]:
    rows: list[Row] = []
    for level in (PROCESS, JOB):
        plan = Plan(kills=setting.amount(KILLS, 2), level=level, pause_s=0.05)
        broken = recover(live, f"broken-{level}", plan, engine=ENGINE, flavor=FLAVOR)
        unbroken = recover(live, f"unbroken-{level}", plan.unbroken(), engine=ENGINE, flavor=FLAVOR)
        rows += _rows(f"{where}{plan.kills} ranks killed, {level} restarted", plan, broken, unbroken)
    return rows


def _rows(what: str, plan: Plan, broken: Outcome, unbroken: Outcome) -> list[Row]:
    same = broken.phase == "Completed" and broken.final == unbroken.final != b""
    note = f"{broken.phase}, {broken.attempts} attempts, loss {broken.final.decode()}"
    return [
        Row(f"{what}: ended otherwise than unbroken", int(not same), "runs", at_most(0), note=note),
        Row(f"{what}: steps lost, worst", max(broken.lost_steps), "steps", at_most(plan.every)),
        Row(f"{what}: kill → next new step, p50", percentile(broken.recovery_s, 0.5), "s"),
        Row(f"{what}: kill → next new step, worst", max(broken.recovery_s), "s"),
    ]
