"""Mask AP of trained networks with intervals: over the test's pictures and the seeds, drawn anew together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.average_precision import Compared
from core.evaluation.binned_precision import BinnedPrecision
from core.jobs.reproduce.figures import HIDDEN, Found, Known
from core.records.evaluation import FoundObject, TrueObject
from core.records.slices import occlusion_bins

Floats = NDArray[np.float64]

TENTHS = 10
GROUPS = ("all objects", "hidden objects", "the rest", *(f"{10 * n}-{10 * n + 10} %" for n in range(TENTHS)))
"""Which objects each figure is of: hidden are those of which more than a quarter is."""

_ENDS = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the ends of its interval of 95 %."""

    value: float
    low: float
    high: float

    def apart(self, other: Interval) -> bool:
        """Whether the two intervals have nothing in common."""
        return self.low > other.high or other.low > self.high


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One kind of network's figures.

    Attributes:
        values: (groups,) mean over its seeds; NaN where a group has no objects.
        drawn: (draws, groups).
        by_seed: (seeds,) of all objects.
    """

    values: Floats
    drawn: Floats
    by_seed: Floats

    def interval(self, group: int = 0) -> Interval:
        """Of one of GROUPS."""
        return _interval(self.values[group], self.drawn[:, group])

    def over(self, other: Measured, group: int = 0) -> Interval:
        """How much more it is than another's, over the same draws."""
        gain = self.drawn[:, group] - other.drawn[:, group]
        return _interval(self.values[group] - other.values[group], gain)


def measured(
    known: Sequence[Sequence[Known]], finds: Mapping[int, Sequence[Sequence[Found]]], draws: int
) -> Measured:
    """Whole mask AP of the networks of all seeds.

    Pictures are drawn with replacement, and so are seeds: all kinds of network see the same draws.

    Args:
        known: objects of each picture of the test. finds: of each seed, of each picture.
    """
    seeds = [_matched(known, said) for said in finds.values()]
    rng = np.random.default_rng(0)
    pictures = rng.multinomial(len(known), np.full(len(known), 1 / len(known)), size=draws)
    chosen = rng.integers(len(seeds), size=(draws, len(seeds)))
    each = np.array([[one.average(weights[list(one.pictures)]) for one in seeds] for weights in pictures])
    values = np.array([one.average() for one in seeds])
    drawn = np.take_along_axis(each, chosen[..., None], axis=1).mean(axis=1)
    return Measured(values.mean(axis=0), drawn, values[:, 0])


def _matched(known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]]) -> BinnedPrecision:
    truth = [
        TrueObject(place, one.category, one.box, one.whole, one.ignored)
        for place, row in enumerate(known)
        for one in row
    ]
    found = [
        FoundObject(place, one.category, one.box, one.score, one.whole)
        for place, row in enumerate(said)
        for one in row
    ]
    hidden = np.array([one.hidden for row in known for one in row])
    tenth = occlusion_bins(hidden)
    groups = [np.ones_like(hidden, dtype=bool), hidden > HIDDEN, hidden <= HIDDEN]
    groups += [tenth == number for number in range(TENTHS)]
    return BinnedPrecision(truth, found, Compared.MASK, np.array(groups))


def _interval(value: float, drawn: Floats) -> Interval:
    there = drawn[np.isfinite(drawn)]
    low, high = np.percentile(there, _ENDS) if len(there) else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high))
