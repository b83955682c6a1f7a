"""Chinese for what is said about algorithms, the gallery, datasets and experiments."""

from collections.abc import Mapping
from types import MappingProxyType

LIBRARY: Mapping[str, str] = MappingProxyType(
    {
        "Do not ask first.": "不再询问，直接执行。",
        "{question} [y/N] ": "{question} [y/N] ",
        "Delete user {name} with tokens and access keys?": "删除用户 {name} 及其令牌和访问密钥？",
        "Delete role {name}?": "删除角色 {name}？",
        "Delete access key {name}?": "删除访问密钥 {name}？",
        "Delete token {name}?": "删除令牌 {name}？",
        "Delete version {n} of model {name}?": "删除模型 {name} 的版本 {n}？",
        "Delete model {name} with its files?": "删除模型 {name} 及其文件？",
        "Delete everything below {path}?": "删除 {path} 下的全部对象？",
        "Delete {path}?": "删除 {path}？",
        "Delete bucket {bucket}?": "删除桶 {bucket}？",
        "Nothing was changed.": "未做任何更改。",
        "An id or a name is needed.": "需要提供 ID 或名称。",
        "{shown} of {all} shown": "共 {all} 项，显示 {shown} 项",
        "{option} wants a whole number, not {value}": "{option} 需要整数，而不是 {value}",
        "The new name.": "新名称。",
        "The title.": "标题。",
        "Change name or description.": "修改名称或描述。",
        "Id or name of the workspace it lies in.": "所属工作空间的 ID 或名称。",
        "JOBS": "作业数",
        "OWN": "自有",
        "FOLDER": "目录",
        "OBJECTS": "对象数",
        "TITLE": "标题",
        "NEWEST": "最新版本",
        "SUBSCRIBED": "订阅时间",
        "VISIBLE TO": "可见范围",
        "SHA-256": "SHA-256",
        "Changed": "更新时间",
        "Folder": "目录",
        "Jobs": "作业数",
        "Objects": "对象",
        "State": "状态",
        "Subscription": "订阅",
        "Title": "标题",
        "Version id": "版本 ID",
        "Visible to": "可见范围",
        "Workspace": "工作空间",
        # experiments
        "Groups of jobs.": "实验：作业分组。",
        "Id or name of the experiment.": "实验的 ID 或名称。",
        "List experiments, newest first.": "列出实验，最新的在前。",
        "Show one experiment.": "显示实验详情。",
        "Make an experiment; jobs join it with `job create --experiment`.": (
            "创建实验；作业通过 `job create --experiment` 加入。"
        ),
        "Delete an experiment; its jobs stay and are in none afterwards.": (
            "删除实验；其中的作业保留，不再属于任何实验。"
        ),
        "Delete experiment {name}?": "删除实验 {name}？",
        # datasets
        "Datasets.": "数据集。",
        "Id or name of the dataset.": "数据集的 ID 或名称。",
        "Name or id of the version; the newest by default.": "版本名称或 ID，默认为最新版本。",
        "List datasets, newest first.": "列出数据集，最新的在前。",
        "Show a dataset, or one of its versions.": "显示数据集或其某个版本。",
        "Register a folder of the object store as a dataset.": "将对象存储中的目录登记为数据集。",
        "Forget a dataset with its versions, or one version; the objects stay.": (
            "删除数据集及其版本，或仅删除一个版本；对象保留。"
        ),
        "Delete version {name}?": "删除版本 {name}？",
        "Delete dataset {name}?": "删除数据集 {name}？",
        "List a dataset's versions, newest first.": "列出数据集的版本，最新的在前。",
        "Make a version of what lies in the folder now.": "用目录当前的内容生成一个版本。",
        "Its name; V001, V002, … by default.": "版本名称，默认为 V001、V002……",
        "Return when it is ready; exit with 1 when it failed.": "等待版本可用后返回；失败时退出码为 1。",
        "List the objects of a version, with size and SHA-256.": "列出版本中的对象及其大小和 SHA-256。",
        "Dataset {name} has no versions.": "数据集 {name} 没有版本。",
        "{state}, {done} of {all}": "{state}，{done} / {all}",
        # algorithms
        "Saved algorithms.": "已保存的算法。",
        "Id or name of the algorithm.": "算法的 ID 或名称。",
        "YAML file of the algorithm; flags go over it.": "算法的 YAML 文件；命令行选项优先。",
        "Name of an input; repeatable.": "输入名称，可重复。",
        "Name of an output; repeatable.": "输出名称，可重复。",
        "List algorithms, newest first.": "列出算法，最新的在前。",
        "Show one algorithm.": "显示算法详情。",
        "Save an algorithm: code, how it starts, hyperparameters and channels.": (
            "保存算法：代码、启动方式、超参及输入输出。"
        ),
        "Change an algorithm; what is not given stays. Jobs that were made of it do not change.": (
            "修改算法；未给出的内容保持不变，已创建的作业不受影响。"
        ),
        "Save what a job runs as an algorithm, its values as defaults.": (
            "将作业运行的内容保存为算法，其取值作为默认值。"
        ),
        "Delete an algorithm; its code and the jobs made of it stay.": "删除算法；代码和已创建的作业保留。",
        "Delete algorithm {name}?": "删除算法 {name}？",
        # the gallery
        "Published algorithms.": "已发布的算法。",
        "Id or title of the published algorithm.": "已发布算法的 ID 或标题。",
        "Id of the subscription, or title of the algorithm.": "订阅 ID，或算法标题。",
        "Number or id of the version.": "版本号或版本 ID。",
        "Number or id of the version; the newest by default.": "版本号或版本 ID，默认为最新版本。",
        "public: for every project of the server; project: for your own.": (
            "public：对服务器上的所有项目可见；project：仅本项目可见。"
        ),
        "List published algorithms, newest first.": "列出已发布的算法，最新的在前。",
        "Only those whose title contains this.": "仅列出标题包含该文本的算法。",
        "Only those of your own project.": "仅列出本项目发布的算法。",
        "Show a published algorithm with its versions.": "显示已发布的算法及其版本。",
        "Publish one of your algorithms; its code is copied.": "发布您的算法；其代码会被复制。",
        "Number of the version, such as 1.0.0.": "版本号，如 1.0.0。",
        "As the next version of this published algorithm.": "作为该已发布算法的下一个版本。",
        "Change title, description or visibility of your own.": "修改您发布的算法的标题、描述或可见范围。",
        "Withdraw your own, with all subscriptions to it. Unfinished jobs of it go on.": (
            "下架您发布的算法并取消其全部订阅；未结束的作业继续运行。"
        ),
        "Withdraw {name} and end all subscriptions to it?": "下架 {name} 并取消其全部订阅？",
        "{name} withdrawn.": "{name} 已下架。",
        "List the project's subscriptions, newest first.": "列出本项目的订阅，最新的在前。",
        "Subscribe to a published algorithm; jobs use it with `job create --subscription`.": (
            "订阅已发布的算法；作业通过 `job create --subscription` 使用。"
        ),
        "Choose another version for a subscription.": "为订阅选择其他版本。",
        "End a subscription. Unfinished jobs go on, new ones are refused.": (
            "取消订阅；未结束的作业继续运行，新作业会被拒绝。"
        ),
        "End the subscription to {name}?": "取消对 {name} 的订阅？",
        "Subscription to {name} ended.": "已取消对 {name} 的订阅。",
    }
)
