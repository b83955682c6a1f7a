"""Sentences about training metrics that are not kept."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, task_event

EVENTS: Mapping[str, EventText] = {
    "metric_name_unusable": task_event(
        "Training metric {name} is not kept: a name has 1 to 128 letters, digits, blanks or _.:/@%+-.",
        "训练指标 {name} 未保存：名称须为 1 至 128 个字母、数字、空格或 _.:/@%+-。",
        Level.WARNING,
    ),
    "metric_step_unusable": task_event(
        "Points of training metric {name} are not kept: steps are whole numbers of at most 2^53.",
        "训练指标 {name} 的部分数据点未保存：步数须为不超过 2^53 的整数。",
        Level.WARNING,
    ),
    "metric_names_full": task_event(
        "Training metric {name} and further ones are not kept: a task has at most {limit}.",
        "训练指标 {name} 及后续指标未保存：每个任务最多 {limit} 个指标。",
        Level.WARNING,
    ),
    "metric_points_full": task_event(
        "Further points of training metric {name} are not kept: it has {limit}.",
        "训练指标 {name} 的后续数据点未保存：已达到 {limit} 个。",
        Level.WARNING,
    ),
    "metric_task_full": task_event(
        "Further points of training metrics are not kept: the task has {limit}.",
        "训练指标的后续数据点未保存：该任务已达到 {limit} 个。",
        Level.WARNING,
    ),
    "metric_not_a_number": task_event(
        "The regular expression of training metric {name} found {text}, which is not a number.",
        "训练指标 {name} 的正则表达式匹配到 {text}，不是数字。",
        Level.WARNING,
    ),
    "metric_step_not_a_number": task_event(
        "The regular expression of training metric {name} found the step {text}, which is not a whole number.",
        "训练指标 {name} 的正则表达式匹配到步数 {text}，不是整数。",
        Level.WARNING,
    ),
}
