"""Sentences about hangs."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event, task_event

EVENTS: Mapping[str, EventText] = {
    "job_hang_suspected": job_event(
        "The training job may hang: no process I/O and no change of {measure} for {minutes} min ({tasks}).",
        "训练作业疑似卡死：进程 IO 无变化且 {measure} 无变化已 {minutes} 分钟（{tasks}）。",
        Level.WARNING,
    ),
    "job_hang_odd_task": job_event(
        "Task {odd} stands elsewhere than the others: it is in {frame}, they are in {others}.",
        "任务 {odd} 的位置与其他任务不同：其位于 {frame}，其他任务位于 {others}。",
        Level.WARNING,
    ),
    "job_hang_over": job_event("The training job goes on; it does not hang.", "训练作业恢复运行，未卡死。"),
    "stacks_taken": task_event(
        "Python stacks of {count} processes stored (dump {number}).",
        "已保存 {count} 个进程的 Python 调用栈（第 {number} 次）。",
    ),
    "stacks_failed": task_event(
        "Python stacks could not be taken from every process (dump {number}): {detail}",
        "未能获取全部进程的 Python 调用栈（第 {number} 次）：{detail}",
        Level.WARNING,
    ),
}
