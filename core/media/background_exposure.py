"""Bringing pictures of one scene to one exposure: a gain and an offset for each picture and channel.

Automatic exposure and white balance multiply and shift whole channels between pictures. A median over
such pictures mixes them; a median over pictures brought to one exposure does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 3
_REWEIGHTINGS = 8
_DARKEST, _BRIGHTEST = 6.0, 249.0  # beyond, a value is clipped and says nothing of gain
_GAIN_RANGE = (0.4, 2.5)
_OFFSET_RANGE = 60.0
_PRIOR_POINTS = 0.02  # of the points, as many pull towards gain 1 and offset 0
_MATCH_LEVELS = 14.0  # a point within so many levels of the reference is explained
_MIN_MATCH = 0.3
_FEWEST_POINTS = 16
_SAME_GAIN, _SAME_OFFSET = 0.01, 1.5  # smaller corrections are noise


@dataclass(frozen=True, slots=True, eq=False)
class Exposures:
    """What brings each picture to the common exposure: value * gain + offset, in levels 0-255.

    Attributes:
        gain, offset: (N, 3) float32; exactly 1 and 0 where no correction is needed.
        usable: (N,) bool; False where nothing explains the picture as this scene (black, blinded, moved).
    """

    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    usable: NDArray[np.bool_]

    def is_plain(self, number: int) -> bool:
        """Whether a picture is right as it is."""
        return bool((self.gain[number] == 1).all() and (self.offset[number] == 0).all())

    def table(self, number: int) -> NDArray[np.uint8]:
        """(256, 3) uint8: what each value of each channel of a picture becomes."""
        levels = np.arange(256, dtype=np.float32)[:, None]
        corrected = levels * self.gain[number] + self.offset[number]
        return np.clip(np.rint(corrected), 0, 255).astype(np.uint8)


def same_exposure(count: int) -> Exposures:
    """Exposures that change nothing."""
    return Exposures(
        np.ones((count, 3), np.float32), np.zeros((count, 3), np.float32), np.ones(count, np.bool_)
    )


def fit_exposures(points: NDArray[np.uint8]) -> Exposures:
    """Fit the exposure of each picture against what most pictures agree on.

    The pictures are first fitted to the one of middle brightness, then, twice, to the median of all
    corrected pictures. Each fit starts from the median ratio, which half the points may spoil, and is
    refined by least squares with Cauchy weights, so that passing objects do not count.

    Args:
        points: (N, P, 3) uint8: the same P points of each of N pictures.

    Returns:
        Exposures of the N pictures; never more than half of them are unusable.
    """
    values = points.astype(np.float32)
    middle = np.argsort(np.median(values, axis=(1, 2)), kind="stable")[len(values) // 2]
    reference = values[middle]
    gain, offset = np.ones((len(values), 3), np.float32), np.zeros((len(values), 3), np.float32)
    for _ in range(_ROUNDS):
        for channel in range(3):
            gain[:, channel], offset[:, channel] = _fit_channel(values[:, :, channel], reference[:, channel])
        corrected = values * gain[:, None] + offset[:, None]
        reference = np.median(corrected, axis=0)
    match = (np.abs(corrected - reference) < _MATCH_LEVELS).all(axis=2).mean(axis=1)
    usable = match >= min(_MIN_MATCH, float(np.median(match)))
    # noise in the values draws every gain a little below 1: the middle picture keeps its own exposure
    middle_gain, middle_offset = np.median(gain[usable], axis=0), np.median(offset[usable], axis=0)
    gain, offset = gain / middle_gain, (offset - middle_offset) / middle_gain
    same = (np.abs(gain - 1) < _SAME_GAIN) & (np.abs(offset) < _SAME_OFFSET)
    plain = same.all(axis=1, keepdims=True)
    return Exposures(np.where(plain, 1, gain), np.where(plain, 0, offset), usable)


def _fit_channel(
    values: NDArray[np.float32], reference: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N,) gain and (N,) offset that bring (N, P) values to the (P,) reference."""
    inside = (values > _DARKEST) & (values < _BRIGHTEST)
    inside &= (reference > _DARKEST) & (reference < _BRIGHTEST)
    enough = inside.sum(axis=1) >= _FEWEST_POINTS
    gain = np.clip(
        _median_where((reference / np.maximum(values, 1)).astype(np.float32), inside), *_GAIN_RANGE
    )
    offset = np.zeros_like(gain)
    prior = _PRIOR_POINTS * values.shape[1]
    for _ in range(_REWEIGHTINGS):
        residual = reference - (values * gain[:, None] + offset[:, None])
        scale = np.clip(1.5 * _median_where(np.abs(residual), inside), 1.5, 12.0)[:, None]
        weight = inside / (1 + (residual / scale) ** 2)
        gain, offset = _weighted_line(values, reference, weight, prior)
    gain[~enough], offset[~enough] = 1, 0
    return gain, offset


def _median_where(values: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N,) the lower median of each row's entries that are inside; infinite for a row without any."""
    ordered = np.sort(np.where(inside, values, np.float32(np.inf)), axis=1)
    middle = np.maximum(inside.sum(axis=1) - 1, 0) // 2
    return ordered[np.arange(len(ordered)), middle]


def _weighted_line(
    x: NDArray[np.float32], y: NDArray[np.float32], weight: NDArray[np.float32], prior: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weighted least squares of y = gain * x + offset for each row, drawn slightly to gain 1, offset 0.

    Both are counted on a scale of 50 levels, a usual spread of values in a picture.
    """
    total = weight.sum(axis=1)
    weighted = weight * x
    sum_x, sum_xx = weighted.sum(axis=1), (weighted * x).sum(axis=1)
    sum_d = (weight * (y - x)).sum(axis=1)  # solve for gain - 1, so that the prior sits at zero
    sum_xd = (weighted * (y - x)).sum(axis=1)
    a, b, c = sum_xx + prior * 50.0**2, sum_x, total + prior
    determinant = a * c - b * b
    steeper = (c * sum_xd - b * sum_d) / determinant
    offset = (a * sum_d - b * sum_xd) / determinant
    gain = np.clip(1 + steeper, *_GAIN_RANGE)
    return gain.astype(np.float32), np.clip(offset, -_OFFSET_RANGE, _OFFSET_RANGE).astype(np.float32)
