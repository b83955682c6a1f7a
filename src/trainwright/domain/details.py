"""Details that runners and backends put into English words, in Chinese; what is not known stays as it is."""

import re
from collections.abc import Mapping

CODES = frozenset(
    {"precheck_item_ok", "precheck_item_failed", "hardware_fault", "job_preempted", "image_failed"}
)
"""Events whose slot `detail` is such words."""

_LIMITS: Mapping[str, str] = {
    "max locked memory": "最大锁定内存",
    "open files": "打开文件数",
    "stack size": "栈大小",
    "max user processes": "最大用户进程数",
}
_OF_IMAGES = (
    (
        r"an image runs under bubblewrap only, and that does not work on this node",
        "镜像只能在 bubblewrap 中运行，而该节点无法使用 bubblewrap",
    ),
    (r"its file does not exist on this node", "其文件在该节点上不存在"),
    (r"its file cannot be read \((.+)\); tell the administrator", r"无法读取其文件（\1），请联系管理员"),
    (r"the archive is not in the object store any more", "归档文件已不在对象存储中"),
    (r"it is for (.+) machines; this one is (\S+)", r"镜像适用于 \1 机器，本机为 \2"),
    (r"it is for (\S+), not for Linux", r"镜像适用于 \1，而非 Linux"),
    (r"it holds neither manifest.json nor index.json", "其中没有 manifest.json 或 index.json"),
    (r"it is neither the root of a file system nor an image", "它既不是文件系统根目录，也不是镜像"),
    (r"it is not an archive that can be read \((.+)\)", r"无法读取的归档文件（\1）"),
    (r"it holds (\d+) images, and none is called (\S+)", r"其中有 \1 个镜像，没有名为 \2 的镜像"),
    (r"what it says of itself is not that of an image", "其描述文件不是镜像的格式"),
    (r"(\S+) is missing in it", r"其中缺少 \1"),
    (r"(layer )?(\S+) is not what its digest says: the file is damaged", r"\2 与其摘要不符，文件已损坏"),
    (r"it holds a path that leads outside: ", "其中的路径指向目录之外："),
    (r"it holds a link that leads outside: ", "其中的链接指向目录之外："),
    (r"it holds a link to nothing: ", "其中的链接没有目标："),
    (r"it holds links that lead in a circle", "其中的链接构成循环"),
    (r"(it|a layer of it) is larger than (\d+) MiB", r"其大小超过 \2 MiB"),
    (
        r"its layers are compressed with zstd; copy it with (.+) or save it with (.+)$",
        r"其层使用 zstd 压缩，请用 \1 复制或用 \2 保存",
    ),
    (r"image (\S+) has neither bash nor sh on its PATH", r"镜像 \1 的 PATH 中没有 bash 或 sh"),
    (r"image (\S+) has no python3 on its PATH", r"镜像 \1 的 PATH 中没有 python3"),
)
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
        *_OF_IMAGES,
        (r"^job (\S+), priority ([0-9]+)$", r"作业 \1，优先级 \2"),
        *((f"\\b{english} (?=[0-9])", f"{chinese} ") for english, chinese in _LIMITS.items()),
    )
)


def in_chinese(detail: str) -> str:
    """`detail` with what is known of it in Chinese; several are parted by `; `."""
    for english, chinese in _WORDS:
        detail = english.sub(chinese, detail)
    return detail.replace("; ", "；")
