"""Slurm's answers, recorded from Slurm 22.05, as data; and what they mean."""

from pathlib import Path

import pytest

from trainwright.backends.slurm.parsing import (
    expand_nodes,
    parse_accounts,
    parse_nodes,
    parse_partitions,
    parse_queue,
)
from trainwright.backends.slurm.states import STATES, Stage, meaning_of, whole_of, words_for
from trainwright.domain.reasons import Reason

RECORDED = Path(__file__).with_name("recorded")


def read(name: str) -> str:
    return (RECORDED / name).read_text()


def test_the_queue() -> None:
    """Guards ids of heterogeneous jobs, times, nodes, reasons in brackets, names with bars, and strange lines."""
    rows = {(row.job_id, row.nodes): row for row in parse_queue(read("queue.txt"))}
    assert len(rows) == 9
    assert rows["27000001", ("n2", "n3")].state == "RUNNING"
    waiting = rows["27000004", ()]
    assert (waiting.reason, waiting.starts_at_ms, waiting.priority) == (
        "Resources",
        1795340000000,
        4294901758,
    )
    assert rows["27000003", ()].starts_at_ms == 0
    assert rows["27000009", ("n2",)].name == "a|name|with|bars"
    assert parse_queue("") == []


def test_accounts() -> None:
    """Guards sacct: jobs without their steps, each former life a row."""
    rows = parse_accounts(read("accounts.txt"))
    assert [(row.job_id, row.state) for row in rows] == [
        ("21", "PREEMPTED"), ("21", "COMPLETED"), ("22", "CANCELLED by 0"), ("23", "OUT_OF_MEMORY"),
    ]  # fmt: skip
    assert rows[2].nodes == ("n3", "n4")


def test_nodes_and_partitions() -> None:
    """Guards scontrol: what nodes have, and which partitions they are in."""
    nodes = parse_nodes(read("nodes.txt"))
    assert [node.name for node in nodes] == ["n1", "n2", "n3", "n4", "n5"]
    assert (nodes[0].cpus, nodes[0].memory_mib, nodes[0].gres) == (2, 4096, {"gpu": 2})
    assert "one" in nodes[0].partitions
    assert all(node.is_usable and not node.is_lost for node in nodes)
    partitions = {row.name: row for row in parse_partitions(read("partitions.txt"))}
    assert (partitions["one"].max_minutes, partitions["main"].max_minutes) == (120, 0)
    assert partitions["main"].nodes == ("n1", "n2", "n3", "n4", "n5")


@pytest.mark.parametrize(
    ("state", "usable", "lost"),
    [
        ("IDLE", True, False),
        ("MIXED+PLANNED", True, False),
        ("ALLOCATED*", False, True),
        ("DOWN+NOT_RESPONDING", False, True),
        ("IDLE+DRAIN", False, False),
        ("IDLE+POWERED_DOWN", True, False),
        ("DOWN*+DRAIN", False, True),
    ],
)
def test_states_of_nodes(state: str, usable: bool, lost: bool) -> None:
    """Guards which nodes may be counted on."""
    line = f"NodeName=a CPUTot=8 RealMemory=1000 MemSpecLimit=100 State={state} Gres=gpu:a100:4(S:0-1),npu:8 "
    (row,) = parse_nodes(line + "GresUsed=gpu:a100:1(IDX:0) Partitions=x,y Reason=bad disk = yes [root@now]")
    assert (row.is_usable, row.is_lost) == (usable, lost)
    assert row.gres == {"gpu": 4, "gpu:a100": 4, "npu": 8}
    assert (row.gres_used["gpu:a100"], row.memory_mib, row.partitions) == (1, 900, ("x", "y"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("n[1-3,05],m1", ["n1", "n2", "n3", "n05", "m1"]),
        ("rack[08-10]-ib", ["rack08-ib", "rack09-ib", "rack10-ib"]),
        ("(null)", []),
        ("", []),
        ("None assigned", []),
        ("alone", ["alone"]),
    ],
)
def test_host_lists(text: str, names: list[str]) -> None:
    """Guards expansion without asking scontrol."""
    assert list(expand_nodes(text)) == names


@pytest.mark.parametrize(
    ("state", "stage", "reason"),
    [
        ("PENDING", Stage.QUEUED, None),
        ("COMPLETING", Stage.RUNNING, None),
        ("COMPLETED", Stage.OVER, None),
        ("CANCELLED by 1000", Stage.OVER, Reason.STOPPED_BY_USER),
        ("CANCELLED+", Stage.OVER, Reason.STOPPED_BY_USER),
        ("NODE_FAIL", Stage.OVER, Reason.NODE_LOST),
        ("BOOT_FAIL", Stage.OVER, Reason.NODE_LOST),
        ("PREEMPTED", Stage.OVER, Reason.PREEMPTED),
        ("TIMEOUT", Stage.OVER, Reason.TIME_LIMIT),
        ("DEADLINE", Stage.OVER, Reason.TIME_LIMIT),
        ("OUT_OF_MEMORY", Stage.OVER, Reason.OUT_OF_MEMORY),
        ("REQUEUE_HOLD", Stage.HELD, None),
    ],
)
def test_states_of_jobs(state: str, stage: Stage, reason: Reason | None) -> None:
    """Guards the table."""
    meaning = meaning_of(state)
    assert meaning is not None
    assert (meaning.stage, meaning.reason) == (stage, reason)


def test_states_that_are_not_known_mean_nothing() -> None:
    """Guards newer Slurms: no state of theirs ends a job of ours."""
    assert meaning_of("TELEPORTED") is None
    assert meaning_of("") is None
    assert len(STATES) == 24


def test_holds() -> None:
    """Guards jobs that an administrator, or a failed start, holds."""
    rows = {row.name: row for row in parse_queue(read("queue.txt"))}
    for name in ("wrap", "job-5-a1"):
        meaning = meaning_of(rows[name].state, rows[name].reason)
        assert meaning is not None
        assert meaning.stage is Stage.HELD


def test_parts_of_one_job() -> None:
    """Guards heterogeneous jobs: alive while a part is, then the gravest end."""
    rows = parse_queue(
        "1+0|COMPLETED|n1|0|0|0|p|None|c|k\n1+1|NODE_FAIL|n2|0|0|0|p|None|c|k\n1+2|RUNNING|n3|0|0|0|p|None|c|k"
    )
    whole, over = whole_of(rows), whole_of(rows[:2])
    assert whole is not None
    assert over is not None
    assert (whole.state, over.state) == ("RUNNING", "NODE_FAIL")
    assert whole_of([]) is None


def test_reasons_in_words() -> None:
    """Guards that a reason is told in words, and that an unknown one is told all the same."""
    assert words_for("Resources") == "waiting for resources: Resources"
    assert words_for("ReqNodeNotAvail, UnavailableNodes:n1").endswith("ReqNodeNotAvail, UnavailableNodes:n1")
    assert words_for("SomethingNew") == "SomethingNew"
    assert words_for("None") == "waiting for the scheduler"
