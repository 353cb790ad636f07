"""Shares of trained networks, such as PCK, with intervals: groups and seeds, drawn anew together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.bootstrap import Drawing, Groups
from core.jobs.reproduce.precision import Measured, drawn_seeds

Floats = NDArray[np.float64]


def measured_shares(part: ArrayLike, whole: ArrayLike, groups: Groups, draws: int, told: int = 0) -> Measured:
    """Sums by sums of each seed's network, and their mean over seeds.

    Groups are drawn with replacement, and so are seeds: all that has the same groups sees the same draws.

    Args:
        part, whole: (seeds, k, n) of each of n objects, for k figures.
        groups: which group each object is of, such as its camera or its track.
        told: the figure that is told of each seed.

    Raises:
        ValueError: they do not belong together.
    """
    tops, bottoms = _by_group(part, groups), _by_group(whole, groups)
    if tops.shape != bottoms.shape:
        raise ValueError(f"sums of {tops.shape} and {bottoms.shape}")
    drawing = Drawing(draws)
    weights = np.vstack([np.ones((1, groups.count)), drawing.weights(groups.count)])
    above, below = (np.einsum("dg,skg->dsk", weights, one) for one in (tops, bottoms))
    each = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    there = (bottoms[0] > 0).sum(axis=1)
    return Measured(each[0].mean(axis=0), drawn_seeds(each[1:], drawing.seed + 1), each[0, :, told], there)


def _by_group(values: ArrayLike, groups: Groups) -> Floats:
    """(seeds, k, groups) sums over each group's objects."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 3 or rows.shape[2] != len(groups.place):
        raise ValueError(f"values of {rows.shape} for {len(groups.place)} objects")
    each = [
        [np.bincount(groups.place, weights=row, minlength=groups.count) for row in figures]
        for figures in rows
    ]
    return np.array(each, dtype=np.float64).reshape(*rows.shape[:2], groups.count)
