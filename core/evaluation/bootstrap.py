"""How far a figure may be chance: intervals by drawing pictures, tracks or other groups anew.

Percentile bootstrap (Efron 1979): as many groups are drawn as there are, with replacement; the figure is
counted anew for each draw, and the interval lies between the draws' quantiles. Objects of one picture or
track are alike, so groups are drawn and not objects. Two systems are compared over the same draws, so that
what is hard for both does not widen their difference.

Draws are whole numbers, how often each group was drawn, and a figure is a function of them: nothing is
matched or measured again. The interval is only as good as the groups are many; below some twenty it is too
narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

Figures = Callable[[Floats], Floats]
"""From (groups,) how often each group counts to (k,) figures; NaN where there is nothing to count."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How groups are drawn.

    Attributes:
        draws: how often. seed: of the chance; the same one gives the same draws of as many groups.
        level: how much of the draws lies within the interval.
    """

    draws: int = 1000
    seed: int = 0
    level: float = 0.95

    def weights(self, groups: int) -> NDArray[np.int64]:
        """(draws, groups) how often each group was drawn."""
        if groups == 0:
            return np.zeros((self.draws, 0), dtype=np.int64)
        rng = np.random.default_rng(self.seed)
        return rng.multinomial(groups, np.full(groups, 1 / groups), self.draws)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval.

    Attributes:
        value: of all groups, each once; None where there is nothing to count.
        low, high: the interval's ends; None where there is no value or fewer than two groups.
        level: of the interval. groups: how many were drawn from.
        draws: how many draws had something to count; the others tell nothing and are left out.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float
    groups: int
    draws: int


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which group each object is of.

    Attributes:
        place: (n,) 0 to count - 1. count: of groups; some may have no object.
    """

    place: NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, keys: Sequence[Hashable], among: Sequence[Hashable] | None = None) -> Self:
        """By the key of each object, such as its picture or track.

        Args:
            among: all groups, in the order of all weights; those of `keys` as they come without it.

        Raises:
            ValueError: a key is not among them.
        """
        places = {key: place for place, key in enumerate(dict.fromkeys(keys if among is None else among))}
        if not places.keys() >= set(keys):
            raise ValueError(f"{next(key for key in keys if key not in places)} is none of the groups")
        return cls(np.array([places[key] for key in keys], dtype=np.int64), len(places))

    @classmethod
    def each(cls, count: int) -> Self:
        """Every object by itself."""
        return cls(np.arange(count), count)


def estimates(figures: Figures, groups: int, drawing: Drawing = Drawing()) -> tuple[Estimate, ...]:
    """The (k,) figures of some groups, each with its interval."""
    return _summed_up(figures(np.ones(groups)), _drawn(figures, groups, drawing), groups, drawing)


def differences(
    one: Figures, other: Figures, groups: int, drawing: Drawing = Drawing()
) -> tuple[Estimate, ...]:
    """What one system's figures have over the other's, over the same draws of the same groups.

    A draw counts where both have the figure.
    """
    return estimates(lambda weights: one(weights) - other(weights), groups, drawing)


def ratios(part: ArrayLike, whole: ArrayLike, groups: Groups) -> Figures:
    """Sums by sums, such as points that are right by points.

    Args:
        part, whole: (k, n) or (n,) of each object.
    """
    over, under = _by_group(part, groups), _by_group(whole, groups)
    if over.shape != under.shape:
        raise ValueError(f"sums of {over.shape} and {under.shape}")
    if not (np.isfinite(over).all() and np.isfinite(under).all()):
        raise ValueError("what is summed is not finite")

    def figures(weights: Floats) -> Floats:
        below = under @ weights
        return np.divide(over @ weights, below, out=np.full(below.shape, np.nan), where=below > 0)

    return figures


def means(values: ArrayLike, groups: Groups) -> Figures:
    """Means over objects.

    Args:
        values: (k, n) or (n,), finite; NaN where an object has none, and is left out.
    """
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    there = ~np.isnan(rows)
    return ratios(np.where(there, rows, 0.0), there, groups)


def medians(values: ArrayLike, groups: Groups) -> Figures:
    """Medians over objects, of an even number the mean of the two in the middle. Weights are whole.

    Args:
        values: (k, n) or (n,), which may be infinite; NaN where an object has none, and is left out.
    """
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if rows.shape[1:] != groups.place.shape:
        raise ValueError(f"values of {rows.shape} for {len(groups.place)} objects")
    ordered = []
    for row in rows:
        places = np.argsort(row, kind="stable")[: np.count_nonzero(~np.isnan(row))]
        ordered.append((row[places], groups.place[places]))

    def figures(weights: Floats) -> Floats:
        return np.concatenate([weighed_medians(row, weights[None, place]) for row, place in ordered])

    return figures


def weighed_medians(rising: Floats, weights: Floats) -> Floats:
    """Medians of values that stand there so often, of an even number the mean of the two in the middle.

    Args:
        rising: (n,) values in order, the last ones may be infinite.
        weights: (draws, n) whole numbers: how often each stands there.

    Returns:
        (draws,); NaN where nothing does.
    """
    if not len(rising):
        return np.full(len(weights), np.nan)
    up_to = np.cumsum(weights, axis=1)
    total = up_to[:, -1]
    low, high = (
        rising[(up_to > middle[:, None]).argmax(axis=1)] for middle in ((total - 1) // 2, total // 2)
    )
    return np.where(total > 0, (low + high) / 2, np.nan)


def _by_group(values: ArrayLike, groups: Groups) -> Floats:
    """(k, groups) sums over each group's objects."""
    rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if rows.shape[1:] != groups.place.shape:
        raise ValueError(f"values of {rows.shape} for {len(groups.place)} objects")
    summed = np.zeros((len(rows), groups.count))
    for row, total in zip(rows, summed, strict=True):
        total += np.bincount(groups.place, weights=row, minlength=groups.count)
    return summed


def _drawn(figures: Figures, groups: int, drawing: Drawing) -> Floats:
    """(draws, k); no draw of fewer than two groups, which would always be the same."""
    if groups < 2:
        return np.zeros((0, len(figures(np.ones(groups)))))
    return np.array([figures(row.astype(np.float64)) for row in drawing.weights(groups)])


def _summed_up(values: Floats, drawn: Floats, groups: int, drawing: Drawing) -> tuple[Estimate, ...]:
    ends = [(1 - drawing.level) / 2, (1 + drawing.level) / 2]
    out = []
    for value, column in zip(values, drawn.T, strict=True):
        counted = column[~np.isnan(column)]
        low = high = None
        if counted.size and not np.isnan(value):
            # of draws that there were, the outer ones: nothing is put between them, for some may be infinite
            low = float(np.quantile(counted, ends[0], method="lower"))
            high = float(np.quantile(counted, ends[1], method="higher"))
        told = None if np.isnan(value) else float(value)
        out.append(Estimate(told, low, high, drawing.level, groups, counted.size))
    return tuple(out)
