"""What is wrong with saved algorithms and the gallery."""

from trainwright.domain.errors.families import Denied, NotFound, UserError
from trainwright.domain.texts import Text


class AlgorithmNotFound(UserError):
    """No such algorithm; the contract wants status 400."""

    code = "ModelArts.2755"
    text = Text("Algorithm {algorithm} not found.", "算法 {algorithm} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateAlgorithmName(UserError):
    """Another algorithm of the project has this name."""

    code = "ModelArts.2821"
    text = Text("An algorithm named {name} exists already.", "名为 {name} 的算法已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class AlgorithmMismatch(UserError):
    """The job contradicts what its algorithm allows."""

    code = "ModelArts.2814"
    text = Text(
        "{field} does not fit algorithm {algorithm}: {detail}.",
        "{field} 与算法 {algorithm} 不匹配：{detail}。",
    )
    remedy = Text(
        "Follow the algorithm's constraints, or use another algorithm.", "请遵循算法约束，或更换算法。"
    )


class RemoteTypeUnsupported(UserError):
    """An input comes from a kind of place that the algorithm does not take."""

    code = "ModelArts.2834"
    text = Text(
        "{field}: algorithm {algorithm} takes {allowed} only.",
        "{field}：算法 {algorithm} 仅支持 {allowed} 类型的输入。",
    )
    remedy = Text(
        "Give the input as a kind of data that the algorithm takes, or use another algorithm.",
        "请使用算法支持的输入类型，或更换算法。",
    )


class SearchSettingsInvalid(UserError):
    """The settings of a hyperparameter search contradict themselves."""

    code = "ModelArts.2826"
    text = Text(
        "Invalid search settings: {field}: {detail}.",
        "超参搜索配置无效：{field}：{detail}。",
    )
    remedy = Text(
        "Correct the field and send the request again.",
        "请修改该字段后重新提交。",
    )


class SearchRewardRepeated(UserError):
    """Two search indicators have the same name."""

    code = "ModelArts.2824"
    text = Text("The search indicator {name} is given twice.", "搜索指标 {name} 重复。")
    remedy = Text("Give each indicator one name.", "请为每个指标使用不同名称。")


class GalleryItemNotFound(NotFound):
    """No such item in the gallery, or not for this project."""

    code = "Trainwright.0801"
    text = Text("Gallery item {item} not found.", "算法市场条目 {item} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateGalleryTitle(UserError):
    """The project has published an item of this title."""

    code = "Trainwright.0802"
    text = Text(
        "A gallery item titled {title} exists already.",
        "名为 {title} 的条目已存在。",
    )
    remedy = Text(
        "Publish a version of it, or choose another title.",
        "请为其发布新版本，或更换名称。",
    )


class DuplicateGalleryVersion(UserError):
    """The item has a version of this number."""

    code = "Trainwright.0803"
    text = Text("Version {number} exists already.", "版本 {number} 已存在。")
    remedy = Text("Give the next number.", "请使用下一个版本号。")


class SubscriptionNotFound(NotFound):
    """The project has no such subscription."""

    code = "Trainwright.0804"
    text = Text("Subscription {subscription} not found.", "订阅 {subscription} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class CodeHidden(Denied):
    """The code of a subscribed algorithm is not shown and not copied."""

    code = "Trainwright.0805"
    text = Text(
        "The code of {name} belongs to its publisher.",
        "{name} 的代码归发布者所有，不可查看或另存。",
    )
    remedy = Text("Use the algorithm in jobs as it is.", "请直接使用该算法创建作业。")


class GalleryVersionNotFound(NotFound):
    """The item has no such version."""

    code = "Trainwright.0806"
    text = Text(
        "Version {version} of the gallery item not found.",
        "算法市场条目的版本 {version} 不存在。",
    )
    remedy = Text("Show the item or the subscription to find its versions.", "请查看条目或订阅的版本列表。")


class TooManyGalleryVersions(UserError):
    """The item has as many versions as it may."""

    code = "Trainwright.0807"
    text = Text("The gallery item has {limit} versions already.", "该条目已有 {limit} 个版本。")
    remedy = Text("Publish a new item, or withdraw this one.", "请发布新条目，或先下架该条目。")
