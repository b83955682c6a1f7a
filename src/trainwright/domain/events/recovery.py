"""Sentences about checks, faults, restarts, isolation, pre-emption and kept environments."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event, task_event

EVENTS: Mapping[str, EventText] = {
    "precheck_item_ok": task_event(
        "[time used: {seconds}s] Pre-check item {item} passed: {detail}",
        "[耗时：{seconds} 秒] 预检项 {item} 通过：{detail}",
    ),
    "precheck_item_failed": task_event(
        "[time used: {seconds}s] Pre-check item {item} failed: {detail}",
        "[耗时：{seconds} 秒] 预检项 {item} 失败：{detail}",
        Level.ERROR,
    ),
    "hardware_fault": task_event("Hardware fault: {detail}", "硬件故障：{detail}", Level.ERROR),
    "node_isolated": job_event(
        "Node {node} is isolated: {reason}. An administrator can return it.",
        "节点 {node} 已隔离：{reason}。管理员可将其恢复。",
        Level.WARNING,
    ),
    "node_not_isolated": job_event(
        "Node {node} stays in use although the job reports: {reason}. An administrator should look at it.",
        "作业报告节点 {node} 出现 {reason}，但该节点仍保持使用，请管理员检查。",
        Level.WARNING,
    ),
    "job_preempted": job_event(
        "Training job pre-empted: {detail}", "训练作业被抢占：{detail}", Level.WARNING
    ),
    "job_not_restarted": job_event(
        "No further attempt is made after: {reason}. {rule}",
        "不再重试，本次结束原因：{reason}。{rule}",
        Level.WARNING,
    ),
    "job_restarted_in_place": job_event(
        "Processes of all tasks are started again in place ({count} of at most {limit}): {reason}",
        "所有任务的进程原地重启（第 {count} 次，最多 {limit} 次）：{reason}",
        Level.WARNING,
    ),
    "job_queue_timeout": job_event(
        "No healthy node became free within {minutes} minutes after the fault; the training job ends.",
        "故障后 {minutes} 分钟内没有可用的健康节点，训练作业结束。",
        Level.ERROR,
    ),
    "process_started": task_event("Training process start number {count}.", "训练进程第 {count} 次启动。"),
    "environment_kept": job_event(
        "Result: {reason}. The environment is kept for inspection for {hours} h; stop the job to release it.",
        "运行结果：{reason}。环境保留 {hours} 小时以供检查；停止作业即可释放。",
    ),
    "environment_released": job_event("The kept environment is released.", "保留的环境已释放。"),
    "rendezvous_done": task_event(
        "[time used: {seconds}s] All {count} tasks are ready.",
        "[耗时：{seconds} 秒] 全部 {count} 个任务就绪。",
    ),
}
