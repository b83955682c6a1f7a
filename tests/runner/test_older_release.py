"""A supervisor of this release takes over what one of the release before has begun."""

import json

from tests.runner.conftest import StartRig
from tests.runner.rig import poll_until
from tests.runner.test_rendezvous import Judge, pair

NEW_IN_THE_ORDER = (
    *("roles", "role_index", "processes", "check", "quiet", "process_retries", "reserve_s", "resume", "go"),
)
NEW_FACTS = ("go", "go_at_ms", "port", "waiting_since_ms", "round", "wanted")


def test_a_running_command_of_several_nodes_waits_for_nobody(rig: StartRig) -> None:
    """The others' runners say `ready` to nobody, so `go` never comes."""
    line = "touch $HOME/up; while ! [ -e $HOME/go ]; do sleep 0.05; done"
    task = rig(pair(shell=line), "process")
    judge = Judge(task)
    judge.allowed = 0
    task.start()
    poll_until((task.rundir / "root/home/ma-user/up").exists, story=task.story)
    task.kill_supervisor()
    order = json.loads((task.rundir / "order.json").read_text())
    kept = {name: value for name, value in order.items() if name not in NEW_IN_THE_ORDER}
    (task.rundir / "order.json").write_text(json.dumps(kept))
    state = json.loads((task.rundir / "state.jsonl").read_text().splitlines()[-1])
    facts = {name: value for name, value in state["facts"].items() if name not in NEW_FACTS}
    (task.rundir / "state.jsonl").write_text(json.dumps({**state, "facts": facts}) + "\n")
    judge.allowed = -1
    judge.ready.clear()
    task.start()
    task.server.wait_for(lambda: any(event["code"] == "runner_resumed" for event in task.server.told.events))
    (task.rundir / "root/home/ma-user/go").write_text("")
    assert task.wait()["reason"] == "completed", task.story()
    assert not judge.ready
