"""What is wrong with what hangs on a job: reports, share links, trials, saved images."""

from trainwright.domain.errors.families import Conflict, NotFound, UserError
from trainwright.domain.texts import Text


class JobNotRunning(Conflict):
    """Only what runs can report about itself."""

    code = "ModelArts.2858"
    text = Text("Training job {job} is {phase}, not Running.", "训练作业 {job} 处于 {phase} 状态，未在运行。")
    remedy = Text("Report from inside the running task.", "请在任务运行期间上报。")


class TooManyReports(UserError):
    """The job's tasks have reported as often as they may."""

    code = "ModelArts.2816"
    text = Text("Training job {job} has {limit} reports already.", "训练作业 {job} 已有 {limit} 条上报。")
    remedy = Text("Print to the log instead.", "请改为输出到日志。")


class NotASearch(UserError):
    """The job searches for no hyperparameters."""

    code = "ModelArts.2858"
    text = Text("Training job {job} is no hyperparameter search.", "训练作业 {job} 不是超参搜索作业。")
    remedy = Text("Trials belong to jobs that search for hyperparameters.", "仅超参搜索作业有 trial。")


class TemplateNotFound(NotFound):
    """No such template of a search."""

    code = "ModelArts.2836"
    text = Text("There is no template {type}/{name}.", "模板 {type}/{name} 不存在。")
    remedy = Text("List the templates to find their names.", "请在模板列表中查找名称。")


class SavedImageNotFound(NotFound):
    """No image of the task was saved."""

    code = "ModelArts.2881"
    text = Text(
        "No image of task {task} of training job {job} was saved.",
        "训练作业 {job} 的任务 {task} 没有保存过镜像。",
    )
    remedy = Text("Images cannot be saved on this server.", "本服务器暂不支持保存镜像。")


class IdempotencyKeyUsed(Conflict):
    """The key came with another body before."""

    code = "Trainwright.0012"
    text = Text(
        "Training job {job} was created with this Idempotency-Key and another body.",
        "该 Idempotency-Key 已用于以其他请求体创建训练作业 {job}。",
    )
    remedy = Text("Use a new key for every new job.", "请为每个新作业使用新的 Idempotency-Key。")


class LogLinkNotFound(NotFound):
    """The job has no such share link, or no longer."""

    code = "Trainwright.0007"
    text = Text("Training job {job} has no log link {link}.", "训练作业 {job} 不存在日志链接 {link}。")
    remedy = Text("List the job's links to find its id.", "请在该作业的链接列表中查找 ID。")


class TooManyLogLinks(UserError):
    """The job has as many valid links as it may."""

    code = "Trainwright.0008"
    text = Text(
        "Training job {job} has {limit} valid log links already.",
        "训练作业 {job} 已有 {limit} 个有效的日志链接。",
    )
    remedy = Text("Revoke one, or wait until one expires.", "请撤销一个链接，或等待其过期。")
