"""Sentences about checkpoints and models."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event, task_event

EVENTS: Mapping[str, EventText] = {
    "resume_point": task_event(
        "Resuming from {checkpoint} of output {name}.",
        "从输出 {name} 的 {checkpoint} 恢复训练。",
    ),
    "checkpoint_outside": task_event(
        "Checkpoint {name} lies in no output of the job and is not kept.",
        "检查点 {name} 不在作业的任何输出目录中，不会保存。",
        Level.WARNING,
    ),
    "resume_point_unknown": job_event(
        "No checkpoint to resume from could be looked for, the training begins anew: {detail}",
        "无法查找可用于恢复的检查点，训练将从头开始：{detail}",
        Level.WARNING,
    ),
    "resume_point_unsure": job_event(
        "Newer checkpoints than the one to resume from could not be checked: {detail}",
        "存在更新的检查点，但无法检查：{detail}",
        Level.WARNING,
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
    "model_empty": job_event(
        "No model was registered: nothing was written to /model.", "未登记模型：/model 中没有任何文件。"
    ),
    "model_gone": job_event(
        "No model was registered: {uri} does not exist any more.",
        "未登记模型：{uri} 已不存在。",
        Level.WARNING,
    ),
    "model_too_many": job_event(
        "No model was registered: /model holds more than {limit} files.",
        "未登记模型：/model 中的文件超过 {limit} 个。",
        Level.WARNING,
    ),
    "model_restless": job_event(
        "No model was registered: files in {uri} kept changing while they were copied.",
        "未登记模型：复制期间 {uri} 中的文件反复变化。",
        Level.WARNING,
    ),
    "model_taken": job_event(
        "No model was registered: the name {name} belongs to a model of another workspace.",
        "未登记模型：名称 {name} 属于其他工作空间的模型。",
        Level.WARNING,
    ),
    "model_deleted": job_event(
        "No model was registered: model {name} was deleted meanwhile.",
        "未登记模型：模型 {name} 已被删除。",
        Level.WARNING,
    ),
}
