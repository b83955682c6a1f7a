"""Curves of fewer points that look the same."""

import math
import random
from array import array
from collections.abc import Sequence

import pytest

from trainwright.ports.training_metrics import Curve
from trainwright.services.thinning import thinned


def curve(values: Sequence[float]) -> Curve:
    steps = range(0, 10 * len(values), 10)
    return Curve(array("q", steps), array("d", values), array("q", [step + 1 for step in steps]))


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 17, 100, 999, 1000])
def test_extremes_and_ends_stay(most: int) -> None:
    """Guards what a drawn line shows: each bucket's first, last, lowest and highest point, whole points, in order."""
    chance = random.Random(most)
    whole = curve([chance.gauss(0, 1) for _ in range(1000)])
    few = thinned(whole, most)
    assert 1 <= len(few) <= most
    assert list(few.steps) == sorted(set(few.steps))
    by_step = {
        step: (value, time) for step, value, time in zip(whole.steps, whole.values, whole.times, strict=True)
    }
    for step, value, time in zip(few.steps, few.values, few.times, strict=True):
        assert by_step[step] == (value, time)
    assert few.steps[-1] == whole.steps[-1]
    if most >= 4:
        assert few.steps[0] == 0
        assert (min(few.values), max(few.values)) == (min(whole.values), max(whole.values))
    if most == 1000:
        assert few == whole


def test_what_is_no_number_is_seen() -> None:
    """Guards the moment a loss becomes NaN: it is shown, and numbers beside it are still told apart."""
    values = [float(number) for number in range(1000)]
    values[500], values[501], values[777] = math.nan, 9e9, -math.inf
    few = thinned(curve(values), 40)
    shown = dict(zip(few.steps, few.values, strict=True))
    assert math.isnan(shown[5000]) and shown[5010] == 9e9 and shown[7770] == -math.inf
    assert (few.steps[0], few.steps[-1]) == (0, 9990)
    nothing = thinned(curve([math.nan] * 1000), 8)
    assert len(nothing) <= 8 and (nothing.steps[0], nothing.steps[-1]) == (0, 9990)
    assert len(thinned(curve([1e308] * 100), 8)) <= 8  # their sum is infinite
