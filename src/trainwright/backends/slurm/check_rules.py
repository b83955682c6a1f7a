"""What `trainwright slurm check` has to say about what it has seen. Pure: outputs in, findings out."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from trainwright.backends.slurm.parsing import NodeRow, PartitionRow
from trainwright.backends.slurm.settings import PLACE, SlurmSettings
from trainwright.domain.texts import Language, Text

TOOLS = ("sbatch", "squeue", "scontrol", "scancel", "srun")
OLDEST = (20, 11)  # srun --overlap
OLDEST_PYTHON = (3, 8)
SKEW_MAX_S = 5.0
USUAL_GRACE_S = 30
LONG_TIMEOUT_S = 300
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
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


def judge_node(
    settings: SlurmSettings,
    node: str,
    probe: Mapping[str, Any],
    *,
    uid: int,
    skew_s: float,
    url: str,
    here: str,
) -> Iterator[Finding]:
    """What a node said. `uid`: whose the shared folder is; `here`: what is wrong with the server's URL on this host."""
    problems = list(_node_problems(settings, node, probe, uid=uid, skew_s=skew_s))
    problems += _server_problems(node, probe, url=url, here=here)
    yield from problems
    if not any(problem.mark is Mark.BAD for problem in problems):
        version = ".".join(str(part) for part in probe.get("python", ()))
        yield good(
            "Node {node} is fit (Python {version}).",
            "节点 {node} 可用（Python {version}）。",
            node=node,
            version=version,
        )


def _node_problems(
    settings: SlurmSettings, node: str, probe: Mapping[str, Any], *, uid: int, skew_s: float
) -> Iterator[Finding]:
    version = tuple(probe.get("python", (0,)))
    if version < OLDEST_PYTHON:
        yield bad(
            Text("Node {node}: Python {version} is too old.", "节点 {node}：Python {version} 版本过低。"),
            Text(
                "Set slurm.python to a Python from 3.8 on that all nodes have.",
                "请将 slurm.python 设为所有节点均有的 Python 3.8 或更新版本。",
            ),
            node=node,
            version=".".join(map(str, version)),
        )
    if probe.get("folder"):
        yield bad(
            Text("Node {node} does not share {folder}: {detail}.", "节点 {node} 未共享 {folder}：{detail}。"),
            Text("Mount it there under the same path, writable.", "请以相同路径可写挂载该目录。"),
            node=node,
            folder=str(settings.shared_dir),
            detail=str(probe["folder"]),
        )
    if int(probe.get("uid", uid)) != uid:
        yield bad(
            Text(
                "On node {node} jobs run as user id {theirs}, the shared folder is of {uid}.",
                "节点 {node} 上作业的用户 ID 为 {theirs}，共享目录属于 {uid}。",
            ),
            Text(
                "Give the server's user the same id on all nodes.", "请确保服务器用户在所有节点上 ID 一致。"
            ),
            node=node,
            theirs=int(probe["uid"]),
            uid=uid,
        )
    if abs(skew_s) > SKEW_MAX_S:
        yield note(
            Text("The clock of node {node} is off by {skew} s.", "节点 {node} 的时钟偏差 {skew} 秒。"),
            Text("Keep the clocks together with chrony or ntpd.", "请使用 chrony 或 ntpd 同步时钟。"),
            node=node,
            skew=round(skew_s, 1),
        )
    if probe.get("bwrap"):
        finding = bad if settings.sandbox == "on" else note
        yield finding(
            Text(
                "Node {node} has no working bubblewrap: {detail}.",
                "节点 {node} 上 bubblewrap 不可用：{detail}。",
            ),
            Text(
                "Install bubblewrap and allow user namespaces; without it jobs see the node's own files.",
                "请安装 bubblewrap 并允许用户命名空间；否则作业可见节点自身文件。",
            ),
            node=node,
            detail=str(probe["bwrap"]),
        )
    if not probe.get("py_spy", True):
        yield note(
            Text("Node {node} has no py-spy.", "节点 {node} 上没有 py-spy。"),
            Text(
                "Install it (pip install py-spy) to see the Python stacks of jobs that hang.",
                "请安装（pip install py-spy）以便查看挂起作业的 Python 堆栈。",
            ),
            node=node,
        )
    if not probe.get("venv", True):
        yield note(
            Text(
                "Python on node {node} cannot make virtual environments.",
                "节点 {node} 的 Python 无法创建虚拟环境。",
            ),
            Text(
                "Install python3-venv where engines are to be built.",
                "如需在节点上构建引擎，请安装 python3-venv。",
            ),
            node=node,
        )


def judge_url(url: str, addresses: Collection[str]) -> Finding | None:
    """Whether nodes of these addresses can have any hope of reaching `url`."""
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK and any(address not in LOOPBACK for address in addresses):
        return bad(
            Text("{url} can be reached on this host only.", "{url} 仅在本机可达。"),
            Text(
                "Set slurm.server_url (or public_url) to an address that nodes reach, and host to listen there.",
                "请将 slurm.server_url（或 public_url）设为节点可达的地址，并使 host 监听该地址。",
            ),
            url=url,
        )
    return None


def _server_problems(node: str, probe: Mapping[str, Any], *, url: str, here: str) -> Iterator[Finding]:
    if not probe.get("server"):
        return
    if here:
        yield note(
            Text(
                "{url} does not answer here either ({here}): it is not known whether nodes reach it.",
                "{url} 在本机也无响应（{here}）：无法判断节点是否可达。",
            ),
            Text("Start the server and check again.", "请启动服务器后重新检查。"),
            url=url,
            here=here,
        )
    else:
        yield bad(
            Text(
                "Node {node} does not reach the server at {url}: {detail}.",
                "节点 {node} 无法访问服务器 {url}：{detail}。",
            ),
            Text(
                "Set slurm.server_url to an address that nodes reach, and host to one that listens there; where there"
                " is none, to folder:// and a folder in slurm.shared_dir.",
                "请将 slurm.server_url 设为节点可达的地址并使 host 监听该地址；"
                "若网络不通，可设为 folder:// 加 slurm.shared_dir 中的目录。",
            ),
            node=node,
            url=url,
            detail=str(probe["server"]),
        )


def parse_config(said: str) -> dict[str, str]:
    """`scontrol show config` as names and values."""
    pairs = (line.partition("=") for line in said.splitlines())
    return {name.strip(): value.strip() for name, found, value in pairs if found}


def _seconds(text: str) -> int | None:
    found = _NUMBER.match(text)
    return int(found[0]) if found else None
