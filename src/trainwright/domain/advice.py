"""What a user can do about the end of an attempt, in Chinese and English, by reason."""

from collections.abc import Mapping

from trainwright.domain.reasons import Reason
from trainwright.domain.sentence import Language, Text

ADVICE: Mapping[Reason, Text] = {
    Reason.USER_EXIT: Text(
        "Read the last lines of the log of the task that failed first: the program's own message is there.",
        "请查看最先失败的任务日志的末尾，其中有程序自身的报错信息。",
    ),
    Reason.USER_SIGNAL: Text(
        "A signal ended the program from inside or from the system. Look in the log for a crash in native code; "
        "a kill (signal 9) is often memory that ran out on the node.",
        "程序被信号终止。请在日志中查找本地代码崩溃的记录；若为信号 9，常见原因是节点内存不足。",
    ),
    Reason.OUT_OF_MEMORY: Text(
        "Choose a flavor with more memory, or use less: a smaller batch, fewer data-loading workers, data read piece "
        "by piece. The memory chart on the resources page shows when it grew.",
        "请选择内存更大的规格，或减少用量：减小 batch size、减少数据加载进程、分批读取数据。"
        "“资源占用”中的内存曲线可查看何时开始增长。",
    ),
    Reason.DISK_FULL: Text(
        "Keep fewer checkpoints, write temporary files sparingly, or ask the administrator for a larger disk quota.",
        "请减少保留的检查点和临时文件，或请管理员提高磁盘配额。",
    ),
    Reason.CODE_DOWNLOAD_FAILED: Text(
        "Check that the code folder still exists and that the job's creator may read it, then rebuild the job.",
        "请确认代码目录仍然存在，且作业创建者有读取权限，然后重建作业。",
    ),
    Reason.INPUT_DOWNLOAD_FAILED: Text(
        "Check that the input's path still exists and that the job's creator may read it, then rebuild the job.",
        "请确认输入路径仍然存在，且作业创建者有读取权限，然后重建作业。",
    ),
    Reason.DATASET_CHANGED: Text(
        "Release a new version of the dataset from the folder as it is now, and rebuild the job with it.",
        "请按文件夹当前内容发布新的数据集版本，再用新版本重建作业。",
    ),
    Reason.STORAGE_UNAVAILABLE: Text(
        "Nothing is wrong with the job. Rebuild it once the administrator says that the object store answers again.",
        "作业本身没有问题。待管理员确认对象存储恢复后，重建作业即可。",
    ),
    Reason.REQUIREMENTS_FAILED: Text(
        "Read pip's message in the log: check names and versions in pip-requirements.txt, and whether the package "
        "index can be reached from the nodes.",
        "请查看日志中 pip 的报错：检查 pip-requirements.txt 中的包名与版本，以及节点能否访问软件包源。",
    ),
    Reason.ENGINE_FAILED: Text(
        "Nothing is wrong with the job. Ask the administrator to look at the engine, or choose another version of it.",
        "作业本身没有问题。请联系管理员检查该引擎，或改用其他引擎版本。",
    ),
    Reason.IMAGE_FAILED: Text(
        "Check the image's name and tag, and that the nodes may pull it; run it once on your own machine.",
        "请检查镜像名称与标签、节点是否有权拉取，并先在本地运行一次该镜像。",
    ),
    Reason.COMMAND_NOT_FOUND: Text(
        "Check the spelling and the path of the boot file or command; paths are relative to the code folder.",
        "请检查启动文件或启动命令的拼写与路径；相对路径以代码目录为准。",
    ),
    Reason.OUTPUT_UPLOAD_FAILED: Text(
        "Check that the output's path can still be written and has room. What was uploaded before is kept.",
        "请确认输出路径仍可写入且空间充足。此前已上传的内容均已保留。",
    ),
    Reason.LAUNCH_REJECTED: Text(
        "Choose a flavor, pool or node count that the pool's machines can hold; the events say what was refused.",
        "请选择资源池能够容纳的规格、资源池或节点数；事件中说明了被拒绝的原因。",
    ),
    Reason.TIME_LIMIT: Text(
        "Give it more time (auto-stop), or resume from its last checkpoint.",
        "请延长自动停止时间，或从最近的检查点继续训练。",
    ),
    Reason.RUNNER_LOST: Text(
        "The platform lost sight of the job's processes. Rebuild it; with checkpoints it goes on where it was.",
        "平台与作业进程失去联系。请重建作业；如有检查点，可从断点继续。",
    ),
    Reason.NODE_LOST: Text(
        "A node went away. Rebuild the job; with checkpoints it goes on where it was.",
        "节点失联。请重建作业；如有检查点，可从断点继续。",
    ),
    Reason.PREEMPTED: Text(
        "A job of higher priority took its place. Raise the priority or use a dedicated pool.",
        "资源被更高优先级的作业占用。请提高优先级，或使用专属资源池。",
    ),
    Reason.PRECHECK_FAILED: Text(
        "A node failed its check and was isolated; the administrator can see which. Rebuild the job.",
        "节点未通过预检，已被隔离，管理员可查看具体节点。请重建作业。",
    ),
    Reason.HARDWARE_FAULT: Text(
        "A device failed and its node was isolated. Rebuild the job; with checkpoints it goes on where it was.",
        "设备故障，所在节点已被隔离。请重建作业；如有检查点，可从断点继续。",
    ),
    Reason.HANGED: Text(
        "See on the tasks page where each process stood. Common causes: ranks that take different branches before a "
        "collective call, and data loaders that wait for each other.",
        "请在“任务”页查看各进程的堆栈。常见原因：各 rank 在集合通信前走了不同分支，或数据加载进程相互等待。",
    ),
    Reason.QUEUE_TIMEOUT: Text(
        "Rebuild the job with fewer nodes or in another pool, or ask the administrator to return the isolated nodes.",
        "请减少节点数或改用其他资源池后重建作业，或联系管理员恢复被隔离的节点。",
    ),
}


def advice_text(reason: Reason, language: Language) -> str:
    """What to do after an attempt ended for `reason`; empty where nothing went wrong (completed, stopped)."""
    text = ADVICE.get(reason)
    return text.render(language, {}) if text else ""
