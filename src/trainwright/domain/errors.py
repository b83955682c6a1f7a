"""Every error a caller can meet. One tree; stable codes; text in both languages: what happened, to what, what to do.

HTTP status is chosen in `server` from the family (the direct subclass of `TrainwrightError`). Codes are those of the
ModelArts contract where one fits (facts/modelarts-rest-contract.md §12); ours begin with `Trainwright.`.
"""

from typing import ClassVar

from trainwright.domain.texts import Language, Text


class TrainwrightError(Exception):
    """Base of all. Subclasses set `code`, `text` and `remedy`; slots come as keyword arguments.

    A slot that is itself a `Text` is put into the reader's language, with the other slots as its own.
    """

    code: ClassVar[str] = "ModelArts.0010"
    text: ClassVar[Text] = Text("Internal error.", "内部错误。")
    remedy: ClassVar[Text] = Text(
        "Try again; if it stays, give the request id to the administrator.",
        "请重试；若仍失败，请将请求 ID 提供给管理员。",
    )

    def __init__(self, **slots: str | int | float | Text) -> None:
        self.slots = {name: slot for name, slot in slots.items() if not isinstance(slot, Text)}
        self.texts = {name: slot for name, slot in slots.items() if isinstance(slot, Text)}
        super().__init__(self.message(Language.EN))

    def message(self, language: Language) -> str:
        """What happened, to what."""
        return self.text.render(language, self._readable(language))

    def solution(self, language: Language) -> str:
        """What to do about it; may be empty."""
        return self.remedy.render(language, self._readable(language))

    def _readable(self, language: Language) -> dict[str, str | int | float]:
        texts = {name: text.render(language, self.slots) for name, text in self.texts.items()}
        return {**self.slots, **texts}


# -- families ---------------------------------------------------------------------------------------------------------


class UserError(TrainwrightError):
    """The request cannot be carried out as it stands."""


class NotFound(TrainwrightError):
    """It does not exist, or not for this caller."""


class Conflict(TrainwrightError):
    """It contradicts the present state."""


class Unauthenticated(TrainwrightError):
    """Nobody we know."""


class Denied(TrainwrightError):
    """Known, but not allowed."""


class TooLarge(TrainwrightError):
    """More than we take."""


class Unavailable(TrainwrightError):
    """A part we depend on does not answer; trying again later may help."""


# -- requests ---------------------------------------------------------------------------------------------------------

_CORRECT = Text("Correct the field and send the request again.", "请修改该字段后重新提交。")


class InvalidJson(UserError):
    """The body is not a JSON object."""

    code = "ModelArts.2787"
    text = Text("The request body is not a JSON object: {detail}.", "请求体不是 JSON 对象：{detail}。")
    remedy = Text("Send a JSON object with UTF-8 text.", "请发送 UTF-8 编码的 JSON 对象。")


class InvalidParam(UserError):
    """A field has the wrong type, form or value."""

    code = "ModelArts.2788"
    text = Text("Invalid value of {field}: {detail}.", "{field} 的值无效：{detail}。")
    remedy = _CORRECT


class InvalidQuery(UserError):
    """A query parameter has the wrong type, form or value."""

    code = "ModelArts.2764"
    text = Text("Invalid query parameter {field}: {detail}.", "查询参数 {field} 无效：{detail}。")
    remedy = _CORRECT


class ParamOutOfRange(UserError):
    """A number lies outside its limits."""

    code = "ModelArts.2816"
    text = Text("{field} is {value}; it must be {allowed}.", "{field} 的值为 {value}，必须为 {allowed}。")
    remedy = _CORRECT


class UnsupportedSort(UserError):
    """Sorting by this key is not offered."""

    code = "ModelArts.2790"
    text = Text("Cannot sort by {value}.", "不支持按 {value} 排序。")
    remedy = Text("Use one of: {allowed}.", "可用的排序字段：{allowed}。")


class UnsupportedFilterKey(UserError):
    """Filtering by this key is not offered."""

    code = "ModelArts.2807"
    text = Text("Cannot filter by {value}.", "不支持按 {value} 过滤。")
    remedy = Text("Use one of: {allowed}.", "可用的过滤字段：{allowed}。")


class UnsupportedFilterOperator(UserError):
    """The operator does not exist or does not fit the key."""

    code = "ModelArts.2808"
    text = Text("Operator {value} is not supported for {field}.", "{field} 不支持操作符 {value}。")
    remedy = Text("Use one of: {allowed}.", "可用的操作符：{allowed}。")


class InvalidFilterValue(UserError):
    """A filter's value has the wrong form."""

    code = "ModelArts.2809"
    text = Text("Invalid filter value of {field}: {detail}.", "过滤字段 {field} 的值无效：{detail}。")
    remedy = _CORRECT


class BodyTooLarge(TooLarge):
    """The request body exceeds the limit of its route."""

    code = "Trainwright.0001"
    text = Text("The request body is larger than {limit} bytes.", "请求体超过 {limit} 字节。")
    remedy = Text("Send less, or use a multipart upload.", "请减小请求体，或使用分段上传。")


class UnknownRoute(NotFound):
    """No such path."""

    code = "Trainwright.0002"
    text = Text("There is no {path}.", "路径 {path} 不存在。")
    remedy = Text("Check the path against the API reference.", "请对照 API 参考检查路径。")


class WrongVerb(UserError):
    """The path exists, the verb does not."""

    code = "Trainwright.0003"
    text = Text("{method} is not offered on {path}.", "{path} 不支持 {method} 方法。")
    remedy = Text("Check the verb against the API reference.", "请对照 API 参考检查请求方法。")


class UnsupportedAction(UserError):
    """An action type we do not know."""

    code = "ModelArts.2812"
    text = Text("Unsupported action_type {value}.", "不支持的 action_type：{value}。")
    remedy = Text("Use one of: {allowed}.", "可用的操作：{allowed}。")


class NotOffered(UserError):
    """Valid in the contract, not built here yet."""

    code = "Trainwright.0004"
    text = Text("{field} is not available on this server.", "本服务器暂不支持 {field}。")
    remedy = Text("Leave it out of the request.", "请从请求中去掉该字段。")


# -- who --------------------------------------------------------------------------------------------------------------


class NoCredentials(Unauthenticated):
    """No usable credentials in the request."""

    code = "ModelArts.0205"
    text = Text("The request carries no valid credentials.", "请求未携带有效凭证。")
    remedy = Text(
        "Send the header X-Auth-Token: <token>, or run `trainwright login`.",
        "请发送请求头 X-Auth-Token: <token>，或运行 `trainwright login`。",
    )


class WrongProject(Denied):
    """The project in the path is not the caller's."""

    code = "ModelArts.0210"
    text = Text("The project in the URL does not belong to the caller.", "URL 中的项目不属于调用者。")
    remedy = Text("Use the project id of your own account.", "请使用自己账号的项目 ID。")


# -- jobs -------------------------------------------------------------------------------------------------------------


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
    remedy = _CORRECT


class OutputPathInUse(Conflict):
    """An unfinished job writes to this output path."""

    code = "ModelArts.2753"
    text = Text(
        "Output path {uri} is being written by the unfinished job {job}.",
        "输出路径 {uri} 正被未结束的作业 {job} 使用。",
    )
    remedy = Text("Choose another output path, or wait for that job.", "请更换输出路径，或等待该作业结束。")


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
    remedy = _CORRECT


class ParameterRequired(UserError):
    """A required hyperparameter has no value."""

    code = "ModelArts.2766"
    text = Text("Hyperparameter {name} is required.", "超参 {name} 为必填项。")
    remedy = _CORRECT


class ParameterType(UserError):
    """A hyperparameter's value does not have its declared type."""

    code = "ModelArts.2768"
    text = Text(
        "Hyperparameter {name}: {value} is not of type {type}.", "超参 {name}：{value} 不是 {type} 类型。"
    )
    remedy = _CORRECT


class ParameterRange(UserError):
    """A hyperparameter's value lies outside its declared range."""

    code = "ModelArts.2769"
    text = Text(
        "Hyperparameter {name}: {value} is not in {allowed}.", "超参 {name}：{value} 不在 {allowed} 范围内。"
    )
    remedy = _CORRECT


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
    remedy = _CORRECT


class CommandMissing(UserError):
    """Neither a boot file nor a command tells what to run."""

    code = "ModelArts.2788"
    text = Text("The job has nothing to run: {detail}.", "作业没有可运行的内容：{detail}。")
    remedy = Text(
        "Give algorithm.code_dir, algorithm.boot_file and algorithm.engine, or algorithm.command.",
        "请填写 algorithm.code_dir、algorithm.boot_file 与 algorithm.engine，或填写 algorithm.command。",
    )


class PoolNotFound(NotFound):
    """No such resource pool."""

    code = "ModelArts.2890"
    text = Text("Resource pool {pool} not found.", "资源池 {pool} 不存在。")
    remedy = Text(
        "Leave spec.resource.pool_id out to use the public pool.",
        "如需使用公共资源池，请去掉 spec.resource.pool_id。",
    )


# -- logs and metrics -------------------------------------------------------------------------------------------------


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


# -- object storage ---------------------------------------------------------------------------------------------------


class BucketNotFound(NotFound):
    """No such bucket."""

    code = "Trainwright.0101"
    text = Text("Bucket {bucket} not found.", "桶 {bucket} 不存在。")
    remedy = Text(
        "Create it: trainwright obs mb obs://{bucket}", "请先创建：trainwright obs mb obs://{bucket}"
    )


class BucketExists(Conflict):
    """The bucket exists already."""

    code = "Trainwright.0102"
    text = Text("Bucket {bucket} exists already.", "桶 {bucket} 已存在。")
    remedy = Text("Use it, or choose another name.", "请直接使用，或更换名称。")


class BucketNotEmpty(Conflict):
    """Only empty buckets can be deleted."""

    code = "Trainwright.0103"
    text = Text("Bucket {bucket} is not empty.", "桶 {bucket} 不为空。")
    remedy = Text(
        "Delete its objects first: trainwright obs rm -r obs://{bucket}/",
        "请先删除桶内对象：trainwright obs rm -r obs://{bucket}/",
    )


class InvalidBucketName(UserError):
    """3 to 63 lower-case letters, digits, dots and dashes."""

    code = "Trainwright.0104"
    text = Text("Invalid bucket name {bucket}.", "桶名 {bucket} 无效。")
    remedy = Text(
        "Use 3 to 63 lower-case letters, digits, dots and dashes, beginning and ending with a letter or digit.",
        "请使用 3 至 63 个小写字母、数字、点和短横线，首尾须为字母或数字。",
    )


class ObjectNotFound(NotFound):
    """No such object."""

    code = "ModelArts.2836"
    text = Text("{uri} not found.", "{uri} 不存在。")
    remedy = Text("List the folder with `trainwright obs ls`.", "请用 `trainwright obs ls` 查看目录。")


class UploadNotFound(NotFound):
    """No such multipart upload."""

    code = "Trainwright.0105"
    text = Text("Upload {upload} not found.", "上传任务 {upload} 不存在。")
    remedy = Text("Begin the upload again.", "请重新开始上传。")


class UploadIncomplete(Conflict):
    """Parts are missing."""

    code = "Trainwright.0106"
    text = Text("Upload {upload} lacks parts: {detail}.", "上传任务 {upload} 缺少分段：{detail}。")
    remedy = Text("Upload the missing parts, then complete it.", "请补传缺失的分段后再完成上传。")


class InvalidRange(UserError):
    """A byte range that the object does not have."""

    code = "Trainwright.0107"
    text = Text("Range {value} lies outside {size} bytes.", "范围 {value} 超出 {size} 字节。")
    remedy = _CORRECT


class KeyConflict(Conflict):
    """A key cannot be an object and a folder at once where objects are files."""

    code = "Trainwright.0108"
    text = Text(
        "{uri} cannot be stored beside {other}: one name cannot be an object and a folder.",
        "无法存储 {uri}：与 {other} 冲突，同一名称不能既是对象又是目录。",
    )
    remedy = Text("Choose another key, or delete {other} first.", "请更换对象名，或先删除 {other}。")


class BodyCutShort(UserError):
    """The connection ended before the whole request body had arrived; nothing was stored."""

    code = "Trainwright.0109"
    text = Text("The request body ended early.", "请求体未完整到达。")
    remedy = Text("Send it again.", "请重新发送。")


class StorageUnavailable(Unavailable):
    """The object store does not answer or refuses us."""

    code = "ModelArts.2957"
    text = Text("The object store failed: {detail}.", "对象存储出错：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )


# -- database ---------------------------------------------------------------------------------------------------------


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked for too long, or cannot write."""

    code = "Trainwright.0301"
    text = Text("The database failed: {detail}.", "数据库出错：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )


# -- runners ----------------------------------------------------------------------------------------------------------


class AttemptClosed(Conflict):
    """This attempt is over or superseded: kill, clean up, report nothing."""

    code = "Trainwright.0201"
    text = Text("Attempt {attempt} is closed.", "运行 {attempt} 已关闭。")
    remedy = Text("End the task and report nothing.", "请结束任务，不再上报。")


class LogGap(Conflict):
    """Log bytes were sent beyond what is stored; the answer says where to go on."""

    code = "Trainwright.0202"
    text = Text(
        "Log offset {offset} is ahead of the stored {stored} bytes.",
        "日志偏移 {offset} 超过已存的 {stored} 字节。",
    )
    remedy = Text("Send from {stored}.", "请从 {stored} 开始发送。")


class GrantNotFound(NotFound):
    """The job has no such folder."""

    code = "Trainwright.0203"
    text = Text("The job has no folder {section}/{index}.", "作业没有目录 {section}/{index}。")
    remedy = Text("Use the URLs of the task order.", "请使用任务指令中给出的 URL。")


# -- backends ---------------------------------------------------------------------------------------------------------


class BackendUnavailable(Unavailable):
    """The backend does not answer."""

    code = "Trainwright.0301"
    text = Text("Backend {backend} does not answer: {detail}.", "后端 {backend} 无响应：{detail}。")
    remedy = Text(
        "Try again; the administrator finds details in the server's log.",
        "请重试；管理员可在服务器日志中查看详情。",
    )
