"""Chinese of what the examples in the help are for."""

from collections.abc import Mapping
from types import MappingProxyType

EXAMPLE_NOTES: Mapping[str, str] = MappingProxyType(
    {
        "A script of this folder on a small node": "用小规格节点运行当前目录的脚本",
        "From a file, under another name, watched to its end": "从文件创建，换个名称，并跟踪到结束",
        "Of a saved algorithm, with a metric read from the log": "使用已保存的算法，并从日志中提取指标",
        "The last ones that failed": "最近失败的作业",
        "Those of a team, for a program": "某团队的作业，供程序读取",
        "The same again": "原样重建",
        "As a file to be edited": "保存为文件以便编辑",
        "The log alone into a file": "仅将日志写入文件",
        "The last lines, and what comes": "最后若干行及后续输出",
        "Of another node": "另一节点的日志",
        "Only what went wrong": "仅显示错误",
        "Draw the loss": "绘制损失曲线",
        "Compare two jobs": "对比两个作业",
        "Put two, take one away": "添加两个标签，移除一个",
        "Show them": "显示",
        "A shell in the first task": "进入第一个任务的终端",
        "One command in another": "在另一任务中运行一条命令",
        "With limits for hyperparameters, from a file": "从文件创建，带超参约束",
        "New code, the rest as it is": "更新代码，其余不变",
        "The next version": "下一个版本",
        "For the own project only": "仅本项目可见",
        "One version": "某个版本",
        "A folder up": "上传目录",
        "A folder down, without what is there": "下载目录，跳过已有文件",
        "Four nodes of a flavor": "某规格的四个节点",
        "With two members, one of them only looking": "两名成员，其中一名只读",
        "Open it to everyone of the project": "对项目所有人开放",
        "At most 16 CPUs at a time": "同时最多使用 16 个 CPU",
        "At most 10 unfinished jobs for everyone": "每人最多 10 个未结束的作业",
    }
)
