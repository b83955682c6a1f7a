"""What `slurm check` says, over what Slurm 22.05 and nodes said, and over programs that do not answer."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from trainwright.backends.slurm import check_nodes
from trainwright.backends.slurm import check_rules as rules
from trainwright.backends.slurm.check import check, choose_nodes, parse_probe, skew
from trainwright.backends.slurm.check_rules import Finding, Mark
from trainwright.backends.slurm.commands import CommandFailed, Commands
from trainwright.backends.slurm.parsing import PartitionRow, parse_nodes, parse_partitions
from trainwright.backends.slurm.settings import Priorities, SlurmPool, SlurmSettings
from trainwright.domain.texts import Language
from trainwright.ports.backend import BackendError

pytestmark = pytest.mark.anyio

NODE = (
    "NodeName={name} Arch=x86_64 CoresPerSocket=1 CPUAlloc=0 CPUEfctv=2 CPUTot=2 CPULoad=5.77 Gres={gres} "
    "NodeAddr={address} NodeHostName={name} Version=22.05.8 RealMemory=4096 AllocMem=0 FreeMem=21008 State={state} "
    "Partitions=main,low CfgTRES=cpu=2,mem=4G AllocTRES="
)
PARTITION = (
    "PartitionName={name} AllowGroups=ALL AllowQos=ALL Default=YES QoS=N/A MaxTime=UNLIMITED Nodes=n[1-3] "
    "PreemptMode=OFF State={state} TotalCPUs=6 TotalNodes=3"
)
CONFIG = """Configuration data as of 2026-11-22T09:12:00
AccountingStorageType   = accounting_storage/slurmdbd
AuthInfo                = socket=/run/munge.socket,cred_expire=5
KillWait                = 30 sec
PreemptMode             = REQUEUE
PreemptType             = preempt/partition_prio
ProctrackType           = proctrack/cgroup
SchedulerParameters     = batch_sched_delay=0,bf_interval=1
SelectType              = select/cons_tres
SlurmdTimeout           = 60 sec
TaskPlugin              = task/cgroup
"""
PROBE: dict[str, Any] = {
    "python": [3, 11, 2], "uid": 0, "time": 1000.0, "folder": "", "server": "", "bwrap": "", "venv": True,
    "py_spy": True,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said(Commands):
    """Slurm's programs as recorded: by the first words of a command; None: it says no."""

    answers: dict[str, str | None] = field(default_factory=dict)

    async def __call__(self, *command: str, given: str = "") -> str:
        line = " ".join(command)
        for begins, answer in self.answers.items():
            if line.startswith(begins):
                if answer is None:
                    raise CommandFailed(command[0], 1, "no")
                return answer
        raise BackendError(f"{command[0]} cannot be started")


def cluster(**changes: str | None) -> Said:
    tools = {f"{tool} --version": "slurm-wlm 22.05.8\n" for tool in rules.TOOLS}
    answers: dict[str, str | None] = {
        **tools,
        "scontrol ping": "Slurmctld(primary) at head is UP\n",
        "scontrol show partition": PARTITION.format(name="main", state="UP") + "\n",
        "scontrol show node": "\n".join(
            NODE.format(name=f"n{i}", gres="(null)", address="127.0.0.1", state="DOWN") for i in (1, 2, 3)
        ),
        "scontrol show config": CONFIG,
    }
    return Said(answers={**answers, **changes})


def settings(tmp_path: Path, **changes: Any) -> SlurmSettings:
    return replace(SlurmSettings("main", tmp_path / "shared"), **changes)


async def findings(settings: SlurmSettings, commands: Commands) -> list[Finding]:
    return [finding async for finding in check(settings, "http://127.0.0.1:1", commands=commands)]


def texts(found: list[Finding], mark: Mark) -> list[str]:
    return [finding.render(Language.EN).partition("\n")[0][6:] for finding in found if finding.mark is mark]


async def test_a_fit_cluster_without_nodes(tmp_path: Path) -> None:
    found = await findings(settings(tmp_path), cluster())
    assert texts(found, Mark.NOTE) == []
    assert texts(found, Mark.BAD) == ["No node can be used at the moment."]
    assert "Partition main has 3 nodes." in texts(found, Mark.GOOD)
    assert not list((tmp_path / "shared").iterdir())


async def test_missing_programs_and_a_silent_controller(tmp_path: Path) -> None:
    """Nothing is asked of what is not there."""
    found = await findings(settings(tmp_path), Said())
    assert texts(found, Mark.BAD) == [f"{tool} cannot be run." for tool in rules.TOOLS]
    found = await findings(
        settings(tmp_path), cluster(**{"scontrol ping": "Slurmctld(primary) at head is DOWN\n"})
    )
    assert texts(found, Mark.BAD) == ["The controller does not answer: Slurmctld(primary) at head is DOWN"]


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "shared").write_text("a file")
    found = await findings(settings(tmp_path), cluster())
    assert any("cannot be written here" in text for text in texts(found, Mark.BAD))


def test_old_slurm() -> None:
    said = dict.fromkeys(rules.TOOLS, "slurm 19.05.5\n")
    assert [finding.mark for finding in rules.judge_tools(said)] == [Mark.BAD]


def test_partitions_and_qos(tmp_path: Path) -> None:
    """Every partition and QOS that the settings can lead to is wanted."""
    wanted = settings(
        tmp_path,
        pools={"p": SlurmPool("big")},
        priorities=Priorities(
            by="partition", names=("{partition}-low", "{partition}", "{partition}-hi"), urgent=""
        ),
    )
    assert rules.partitions_of(wanted) == {"main", "big", "main-low", "big-low", "main-hi", "big-hi"}
    rows = parse_partitions(
        PARTITION.format(name="main", state="UP") + "\n" + PARTITION.format(name="big", state="DOWN")
    )
    marks = {str(finding.slots["name"]): finding.mark for finding in rules.judge_partitions(wanted, rows)}
    assert [name for name, mark in marks.items() if mark is Mark.GOOD] == ["main"]
    by_qos = settings(tmp_path, priorities=Priorities(by="qos", names=("low", "normal", "high")))
    assert [f.mark for f in rules.judge_qos(by_qos, "low\nnormal\n")] == [Mark.BAD, Mark.GOOD, Mark.GOOD]
    assert [f.mark for f in rules.judge_qos(by_qos, None)] == [Mark.BAD]
    assert not list(rules.judge_qos(settings(tmp_path), None))


def test_gres(tmp_path: Path) -> None:
    rows = parse_nodes(NODE.format(name="n1", gres="gpu:a100:4,fpga:1", address="10.0.0.1", state="IDLE"))
    usual = list(rules.judge_gres(settings(tmp_path), rows))
    assert texts(usual, Mark.GOOD) == ["Accelerators: gpu is GRES gpu."]
    assert texts(usual, Mark.NOTE) == ["Nodes have the GRES fpga, which no kind of accelerator stands for."]
    wrong = list(rules.judge_gres(settings(tmp_path, accelerators={"gpu": "gpu:h100"}), rows))
    assert texts(wrong, Mark.BAD) == ["No node has the GRES gpu:h100 of gpu."]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("AccountingStorageType = accounting_storage/none", "There is no accounting."),
        ("KillWait = 5 sec", "KillWait is 5 s"),
        ("SlurmdTimeout = 600 sec", "SlurmdTimeout is 600 s"),
        ("SlurmdTimeout = 0 sec", "SlurmdTimeout is 0 s"),
        ("SchedulerParameters = (null)", "Jobs wait up to 3 s"),
        ("AuthInfo = (null)", "cred_expire is 120 s"),
        ("ProctrackType = proctrack/pgid", "ProctrackType is proctrack/pgid"),
        ("TaskPlugin = task/none", "TaskPlugin is task/none"),
        ("SelectType = select/linear", "SelectType is select/linear"),
        ("PreemptMode = SUSPEND,GANG", "PreemptMode is SUSPEND,GANG"),
    ],
)
def test_one_setting_of_the_cluster(tmp_path: Path, line: str, says: str) -> None:
    """Each is told, and nothing else is."""
    config = rules.parse_config(CONFIG) | rules.parse_config(line)
    told = [
        finding.render(Language.EN)
        for finding in rules.judge_config(settings(tmp_path), config)
        if finding.mark is not Mark.GOOD
    ]
    assert len(told) == 1
    assert says in told[0]


@pytest.mark.parametrize(
    ("changes", "says", "mark"),
    [
        ({"python": [3, 6, 8]}, "Python 3.6.8 is too old", Mark.BAD),
        ({"folder": "[Errno 2] No such file"}, "does not share", Mark.BAD),
        ({"uid": 99}, "jobs run as user id 99", Mark.BAD),
        ({"bwrap": "not installed"}, "no working bubblewrap", Mark.NOTE),
        ({"venv": False}, "cannot make virtual environments", Mark.NOTE),
        ({"py_spy": False}, "has no py-spy", Mark.NOTE),
        ({"server": "timed out"}, "does not reach the server", Mark.BAD),
    ],
)
def test_one_thing_about_a_node(tmp_path: Path, changes: dict[str, Any], says: str, mark: Mark) -> None:
    found = list(
        check_nodes.judge_node(
            settings(tmp_path), "n1", {**PROBE, **changes}, uid=0, skew_s=0, url="http://head:8600", here=""
        )
    )
    assert says in found[0].render(Language.EN)
    assert found[0].mark is mark
    assert ([f.mark for f in found] == [mark]) is (mark is Mark.BAD)


def test_a_server_that_is_not_up_says_nothing_about_nodes(tmp_path: Path) -> None:
    probe = {**PROBE, "server": "refused"}
    found = list(
        check_nodes.judge_node(
            settings(tmp_path), "n1", probe, uid=0, skew_s=9.0, url="http://h:1", here="refused"
        )
    )
    assert [finding.mark for finding in found] == [Mark.NOTE, Mark.NOTE, Mark.GOOD]


def test_a_loopback_address_reaches_no_other_machine() -> None:
    finding = check_nodes.judge_url("http://127.0.0.1:8600", {"10.0.0.1"})
    assert finding is not None and finding.mark is Mark.BAD
    assert check_nodes.judge_url("http://127.0.0.1:8600", {"127.0.0.1"}) is None
    assert check_nodes.judge_url("folder:///shared/mailbox", {"10.0.0.1"}) is None


def test_clocks_and_what_nodes_print() -> None:
    assert skew(100, 101, 102) == 0
    assert skew(100, 92, 102) == -8
    assert skew(100, 112, 102) == 10
    assert parse_probe("welcome\n{not json\n" + json.dumps(PROBE) + "\n") == PROBE
    assert parse_probe("welcome\n") is None
    assert parse_probe("{broken") is None


def test_some_nodes_of_every_partition(tmp_path: Path) -> None:
    names = tuple(f"n{number}" for number in range(10))
    nodes = parse_nodes(
        "\n".join(
            NODE.format(name=n, gres="(null)", address=n, state="IDLE" if n != "n0" else "DOWN")
            for n in names
        )
    )
    rows = [PartitionRow("main", names, 0, True), PartitionRow("other", names, 0, True)]
    few = choose_nodes(settings(tmp_path), rows, nodes, everyone=False)
    assert list(few) == ["n1", "n2", "n3", "n4"]
    assert len(choose_nodes(settings(tmp_path), rows, nodes, everyone=True)) == 9


def test_every_text_is_in_both_languages(tmp_path: Path) -> None:
    """And says the same things."""
    config = {"PreemptType": "preempt/qos", "PreemptMode": "SUSPEND", "SelectType": "select/linear"}
    found = [
        *rules.judge_tools({}),
        rules.judge_ping(""),
        *rules.judge_config(settings(tmp_path), config),
        *check_nodes.judge_node(
            settings(tmp_path), "n1",
            {"python": [3, 6], "folder": "x", "uid": 5, "bwrap": "x", "venv": False, "server": "x"},
            uid=0, skew_s=99, url="http://h", here="",
        ),
    ]  # fmt: skip
    for finding in found:
        for text in filter(None, (finding.text, finding.remedy)):
            english, chinese = (
                text.render(Language.EN, finding.slots),
                text.render(Language.ZH, finding.slots),
            )
            assert "{" not in english + chinese
    assert len(found) > 12
