"""Average precision of finds that were matched once, counted with any weights of the pictures.

COCO's figure: the mean over 101 recalls of the best precision at so much recall or more. With whole weights
it is the figure of pictures that stand there so often, so intervals cost no matching
(`core.evaluation.drawn_anew`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.matching import THRESHOLDS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True, eq=False)
class PictureFinds:
    """What became of the finds of one category in one picture.

    Attributes:
        there: (bins,) how many objects count. scores: (n,) falling.
        right, dropped: (bins, thresholds, n); what is neither is wrong.
    """

    there: NDArray[np.int64]
    scores: Floats
    right: Bools
    dropped: Bools


@dataclass(frozen=True, slots=True, eq=False)
class CategoryFinds:
    """The finds of one category over all pictures, the surest first.

    Attributes:
        picture: (n,) place of each find's picture. right, dropped: (bins, thresholds, n).
        there: (bins, pictures) how many objects count.
    """

    picture: NDArray[np.int64]
    right: Bools
    dropped: Bools
    there: NDArray[np.int64]

    @classmethod
    def of(cls, pictures: Sequence[PictureFinds]) -> Self:
        """Of all pictures in order, at least one; equal scores stay in it, as with COCO."""
        order = np.argsort(-np.concatenate([one.scores for one in pictures]), kind="stable")
        place = np.repeat(np.arange(len(pictures)), [len(one.scores) for one in pictures])
        return cls(
            place[order],
            np.concatenate([one.right for one in pictures], axis=2)[:, :, order],
            np.concatenate([one.dropped for one in pictures], axis=2)[:, :, order],
            np.column_stack([one.there for one in pictures]),
        )

    def areas(self, weights: Floats) -> Floats:
        """(bins, thresholds) COCO's area below precision over recall; NaN in bins without objects."""
        there = self.there @ weights
        areas = np.full((len(there), len(THRESHOLDS)), np.nan)
        own = weights[self.picture]
        for number in np.flatnonzero(there > 0):
            for level in range(len(THRESHOLDS)):
                right, dropped = self.right[number, level], self.dropped[number, level]
                hits = np.flatnonzero(right)
                found = np.cumsum(own[hits])
                said = np.cumsum(np.where(dropped, 0.0, own))[hits]
                areas[number, level] = _area(found / there[number], found, said)
        return areas


class WeighedPrecision:
    """Finds and objects, matched once; asked for figures with any weights of the pictures.

    Args:
        pictures: their numbers, in the order of all weights.
        count: how many bins there are.
        categories: each with all pictures.
    """

    def __init__(self, pictures: Sequence[int], count: int, categories: Sequence[CategoryFinds]) -> None:
        self.pictures = tuple(pictures)
        self.count = count
        self._categories = tuple(categories)

    def average(self, weights: ArrayLike | None = None) -> Floats:
        """AP of each bin: mean over thresholds, and over the categories of which it has something.

        Args:
            weights: (pictures,) how often each picture counts; each once where there are none.

        Returns:
            (bins,) 0 to 1; NaN where a bin has nothing.
        """
        return self.by_threshold(weights).mean(axis=1)

    @property
    def holding(self) -> Bools:
        """(bins, pictures) which pictures have an object that counts in a bin: of these its figure is."""
        found = np.zeros((self.count, len(self.pictures)), dtype=np.bool_)
        for one in self._categories:
            found |= one.there > 0
        return found

    def by_threshold(self, weights: ArrayLike | None = None) -> Floats:
        """(bins, 10) AP at each of THRESHOLDS; see `average`."""
        counts = np.ones(len(self.pictures)) if weights is None else np.asarray(weights, dtype=np.float64)
        if counts.shape != (len(self.pictures),):
            raise ValueError(f"weights of {counts.shape} for {len(self.pictures)} pictures")
        total = np.zeros((self.count, len(THRESHOLDS)))
        have = np.zeros((self.count, 1))
        for one in self._categories:
            figures = one.areas(counts)
            there = np.isfinite(figures[:, :1])
            total += np.where(there, figures, 0.0)
            have += there
        return np.divide(total, have, out=np.full_like(total, np.nan), where=have > 0)


def _area(recall: Floats, found: Floats, said: Floats) -> float:
    """Mean over 101 recalls of the best precision at so much or more, told of the finds that are right."""
    precision = np.divide(found, said, out=np.zeros_like(found), where=said > 0)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.append(best, 0.0)[place].mean())
