"""Why a shell in a task cannot be had."""

from trainwright.domain.errors.families import Conflict, Denied, UserError
from trainwright.domain.texts import Text


class TaskNotRunning(Conflict):
    """There is no running command to look into."""

    code = "Trainwright.1201"
    text = Text(
        "Task {task} of training job {job} runs no command at the moment.",
        "训练作业 {job} 的任务 {task} 当前没有正在运行的命令。",
    )
    remedy = Text(
        "A shell can be had while the command of the task runs, or while its environment is kept.",
        "仅在任务的命令运行期间，或其环境被保留期间，可以打开终端。",
    )


class TooManyShells(UserError):
    """As many shells are open as may be, of one user or in one job."""

    code = "Trainwright.1202"
    text = Text("{limit} shells are open already.", "已打开 {limit} 个终端。")
    remedy = Text("Leave one of them first.", "请先退出其中一个终端。")


class ShellNotOffered(UserError):
    """The backend gives no shells."""

    code = "Trainwright.1203"
    text = Text("Backend {backend} cannot open a shell in a task.", "后端 {backend} 不支持打开任务终端。")
    remedy = Text("Look at the log and the metrics of the task.", "请查看任务的日志和监控。")


class ForeignOrigin(Denied):
    """A page of another site wants a terminal."""

    code = "Trainwright.1204"
    text = Text("Pages of {origin} may not open a shell here.", "不允许 {origin} 的页面打开终端。")
    remedy = Text(
        "Use the console of this server; behind a proxy, the administrator sets public_url.",
        "请使用本服务器的控制台；若经过代理访问，请管理员设置 public_url。",
    )
