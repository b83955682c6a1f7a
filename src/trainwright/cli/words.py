"""States and steps in a table, in the user's language. Programs (`-o json`) get them as the server says them."""

from collections.abc import Mapping
from types import MappingProxyType

from trainwright.cli.texts import ZH

PHASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "Creating": ("Creating", "创建中"),
        "Pending": ("Pending", "等待中"),
        "Running": ("Running", "运行中"),
        "Terminating": ("Terminating", "停止中"),
        "Completed": ("Completed", "运行成功"),
        "Failed": ("Failed", "运行失败"),
        "Terminated": ("Terminated", "已停止"),
        "Abnormal": ("Abnormal", "异常"),
    }
)
POOL_PHASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"Running": ("Running", "正常"), "Deleting": ("Deleting", "删除中")}
)
NODE_PHASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"Available": ("Available", "可用"), "Abnormal": ("Abnormal", "不可用")}
)
NODE_REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "precheck_failed": ("failed the check before a job", "作业启动前检查未通过"),
        "hardware_fault": ("hardware fault", "硬件故障"),
        "node_lost": ("was lost", "节点失联"),
    }
)
LEVELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"Info": ("Info", "信息"), "Warning": ("Warning", "警告"), "Error": ("Error", "错误")}
)
TASK_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "waiting": ("waiting", "等待中"),
        "preparing": ("preparing", "准备中"),
        "running": ("running", "运行中"),
        "finishing": ("finishing", "收尾中"),
        "ended": ("ended", "已结束"),
    }
)
TASK_STEPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "register": ("registering", "注册"),
        "directories": ("making folders", "创建目录"),
        "precheck": ("checking the node", "检查节点"),
        "code": ("fetching code", "下载代码"),
        "inputs": ("fetching inputs", "下载输入"),
        "prefetch": ("fetching outputs", "预取输出"),
        "engine": ("making the engine", "准备引擎"),
        "requirements": ("installing packages", "安装依赖"),
        "prestart": ("pre-start script", "前置脚本"),
        "rendezvous": ("meeting the others", "等待其他任务"),
        "resume": ("fetching the checkpoint", "下载检查点"),
        "command": ("command", "训练命令"),
        "outputs": ("uploading outputs", "上传输出"),
        "log_export": ("exporting the log", "导出日志"),
        "report": ("reporting", "上报结果"),
        "linger": ("done", "完成"),
        "reserved": ("kept for inspection", "保留环境"),
    }
)
CHECKPOINT_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "complete": ("complete", "完整"),
        "incomplete": ("incomplete", "不完整"),
        "unsafe": ("unsafe", "不安全"),
        "unknown": ("cannot tell", "无法判断"),
    }
)
VERSION_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"creating": ("being made", "生成中"), "ready": ("ready", "可用"), "failed": ("failed", "失败")}
)
VISIBILITIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"public": ("everyone", "所有人"), "project": ("the project", "本项目")}
)
STAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "scheduling": ("scheduling", "调度"),
        "preparing": ("preparing", "准备"),
        "running": ("running", "运行"),
        "end": ("end", "结束"),
    }
)


def word(words: Mapping[str, tuple[str, str]], code: str, language: str) -> str:
    """What `code` is called; a newer server's code, which has no word here, stays as it is."""
    english, chinese = words.get(code, (code, code))
    return chinese if language == ZH else english


def code_of(words: Mapping[str, tuple[str, str]], text: str) -> str:
    """The code that is called `text` in either language; anything else stays as it is, for the server to judge."""
    return next((code for code, called in words.items() if text in called), text)
