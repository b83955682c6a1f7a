"""The knobs that troubleshooting pages name. They are read at every copy, so setting them works at any time."""

from __future__ import annotations

import os

from trainwright.portable.copying import Sizes

_LARGE_FILE_METHOD = 2
"""How files over the threshold travel: 1 part after part on one connection, 2 several parts at a time."""
_LARGE_FILE_TASK_NUM: int | None = None
"""Parts at a time; None: `MOX_FILE_LARGE_FILE_TASK_NUM`, or 4."""
_NUMBER_OF_PROCESSES: int | None = None
"""The most files that `copy_parallel` copies at a time, whatever it is asked for; None: no bound."""

_TASKS = 4
_PART = 16 << 20
_LARGE_FROM = 64 << 20


def sizes() -> Sizes:
    """How files travel now. `MOX_FILE_PARTIAL_MAXIMUM_SIZE` (bytes, default 64 MiB) is the threshold."""
    tasks = _LARGE_FILE_TASK_NUM or _number("MOX_FILE_LARGE_FILE_TASK_NUM", _TASKS)
    large_from = _number("MOX_FILE_PARTIAL_MAXIMUM_SIZE", _LARGE_FROM)
    return Sizes(large_from, min(_PART, large_from), 1 if _LARGE_FILE_METHOD == 1 else tasks)


def pool_size(threads: int) -> int:
    """How many files to copy at a time when `threads` are asked for; 0 is none beside the calling thread."""
    return max(1, threads if _NUMBER_OF_PROCESSES is None else min(threads, _NUMBER_OF_PROCESSES))


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() and int(text) else default
