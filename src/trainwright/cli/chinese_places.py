"""Chinese for what is said about pools, workspaces and quotas."""

from collections.abc import Mapping
from types import MappingProxyType

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "POOL": "资源池",
        "WORKSPACE": "工作空间",
        "PRIORITY": "优先级",
        "PLACE": "排队位置",
        "WAITED": "等待时长",
        "RAN": "运行时长",
        "FITS YET": "可用",
        "KIND": "类型",
        "OWNER": "所有者",
        "RESOURCE": "资源",
        "USED": "已用",
        "LIMIT": "上限",
        "UNIT": "单位",
        "MEANING": "含义",
        "ALLOWED": "允许",
        "BECAUSE": "依据",
        "Pool": "资源池",
        "Nodes": "节点",
        "Flavors of jobs": "作业规格",
        "Kind": "类型",
        "Owner": "所有者",
        "Member": "成员",
        # pools
        "Pools of nodes.": "资源池。",
        "Id or name of the pool.": "资源池的 ID 或名称。",
        "Id or name of the pool; all by default.": "资源池的 ID 或名称，默认为全部。",
        "So many nodes of a flavor; repeatable.": "某规格的节点数，可重复。",
        "Only jobs of this flavor may go into it; repeatable.": "仅允许该规格的作业进入，可重复。",
        "Whether jobs of higher priority may send others away.": "是否允许高优先级作业抢占。",
        "List the public pool and the project's dedicated ones.": "列出公共资源池和本项目的专属资源池。",
        "Show one pool, and how full it is.": "显示资源池详情及其占用情况。",
        "Give the project a pool of its own: so many nodes of a flavor.": (
            "为项目创建专属资源池：若干个某规格的节点。"
        ),
        "Change a pool's size, name or description. Nothing that runs is ended.": (
            "修改资源池的大小、名称或描述；运行中的作业不受影响。"
        ),
        "Give a pool's share back to the public pool.": "删除资源池，将其资源归还公共资源池。",
        "Delete pool {name}?": "删除资源池 {name}？",
        "List your unfinished jobs in a pool.": "列出您在资源池中未结束的作业。",
        "List what happened to pools, newest first.": "列出资源池的事件，最新的在前。",
        "List the flavors that pools can be made of.": "列出可用于创建资源池的规格。",
        # workspaces
        "Groups inside the project.": "工作空间：项目内的分组。",
        "Id or name of the workspace.": "工作空间的 ID 或名称。",
        "Who enters: everyone of the project, the owner, or the members.": (
            "谁可以进入：项目所有人、仅所有者，或成员。"
        ),
        "Name of the user.": "用户名。",
        "List the workspaces you see.": "列出您可见的工作空间。",
        "Show a workspace with its members.": "显示工作空间及其成员。",
        "Make a workspace of your own.": "创建您的工作空间。",
        "Who may enter an INTERNAL one, and as what; repeatable.": (
            "可进入 INTERNAL 工作空间的用户及其角色，可重复。"
        ),
        "Change name, description or kind.": "修改名称、描述或类型。",
        "Delete an empty workspace.": "删除空的工作空间。",
        "Delete workspace {name}?": "删除工作空间 {name}？",
        "Let a user enter an INTERNAL workspace.": "允许用户进入 INTERNAL 工作空间。",
        "There they may do only what this role allows, too.": "在该工作空间中，其权限同时受此角色限制。",
        "Let a user no longer enter an INTERNAL workspace.": "不再允许用户进入 INTERNAL 工作空间。",
        "Show what the jobs of a workspace may have together, or set it.": "显示或设置工作空间的作业资源配额。",
        "Limits to set, such as train_job.cpu=16; -1: none. Without any: show them.": (
            "要设置的上限，如 train_job.cpu=16；-1 表示不限。不填则显示现有配额。"
        ),
        "Say which actions you may do in a workspace.": "查询您在工作空间中可执行的操作。",
        "Actions, such as modelarts:trainJob:create.": "操作名称，如 modelarts:trainJob:create。",
        # quotas
        "Limits of users.": "用户配额。",
        "Show what a user may have, and has.": "显示用户的配额和用量。",
        "Set limits of a user, or of all who have none of their own.": "设置某用户的配额，或所有未单独设置者的配额。",
        "Limits, such as job-num=10; -1: none.": "上限，如 job-num=10；-1 表示不限。",
        "Id or name of a user; all without limits of their own when left out.": (
            "用户 ID 或名称；省略时为所有未单独设置配额的用户。"
        ),
    }
)
