"""Objects in bins by how much of them is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


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
"""WALT's ten bins: `core.records.slices.occlusion_bins` says which an object is in."""

PASCALS = bins_between([0.2, 0.4, 0.6, 0.8])
"""The levels L1 to L3 of Occluded PASCAL3D+."""
