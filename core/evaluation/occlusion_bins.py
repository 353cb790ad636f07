"""Objects in bins by how much of them is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.matching import coded
from core.records.evaluation import TrueObject


@dataclass(frozen=True, slots=True)
class OcclusionBin:
    """Objects of which at least `low` and less than `high` is hidden, shares of the whole."""

    low: float
    high: float

    @property
    def name(self) -> str:
        """Such as "20-30 %"."""
        return f"{100 * self.low:g}-{100 * self.high:g} %"


def bins_between(edges: Sequence[float]) -> tuple[OcclusionBin, ...]:
    """Bins from each edge to the next.

    Raises:
        ValueError: the edges do not rise, or there are fewer than two.
    """
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
        raise ValueError(f"edges of {edges}")
    return tuple(OcclusionBin(low, high) for low, high in pairwise(edges))


WALTS = bins_between([number / 10 for number in range(11)])
"""WALT's ten bins, to the hundred that is in none of them: what is wholly hidden counts with all alone."""

PASCALS = bins_between([0.2, 0.4, 0.6, 0.8])
"""The levels L1 to L3 of Occluded PASCAL3D+."""


def in_bins(occlusion: ArrayLike, bins: Sequence[OcclusionBin] = WALTS) -> NDArray[np.bool_]:
    """Which objects are in which bin, for `BinnedPrecision` and its like.

    Args:
        occlusion: (n,) shares, 0 to 1; NaN where it is not known: such an object counts with all alone.

    Returns:
        (1 + bins, n): first all objects, then each bin's.

    Raises:
        ValueError: a share is none.
    """
    shares = np.asarray(occlusion, dtype=np.float64)
    if (shares < 0).any() or (shares > 1).any():
        raise ValueError("a share lies between 0 and 1")
    rows = [(shares >= one.low) & (shares < one.high) for one in bins]
    return np.stack([np.ones(shares.shape, dtype=np.bool_), *rows])


def occlusions(truth: Iterable[TrueObject]) -> NDArray[np.float64]:
    """(n,) how much of each object is hidden: as it is given, or by its masks; NaN where neither is known.

    By masks it is the share of the whole mask's pixels that is not seen, so what lies outside the picture
    does not count.
    """
    return np.array([_occlusion(one) for one in truth], dtype=np.float64)


def _occlusion(one: TrueObject) -> float:
    if one.occlusion is not None:
        return one.occlusion
    if one.mask is None or one.visible is None:
        return float("nan")
    from faster_coco_eval.core import mask

    whole, seen = coded(one.mask), coded(one.visible)
    area = int(mask.area(whole))
    # whole numbers until the end: 1 - 90 / 100 lies below 0.1
    return (area - int(mask.area(mask.merge([whole, seen], 1)))) / area if area else float("nan")
