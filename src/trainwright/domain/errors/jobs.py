"""What is wrong with a job, its parts, its logs."""

from trainwright.domain.errors.families import CORRECT, Conflict, Denied, NotFound, Unavailable, UserError
from trainwright.domain.texts import Text


class JobNotFound(NotFound):
    """No such job in this project."""

    code = "ModelArts.2775"
    text = Text("Training job {job} not found.", "训练作业 {job} 不存在。")
    remedy = Text("List the jobs to find its id.", "请在作业列表中查找作业 ID。")


class TaskNotFound(NotFound):
    """No such task in this job."""

    code = "ModelArts.2788"
    text = Text("Task {task} not found in training job {job}.", "训练作业 {job} 中不存在任务 {task}。")
    remedy = Text("The job's tasks are: {allowed}.", "该作业的任务有：{allowed}。")


class DuplicateJobName(UserError):
    """Another job of the project has this name."""

    code = "ModelArts.2751"
    text = Text("A training job named {name} exists already.", "名为 {name} 的训练作业已存在。")
    remedy = Text("Choose another name, or delete that job.", "请更换名称，或删除已有作业。")


class JobNotStoppable(Conflict):
    """Only Creating, Pending and Running jobs can be stopped."""

    code = "ModelArts.2858"
    text = Text(
        "Training job {job} is {phase} and cannot be stopped.", "训练作业 {job} 处于 {phase} 状态，无法停止。"
    )
    remedy = Text(
        "Only Creating, Pending and Running jobs can be stopped.", "只能停止创建中、等待中或运行中的作业。"
    )


class JobNotDeletable(Conflict):
    """Only ended jobs can be deleted."""

    code = "ModelArts.2858"
    text = Text(
        "Training job {job} is {phase} and cannot be deleted.", "训练作业 {job} 处于 {phase} 状态，无法删除。"
    )
    remedy = Text("Stop it first and wait until it has ended.", "请先停止作业并等待其结束。")


class JobStatusChanged(Conflict):
    """The job moved on while the request was under way."""

    code = "ModelArts.2878"
    text = Text("The state of training job {job} has changed.", "训练作业 {job} 的状态已改变。")
    remedy = Text("Look at the job and try again.", "请查看作业状态后重试。")


class ChannelError(UserError):
    """Inputs or outputs contradict themselves."""

    code = "ModelArts.2753"
    text = Text("Invalid inputs or outputs: {field}: {detail}.", "输入或输出配置无效：{field}：{detail}。")
    remedy = CORRECT


class InvalidCodeDir(UserError):
    """The code folder cannot be used."""

    code = "ModelArts.2802"
    text = Text("Invalid code_dir {uri}: {detail}.", "代码目录 code_dir {uri} 无效：{detail}。")
    remedy = Text(
        "Give a folder of a bucket: obs://bucket/folder/.", "请填写桶中的目录：obs://bucket/folder/。"
    )


class TooManyCodeFiles(UserError):
    """The code folder holds too many files."""

    code = "ModelArts.2759"
    text = Text("code_dir {uri} holds more than {limit} files.", "代码目录 {uri} 的文件数超过 {limit}。")
    remedy = Text("Keep data out of the code folder.", "请不要把数据放在代码目录中。")


class CodeTooDeep(UserError):
    """The code folder is nested too deep."""

    code = "ModelArts.2760"
    text = Text(
        "code_dir {uri} is nested deeper than {limit} folders.", "代码目录 {uri} 的层级超过 {limit}。"
    )
    remedy = Text("Flatten the code folder.", "请减少目录层级。")


class CodeTooLarge(UserError):
    """The code folder is too large."""

    code = "ModelArts.2761"
    text = Text("code_dir {uri} is larger than {limit} bytes.", "代码目录 {uri} 的大小超过 {limit} 字节。")
    remedy = Text("Keep data out of the code folder.", "请不要把数据放在代码目录中。")


class InvalidBootFile(UserError):
    """The boot file is missing, not under the code folder, or not a .py file."""

    code = "ModelArts.2758"
    text = Text("Invalid boot_file {uri}: {detail}.", "启动文件 boot_file {uri} 无效：{detail}。")
    remedy = Text("Give a .py file under code_dir.", "请填写 code_dir 下的 .py 文件。")


class InvalidObsPath(UserError):
    """Not a path of the object store, or it leads outside its bucket."""

    code = "ModelArts.2791"
    text = Text(
        "{field}: {uri} is not a valid object path: {detail}.",
        "{field}：{uri} 不是有效的对象路径：{detail}。",
    )
    remedy = Text(
        "Use obs://bucket/key, s3://bucket/key or /bucket/key.",
        "请使用 obs://bucket/key、s3://bucket/key 或 /bucket/key。",
    )


class InputNotFound(UserError):
    """Nothing lies under an input's path."""

    code = "ModelArts.2791"
    text = Text("{field}: nothing lies under {uri}.", "{field}：{uri} 下没有任何对象。")
    remedy = Text(
        "Upload the data first: trainwright obs cp <folder> {uri}",
        "请先上传数据：trainwright obs cp <folder> {uri}",
    )


class ParameterRepeated(UserError):
    """A hyperparameter is given twice."""

    code = "ModelArts.2767"
    text = Text("{field}: the name {name} is repeated.", "{field}：名称 {name} 重复。")
    remedy = CORRECT


class ParameterRequired(UserError):
    """A required hyperparameter has no value."""

    code = "ModelArts.2766"
    text = Text("Hyperparameter {name} is required.", "超参 {name} 为必填项。")
    remedy = CORRECT


class ParameterType(UserError):
    """A hyperparameter's value does not have its declared type."""

    code = "ModelArts.2768"
    text = Text(
        "Hyperparameter {name}: {value} is not of type {type}.", "超参 {name}：{value} 不是 {type} 类型。"
    )
    remedy = CORRECT


class ParameterRange(UserError):
    """A hyperparameter's value lies outside its declared range."""

    code = "ModelArts.2769"
    text = Text(
        "Hyperparameter {name}: {value} is not in {allowed}.", "超参 {name}：{value} 不在 {allowed} 范围内。"
    )
    remedy = CORRECT


class EngineNotFound(UserError):
    """No such engine in the catalogue."""

    code = "ModelArts.2780"
    text = Text("Engine {engine} not found.", "引擎 {engine} 不存在。")
    remedy = Text("Available engines: {allowed}.", "可用引擎：{allowed}。")


class FlavorNotFound(UserError):
    """No such flavor."""

    code = "ModelArts.2781"
    text = Text("Flavor {flavor} not found.", "规格 {flavor} 不存在。")
    remedy = Text("Available flavors: {allowed}.", "可用规格：{allowed}。")


class TooManyNodes(UserError):
    """More nodes than the flavor allows."""

    code = "ModelArts.2793"
    text = Text(
        "{count} nodes asked, flavor {flavor} allows {limit}.",
        "请求 {count} 个节点，规格 {flavor} 最多 {limit} 个。",
    )
    remedy = Text("Ask for fewer nodes.", "请减少节点数。")


class InvalidLocalCodeDir(UserError):
    """local_code_dir is outside /home or in a reserved place."""

    code = "ModelArts.2857"
    text = Text("Invalid local_code_dir {path}: {detail}.", "local_code_dir {path} 无效：{detail}。")
    remedy = Text(
        "Choose a folder under /home other than the platform's own.", "请选择 /home 下非平台保留的目录。"
    )


class InvalidWorkingDir(UserError):
    """working_dir is not an absolute, plain path."""

    code = "ModelArts.2859"
    text = Text("Invalid working_dir {path}: {detail}.", "working_dir {path} 无效：{detail}。")
    remedy = CORRECT


class CommandMissing(UserError):
    """Neither a boot file nor a command tells what to run."""

    code = "ModelArts.2788"
    text = Text("The job has nothing to run: {detail}.", "作业没有可运行的内容：{detail}。")
    remedy = Text(
        "Give algorithm.code_dir, algorithm.boot_file and algorithm.engine, or algorithm.command.",
        "请填写 algorithm.code_dir、algorithm.boot_file 与 algorithm.engine，或填写 algorithm.command。",
    )


class ImageWithoutCommand(UserError):
    """A custom image without the command that starts it."""

    code = "ModelArts.2806"
    text = Text(
        "Image {image} is given without a command.",
        "填写了镜像 {image}，但缺少启动命令 command。",
    )
    remedy = Text("Give algorithm.command.", "请填写 algorithm.command。")


class ImageNotRunnable(UserError):
    """A custom image that jobs cannot run in here, and why."""

    code = "Trainwright.0120"
    text = Text("Image {image} cannot be run here: {detail}.", "镜像 {image} 无法在此运行：{detail}。")
    remedy = Text(
        "Name an engine's image, an image of the server's images.yaml, or an archive of one in the object store "
        "(obs://bucket/image.tar, as `docker save` or `skopeo copy` make it).",
        "请填写引擎的镜像、服务器 images.yaml 中的镜像，或对象存储中的镜像归档"
        "（obs://bucket/image.tar，可用 `docker save` 或 `skopeo copy` 生成）。",
    )


class PoolNotFound(NotFound):
    """No such resource pool."""

    code = "ModelArts.2890"
    text = Text("Resource pool {pool} not found.", "资源池 {pool} 不存在。")
    remedy = Text(
        "List the pools to find its id. Jobs without spec.resource.pool_id use the public pool.",
        "请在资源池列表中查找 ID。未填写 spec.resource.pool_id 的作业使用公共资源池。",
    )


class LogNotReady(NotFound):
    """The task has not written anything yet."""

    code = "ModelArts.2818"
    text = Text("Task {task} has no log yet.", "任务 {task} 尚未产生日志。")
    remedy = Text("Wait until the task has started.", "请等待任务启动。")


class InvalidLink(Denied):
    """A share link that is wrong or has expired."""

    code = "Trainwright.0005"
    text = Text("The link is not valid or has expired.", "链接无效或已过期。")
    remedy = Text("Ask for a new link.", "请重新获取链接。")


class TooManyFollowers(Unavailable):
    """As many streams are open as this server allows."""

    code = "Trainwright.0006"
    text = Text("{limit} streams are open already.", "已打开 {limit} 个数据流。")
    remedy = Text("Close a stream, or try again later.", "请关闭其他数据流，或稍后重试。")
