"""Fewer points of a curve that look the same when drawn. Pure."""

import math
from array import array
from collections.abc import Iterable

from trainwright.ports.training_metrics import Curve

_OF_BUCKET = 4


def thinned(curve: Curve, most: int) -> Curve:
    """At most `most` (1 or more) points of `curve`, its first and last among them; all when there are no more.

    The points are parted into buckets of equal numbers, each of which keeps its first, last, lowest and highest point:
    drawn as a line over as many columns as there are buckets, nothing is missing. A bucket with values that are no
    finite numbers keeps the first of those rather than its own first or last point.
    """
    count = len(curve)
    if count <= most:
        return curve
    buckets = max(1, most // _OF_BUCKET)
    kept: list[int] = []
    for bucket in range(buckets):
        start, end = count * bucket // buckets, count * (bucket + 1) // buckets
        kept += sorted(_of_bucket(curve.values, start, end, min(most, _OF_BUCKET)))
    return Curve(
        array("q", [curve.steps[index] for index in kept]),
        array("d", [curve.values[index] for index in kept]),
        array("q", [curve.times[index] for index in kept]),
    )


def _of_bucket(values: "array[float]", start: int, end: int, room: int) -> set[int]:
    window = values[start:end]
    if math.isfinite(sum(window)):
        low, high = window.index(min(window)), window.index(max(window))
        return _first_of((end - 1, start, start + high, start + low), room)
    ends = [index for index in (start, end - 1) if index in (0, len(values) - 1)]
    odd = [start + index for index, value in enumerate(window) if not math.isfinite(value)][:1]
    finite = [start + index for index, value in enumerate(window) if math.isfinite(value)]
    by_value = [min(finite, key=values.__getitem__), max(finite, key=values.__getitem__)] if finite else []
    return _first_of((*ends, *odd, *by_value, end - 1, start), room)


def _first_of(indexes: Iterable[int], room: int) -> set[int]:
    return set(list(dict.fromkeys(indexes))[:room])
