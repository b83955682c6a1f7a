"""What the CLI says, in English and Chinese. The English sentence is the key, so that code reads as what it prints.

`chinese.py` holds the table; a test finds every sentence of the code and every help text in it.
"""

import os
from collections.abc import Mapping, Sequence

from trainwright.cli.chinese import CHINESE

EN, ZH = "en-us", "zh-cn"
_VARIABLES = ("TRAINWRIGHT_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def translate(language: str, text: str, **slots: object) -> str:
    """`text` in `language` with its slots filled. A sentence without a translation stays English."""
    chosen = CHINESE.get(text, text) if language == ZH else text
    return chosen.format(**slots) if slots else chosen


def pick_language(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """The language asked for by `--language`, else by the environment; English when neither says Chinese."""
    env = os.environ if env is None else env
    asked = ""
    for position, argument in enumerate(arguments):
        if argument == "--language" and position + 1 < len(arguments):
            asked = arguments[position + 1]
        elif argument.startswith("--language="):
            asked = argument.partition("=")[2]
        elif argument == "--":
            break
    asked = asked or next((env[name] for name in _VARIABLES if env.get(name)), "")
    return ZH if asked.lower().replace("_", "-").startswith("zh") else EN
