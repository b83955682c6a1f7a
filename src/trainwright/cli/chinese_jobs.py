"""Chinese for what is said about jobs: tags, metrics, stages, links, and what they are made with."""

from collections.abc import Mapping
from types import MappingProxyType

JOBS: Mapping[str, str] = MappingProxyType(
    {
        "KEY": "键",
        "VALUES": "值",
        "TAGS": "标签",
        "ATTEMPT": "运行次数",
        "STAGE": "阶段",
        "ENDED": "结束时间",
        "DOWNLOAD": "下载",
        "LAST": "最新",
        "LOWEST": "最低",
        "POINTS": "点数",
        "Ids or names of jobs.": "作业的 ID 或名称。",
        "Delete ended jobs with their events and logs. What they wrote to buckets stays.": (
            "删除已结束的作业及其事件和日志；写入桶中的数据保留。"
        ),
        "Delete {name} with events and logs?": "删除 {name} 及其事件和日志？",
        "Only those with this tag; repeatable.": "仅列出带有该标签的作业，可重复。",
        "Only those of this experiment.": "仅列出该实验的作业。",
        "Only those of this workspace.": "仅列出该工作空间的作业。",
        "Only those of this user.": "仅列出该用户的作业。",
        # how a job is made
        "Image to run in, instead of an engine.": "运行所用的镜像，代替引擎。",
        "Metric read from the log: the regular expression's first group is the value; repeatable.": (
            "从日志中提取的指标：正则表达式的第一个分组为取值，可重复。"
        ),
        "Tag; repeatable.": "标签，可重复。",
        "Id or name of the experiment it belongs to; a new name makes one.": (
            "所属实验的 ID 或名称；新名称会创建实验。"
        ),
        "Id or name of the pool it runs in.": "运行所在资源池的 ID 或名称。",
        "Id or name of the saved algorithm it runs.": "所用算法的 ID 或名称。",
        "Id of the subscription, or title of the published algorithm, it runs.": (
            "所用订阅的 ID，或已发布算法的标题。"
        ),
        "Input from a dataset; repeatable.": "来自数据集的输入，可重复。",
        # tags
        "Tags of jobs.": "作业标签。",
        "List the keys in use, each with its values.": "列出使用中的标签键及其取值。",
        "List the jobs with these tags, newest first.": "列出带有这些标签的作业，最新的在前。",
        "Tags that the jobs have, all of them.": "作业须同时具有的标签。",
        "Jobs without any tag.": "没有任何标签的作业。",
        "Put tags on a job, take them away, or show them.": "为作业添加、移除或显示标签。",
        "Tags to put; none: show them.": "要添加的标签；不填则显示现有标签。",
        "Tag to take away; repeatable.": "要移除的标签键，可重复。",
        # logs
        "Only lines that contain this text.": "仅包含该文本的行。",
        "The text is a regular expression (RE2 syntax).": "该文本为正则表达式（RE2 语法）。",
        "Only lines that tell of errors.": "仅报错的行。",
        "Lines of all tasks in the order they came.": "所有任务的日志行，按到达顺序排列。",
        "--search and --errors go with --task and --attempt only.": (
            "--search 与 --errors 只能与 --task、--attempt 搭配，且二者不能同时使用。"
        ),
        # metrics
        "Print or draw what jobs report of themselves: losses, accuracies. Several jobs are compared.": (
            "显示或绘制作业上报的指标（损失、精度等）；给出多个作业时进行对比。"
        ),
        "Only this metric; repeatable.": "仅该指标，可重复。",
        "Only this task.": "仅该任务。",
        "Which attempt; 0: all. The latest by default.": "第几次运行；0 表示全部。默认为最近一次。",
        "Draw them, one picture for each metric.": "绘制曲线，每个指标一幅图。",
        "Draw with a logarithmic axis.": "纵轴使用对数刻度。",
        "Lines of a picture.": "每幅图的行数。",
        "Draw with ASCII characters only.": "仅用 ASCII 字符绘制。",
        "No metrics are reported.": "没有上报的指标。",
        # stages and links
        "Print when a job was scheduled, prepared, running and ended.": "显示作业调度、准备、运行和结束的时间。",
        "Make a link to a task's log that needs no log-in.": "生成无需登录即可打开的任务日志链接。",
        "A link that saves a file.": "生成下载链接。",
        "Anyone may open it until {time}.": "任何人在 {time} 之前均可打开。",
        "List the links to a job's logs that still open.": "列出作业日志仍然有效的链接。",
        "Make a link to a log open nothing any more.": "使日志链接失效。",
        "Id of the link, from the list.": "链接 ID，可从列表中获取。",
        "{name} opens nothing any more.": "链接 {name} 已失效。",
    }
)
