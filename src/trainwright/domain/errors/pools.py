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
        "The pool asks for {asked}; {free} can still be given away.",
        "资源池申请 {asked}，剩余可分配 {free}。",
    )
    remedy = Text(
        "Ask for less, or delete another pool.",
        "请减少申请，或删除其他资源池。",
    )


class PoolInUse(Conflict):
    """Unfinished jobs are in the pool."""

    code = "Trainwright.1003"
    text = Text(
        "Pool {pool} has {jobs} unfinished jobs.",
        "资源池 {pool} 中有 {jobs} 个未结束的作业。",
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
