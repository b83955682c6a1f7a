"""What runners are told."""

from trainwright.domain.errors.families import Conflict, NotFound
from trainwright.domain.texts import Text


class AttemptClosed(Conflict):
    """This attempt is over or superseded: kill, clean up, report nothing."""

    code = "Trainwright.0201"
    text = Text("Attempt {attempt} is closed.", "运行 {attempt} 已关闭。")
    remedy = Text("End the task and report nothing.", "请结束任务，不再上报。")


class LogGap(Conflict):
    """Log bytes were sent beyond what is stored; the answer says where to go on."""

    code = "Trainwright.0202"
    text = Text(
        "Log offset {offset} is ahead of the stored {stored} bytes.",
        "日志偏移 {offset} 超过已存的 {stored} 字节。",
    )
    remedy = Text("Send from {stored}.", "请从 {stored} 开始发送。")


class GrantNotFound(NotFound):
    """The job has no such folder."""

    code = "Trainwright.0203"
    text = Text("The job has no folder {section}/{index}.", "作业没有目录 {section}/{index}。")
    remedy = Text("Use the URLs of the task order.", "请使用任务指令中给出的 URL。")
