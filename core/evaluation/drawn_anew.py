"""Figures of objects over many slices with intervals, by the draws of `core.evaluation.bootstrap`.

There a figure is asked for once for each draw; here all draws are counted at once, since an evaluation has
hundreds of figures, one for each bar. All of them see the same draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.bootstrap import Drawing, weighed_medians

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_GROUPS = 5
"""Of fewer no interval is told: it would be of those few."""

_ENDS = (2.5, 97.5)
_CELLS = 4_000_000  # of a table of draws by objects at once


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure.

    Attributes:
        value: of what was seen.
        low, high: ends of its interval at 95 %, None where too few groups have something of it.
        count: over how many objects or points it is.
    """

    value: float
    low: float | None
    high: float | None
    count: int


def ends_of(values: ArrayLike) -> tuple[float | None, float | None]:
    """The ends of the interval at 95 % of a figure in draws (n,); NaN is no figure of a draw."""
    drawn = np.asarray(values, dtype=np.float64)
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return None, None
    low, high = np.percentile(drawn, _ENDS)
    return float(low), float(high)


class Drawn:
    """Draws groups anew, and gives figures of objects with their intervals.

    Args:
        groups: (n,) which group each object is of, whole numbers from 0; there may be groups without objects.
        count: how many groups there are.
        seed: of the draws. draws: how many; 0: no intervals.

    Attributes:
        draws: how many.
    """

    def __init__(self, groups: ArrayLike, count: int, seed: int, draws: int) -> None:
        self._groups = np.asarray(groups, dtype=np.int64)
        self._count, self._seed, self.draws = count, seed, draws

    def share(self, right: ArrayLike, of: ArrayLike, which: ArrayLike | None = None) -> Estimate | None:
        """Sum over sum: a share, or a mean.

        Args:
            right, of: (n,) of each object.
            which: (n,) bool, only these objects.

        Returns:
            None where the second sum is 0.
        """
        chosen = self._chosen(which)
        above, below = (np.asarray(one, dtype=np.float64)[chosen] for one in (right, of))
        if not below.sum() > 0:
            return None
        groups = self._groups[chosen]
        tops = np.bincount(groups, above, self._count)
        bottoms = np.bincount(groups, below, self._count)
        ends = self._ends(groups[below > 0], lambda weights: (weights @ tops, weights @ bottoms))
        return Estimate(float(above.sum() / below.sum()), *ends, count=round(float(below.sum())))

    def each_group(self, amount: ArrayLike) -> Estimate | None:
        """The mean of a sum over a group's objects, over all groups, those without objects too."""
        if not self._count:
            return None
        sums = np.bincount(self._groups, np.asarray(amount, dtype=np.float64), self._count)
        everything = np.arange(self._count)
        ends = self._ends(everything, lambda weights: (weights @ sums, weights.sum(axis=1)))
        return Estimate(float(sums.mean()), *ends, count=self._count)

    def median(self, values: ArrayLike, which: ArrayLike | None = None) -> Estimate | None:
        """The median of some objects' values, as `bootstrap.weighed_medians` has it; NaN is no value.

        Returns:
            None where there are no values.
        """
        given = np.asarray(values, dtype=np.float64)
        chosen = np.flatnonzero(self._chosen(which) & np.isfinite(given))
        if not chosen.size:
            return None
        order = chosen[np.argsort(given[chosen], kind="stable")]
        groups, rising = self._groups[order], given[order]

        def drawn(weights: Floats) -> tuple[Floats, Floats]:
            medians = weighed_medians(rising, weights[:, groups])
            return np.nan_to_num(medians), np.isfinite(medians).astype(np.float64)

        [value] = weighed_medians(rising, np.ones((1, len(rising))))
        return Estimate(float(value), *self._ends(groups, drawn), count=len(order))

    def average_precision(
        self, scores: ArrayLike, right: ArrayLike, which: ArrayLike | None = None
    ) -> Estimate | None:
        """Area below precision over recall as steps, as `classification.precision_recall` has it.

        Args:
            scores: (n,). right: (n,) bool.

        Returns:
            None where nothing is right.
        """
        chosen = np.flatnonzero(self._chosen(which))
        score = np.asarray(scores, dtype=np.float64)[chosen]
        truth = np.asarray(right, dtype=np.float64)[chosen]
        if not truth.sum():
            return None
        order = np.argsort(-score, kind="stable")
        last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))  # of each run of equal scores
        groups, hits = self._groups[chosen][order], truth[order]

        def drawn(weights: Floats) -> tuple[Floats, Floats]:
            own = weights[:, groups]
            kept, found = np.cumsum(own, axis=1)[:, last], np.cumsum(own * hits, axis=1)[:, last]
            gained = np.diff(found, axis=1, prepend=0.0)
            precision = np.divide(found, kept, out=np.zeros_like(found), where=kept > 0)
            return (gained * precision).sum(axis=1), found[:, -1]

        area, total = drawn(np.ones((1, self._count)))
        ends = self._ends(groups[hits > 0], drawn)
        return Estimate(float(area[0] / total[0]), *ends, count=len(chosen))

    def kappa(self, first: ArrayLike, second: ArrayLike, kinds: int) -> Estimate | None:
        """Cohen's kappa (1960) of two that sort the same objects, beyond chance.

        Args:
            first, second: (n,) the kind that each says, from 0; -1: nothing, and the object is left out.
            kinds: how many there are.

        Returns:
            None where there are no objects, or both say one and the same kind of all: chance is all then.
        """
        one, other = (np.asarray(said, dtype=np.int64) for said in (first, second))
        there = (one >= 0) & (other >= 0)
        if not there.any():
            return None
        groups = self._groups[there]
        flat = groups * kinds * kinds + one[there] * kinds + other[there]
        tables = np.bincount(flat, minlength=self._count * kinds * kinds).astype(np.float64)
        tables = tables.reshape(self._count, kinds * kinds)

        def drawn(weights: Floats) -> tuple[Floats, Floats]:
            table = (weights @ tables).reshape(-1, kinds, kinds)
            total = np.maximum(table.sum(axis=(1, 2)), 1.0)
            agreed = np.trace(table, axis1=1, axis2=2) / total
            chance = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1) / total**2
            return agreed - chance, 1.0 - chance

        above, below = drawn(np.ones((1, self._count)))
        if below[0] <= 0:
            return None
        ends = self._ends(groups, drawn)
        return Estimate(float(above[0] / below[0]), *ends, count=int(there.sum()))

    @cached_property
    def weights(self) -> NDArray[np.int64]:
        """(draws, groups) how often each group is drawn."""
        return Drawing(self.draws, self._seed).weights(self._count)

    def _ends(
        self, groups: Ints, drawn: Callable[[Floats], tuple[Floats, Floats]]
    ) -> tuple[float | None, float | None]:
        """The ends of the interval of a quotient; draws in which it is not defined are left out."""
        if not self.draws or len(np.unique(groups)) < LEAST_GROUPS:
            return None, None
        found = []
        step = max(_CELLS // max(len(self._groups), self._count, 1), 1)
        for start in range(0, self.draws, step):
            above, below = drawn(self.weights[start : start + step].astype(np.float64))
            there = below > 0
            found.append(above[there] / below[there])
        return ends_of(np.concatenate(found))

    def _chosen(self, which: ArrayLike | None) -> NDArray[np.bool_]:
        if which is None:
            return np.ones(len(self._groups), dtype=np.bool_)
        return np.asarray(which, dtype=np.bool_)
