"""What is wrong with registered models and their versions."""

from trainwright.domain.errors.families import Conflict, NotFound, UserError
from trainwright.domain.texts import Text


class ModelNotFound(NotFound):
    """No such model."""

    code = "Trainwright.1101"
    text = Text("Model {model} not found.", "模型 {model} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateModelName(UserError):
    """Another model of the project has this name."""

    code = "Trainwright.1102"
    text = Text("A model named {name} exists already.", "名为 {name} 的模型已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class ModelVersionNotFound(NotFound):
    """No such version of the model."""

    code = "Trainwright.1103"
    text = Text("Version {version} of model {model} not found.", "模型 {model} 的版本 {version} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateModelVersion(Conflict):
    """The job has given this model a version already."""

    code = "Trainwright.1104"
    text = Text("Job {job} has given the model a version already.", "作业 {job} 已为该模型生成过版本。")
    remedy = Text("List the model's versions.", "请查看该模型的版本列表。")


class ModelInUse(Conflict):
    """Unfinished jobs read a version."""

    code = "Trainwright.1105"
    text = Text("Model {model} is an input of an unfinished job.", "模型 {model} 正被未结束的作业用作输入。")
    remedy = Text("Stop the job or wait for its end.", "请停止该作业或等待其结束。")


class ModelFileNotFound(NotFound):
    """The version has no such file."""

    code = "Trainwright.1106"
    text = Text("Version {version} has no file {file}.", "版本 {version} 中没有文件 {file}。")
    remedy = Text("List its files.", "请查看其文件列表。")


class ModelBeingKept(Conflict):
    """The job's model is still being registered: without the job it would be lost."""

    code = "Trainwright.1107"
    text = Text("The model of training job {job} is being registered.", "正在登记训练作业 {job} 的模型。")
    remedy = Text(
        "Try again in a moment; the job's events tell when it is done.",
        "请稍后重试；登记完成时作业事件会有提示。",
    )
