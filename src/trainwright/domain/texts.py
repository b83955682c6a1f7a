"""Every sentence the platform says in events and notes, in Chinese and English, by stable code.

Slots are named in braces. A slot called `reason` holds a `Reason` value and is shown as that reason's own text; one
called `rule` holds a `Retry` value. Durations are shown as `[time used: 0.296s]` after the task's tag, as ModelArts
does. Sentences of one area live in `domain.events`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from trainwright.domain.details import CODES, in_chinese
from trainwright.domain.entities import Event, Level, Slots
from trainwright.domain.events import (
    backends,
    catalogue,
    checkpoints,
    hangs,
    metrics,
    recovery,
    roles,
    shells,
)
from trainwright.domain.reasons import NOT_ASKED, Reason, Retry
from trainwright.domain.sentence import USED_EN as _USED_EN
from trainwright.domain.sentence import USED_ZH as _USED_ZH
from trainwright.domain.sentence import EventText, Language, Text
from trainwright.domain.sentence import job_event as _job
from trainwright.domain.sentence import task_event as _task

__all__ = ["EventText", "Language", "Text"]

EVENT_TEXTS: Mapping[str, EventText] = {
    # -- the job
    "job_created": _job("Training job created.", "训练作业已创建。"),
    "settings_kept": _job(
        "Kept, but without effect on this server: {settings}.",
        "以下配置已保存，但在本服务器上不生效：{settings}。",
        Level.WARNING,
    ),
    "output_shared": _job(
        "Output path {uri} is also written by the unfinished job {job}.",
        "输出路径 {uri} 同时被未结束的作业 {job} 写入。",
        Level.WARNING,
    ),
    "output_shared_unseen": _job(
        "Output path {uri} is also written by another unfinished job.",
        "输出路径 {uri} 同时被另一个未结束的作业写入。",
        Level.WARNING,
    ),
    "job_running": _job("Training job is running.", "训练作业运行中。"),
    "job_completed": _job("Training job finished successfully.", "训练作业运行成功。"),
    "job_failed": _job("Training job failed: {reason}", "训练作业运行失败：{reason}", Level.ERROR),
    "job_abnormal": _job(
        "Training job ended by a platform fault: {reason}", "训练作业因平台故障结束：{reason}", Level.ERROR
    ),
    "job_stop_requested": _job("Stop requested by {user}.", "用户 {user} 请求停止训练作业。"),
    "job_stopped": _job("Training job stopped.", "训练作业已停止。"),
    "job_time_limit": _job(
        "Run-time limit of {hours} h reached; stopping the training job.",
        "达到运行时长上限（{hours} 小时），正在停止训练作业。",
    ),
    "job_restarted": _job(
        "Attempt {number} begins after: {reason}. {rule}",
        "开始第 {number} 次运行，上次结束原因：{reason}。{rule}",
        Level.WARNING,
    ),
    "job_priority": _job(
        "Priority changed to {priority} by {user}.", "用户 {user} 将优先级修改为 {priority}。"
    ),
    "job_described": _job("Description changed by {user}.", "用户 {user} 修改了描述。"),
    "job_blocked": _job(
        "The platform cannot make progress with this job; the administrator must look: {detail}",
        "平台无法继续处理该作业，需要管理员检查：{detail}",
        Level.ERROR,
    ),
    # -- why it waits (also shown as the job's pending note)
    "wait_cpus": _job(
        "Queued: waiting for {asked} CPUs, {free} free; position {position}.",
        "排队中：需要 {asked} 个 CPU，空闲 {free} 个；队列位置 {position}。",
    ),
    "wait_memory": _job(
        "Queued: waiting for {asked} MiB of memory, {free} MiB free; position {position}.",
        "排队中：需要 {asked} MiB 内存，空闲 {free} MiB；队列位置 {position}。",
    ),
    "wait_accelerators": _job(
        "Queued: waiting for {asked} accelerators, {free} free; position {position}.",
        "排队中：需要 {asked} 张加速卡，空闲 {free} 张；队列位置 {position}。",
    ),
    "wait_ahead": _job(
        "Queued: resources are kept for the job ahead; position {position}.",
        "排队中：资源预留给前面的作业；队列位置 {position}。",
    ),
    "wait_pool_cpus": _job(
        "Queued in pool {pool}: waiting for {asked} CPUs, {free} free; position {position}.",
        "在资源池 {pool} 中排队：需要 {asked} 个 CPU，空闲 {free} 个；队列位置 {position}。",
    ),
    "wait_pool_memory": _job(
        "Queued in pool {pool}: waiting for {asked} MiB of memory, {free} MiB free; position {position}.",
        "在资源池 {pool} 中排队：需要 {asked} MiB 内存，空闲 {free} MiB；队列位置 {position}。",
    ),
    "wait_pool_accelerators": _job(
        "Queued in pool {pool}: waiting for {asked} accelerators, {free} free; position {position}.",
        "在资源池 {pool} 中排队：需要 {asked} 张加速卡，空闲 {free} 张；队列位置 {position}。",
    ),
    "wait_pool_ahead": _job(
        "Queued in pool {pool}: resources are kept for the job ahead; position {position}.",
        "在资源池 {pool} 中排队：资源预留给前面的作业；队列位置 {position}。",
    ),
    "wait_size_cpus": _job(
        "Queued: {asked} CPUs asked, pool {pool} has {size} in all; position {position}.",
        "排队中：需要 {asked} 个 CPU，资源池 {pool} 共有 {size} 个；队列位置 {position}。",
    ),
    "wait_size_memory": _job(
        "Queued: {asked} MiB of memory asked, pool {pool} has {size} MiB in all; position {position}.",
        "排队中：需要 {asked} MiB 内存，资源池 {pool} 共有 {size} MiB；队列位置 {position}。",
    ),
    "wait_size_accelerators": _job(
        "Queued: {asked} accelerators asked, pool {pool} has {size} in all; position {position}.",
        "排队中：需要 {asked} 张加速卡，资源池 {pool} 共有 {size} 张；队列位置 {position}。",
    ),
    # -- one task
    "precheck_started": _task("Pre-check started.", "预检开始。"),
    "precheck_done": _task(_USED_EN + "Pre-check finished.", _USED_ZH + "预检完成。"),
    "launcher": _task("Files are laid out by the {launcher} launcher.", "文件视图由 {launcher} 启动器提供。"),
    "engine_build_started": _task(
        "Building the environment of engine {engine} (first use).",
        "正在构建引擎 {engine} 的环境（首次使用）。",
    ),
    "engine_build_waiting": _task(
        "Another job is building engine {engine}; waiting for it.",
        "其他作业正在构建引擎 {engine}，等待其完成。",
    ),
    "engine_build_progress": _task("Engine {engine}: {detail}", "引擎 {engine}：{detail}"),
    "engine_build_done": _task(
        _USED_EN + "Environment of engine {engine} is ready.", _USED_ZH + "引擎 {engine} 的环境已就绪。"
    ),
    "engine_build_failed": _task(
        "Environment of engine {engine} could not be built: {detail}",
        "引擎 {engine} 的环境构建失败：{detail}",
        Level.ERROR,
    ),
    "code_download_started": _task("Code download started.", "开始下载代码。"),
    "code_download_done": _task(_USED_EN + "Code downloaded.", _USED_ZH + "代码下载完成。"),
    "code_download_failed": _task("Code download failed: {detail}", "代码下载失败：{detail}", Level.ERROR),
    "input_download_started": _task("Input download started.", "开始下载输入数据。"),
    "input_download_progress": _task(
        "Input parameter {name}: {done_mib} of {total_mib} MiB.",
        "输入参数 {name}：{done_mib}/{total_mib} MiB。",
    ),
    "input_download_done": _task(
        _USED_EN + "Input parameter {name} downloaded.", _USED_ZH + "输入参数 {name} 下载完成。"
    ),
    "input_download_failed": _task(
        "Input parameter {name} could not be downloaded: {detail}",
        "输入参数 {name} 下载失败：{detail}",
        Level.ERROR,
    ),
    "dataset_object_changed": _task(
        "Input parameter {name}: {file} has changed since the dataset version was made; make a new version.",
        "输入参数 {name}：{file} 在数据集版本创建之后已被修改，请创建新版本。",
        Level.ERROR,
    ),
    "dataset_object_gone": _task(
        "Input parameter {name}: {file} of the dataset version is gone; put it back or make a new version.",
        "输入参数 {name}：数据集版本中的 {file} 已被删除，请恢复该对象或创建新版本。",
        Level.ERROR,
    ),
    "prefetch_done": _task(
        _USED_EN + "Output parameter {name} pre-downloaded.", _USED_ZH + "输出参数 {name} 预下载完成。"
    ),
    "requirements_started": _task(
        "Installing Python packages from {file}.", "正在安装 {file} 中的 Python 依赖包。"
    ),
    "requirements_done": _task(
        _USED_EN + "Python packages from {file} installed.", _USED_ZH + "{file} 中的 Python 依赖包安装完成。"
    ),
    "requirements_failed": _task(
        "Python packages from {file} could not be installed: {detail}",
        "{file} 中的 Python 依赖包安装失败：{detail}",
        Level.ERROR,
    ),
    "prestart_started": _task("Running {file}.", "正在运行 {file}。"),
    "prestart_failed": _task(
        "{file} ended with exit code {exit_code}.", "{file} 退出码 {exit_code}。", Level.ERROR
    ),
    "training_started": _task("Training started.", "训练开始。"),
    "training_ended": _task("Training ended with exit code {exit_code}.", "训练结束，退出码 {exit_code}。"),
    "out_of_memory": _task(
        "The training process was killed because memory ran out (limit {limit_mib} MiB).",
        "训练进程因内存不足被终止（上限 {limit_mib} MiB）。",
        Level.ERROR,
    ),
    "disk_full": _task(
        "The job's folders hold more than its disk quota of {limit_mib} MiB; the training process was killed.",
        "作业目录超出磁盘配额 {limit_mib} MiB，训练进程已被终止。",
        Level.ERROR,
    ),
    "stopping": _task(
        "Stop received; the training process has {grace_s} s to end.",
        "收到停止请求，训练进程有 {grace_s} 秒时间退出。",
    ),
    "killed_after_grace": _task(
        "The training process did not end in time and was killed.",
        "训练进程未在期限内退出，已被强制终止。",
        Level.WARNING,
    ),
    "log_overflow": _task(
        "Log reached {limit_mib} MiB; further output is dropped.",
        "日志达到 {limit_mib} MiB，后续输出将被丢弃。",
        Level.WARNING,
    ),
    "output_upload_started": _task("Output parameter {name} uploading.", "输出参数 {name} 开始上传。"),
    "output_upload_done": _task(
        _USED_EN + "Output parameter {name} uploaded: {files} files.",
        _USED_ZH + "输出参数 {name} 上传完成：{files} 个文件。",
    ),
    "output_upload_failed": _task(
        "Output parameter {name} could not be uploaded: {detail}",
        "输出参数 {name} 上传失败：{detail}",
        Level.ERROR,
    ),
    "output_file_skipped": _task(
        "Output parameter {name}: {file} was not uploaded: {detail}",
        "输出参数 {name}：{file} 未上传：{detail}",
        Level.WARNING,
    ),
    "runner_resumed": _task(
        "The runner was restarted and took over the running task.",
        "运行器已重启，并接管了运行中的任务。",
        Level.WARNING,
    ),
    "task_message": _task("{detail}", "{detail}"),
    "task_notified": _task("Reported: {type}", "上报：{type}"),
    **roles.EVENTS,
    **recovery.EVENTS,
    **hangs.EVENTS,
    **metrics.EVENTS,
    **checkpoints.EVENTS,
    **backends.EVENTS,
    **catalogue.EVENTS,
    **shells.EVENTS,
}

REASON_TEXTS: Mapping[Reason, Text] = {
    Reason.COMPLETED: Text("completed", "运行成功"),
    Reason.USER_EXIT: Text(
        "the training process ended with a non-zero exit code", "训练进程以非零退出码结束"
    ),
    Reason.USER_SIGNAL: Text("the training process was ended by a signal", "训练进程被信号终止"),
    Reason.OUT_OF_MEMORY: Text("memory ran out", "内存不足"),
    Reason.DISK_FULL: Text("the disk quota is used up", "磁盘配额已用尽"),
    Reason.CODE_DOWNLOAD_FAILED: Text("the code could not be downloaded", "代码下载失败"),
    Reason.INPUT_DOWNLOAD_FAILED: Text("an input could not be downloaded", "输入数据下载失败"),
    Reason.DATASET_CHANGED: Text(
        "an object of the dataset version has changed or is gone", "数据集版本中的对象已被修改或删除"
    ),
    Reason.STORAGE_UNAVAILABLE: Text("the object store did not answer", "对象存储无响应"),
    Reason.REQUIREMENTS_FAILED: Text(
        "pip-requirements.txt could not be installed", "pip-requirements.txt 安装失败"
    ),
    Reason.IMAGE_FAILED: Text("the image cannot be run", "镜像无法运行"),
    Reason.ENGINE_FAILED: Text("the engine's environment could not be made", "引擎环境构建失败"),
    Reason.COMMAND_NOT_FOUND: Text(
        "the start command or boot file does not exist", "启动命令或启动文件不存在"
    ),
    Reason.OUTPUT_UPLOAD_FAILED: Text("an output could not be uploaded", "输出数据上传失败"),
    Reason.LAUNCH_REJECTED: Text("no machine of the pool can ever run it", "资源池中没有可运行该作业的机器"),
    Reason.STOPPED_BY_USER: Text("stopped by the user", "用户停止"),
    Reason.TIME_LIMIT: Text("the run-time limit was reached", "达到运行时长上限"),
    Reason.RUNNER_LOST: Text("the runner disappeared without a result", "运行器消失且未返回结果"),
    Reason.NODE_LOST: Text("the machine was lost", "节点丢失"),
    Reason.PREEMPTED: Text("pre-empted by a job of higher priority", "被更高优先级的作业抢占"),
    Reason.PRECHECK_FAILED: Text("the pre-check of a node failed", "节点预检失败"),
    Reason.HARDWARE_FAULT: Text("the hardware of a node is faulty", "节点硬件故障"),
    Reason.HANGED: Text("the training process hung", "训练进程卡死"),
    Reason.QUEUE_TIMEOUT: Text(
        "no healthy node became free within 30 minutes after a fault", "故障后 30 分钟内没有可用的健康节点"
    ),
}

RETRY_TEXTS: Mapping[Retry, Text] = {
    Retry.NEVER: Text(
        "Rule: the platform does not repeat what ends like this.", "规则：因该原因结束的作业不会自动重启。"
    ),
    Retry.BUDGET: Text(
        "Rule: restart as the job asks for; {used} of its {limit} restarts used.",
        "规则：按作业配置重启，已使用 {used}/{limit} 次。",
    ),
    Retry.FREE: Text(
        "Rule: a platform fault restarts the job and costs none of its own restarts ({used} of {limit}).",
        "规则：平台故障自动重启，不消耗作业自身的重启次数（{used}/{limit}）。",
    ),
    Retry.REQUEUE: Text(
        "Rule: a pre-empted job is queued again and loses no restarts.",
        "规则：被抢占的作业重新排队，不消耗重启次数。",
    ),
}

_NOT_ASKED = Text(
    "Rule: restarts after such an end are not asked for; {used} of {limit} restarts used.",
    "规则：作业未配置在此类原因结束后重启，已使用 {used}/{limit} 次。",
)

STARTS_AT = "starts_at_ms"
"""The slot of a note that says when a backend expects a waiting job to start."""

_DAY_MINUTES = 24 * 60
_STARTS_SOON = Text(" It is expected to start within a minute.", "预计一分钟内开始。")
_STARTS = Text(
    " It is expected to start at about {time} UTC (in {minutes} min).",
    "预计约 {time} UTC 开始（{minutes} 分钟后）。",
)
_STARTS_LATER = Text(
    " It is expected to start at about {date} {time} UTC.", "预计约 {date} {time} UTC 开始。"
)


def make_event(
    job_id: str, at_ms: int, code: str, slots: Slots, *, attempt: int = 0, task: str = ""
) -> Event:
    """An event with the level and source its code has in `EVENT_TEXTS`.

    Raises:
        KeyError: `code` is not in the table.
    """
    known = EVENT_TEXTS[code]
    return Event(
        job_id=job_id,
        at_ms=at_ms,
        code=code,
        slots=slots,
        level=known.level,
        source=known.source,
        attempt=attempt,
        task=task,
    )


def render_event(event: Event, language: Language) -> str:
    """The event's sentence. Task events begin with the task's tag: `[worker-0] …`. Unknown codes show as they are."""
    known = EVENT_TEXTS.get(event.code)
    slots = readable_slots(event.slots, language)
    if language is Language.ZH and event.code in CODES and "detail" in slots:
        slots["detail"] = in_chinese(str(slots["detail"]))
    sentence = known.text.render(language, slots) if known else event.code
    sentence += start_text(event.slots, event.at_ms, language)
    return f"[{event.task}] {sentence}" if event.task else sentence


def render_note(code: str, slots: Mapping[str, str | int | float], language: Language) -> str:
    """A pending note's sentence."""
    return EVENT_TEXTS[code].text.render(language, readable_slots(slots, language))


def start_text(slots: Mapping[str, str | int | float], at_ms: int, language: Language) -> str:
    """When a waiting job is expected to start, as a sentence to follow that of its note, seen at `at_ms`; empty where
    that is not known.
    """
    starts_at_ms = slots.get(STARTS_AT)
    if not isinstance(starts_at_ms, int):
        return ""
    minutes = max(0, starts_at_ms - at_ms + 30_000) // 60_000
    if minutes < 1:
        return _STARTS_SOON.render(language, {})
    at = datetime.fromtimestamp(starts_at_ms / 1000, UTC)
    known: Slots = {"time": f"{at:%H:%M}", "date": f"{at:%Y-%m-%d}", "minutes": minutes}
    return (_STARTS if minutes < _DAY_MINUTES else _STARTS_LATER).render(language, known)


def reason_text(reason: Reason, language: Language) -> str:
    """The reason in words."""
    return REASON_TEXTS[reason].render(language, {})


def readable_slots(
    slots: Mapping[str, str | int | float], language: Language
) -> dict[str, str | int | float]:
    """The slots with a `reason` slot put into words."""
    readable = dict(slots)
    raw = str(slots.get("reason", ""))
    if raw in Reason._value2member_map_:
        readable["reason"] = reason_text(Reason(raw), language)
    rule = str(slots.get("rule", slots.get("paid", "")))  # `paid`: as it was called once
    if rule in Retry._value2member_map_:
        readable["rule"] = RETRY_TEXTS[Retry(rule)].render(language, slots)
    elif rule == NOT_ASKED:
        readable["rule"] = _NOT_ASKED.render(language, slots)
    return readable
