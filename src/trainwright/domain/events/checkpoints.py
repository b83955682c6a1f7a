"""Sentences about checkpoints and models."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event, task_event

EVENTS: Mapping[str, EventText] = {
    "resume_point": task_event(
        "Resuming from {checkpoint} of output {name} (step {step}).",
        "从输出 {name} 的 {checkpoint} 恢复训练（步数 {step}）。",
    ),
    "checkpoint_damaged": job_event(
        "Checkpoint {checkpoint} is not complete: {detail}",
        "检查点 {checkpoint} 不完整：{detail}",
        Level.WARNING,
    ),
    "checkpoints_removed": job_event(
        "{count} checkpoints removed by the retention policy.", "按保留策略删除了 {count} 个检查点。"
    ),
    "model_kept": job_event(
        "Model {name} version {version} registered.", "已登记模型 {name} 的版本 {version}。"
    ),
    "model_not_kept": job_event(
        "The model could not be registered: {detail}", "模型登记失败：{detail}", Level.WARNING
    ),
}
