"""What a training tells: numbers of its steps, and checkpoints."""

from __future__ import annotations

import os
import time
from typing import Mapping, SupportsFloat, Union

from .place import FOLDER
from .spool import Spool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsInt

Values = Mapping[str, Union[SupportsFloat, str]]
"""Numbers by name: Python's own, and scalars of numpy, PyTorch, TensorFlow and JAX."""

_VALUES_PER_LINE = 200
_NAME_MAX = 128
_STEP_LIMIT = 1 << 63


class _Teller:
    """The spool of this process, made when there is something to tell and a platform to tell it to."""

    def __init__(self) -> None:
        self._spool: Spool | None = None

    def spool(self) -> Spool | None:
        """None off the platform."""
        folder = os.environ.get(FOLDER)
        if not folder:
            return None
        if self._spool is None or self._spool.folder != folder:
            self._spool = Spool(folder)
        return self._spool


_teller = _Teller()


def report(
    values: Values | SupportsInt | None = None,
    /,
    step: SupportsInt | None = None,
    **named: SupportsFloat | str,
) -> None:
    """Tell the numbers of a step: `report(step=10, loss=0.3)` or `report({"eval/loss": 0.3}, step=10)`.

    The step may also come first, `report(10, loss=0.3)`.

    Each name becomes a series of the task (`trainwright job metrics`). A step that is told again replaces what was told
    before; without `step` the platform counts 0, 1, 2, … for each name. Anything that `float()` takes is a number; NaN
    and infinities are kept. A name has at most 128 characters, `A-Z a-z 0-9 _ . : / @ % + - ` and spaces; others
    become `_`. What is no number is left out, and said so once on standard error. It is on disk when this returns, and
    with the platform a few seconds later. Usual for one process of a training to call it: `if inside.rank() == 0:`.
    """
    spool = _teller.spool()
    if spool is None:
        return
    if isinstance(values, Mapping):
        _tell(spool, {"kind": "metrics"}, step, {**values, **named})
    else:
        _tell(spool, {"kind": "metrics"}, values if step is None else step, named)


def checkpoint(
    path: str | os.PathLike[str],
    step: SupportsInt | None = None,
    **named: SupportsFloat | str,
) -> None:
    """Say that a checkpoint is complete at `path`, a file or folder inside an output of the job.

    The platform uploads what is new in the outputs right away, not only at the next half minute. This returns at once.
    Numbers may be told with it, as with `report`. May be called by one process or by all.
    """
    spool = _teller.spool()
    if spool is not None:
        where = os.path.abspath(os.fspath(path))
        _tell(spool, {"kind": "checkpoint", "path": where}, step, named)


def resume_path() -> str | None:
    """The newest complete checkpoint of this job's outputs, fetched and ready to be read: a file or a folder.

    None for a training that begins anew, and off the platform.
    """
    return os.environ.get("MA_RESUME_FROM") or None


def _tell(spool: Spool, line: dict[str, Any], step: SupportsInt | None, values: Mapping[str, object]) -> None:
    """Write `line` with its step and numbers; as several lines when there are many."""
    try:
        number = None if step is None else int(step)
    except (TypeError, ValueError, OverflowError):
        spool.complain(f"step {step!r} is not a whole number: it is left out")
        number = None
    if number is not None and not -_STEP_LIMIT <= number < _STEP_LIMIT:
        spool.complain(f"step {number} is too large: it is left out")
        number = None
    numbers = _numbers(spool, values)
    line.update(step=number, at_ms=time.time_ns() // 1_000_000)
    if len(numbers) <= _VALUES_PER_LINE:
        if numbers or line["kind"] != "metrics":
            spool.write({**line, "values": numbers})
        return
    pairs = list(numbers.items())
    for first in range(0, len(pairs), _VALUES_PER_LINE):
        spool.write({**line, "values": dict(pairs[first : first + _VALUES_PER_LINE])})
        line["kind"] = "metrics"  # a checkpoint is told once


def _numbers(spool: Spool, values: Mapping[str, object]) -> dict[str, float]:
    found = {}
    for name, value in values.items():
        try:
            found[str(name)[:_NAME_MAX]] = float(value)  # type: ignore[arg-type]  # whatever it takes
        except (TypeError, ValueError, OverflowError):
            spool.complain(f"the value of {name!r} is not a number: {type(value).__name__}; it is left out")
        except RuntimeError as error:  # PyTorch, of a tensor with many elements
            spool.complain(f"the value of {name!r} is not a number: {error}; it is left out")
    return found
