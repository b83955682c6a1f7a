"""Chinese for what is said about the audit trail."""

from collections.abc import Mapping
from types import MappingProxyType

AUDIT: Mapping[str, str] = MappingProxyType(
    {
        "Who did what.": "操作审计：谁做了什么。",
        "List changes, attempts at them and sign-ins, newest first.": "列出变更操作、被拒绝的操作和登录，最新的在前。",
        "Of the user of this name.": "该名称用户的操作。",
        "Of this operation, as the API calls it.": "该操作，使用 API 中的操作名。",
        "About a thing: its kind, id or name.": "涉及的资源：类型、ID 或名称。",
        "What became of it: success, denied or failure.": "结果：success、denied 或 failure。",
        "Who deleted jobs": "谁删除了作业",
        "Sign-ins that failed": "失败的登录",
        "OPERATION": "操作",
        "RESULT": "结果",
    }
)
