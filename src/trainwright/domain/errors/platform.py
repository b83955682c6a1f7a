"""Parts of the platform that do not answer."""

from trainwright.domain.errors.families import Unavailable
from trainwright.domain.texts import Text


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked for too long, or cannot write."""

    code = "Trainwright.0301"
    text = Text("The database failed: {detail}.", "数据库出错：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )


class BackendUnavailable(Unavailable):
    """The backend does not answer."""

    code = "Trainwright.0302"
    text = Text("Backend {backend} does not answer: {detail}.", "后端 {backend} 无响应：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )
