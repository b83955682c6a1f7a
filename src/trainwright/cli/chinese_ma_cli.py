"""Chinese for what `ma-cli` says."""

from collections.abc import Mapping
from types import MappingProxyType

MA_CLI: Mapping[str, str] = MappingProxyType(
    {
        "Commands of ModelArts' ma-cli, for this server.": "ModelArts ma-cli 命令，用于本服务器。",
        "Submit training jobs and ask about them.": "提交和查询训练作业。",
        "Submit training job.": "提交训练作业。",
        "Get job details.": "查询训练作业。",
        "Get job log details.": "查询训练作业日志。",
        "Get job running event.": "查询训练作业事件。",
        "Get job engines.": "查询训练引擎。",
        "Get job flavors.": "查询训练资源规格。",
        "Get pools.": "查询资源池。",
        "Stop training job by job id.": "停止训练作业。",
        "Delete training job by job id.": "删除训练作业。",
        "Log in with a password, or with an access key and its secret.": "使用密码或访问密钥登录。",
        "By password or by access key.": "使用密码（PWD）或访问密钥（AKSK）。",
        "Name of the project (account).": "项目（账号）名称。",
        "Password. Others on this machine can see it.": "密码；本机其他用户可见。",
        "Its secret. Others on this machine can see it.": "密钥内容（SK）；本机其他用户可见。",
        "Changes nothing here.": "在此不起作用。",
        "Not used here.": "在此不使用。",
        "Only DEFAULT.": "仅支持 DEFAULT。",
        "Everything that is known, as JSON.": "以 JSON 显示全部信息。",
        "Only this type.": "仅该类型。",
        "Part of the job's name.": "作业名称的一部分。",
        "Which page.": "页码。",
        "Files with the same options; options win.": "包含相同选项的文件；命令行选项优先。",
        "Job name.": "作业名称。",
        "Job description.": "作业描述。",
        "Custom image.": "自定义镜像。",
        "Uid for custom image.": "自定义镜像的用户 ID。",
        "Command for custom image.": "自定义镜像的启动命令。",
        "Folder of the code in the job.": "作业中的代码目录。",
        "Dedicated pool id.": "专属资源池 ID。",
        "Flavor id.": "规格 ID。",
        "OBS path for training data.": "训练数据的 OBS 路径。",
        "OBS path for training log.": "训练日志的 OBS 路径。",
        "Output channel; repeatable.": "输出通道，可重复。",
        "Name of the engine.": "引擎名称。",
        "Version of the engine.": "引擎版本。",
        "Id of the workspace.": "工作空间 ID。",
        "Policy.": "作业策略。",
        "Volumes; repeatable.": "挂载卷，可重复。",
        "Do not wait for the end after submitting.": "提交后不等待作业结束。",
        "Stop job {name}?": "停止作业 {name}？",
        "There are no profiles here; set TRAINWRIGHT_ENDPOINT, _PROJECT and _TOKEN instead.": (
            "不支持多个 profile；请设置 TRAINWRIGHT_ENDPOINT、_PROJECT 和 _TOKEN。"
        ),
        "Files of ma-cli are not read; run `ma-cli configure`, or set TRAINWRIGHT_ENDPOINT.": (
            "不读取 ma-cli 的配置文件；请运行 `ma-cli configure`，或设置 TRAINWRIGHT_ENDPOINT。"
        ),
        "{key} is not an option of `ma-cli ma-job submit`.": "{key} 不是 `ma-cli ma-job submit` 的选项。",
        "{value} is not one of {others}": "{value} 不是 {others} 之一",
    }
)
