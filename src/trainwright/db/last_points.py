"""The last point of the series that stands for a job where there is room for one, of many attempts at once."""

import struct
from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from trainwright.db.curves import training_points, training_series
from trainwright.db.dialects import WORDS
from trainwright.db.transaction import Transaction, within
from trainwright.ports.training_metrics import PROGRESS_NAMES, LastPoint, SeriesKey

_SERIES = training_series.c
_POINTS = training_points.c

_NAME = sa.func.lower(_SERIES.name)
_LOSS = ("loss", "train/loss", "train_loss", "training_loss")
_ACCURACY = ("accuracy", "acc", "train/accuracy", "train_acc")
_RANK = sa.case(
    (_NAME.in_(_LOSS), 0),
    (_NAME.in_(_ACCURACY), 2),
    (_NAME.in_(PROGRESS_NAMES), 5),
    (_NAME.like("%loss%"), 1),
    (_NAME.like("%acc%"), 3),
    else_=4,
)
_CHOSEN = (
    sa.select(
        _SERIES.attempt_key,
        _SERIES.task,
        _SERIES.name,
        _SERIES.job_id,
        sa.func.row_number()
        .over(partition_by=_SERIES.attempt_key, order_by=(_RANK, _SERIES.task, _SERIES.name))
        .label("place"),
    )
    .where(_SERIES.attempt_key.in_(sa.bindparam("attempts", expanding=True, type_=WORDS)))
    .subquery("chosen")
)
_NEWER = training_points.alias("newer")
_LAST = (
    sa.select(sa.func.max(_NEWER.c.first))
    .where(
        _NEWER.c.attempt_key == _CHOSEN.c.attempt_key,
        _NEWER.c.task == _CHOSEN.c.task,
        _NEWER.c.name == _CHOSEN.c.name,
    )
    .correlate(_CHOSEN)
    .scalar_subquery()
)
_THIRD = sa.func.length(_POINTS.points, type_=sa.Integer) // 3


def _eight(start: sa.ColumnElement[int], label: str) -> sa.Label[bytes]:
    return sa.func.substr(_POINTS.points, start, 8, type_=sa.LargeBinary).label(label)


# A row is steps, values, times: eight bytes each. Only the last of each leaves the database.
_STATEMENT = within(
    sa.select(
        _CHOSEN.c.attempt_key,
        _CHOSEN.c.task,
        _CHOSEN.c.name,
        _eight(_THIRD - 7, "step"),
        _eight(2 * _THIRD - 7, "value"),
        _eight(3 * _THIRD - 7, "at_ms"),
    )
    .select_from(
        _CHOSEN.join(
            training_points,
            sa.and_(
                _POINTS.attempt_key == _CHOSEN.c.attempt_key,
                _POINTS.task == _CHOSEN.c.task,
                _POINTS.name == _CHOSEN.c.name,
                _POINTS.first == _LAST,
            ),
        )
    )
    .where(sa.or_(_CHOSEN.c.place == 1, sa.func.lower(_CHOSEN.c.name).in_(PROGRESS_NAMES)))
    .order_by(_CHOSEN.c.attempt_key, _CHOSEN.c.place),
    _CHOSEN.c.job_id,
)


def last_points(tx: Transaction, attempt_keys: Sequence[str]) -> dict[str, tuple[LastPoint, ...]]:
    """By attempt: the series that stands for it first, then those that tell how far it is."""
    found: dict[str, list[LastPoint]] = defaultdict(list)
    for row in tx.rows(_STATEMENT, attempts=list(attempt_keys)) if attempt_keys else ():
        step, at_ms = (struct.unpack("<q", bytes(row[name]))[0] for name in ("step", "at_ms"))
        (value,) = struct.unpack("<d", bytes(row["value"]))
        key = SeriesKey(row["attempt_key"], row["task"], row["name"])
        found[row["attempt_key"]].append(LastPoint(key, step, value, at_ms))
    return {key: tuple(points) for key, points in found.items()}
