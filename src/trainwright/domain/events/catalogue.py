"""Sentences about what of the catalogue a job uses, and about images."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import USED_EN, USED_ZH, EventText, job_event, task_event

EVENTS: Mapping[str, EventText] = {
    "engine_stands_in": job_event(
        "Engine {asked} is not on this server; {used} runs instead.",
        "本服务器没有引擎 {asked}，改用 {used} 运行。",
        Level.WARNING,
    ),
    "flavor_stands_in": job_event(
        "Flavor {asked} is not on this server; {used} is used instead.",
        "本服务器没有规格 {asked}，改用 {used}。",
        Level.WARNING,
    ),
    "image_started": task_event("Unpacking image {image} (first use).", "正在解包镜像 {image}（首次使用）。"),
    "image_waiting": task_event(
        "Another job is unpacking image {image}; waiting for it.",
        "其他作业正在解包镜像 {image}，等待其完成。",
    ),
    "image_ready": task_event(USED_EN + "Image {image} is ready.", USED_ZH + "镜像 {image} 已就绪。"),
    "image_failed": task_event(
        "Image {image} cannot be run: {detail}", "镜像 {image} 无法运行：{detail}", Level.ERROR
    ),
    "parameters_no_variables": task_event(
        "Hyperparameters whose names cannot be variables are left out: {names}.",
        "以下超参的名称不能作为环境变量，已忽略：{names}。",
        Level.WARNING,
    ),
}
