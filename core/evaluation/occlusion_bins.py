"""Objects in bins by how much of them is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
