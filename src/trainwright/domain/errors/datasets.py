"""What is wrong with datasets and their versions."""

from trainwright.domain.errors.families import Conflict, NotFound, UserError
from trainwright.domain.texts import Text


class DatasetNotFound(NotFound):
    """No such dataset."""

    code = "ModelArts.2783"
    text = Text("Dataset {dataset} not found.", "数据集 {dataset} 不存在。")
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateDatasetName(UserError):
    """Another dataset of the project has this name."""

    code = "Trainwright.0901"
    text = Text("A dataset named {name} exists already.", "名为 {name} 的数据集已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class DatasetVersionNotFound(NotFound):
    """No such version of the dataset."""

    code = "ModelArts.2782"
    text = Text(
        "Version {version} of dataset {dataset} not found.", "数据集 {dataset} 的版本 {version} 不存在。"
    )
    remedy = Text("List them to find the id.", "请在列表中查找 ID。")


class DuplicateDatasetVersion(UserError):
    """The dataset has a version of this name."""

    code = "Trainwright.0902"
    text = Text("A version named {name} exists already.", "名为 {name} 的版本已存在。")
    remedy = Text("Choose another name.", "请更换名称。")


class DatasetVersionNotReady(Conflict):
    """Only a ready version can be an input."""

    code = "Trainwright.0903"
    text = Text(
        "Version {version} is {state} and cannot be used yet.", "版本 {version} 处于 {state} 状态，暂不可用。"
    )
    remedy = Text(
        "Wait until it is ready, or make a new version.",
        "请等待其就绪，或创建新版本。",
    )


class InputTooLarge(UserError):
    """The inputs do not fit on the flavor's disk."""

    code = "Trainwright.0904"
    text = Text(
        "The inputs hold {size} bytes, flavor {flavor} has {limit} bytes of disk.",
        "输入数据共 {size} 字节，规格 {flavor} 的磁盘为 {limit} 字节。",
    )
    remedy = Text(
        "Choose a larger flavor, or less data.",
        "请选择更大的规格，或减少数据。",
    )


class TooManyVersionsBegun(UserError):
    """The project has as many versions being made as it may."""

    code = "Trainwright.0906"
    text = Text(
        "{limit} dataset versions of the project are being made already.",
        "项目中已有 {limit} 个数据集版本正在创建。",
    )
    remedy = Text("Wait until one is ready, or delete one.", "请等待其中一个就绪，或删除一个。")


class DatasetInUse(Conflict):
    """Unfinished jobs read a version."""

    code = "Trainwright.0905"
    text = Text(
        "Version {version} is an input of an unfinished job.", "版本 {version} 正被未结束的作业用作输入。"
    )
    remedy = Text("Stop the job or wait for its end.", "请停止该作业或等待其结束。")
