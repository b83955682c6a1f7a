"""What `trainwright slurm check` has to say about what it has seen. Pure: outputs in, findings out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trainwright.backends.slurm.parsing import NodeRow, PartitionRow
from trainwright.backends.slurm.settings import PLACE, SlurmSettings
from trainwright.domain.texts import Language, Text

TOOLS = ("sbatch", "squeue", "scontrol", "scancel", "srun")
OLDEST = (20, 11)  # srun --overlap
USUAL_GRACE_S = 30
LONG_TIMEOUT_S = 300
_VERSION = re.compile(r"(\d+)\.(\d+)")
_NUMBER = re.compile(r"\d+")

Slots = dict[str, str | int | float]


class Mark(StrEnum):
    """How much it matters."""

    GOOD = "ok"
    NOTE = "note"  # it works, but could be better
    BAD = "FAIL"  # jobs will not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One line, and what to do about it."""

    mark: Mark
    text: Text
    slots: Slots = field(default_factory=dict)
    remedy: Text | None = None

    def render(self, language: Language) -> str:
        """The line, and below it the remedy."""
        line = f"{self.mark.value:<5} {self.text.render(language, self.slots)}"
        return f"{line}\n      → {self.remedy.render(language, self.slots)}" if self.remedy else line


def good(en: str, zh: str, **slots: str | int | float) -> Finding:
    """All is well."""
    return Finding(Mark.GOOD, Text(en, zh), slots)


def note(what: Text, remedy: Text, **slots: str | int | float) -> Finding:
    """It works, but."""
    return Finding(Mark.NOTE, what, slots, remedy)


def bad(what: Text, remedy: Text, **slots: str | int | float) -> Finding:
    """It does not work."""
    return Finding(Mark.BAD, what, slots, remedy)


def judge_tools(found: Mapping[str, str]) -> Iterator[Finding]:
    """`found`: what each tool said to --version; empty: it cannot be run."""
    install = Text(
        "Install Slurm's client programs (Debian: slurm-client), or set slurm.command to reach them through ssh.",
        "请安装 Slurm 客户端程序（Debian：slurm-client），或设置 slurm.command 以通过 ssh 使用。",
    )
    for tool in TOOLS:
        if not found.get(tool):
            yield bad(Text("{tool} cannot be run.", "无法运行 {tool}。"), install, tool=tool)
    said = next((found[tool] for tool in TOOLS if found.get(tool)), "")
    version = _VERSION.search(said)
    if version is None:
        return
    if (int(version[1]), int(version[2])) < OLDEST:
        yield bad(
            Text("{version} is too old.", "{version} 版本过低。"),
            Text("Shells in tasks need Slurm 20.11 or newer.", "任务终端需要 Slurm 20.11 或更新版本。"),
            version=said.strip(),
        )
    elif all(found.get(tool) for tool in TOOLS):
        yield good("The programs are there: {version}.", "程序齐全：{version}。", version=said.strip())


def judge_ping(said: str) -> Finding:
    """What `scontrol ping` said; empty: nothing."""
    if re.search(r"\bis UP\b", said):
        return good("The controller answers.", "控制节点有响应。")
    return bad(
        Text("The controller does not answer: {said}", "控制节点无响应：{said}"),
        Text(
            "Start slurmctld, or set SLURM_CONF in the server's environment to the cluster's slurm.conf.",
            "请启动 slurmctld，或在服务器环境中将 SLURM_CONF 设为集群的 slurm.conf。",
        ),
        said=said.strip() or "-",
    )


def judge_partitions(settings: SlurmSettings, rows: Sequence[PartitionRow]) -> Iterator[Finding]:
    """Every partition that the settings name."""
    known = {row.name: row for row in rows}
    for name in sorted(partitions_of(settings)):
        row = known.get(name)
        if row is None:
            yield bad(
                Text("There is no partition {name}.", "不存在分区 {name}。"),
                Text(
                    "Correct [slurm] in the settings; there are: {known}.",
                    "请修改配置 [slurm]；现有分区：{known}。",
                ),
                name=name,
                known=", ".join(sorted(known)) or "-",
            )
        elif not row.is_up:
            yield bad(
                Text("Partition {name} is down.", "分区 {name} 处于停用状态。"),
                Text(
                    "scontrol update PartitionName={name} State=UP",
                    "scontrol update PartitionName={name} State=UP",
                ),
                name=name,
            )
        else:
            yield good(
                "Partition {name} has {nodes} nodes.",
                "分区 {name} 有 {nodes} 个节点。",
                name=name,
                nodes=len(row.nodes),
            )


def partitions_of(settings: SlurmSettings) -> set[str]:
    """All that the settings name, those that stand for priorities included."""
    bases = {settings.partition, *(pool.partition for pool in settings.pools.values())}
    if settings.priorities.by != "partition":
        return bases
    names = [name for name in (*settings.priorities.names, settings.priorities.urgent) if name]
    return bases | {name.replace(PLACE, base) for name in names for base in bases}


def judge_qos(settings: SlurmSettings, said: str | None) -> Iterator[Finding]:
    """`said`: the names of all QOS, one a line; None: accounting does not answer."""
    if settings.priorities.by != "qos":
        return
    remedy = Text(
        'Make it with sacctmgr, or set slurm.priority.by = "nice" or "partition".',
        '请使用 sacctmgr 创建，或设置 slurm.priority.by = "nice" 或 "partition"。',
    )
    if said is None:
        yield bad(
            Text("Priorities are QOS, but accounting does not answer.", "优先级使用 QOS，但记账服务无响应。"),
            remedy,
        )
        return
    known = set(said.split())
    for name in sorted({name for name in (*settings.priorities.names, settings.priorities.urgent) if name}):
        if name in known:
            yield good("There is a QOS {name}.", "存在 QOS {name}。", name=name)
        else:
            yield bad(Text("There is no QOS {name}.", "不存在 QOS {name}。"), remedy, name=name)


def judge_gres(settings: SlurmSettings, rows: Sequence[NodeRow]) -> Iterator[Finding]:
    """Whether what the nodes have can be asked for."""
    partitions = partitions_of(settings)
    members = [row for row in rows if partitions & set(row.partitions)]
    have = {name for row in members for name, count in row.gres.items() if count}
    for kind, gres in sorted(settings.accelerators.items()):
        if gres in have:
            yield good(
                "Accelerators: {kind} is GRES {gres}.",
                "加速卡：{kind} 对应 GRES {gres}。",
                kind=kind,
                gres=gres,
            )
        elif gres != kind:  # somebody has written it
            yield bad(
                Text("No node has the GRES {gres} of {kind}.", "没有节点具有 {kind} 对应的 GRES {gres}。"),
                Text(
                    "Correct slurm.accelerators; nodes have: {have}.",
                    "请修改 slurm.accelerators；节点具有：{have}。",
                ),
                kind=kind,
                gres=gres,
                have=", ".join(sorted(have)) or "-",
            )
    used = {gres.partition(":")[0] for gres in settings.accelerators.values()}
    for name in sorted({name.partition(":")[0] for name in have} - used):
        yield note(
            Text(
                "Nodes have the GRES {name}, which no kind of accelerator stands for.",
                "节点具有 GRES {name}，但未对应任何加速卡类型。",
            ),
            Text(
                "Name it in slurm.accelerators to let jobs use it.",
                "如需供作业使用，请在 slurm.accelerators 中配置。",
            ),
            name=name,
        )


def judge_config(settings: SlurmSettings, config: Mapping[str, str]) -> Iterator[Finding]:
    """What `scontrol show config` says."""
    yield _accounting(config)
    yield from _preemption(settings, config)
    yield from _times(config)
    if config.get("ProctrackType", "") not in ("", "proctrack/cgroup"):
        yield note(
            Text(
                "ProctrackType is {value}: what a job leaves behind may live on.",
                "ProctrackType 为 {value}：作业遗留进程可能继续存在。",
            ),
            Text("Set ProctrackType=proctrack/cgroup.", "请设置 ProctrackType=proctrack/cgroup。"),
            value=config["ProctrackType"],
        )
    if config.get("TaskPlugin", "task/cgroup").find("cgroup") < 0:
        yield note(
            Text(
                "TaskPlugin is {value}: Slurm does not keep jobs to their memory, CPUs and cards.",
                "TaskPlugin 为 {value}：Slurm 不限制作业的内存、CPU 和加速卡。",
            ),
            Text(
                "Set TaskPlugin=task/cgroup and ConstrainRAMSpace, ConstrainCores and ConstrainDevices in cgroup.conf.",
                "请设置 TaskPlugin=task/cgroup，并在 cgroup.conf 中启用 ConstrainRAMSpace 等限制。",
            ),
            value=config["TaskPlugin"],
        )
    if config.get("SelectType", "") == "select/linear":
        yield note(
            Text(
                "SelectType is select/linear: every task takes whole nodes.",
                "SelectType 为 select/linear：每个任务独占整个节点。",
            ),
            Text("Set SelectType=select/cons_tres.", "请设置 SelectType=select/cons_tres。"),
        )


def _accounting(config: Mapping[str, str]) -> Finding:
    kind = config.get("AccountingStorageType", "")
    if kind.endswith("/none") or not kind:
        return note(
            Text("There is no accounting.", "未启用记账。"),
            Text(
                "It works without; with slurmdbd the reason of a lost job is known more exactly.",
                "可以不启用；启用 slurmdbd 后可更准确地获知作业异常结束的原因。",
            ),
        )
    return good("Accounting is {kind}.", "记账方式为 {kind}。", kind=kind)


def _preemption(settings: SlurmSettings, config: Mapping[str, str]) -> Iterator[Finding]:
    kind, mode = config.get("PreemptType", ""), config.get("PreemptMode", "")
    if kind in ("", "preempt/none"):
        if settings.priorities.by != "nice":
            yield note(
                Text("Pre-emption is off (PreemptType={kind}).", "未启用抢占（PreemptType={kind}）。"),
                Text("Urgent jobs wait for others to end.", "高优先级作业需等待其他作业结束。"),
                kind=kind or "-",
            )
        return
    if "SUSPEND" in mode:
        yield bad(
            Text(
                "PreemptMode is {mode}: pre-empted jobs would only be stopped in place.",
                "PreemptMode 为 {mode}：被抢占的作业只会原地挂起。",
            ),
            Text("Set PreemptMode=REQUEUE or CANCEL.", "请设置 PreemptMode=REQUEUE 或 CANCEL。"),
            mode=mode,
        )
    else:
        yield good("Pre-emption is {kind}, {mode}.", "抢占方式为 {kind}，{mode}。", kind=kind, mode=mode)


def _times(config: Mapping[str, str]) -> Iterator[Finding]:
    wait = _seconds(config.get("KillWait", ""))
    if wait is not None and wait < USUAL_GRACE_S:
        yield note(
            Text(
                "KillWait is {wait} s: after Slurm's own time limit, or a pre-emption, a job has only so long to save.",
                "KillWait 为 {wait} 秒：达到 Slurm 时限或被抢占后，作业仅有该时长用于保存。",
            ),
            Text(
                "Set KillWait={usual}, as long as the usual grace.",
                "请设置 KillWait={usual}，与常用宽限期一致。",
            ),
            wait=wait,
            usual=USUAL_GRACE_S,
        )
    lost = _seconds(config.get("SlurmdTimeout", ""))
    if lost == 0 or (lost is not None and lost > LONG_TIMEOUT_S):
        yield note(
            Text(
                "SlurmdTimeout is {lost} s: a dead node is noticed that late (0: never).",
                "SlurmdTimeout 为 {lost} 秒：节点故障的发现时间（0 表示从不）。",
            ),
            Text("Set SlurmdTimeout=60.", "请设置 SlurmdTimeout=60。"),
            lost=lost,
        )
    delay = re.search(r"batch_sched_delay=(\d+)", config.get("SchedulerParameters", ""))
    if delay is None or int(delay[1]) > 0:
        yield note(
            Text(
                "Jobs wait up to {delay} s before they are looked at.",
                "作业提交后最多等待 {delay} 秒才会被调度。",
            ),
            Text(
                "Set SchedulerParameters=batch_sched_delay=0 to start them sooner.",
                "设置 SchedulerParameters=batch_sched_delay=0 可更快启动。",
            ),
            delay=int(delay[1]) if delay else 3,
        )
    expire = re.search(r"cred_expire=(\d+)", config.get("AuthInfo", ""))
    if expire is None or int(expire[1]) > 30:
        yield note(
            Text(
                "cred_expire is {expire} s: a job that Slurm requeues waits that long.",
                "cred_expire 为 {expire} 秒：Slurm 重新排队的作业需等待该时长。",
            ),
            Text("Add cred_expire=10 to AuthInfo.", "请在 AuthInfo 中加入 cred_expire=10。"),
            expire=int(expire[1]) if expire else 120,
        )


def parse_config(said: str) -> dict[str, str]:
    """`scontrol show config` as names and values."""
    pairs = (line.partition("=") for line in said.splitlines())
    return {name.strip(): value.strip() for name, found, value in pairs if found}


def _seconds(text: str) -> int | None:
    found = _NUMBER.match(text)
    return int(found[0]) if found else None
