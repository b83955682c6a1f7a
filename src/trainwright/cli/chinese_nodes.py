"""Chinese for what is said about nodes and stacks."""

from collections.abc import Mapping
from types import MappingProxyType

NODES: Mapping[str, str] = MappingProxyType(
    {
        "Nodes of pools.": "资源池的节点。",
        "List the nodes of a pool, and why some are out of use.": "列出资源池的节点，以及停用节点的原因。",
        "Take nodes out of use: nothing more is started on them.": "停用节点：不再在其上启动任务。",
        "Return nodes that were locked, or isolated after a fault.": "恢复被锁定或因故障隔离的节点。",
        "Id of the pool; the public one by default.": "资源池 ID，默认为公共资源池。",
        "Names of nodes.": "节点名称。",
        "Why, for whoever finds them locked.": "锁定原因，供他人查看。",
        "Print the Python stacks stored when the job was suspected to hang, the newest first.": (
            "打印作业疑似卡死时保存的 Python 调用栈，最新的在前。"
        ),
        "NODE": "节点",
        "ADDRESS": "地址",
        "OUT OF USE": "停用原因",
        "SINCE": "起始时间",
        "BY": "操作者",
        "Node {name}: {status}": "节点 {name}：{status}",
        "locked": "已锁定",
        "returned": "已恢复",
        "not in this pool": "不在该资源池中",
        "No stacks are stored.": "没有已保存的调用栈。",
    }
)
