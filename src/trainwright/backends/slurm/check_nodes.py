"""What `trainwright slurm check` has to say about nodes. Pure: what a node said in, findings out."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from trainwright.backends.slurm.check_rules import Finding, Mark, bad, good, note
from trainwright.backends.slurm.settings import SlurmSettings
from trainwright.domain.texts import Text

OLDEST_PYTHON = (3, 8)
SKEW_MAX_S = 5.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


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
    problems += _equipment_problems(settings, node, probe)
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


def _equipment_problems(settings: SlurmSettings, node: str, probe: Mapping[str, Any]) -> Iterator[Finding]:
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
