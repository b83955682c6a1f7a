"""The Chinese of every sentence of the CLI and of the client's errors, by its English. See `texts.py`."""

from collections.abc import Mapping
from types import MappingProxyType

from trainwright.cli.chinese_audit import AUDIT
from trainwright.cli.chinese_examples import EXAMPLE_NOTES
from trainwright.cli.chinese_jobs import JOBS
from trainwright.cli.chinese_library import LIBRARY
from trainwright.cli.chinese_ma_cli import MA_CLI
from trainwright.cli.chinese_models import MODELS
from trainwright.cli.chinese_nodes import NODES
from trainwright.cli.chinese_places import PLACES
from trainwright.cli.chinese_usage import USAGE

_HELP = {
    "Train models on your own machines, with the ModelArts training contract.": (
        "在自己的机器上训练模型，兼容 ModelArts 训练接口。"
    ),
    "Options": "选项",
    "Arguments": "参数",
    "Commands": "命令",
    "Show this message and exit.": "显示本帮助并退出。",
    "Install completion for the current shell.": "为当前 Shell 安装命令补全。",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "显示当前 Shell 的补全脚本，以便复制或自定义安装。"
    ),
    "Address of the server.": "服务器地址。",
    "Id of the project.": "项目 ID。",
    "Token of the user. Others on this machine can see it; prefer `trainwright login`.": (
        "用户令牌。本机其他用户可见，建议使用 `trainwright login`。"
    ),
    "How to print answers.": "结果的输出格式。",
    "How to print the answer.": "结果的输出格式。",
    "Language of all texts: zh-cn or en-us.": "界面语言：zh-cn 或 en-us。",
    "Print the version.": "显示版本号。",
    "Id or name of the job.": "作业 ID 或名称。",
    "Which task of the job.": "作业中的任务名称。",
    "Start the server here and stay with it.": "在当前终端启动服务器。",
    "Folder of the server's database, objects and logs.": "服务器的数据目录（数据库、对象、日志）。",
    "Address to listen on.": "监听地址。",
    "Port to listen on; 0 takes a free one.": "监听端口；0 表示任选空闲端口。",
    "File with the server's settings.": "服务器配置文件。",
    "Remember a server and its token.": "保存服务器地址和令牌。",
    "Remember a server and its token, after trying them.": "验证并保存服务器地址和令牌。",
    "Read the token from standard input.": "从标准输入读取令牌。",
    "Settings and where they come from.": "配置及其来源。",
    "Show the settings in force and where each comes from.": "显示生效的配置及其来源。",
    "Training jobs.": "训练作业。",
    "Create a job.": "创建作业。",
    "List jobs, newest first.": "列出作业，最新的在前。",
    "Show one job.": "显示作业详情。",
    "Stop a job.": "停止作业。",
    "Delete an ended job with its events and logs. What it wrote to buckets stays.": (
        "删除已结束的作业及其事件和日志；写入桶中的数据保留。"
    ),
    "Change a job's description.": "修改作业描述。",
    "Change the priority of a job that waits.": "修改排队中作业的优先级。",
    "Print what a job would run: command, folder and variables of its tasks. A code folder here is uploaded.": (
        "显示作业将运行的内容：各任务的命令、工作目录和环境变量。本地代码目录会被上传。"
    ),
    "YAML file of the job.": "作业的 YAML 文件。",
    "Try again up to N times after a failure of the platform.": "平台故障后最多重试 N 次。",
    "It may be sent away for a job of higher priority.": "允许被更高优先级的作业抢占。",
    "Keep its environment so long after a failure.": "失败后保留运行环境的小时数。",
    "Job {name} has priority {number} now.": "作业 {name} 的优先级已改为 {number}。",
    "Tasks": "任务",
    "Working folder": "工作目录",
    "Variable": "环境变量",
    "Create another job from the same request.": "用相同的请求重建作业。",
    "Name of the new job; without it a free one.": "新作业的名称；不填则自动选取未占用的名称。",
    "Print the request, to be edited and given to `job create -f`.": (
        "只显示请求内容，可编辑后用 `job create -f` 提交。"
    ),
    "Show events and log until the job ends; exit with 0, its exit code, or 143 when it was stopped.": (
        "显示事件和日志直到作业结束；退出码为 0、作业的退出码，或 143（作业被停止）。"
    ),
    "Print a task's log.": "打印任务日志。",
    "Print a job's events.": "打印作业事件。",
    "Print a job's tasks.": "打印作业的任务。",
    "Print how much a task uses of its machine.": "打印任务的资源使用情况。",
    "Open a shell in a running task, or run what stands behind `--` there; exit with its exit code.": (
        "在运行中的任务里打开终端，或在其中运行 `--` 之后的命令；退出码与其一致。"
    ),
    "Which task; the first by default.": "指定任务，默认为第一个任务。",
    "The Slurm backend of the server on this host.": "本机服务器的 Slurm 后端。",
    "Say what keeps the server on this host from using its cluster, and what to do about it.": (
        "检查本机服务器使用集群的障碍及解决办法。"
    ),
    "Look at every node, not at a few of each partition.": "检查所有节点，而不是每个分区的少数节点。",
    "YAML file of the job; flags go over it.": "作业的 YAML 文件；命令行选项优先。",
    "Name: letters, digits, _ and -.": "名称：字母、数字、下划线和短横线。",
    "Code folder: obs://…, or a folder here, which is uploaded.": (
        "代码目录：obs://… 路径，或本地目录（会自动上传）。"
    ),
    "Python file to start, inside the code folder.": "代码目录中的启动文件（.py）。",
    "Shell command to run instead of a boot file.": "要运行的 Shell 命令，代替启动文件。",
    "Engine id, see `trainwright engine list`.": "引擎 ID，参见 `trainwright engine list`。",
    "`trainwright flavor list` shows what --flavor takes.": "--flavor 的可选值参见 `trainwright flavor list`。",
    "`trainwright engine list` shows what --engine takes.": "--engine 的可选值参见 `trainwright engine list`。",
    "Flavor id, see `trainwright flavor list`.": "规格 ID，参见 `trainwright flavor list`。",
    "Number of nodes.": "节点数。",
    "Hyperparameter; repeatable.": "超参，可重复。",
    "Environment variable; repeatable.": "环境变量，可重复。",
    "Input channel; repeatable.": "输入通道，可重复。",
    "Output channel; repeatable. Also table, json or yaml: how to print the answer.": (
        "输出通道，可重复；也可为 table、json 或 yaml，表示结果的输出格式。"
    ),
    "Output whose content is downloaded before the start.": "启动前预下载其内容的输出通道。",
    "Stop after this long: 2h, 90m, 30s.": "运行多久后自动停止：2h、90m、30s。",
    "Folder the logs are copied to.": "日志转存目录。",
    "Description.": "描述。",
    "1 to 3, 3 is first.": "1 至 3，3 最优先。",
    "Folder the command starts in.": "命令的工作目录。",
    "Bucket that a code folder from here is uploaded to.": "上传本地代码目录所用的桶。",
    "Show events and log; exit with 0, the job's exit code, or 143 when it was stopped.": (
        "显示事件和日志；退出码为 0、作业的退出码，或 143（作业被停止）。"
    ),
    "Only those whose name contains this.": "仅列出名称包含该文本的作业。",
    "Only those in this phase; repeatable.": "仅列出处于该状态的作业，可重复。",
    "How many.": "数量。",
    "How many to skip.": "跳过的数量。",
    "What to sort by.": "排序字段。",
    "desc or asc.": "desc（降序）或 asc（升序）。",
    "The new description; empty removes it.": "新的描述；为空则清除。",
    "Go on until the end.": "持续输出直到结束。",
    "Only the last lines, so many.": "只输出最后若干行。",
    "Which attempt; the latest by default.": "第几次运行，默认为最近一次。",
    "Only Info, Warning or Error.": "仅 Info、Warning 或 Error 级别。",
    "Only those that contain this text.": "仅包含该文本的事件。",
    "Buckets and objects.": "桶和对象。",
    "List buckets, or what lies in a folder of a bucket.": "列出桶，或桶中某目录的内容。",
    "Copy files and folders to a bucket or from it.": "在本地与桶之间复制文件和目录。",
    "Delete an object, or with -r everything below a folder.": "删除对象；加 -r 删除目录下的全部对象。",
    "Make a bucket.": "创建桶。",
    "Remove an empty bucket.": "删除空桶。",
    "obs://bucket/folder/": "obs://bucket/folder/",
    "All objects below.": "列出其下的全部对象。",
    "File, folder or obs://…": "文件、目录或 obs://…",
    "obs://…, file or folder": "obs://…、文件或目录",
    "Copy what lies below; implied by a folder here and by obs://…/ with a slash at its end.": (
        "复制其下的全部内容；来源为本地目录或以斜杠结尾的 obs://…/ 时可省略。"
    ),
    "Leave out files that are there already.": "跳过已存在且未变化的文件。",
    "Everything below.": "其下的全部对象。",
    "Access keys: pairs that the official clients sign with.": "访问密钥（AK/SK）：供官方客户端签名使用。",
    "Bearer tokens.": "访问令牌。",
    "Id or name of a user; yourself when left out.": "用户 ID 或名称；省略时为自己。",
    "What it is for.": "用途说明。",
    "For how many days it works; for ever by default.": "有效天数，默认永久有效。",
    "For how many hours the old one still works; 0: no longer.": "旧凭证继续有效的小时数；0 表示立即失效。",
    "The access key.": "访问密钥（AK）。",
    "Id of the token, from the list.": "令牌 ID，可从列表中获取。",
    "Issue an access key. Its secret is shown once.": "创建访问密钥，密钥内容（SK）仅显示一次。",
    "List the access keys, newest first.": "列出访问密钥，最新的在前。",
    "Disable an access key at once.": "立即停用访问密钥。",
    "Enable an access key.": "启用访问密钥。",
    "Issue a new access key in place of an old one.": "创建新的访问密钥以替换旧的。",
    "Delete an access key.": "删除访问密钥。",
    "Issue a token. It is shown once.": "创建令牌，令牌仅显示一次。",
    "List the tokens, newest first; those that came of a password begin with login-.": (
        "列出令牌，最新的在前；通过密码登录获得的令牌以 login- 开头。"
    ),
    "Disable a token at once.": "立即停用令牌。",
    "Enable a token.": "启用令牌。",
    "Issue a new token in place of an old one.": "创建新的令牌以替换旧的。",
    "Delete a token.": "删除令牌。",
    "Users of the project.": "项目中的用户。",
    "What users may do.": "角色：用户可执行的操作。",
    "Projects (tenants).": "项目（租户）。",
    "Id or name of the user.": "用户 ID 或名称。",
    "The name.": "名称。",
    "Read a password from standard input.": "从标准输入读取密码。",
    "Make a user.": "创建用户。",
    "A role; repeatable. developer by default.": "角色，可重复；默认为 developer。",
    "List the users.": "列出用户。",
    "Show one user.": "显示用户详情。",
    "Set a user's password; asks for it.": "设置用户密码（交互输入）。",
    "Give a user these roles, and no others.": "设置用户的角色（替换原有角色）。",
    "Name of a role.": "角色名称。",
    "Let a user call again.": "启用用户。",
    "Refuse all calls of a user, at once. Their jobs go on.": "立即停用用户；其作业继续运行。",
    "Delete a user with their tokens and access keys. Their jobs stay.": (
        "删除用户及其令牌和访问密钥；其作业保留。"
    ),
    "List the built-in roles and the project's own.": "列出内置角色和项目自定义角色。",
    "Make or replace a role.": "创建或替换角色。",
    "An action, or a pattern with *; repeatable.": "操作名称，或带 * 的模式，可重复。",
    "Delete a role that nobody has.": "删除无人使用的角色。",
    "Make a project with its first administrator, whose token is shown once.": (
        "创建项目及其首位管理员，管理员令牌仅显示一次。"
    ),
    "Name of its first administrator.": "首位管理员的名称。",
    "List the projects; only an admin of the server sees those of others.": (
        "列出项目；仅服务器管理员可以看到其他项目。"
    ),
    "Preset AI frameworks.": "预置引擎（AI 框架）。",
    "List the engines.": "列出引擎。",
    "Sizes of nodes.": "节点规格。",
    "List the flavors.": "列出规格。",
    "Where jobs run.": "作业运行后端。",
    "Show the backend, what is free on it and which launcher is in force.": "显示后端、空闲资源以及生效的启动器。",
}

_TITLES = {
    "CLIENT": "客户端",
    "VALUE": "值",
    "FROM": "来源",
    "command line": "命令行",
    "environment": "环境变量",
    "NAME": "名称",
    "PHASE": "状态",
    "CREATED": "创建时间",
    "DURATION": "运行时长",
    "NODES": "节点数",
    "FLAVOR": "规格",
    "ID": "ID",
    "TIME": "时间",
    "LEVEL": "级别",
    "EVENT": "事件",
    "TASK": "任务",
    "STATE": "状态",
    "STEP": "步骤",
    "HOST": "主机",
    "STARTED": "开始时间",
    "EXIT CODE": "退出码",
    "LOG": "日志",
    "REASON": "原因",
    "METRIC": "指标",
    "MEAN": "平均",
    "HIGHEST": "最高",
    "LAST MINUTES": "最近几分钟",
    "ENGINE": "引擎",
    "VERSION": "版本",
    "DESCRIPTION": "描述",
    "CPUS": "CPU 数",
    "MEMORY": "内存",
    "ACCELERATORS": "加速卡",
    "MAX NODES": "最大节点数",
    "SIZE": "大小",
    "MODIFIED": "修改时间",
    "OBJECT": "对象",
    "folder": "目录",
    "Name": "名称",
    "Id": "ID",
    "Phase": "状态",
    "Because": "原因",
    "Attention": "注意",
    "Expected start": "预计开始时间",
    "Environment": "环境",
    "kept for {left} yet; see `job shell`, `job stop`": "还将保留 {left}；可用 `job shell` 进入、`job stop` 释放",
    "Created": "创建时间",
    "Started": "开始时间",
    "Ended": "结束时间",
    "Duration": "运行时长",
    "Attempt": "运行次数",
    "Exit codes": "退出码",
    "User": "用户",
    "Description": "描述",
    "Code": "代码目录",
    "Boot file": "启动文件",
    "Command": "命令",
    "Engine": "引擎",
    "Flavor": "规格",
    "Input": "输入",
    "Output": "输出",
    "Parameter": "超参",
    "Backend": "后端",
    "Launcher": "启动器",
    "CPUs free": "空闲 CPU",
    "Memory free": "空闲内存",
    "Accelerators free": "空闲加速卡",
    "Jobs running": "运行中的作业",
    "Jobs queued": "排队中的作业",
    "ACCESS KEY": "访问密钥",
    "ENABLED": "启用",
    "EXPIRES": "到期时间",
    "ROLES": "角色",
    "PASSWORD": "密码",
    "BUILT IN": "内置",
    "ACTIONS": "操作",
    "ACTION": "操作",
    "yes": "是",
    "no": "否",
    "Access key": "访问密钥（AK）",
    "Secret key": "密钥内容（SK）",
    "Expires": "到期时间",
    "Roles": "角色",
    "Enabled": "启用",
    "Has a password": "已设密码",
    "Password": "密码",
    "Server": "服务器",
    "Project id": "项目 ID",
    "Token": "令牌",
}

_MESSAGES = {
    "Error: {message}": "错误：{message}",
    "Request id: {id}": "请求 ID：{id}",
    "In {task}; Ctrl-] leaves.": "已进入 {task}，按 Ctrl-] 退出。",
    "Left {task}.": "已退出 {task}。",
    "See `{path} --help`.": "参见 `{path} --help`。",
    "Interrupted.": "已中断。",
    "{n} s ago": "{n} 秒前",
    "{n} min ago": "{n} 分钟前",
    "{n} h ago": "{n} 小时前",
    "{n} days ago": "{n} 天前",
    "Job {name} created ({id}).": "作业 {name} 已创建（{id}）。",
    "Follow it with:  trainwright job follow {name}": "跟踪作业：  trainwright job follow {name}",
    "Stopping job {name}.": "正在停止作业 {name}。",
    "Job {name} deleted.": "作业 {name} 已删除。",
    "{shown} of {all} jobs": "显示 {shown} 个，共 {all} 个作业",
    "{shown} of {all} events": "显示 {shown} 条，共 {all} 条事件",
    "{path} is not a YAML mapping.": "{path} 不是 YAML 映射。",
    "{path} is not YAML: {detail}": "{path} 不是有效的 YAML：{detail}",
    "{option} wants NAME=VALUE, not {value}": "{option} 的格式应为 NAME=VALUE，而不是 {value}",
    "log {size}": "日志 {size}",
    "Reason: {reason}": "原因：{reason}",
    "What to do": "处理建议",
    "What to do: {advice}": "处理建议：{advice}",
    "The job goes on. Come back with:  trainwright job follow {job}\n"
    "Stop it with:                     trainwright job stop {job}": (
        "作业仍在运行。继续跟踪：  trainwright job follow {job}\n"
        "停止作业：                trainwright job stop {job}"
    ),
    "Logged in to {endpoint}, project {project}. Stored in {path}.": (
        "已登录 {endpoint}，项目 {project}，保存于 {path}。"
    ),
    "The server's settings could not be read in time.": "读取服务器配置超时。",
    "{files} files copied, {size}": "已复制 {files} 个文件，{size}",
    ", {count} unchanged": "，{count} 个未变化",
    "{count} objects deleted.": "已删除 {count} 个对象。",
    "Bucket {bucket} created.": "桶 {bucket} 已创建。",
    "Bucket {bucket} deleted.": "桶 {bucket} 已删除。",
    "One of the two must be obs://…, the other a path here.": "来源和目标必须一个是 obs://…，另一个是本地路径。",
    "{path} is a folder; add -r to delete what lies below.": "{path} 是目录；如需删除其下的全部对象，请加 -r。",
    "{name} disabled.": "{name} 已停用。",
    "{name} enabled.": "{name} 已启用。",
    "{name} deleted.": "{name} 已删除。",
    "Password of {name} set.": "{name} 的密码已设置。",
    "Roles of {name}: {roles}": "{name} 的角色：{roles}",
    "The secret is shown only now: keep it where only you can read it.": (
        "密钥内容仅在此时显示：请妥善保存在只有您可读取的位置。"
    ),
    "The token is shown only now: keep it where only you can read it.": (
        "令牌仅在此时显示：请妥善保存在只有您可读取的位置。"
    ),
    "looking": "正在读取",
    "--tail and --attempt cannot be given together.": "--tail 与 --attempt 不能同时使用。",
    "Left out: {name}: {why}": "已跳过：{name}：{why}",
    "a link out of the folder": "指向目录之外的链接",
    "a link to a folder": "指向目录的链接",
    "not a file": "不是普通文件",
    "it cannot be read": "无法读取",
    "The server is not installed here.": "此处未安装服务器。",
    "Install it with `pip install 'trainwright[server]'`.": "请使用 `pip install 'trainwright[server]'` 安装。",
}

_ERRORS = {
    "Cannot reach the Trainwright server at {endpoint}: {detail}": (
        "无法连接 Trainwright 服务器 {endpoint}：{detail}"
    ),
    "Start the server with `trainwright server`, or set the right address with `trainwright login` "
    "or TRAINWRIGHT_ENDPOINT.": "请用 `trainwright server` 启动服务器，或用 `trainwright login`、环境变量 "
    "TRAINWRIGHT_ENDPOINT 设置正确的地址。",
    "connecting took too long": "连接超时",
    "no answer in time": "等待响应超时",
    "connection refused": "连接被拒绝",
    "The job has no outputs": "该作业没有输出",
    "Nothing lies in the outputs {names} yet": "输出 {names} 中尚无内容",
    "No Trainwright server is known.": "未找到 Trainwright 服务器。",
    "No project is known for {endpoint}.": "未找到 {endpoint} 的项目 ID。",
    "No token is known for {endpoint}.": "未找到 {endpoint} 的令牌。",
    "Run `trainwright login`, or start a server on this machine with `trainwright server`.": (
        "请运行 `trainwright login`，或用 `trainwright server` 在本机启动服务器。"
    ),
    "Cannot write {path}: {detail}": "无法写入 {path}：{detail}",
    "Make its folder writable.": "请使其所在目录可写。",
    "Cannot read {path}: {detail}": "无法读取 {path}：{detail}",
    "Repair or remove the file.": "请修复或删除该文件。",
    "The token or access key of {source} holds characters that none has.": (
        "{source} 的令牌或访问密钥含有不可能出现的字符。"
    ),
    "Copy it again, without line breaks.": "请重新复制，不要带换行符。",
    "Start the server again; it rewrites it.": "请重新启动服务器，它会重写该文件。",
    "{endpoint} ({source}) is not the address of a server.": "{endpoint}（来自 {source}）不是服务器地址。",
    "Give one such as http://host:8600.": "请使用 http://host:8600 形式的地址。",
    "Make the file readable, or unset TRAINWRIGHT_TOKEN_FILE.": (
        "请使该文件可读，或取消设置 TRAINWRIGHT_TOKEN_FILE。"
    ),
    "An access key needs its secret key, and the other way round.": "访问密钥与私有密钥必须成对提供。",
    "Give both, as `trainwright key create` shows them.": (
        "请按 `trainwright key create` 所示同时提供二者。"
    ),
    "The node of this job does not reach the server: objects cannot be read or written from here.": (
        "该作业所在节点无法访问服务器：无法在此读写对象。"
    ),
    "Declare inputs and outputs of the job: the platform copies them to and from local folders.": (
        "请为作业声明输入和输出：平台会在其与本地目录之间复制数据。"
    ),
    "{path}: {detail}": "{path}：{detail}",
    "{path} is not a folder": "{path} 不是目录",
    "{path} is not a file": "{path} 不是文件",
    "{path} holds no files": "{path} 中没有文件",
    "{path} does not exist": "{path} 不存在",
    "Nothing lies under {path}": "{path} 下没有任何对象",
    "{text} is not a path such as obs://bucket/folder/: {detail}": (
        "{text} 不是 obs://bucket/folder/ 形式的路径：{detail}"
    ),
    "{path} changed while it was being uploaded; upload it again": "{path} 在上传过程中发生变化，请重新上传",
    "obs://{bucket}/{key} changed while it was being downloaded; download it again": (
        "obs://{bucket}/{key} 在下载过程中发生变化，请重新下载"
    ),
    "obs://{bucket}/{key} was deleted while it was being downloaded": "obs://{bucket}/{key} 在下载过程中被删除",
    "{name} cannot be stored: {detail}": "{name} 无法存储：{detail}",
    "{path} is a folder, but the object store has a file of this name": "{path} 是目录，但对象存储中存在同名文件",
    "The key {name} does not name a place inside the target folder": "对象键 {name} 不在目标目录之内",
    "{path} is a link out of the target folder; {name} was not written": (
        "{path} 是指向目标目录之外的链接，未写入 {name}"
    ),
    "The token, the access key or the project holds characters that none of them has.": (
        "令牌、访问密钥或项目 ID 中含有不允许的字符。"
    ),
    "Copy it again.": "请重新复制。",
    "Cannot make the folder {path}: {detail}": "无法创建目录 {path}：{detail}",
}

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        **_HELP,
        **_TITLES,
        **_MESSAGES,
        **_ERRORS,
        **AUDIT,
        **EXAMPLE_NOTES,
        **JOBS,
        **LIBRARY,
        **MA_CLI,
        **MODELS,
        **NODES,
        **PLACES,
        **USAGE,
    }
)
