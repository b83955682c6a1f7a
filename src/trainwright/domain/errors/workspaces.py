"""What is wrong with workspaces, quotas, experiments, tags and authorisations."""

from trainwright.domain.errors.families import Conflict, NotFound, UserError
from trainwright.domain.texts import Text


class WorkspaceNotFound(NotFound):
    """No such workspace, or the caller is no member of it."""

    code = "ModelArts.0102"
    text = Text("Workspace {workspace} does not exist.", "工作空间 {workspace} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateWorkspaceName(UserError):
    """Another workspace of the project has this name."""

    code = "Trainwright.0701"
    text = Text(
        "A workspace named {name} exists already.",
        "名为 {name} 的工作空间已存在。",
    )
    remedy = Text("Choose another name.", "请更换名称。")


class WorkspaceNotEmpty(Conflict):
    """Something still lies in the workspace."""

    code = "Trainwright.0702"
    text = Text("Workspace {workspace} is not empty.", "工作空间 {workspace} 不为空。")
    remedy = Text("Delete or move what is in it first.", "请先删除或移走其中的资源。")


class TooManyWorkspaces(UserError):
    """The project has as many workspaces as it may."""

    code = "Trainwright.0703"
    text = Text("The project has {limit} workspaces already.", "项目已有 {limit} 个工作空间。")
    remedy = Text("Delete one that is no longer used.", "请删除不再使用的工作空间。")


class WorkspaceFixed(Conflict):
    """The default workspace cannot be changed or deleted."""

    code = "ModelArts.2838"
    text = Text(
        "The default workspace cannot be changed or deleted.",
        "默认工作空间不可修改或删除。",
    )
    remedy = Text("Create a workspace of your own.", "请新建工作空间。")


class QuotaExceeded(Conflict):
    """The job would go beyond a quota."""

    code = "ModelArts.2815"
    text = Text(
        "The quota of {resource} is {quota}: {used} in use, {asked} asked.",
        "{resource} 的配额为 {quota}：已用 {used}，本次申请 {asked}。",
    )
    remedy = Text(
        "Wait for jobs to end, or ask an administrator for more.", "请等待作业结束，或联系管理员提高配额。"
    )


class ExperimentNotFound(NotFound):
    """No such experiment."""

    code = "ModelArts.2842"
    text = Text(
        "Training experiment {experiment} not found.",
        "训练实验 {experiment} 不存在。",
    )
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateExperimentName(UserError):
    """Another experiment of the project has this name."""

    code = "ModelArts.2841"
    text = Text(
        "A training experiment named {name} exists already.",
        "名为 {name} 的训练实验已存在。",
    )
    remedy = Text("Choose another name.", "请更换名称。")


class ExperimentMismatch(UserError):
    """Job and experiment do not lie in the same workspace."""

    code = "ModelArts.2846"
    text = Text(
        "Training experiment {experiment} lies in workspace {found}, not in {workspace}.",
        "训练实验 {experiment} 属于工作空间 {found}，而非 {workspace}。",
    )
    remedy = Text(
        "Name an experiment of the job's workspace, or create the job in the experiment's.",
        "请指定作业所在工作空间的实验，或在实验所在的工作空间创建作业。",
    )
