"""Sentences about people who look into a running task."""

from collections.abc import Mapping

from trainwright.domain.sentence import EventText, job_event

EVENTS: Mapping[str, EventText] = {
    "shell_opened": job_event("{user} opened a shell in {task}.", "用户 {user} 进入了任务 {task} 的终端。"),
    "shell_closed": job_event(
        "The shell of {user} in {task} ended after {seconds} s.",
        "用户 {user} 在任务 {task} 的终端已结束，历时 {seconds} 秒。",
    ),
}
