"""Sentences about jobs of several roles."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event

EVENTS: Mapping[str, EventText] = {
    "role_succeeded": job_event(
        "Role {role} succeeded: {succeeded} of {replicas} tasks, {needed} needed.",
        "角色 {role} 成功：{replicas} 个任务中 {succeeded} 个成功，要求 {needed} 个。",
    ),
    "role_failed": job_event(
        "Role {role} failed: {failed} of {replicas} tasks failed.",
        "角色 {role} 失败：{replicas} 个任务中 {failed} 个失败。",
        Level.ERROR,
    ),
    "role_ended_early": job_event(
        "Role {role} is ended because the job is decided.", "作业结果已确定，结束角色 {role}。"
    ),
}
