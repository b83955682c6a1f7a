"""Details that runners and backends put into English words, in Chinese; what is not known stays as it is."""

import re
from collections.abc import Mapping

CODES = frozenset({"precheck_item_ok", "precheck_item_failed", "hardware_fault", "job_preempted"})
"""Events whose slot `detail` is such words."""

_LIMITS: Mapping[str, str] = {
    "max locked memory": "最大锁定内存",
    "open files": "打开文件数",
    "stack size": "栈大小",
    "max user processes": "最大用户进程数",
}
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(english), chinese)
    for english, chinese in (
        (r"\b([0-9]+) names$", r"\1 个名称"),
        (r"cannot resolve (.+?) and ([0-9]+) more\b", r"无法解析 \1 等，另有 \2 个"),
        (r"cannot resolve ", "无法解析 "),
        (r"([0-9.]+ GiB) free, more than ([0-9.]+ GiB) needed", r"可用 \1，需大于 \2"),
        (r"([0-9]+), more than ([0-9]+) needed", r"\1，需大于 \2"),
        (r"limits are high enough", "限制值满足要求"),
        (r"\b([0-9]+) NPU healthy", r"\1 个 NPU 正常"),
        (r"\b([0-9]+) of ([0-9]+) GPUs detected", r"需要 \2 个 GPU，检测到 \1 个"),
        (r"\b([0-9]+) GPUs detected", r"检测到 \1 个 GPU"),
        (r"\b([0-9]+) GPUs are left of ([0-9]+)", r"\2 个 GPU 中仅剩 \1 个"),
        (r"\b([0-9]+) uncorrectable ECC errors", r"\1 个不可纠正的 ECC 错误"),
        (r"nvidia-smi fails after it had worked", "nvidia-smi 曾正常，现已失败"),
        (r"^job (\S+), priority ([0-9]+)$", r"作业 \1，优先级 \2"),
        *((f"\\b{english} (?=[0-9])", f"{chinese} ") for english, chinese in _LIMITS.items()),
    )
)


def in_chinese(detail: str) -> str:
    """`detail` with what is known of it in Chinese; several are parted by `; `."""
    for english, chinese in _WORDS:
        detail = english.sub(chinese, detail)
    return detail.replace("; ", "；")
