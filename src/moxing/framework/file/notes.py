"""What MoXing says while it works: lines of the root logger, as `INFO:root:…`.

Where the program has not set up logging they go to standard error in that form, so that importing this package takes
nothing away from a `logging.basicConfig` that comes later.
"""

from __future__ import annotations

import logging
import sys


def say_info(text: str) -> None:
    """Progress."""
    _say(logging.INFO, text)


def say_warning(text: str) -> None:
    """Something that passes, as far as we know."""
    _say(logging.WARNING, text)


def say_error(text: str) -> None:
    """Something that was not done."""
    _say(logging.ERROR, text)


def _say(level: int, text: str) -> None:
    root = logging.getLogger()
    if root.handlers:
        root.log(level, text)
    elif sys.stderr is not None:  # there is none in some graphical programs
        print(f"{logging.getLevelName(level)}:root:{text}", file=sys.stderr, flush=True)
