"""Chinese for what is said about checkpoints and models."""

from collections.abc import Mapping
from types import MappingProxyType

MODELS: Mapping[str, str] = MappingProxyType(
    {
        "Registered models.": "已登记的模型。",
        "Id or name of the model.": "模型的 ID 或名称。",
        "Number of the version; the newest by default.": "版本号，默认为最新版本。",
        "List a job's checkpoints, newest first, each checked.": "列出并检查作业的检查点，最新的在前。",
        "List models, newest first.": "列出模型，最新的在前。",
        "Show a model, or one of its versions.": "显示模型或其某个版本。",
        "List a model's versions, the highest number first.": "列出模型的版本，版本号大的在前。",
        "Change a model's description.": "修改模型描述。",
        "Download a version of a model.": "下载模型的某个版本。",
        "Folder the files are laid into.": "存放文件的目录。",
        "Delete a model, or one of its versions, with the files.": "删除模型或其某个版本，连同文件。",
        "OUTPUT": "输出",
        "USER": "用户",
        "CHECKPOINT": "检查点",
        "TRAINING STEP": "训练步数",
        "EPOCH": "轮次",
        "METRICS": "指标",
        "STORED": "存储时间",
        "STATE": "状态",
        "{state}: {detail}": "{state}：{detail}",
        "MODEL": "模型",
        "VERSIONS": "版本数",
        "CHANGED": "更新时间",
        "JOB": "作业",
        "FILES": "文件数",
        "Versions": "版本数",
        "Version": "版本",
        "Job": "作业",
        "Files": "文件",
        "{shown} of {all} checkpoints": "共 {all} 个检查点，显示 {shown} 个",
        "{shown} of {all} models": "共 {all} 个模型，显示 {shown} 个",
        "Version {version}: {count} files, {size}": "版本 {version}：{count} 个文件，{size}",
        "Model {name} has no such version": "模型 {name} 没有该版本",
        "{name} came incomplete; download it again": "{name} 未下载完整，请重新下载",
    }
)
