"""Reads SimCC, RTMPose's form of points: a row of bins along x and one along y (Li et al., ECCV 2022)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.mining.keypoints.onnx_points import beside_peak

Floats = NDArray[np.float64]


def read_simcc(along: NDArray[np.floating], down: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Places and scores of bins.

    Bin i of n stands for i / n of the side, as the published networks are trained. The score is the lower one
    of both peaks, as RTMPose has it; its peaks are near 1 where it is sure, and cut there.

    Args:
        along: (K, sW) bins along x.
        down: (K, sH) bins along y.

    Returns:
        (K, 2) shares of the input's sides, on pixel edges, and (K,) scores; NaN and 0 for a point that is no
        number.
    """
    x, peak_x = _peaks(np.asarray(along, dtype=np.float64))
    y, peak_y = _peaks(np.asarray(down, dtype=np.float64))
    scores = np.minimum(peak_x, peak_y)
    lost = ~np.isfinite(scores)
    places = np.stack([x, y], axis=1)
    places[lost] = np.nan
    return places, np.where(lost, 0.0, np.clip(scores, 0.0, 1.0))


def _peaks(bins: Floats) -> tuple[Floats, Floats]:
    """(K,) where the highest bins are, as shares of the row, and (K,) how high they are."""
    known = np.where(np.isfinite(bins), bins, -np.inf)
    best = known.argmax(axis=1)
    places = [place + beside_peak(row, place) for row, place in zip(known, best.tolist(), strict=True)]
    return np.array(places) / bins.shape[1], known[np.arange(len(known)), best]
