"""What is wrong with dedicated pools."""

from trainwright.domain.errors.families import Conflict, NotFound, UserError
from trainwright.domain.texts import Text


class DuplicatePoolName(UserError):
    """Another pool of the project has this name."""

    code = "Trainwright.1001"
    text = Text("A pool named {name} exists already.", "名为 {name} 的资源池已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class PoolTooLarge(UserError):
    """The backend has not that much to give away."""

    code = "Trainwright.1002"
    text = Text(
        "The pool asks for {asked}; it can have {free}.",
        "资源池申请 {asked}，可分配 {free}。",
    )
    remedy = Text(
        "Ask for less, or delete another pool.",
        "请减少申请，或删除其他资源池。",
    )


class PoolInUse(Conflict):
    """Unfinished jobs are in the pool."""

    code = "Trainwright.1003"
    text = Text(
        "{jobs} unfinished jobs need what pool {pool} has.",
        "有 {jobs} 个未结束的作业正在使用资源池 {pool}。",
    )
    remedy = Text("Stop them or wait for their end.", "请停止这些作业或等待其结束。")


class PoolNodeNotFound(NotFound):
    """No such node in the pool."""

    code = "Trainwright.1004"
    text = Text(
        "Node {node} not found in pool {pool}.",
        "资源池 {pool} 中不存在节点 {node}。",
    )
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class NodePoolNotFound(NotFound):
    """No such group of nodes in the pool."""

    code = "Trainwright.1005"
    text = Text(
        "Node pool {node_pool} not found in pool {pool}.",
        "资源池 {pool} 中不存在节点池 {node_pool}。",
    )
    remedy = Text("List them to find the name.", "请在列表中查找名称。")


class PublicPoolFixed(Conflict):
    """The public pool is what dedicated ones leave of the machine."""

    code = "Trainwright.1006"
    text = Text("The public pool cannot be changed or deleted.", "公共资源池不可修改或删除。")
    remedy = Text("Change the dedicated pools.", "请调整专属资源池。")


class TooManyPools(Conflict):
    """The project has as many pools as it may."""

    code = "Trainwright.1007"
    text = Text("The project has {limit} pools already.", "项目已有 {limit} 个资源池。")
    remedy = Text("Delete one first.", "请先删除一个资源池。")
