"""Chinese for Typer's own words in help."""

from collections.abc import Mapping
from types import MappingProxyType

USAGE: Mapping[str, str] = MappingProxyType(
    {
        "[default: {}]": "[默认值：{}]",
        "[env var: {}]": "[环境变量：{}]",
        "[required]": "[必填]",
        "(deprecated) ": "（已弃用）",
        "Usage: ": "用法：",
        "[OPTIONS]": "[选项]",
        "COMMAND": "命令",
        "[ARGS]...": "[参数]...",
        "Examples:": "示例：",
    }
)
