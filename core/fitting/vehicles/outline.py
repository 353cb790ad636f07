"""How far a car's mask reaches in a few directions: what its outline says of its place and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.records.masks import MaskPatch

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

DIRECTIONS = 16
# a mask's edge is rarely sharper, and no car of the shape space has a real one's mirrors and bumpers
EDGE_PX = 1.0
EDGE_SHARE = 0.01
# half a pixel from the last centre to its edge along the axes, a little less aslant
_HALF_PX = 0.4
# the rim that decides whether a direction is free, and how far outwards it is looked at, of the mask's size
_RIM_SHARE = 0.03
_FREE_SHARE = 0.75


@dataclass(frozen=True, eq=False)
class Outline:
    """A car's mask as its reach in some directions, in the ideal picture (without the lens's distortion).

    Attributes:
        directions: (D, 2) unit vectors.
        reach_px: (D,) the largest u.p of the mask's points.
        sigma_px: (D,) standard deviation of that.
        open: (D,) whether the car may go on beyond: something stands in front there, or the picture ends.
    """

    directions: Array
    reach_px: Array
    sigma_px: Array
    open: Bits

    @property
    def closed(self) -> int:
        """In how many directions the car is known to end where its mask does."""
        return int((~self.open).sum())

    @property
    def middle(self) -> Array:
        """(2,) the middle between opposite ends, pixels."""
        half = len(self.directions) // 2
        between = (self.reach_px[:half] - self.reach_px[half:]) / 2
        return np.asarray(np.linalg.lstsq(self.directions[:half], between, rcond=None)[0])


def outline_of(mask: MaskPatch, camera: Camera, others: Sequence[MaskPatch] = ()) -> Outline | None:
    """The outline of a car's mask; None of an empty one.

    A mask that lies lower in the picture than the car's own is taken to stand in front of it. What still
    things hide is not known here; the fit doubts an outline that is too small instead.

    Args:
        mask: the part of the car that is seen.
        others: masks of the frame's other objects.
    """
    rows, columns = np.nonzero(_rim(mask.bits))
    if not len(rows):
        return None
    height, width = mask.bits.shape
    size = max(height, width)
    pixels = np.stack([columns + mask.x, rows + mask.y], axis=1).astype(np.float64)
    ideal = camera.undistort(pixels) if camera.is_distorted else pixels
    there = np.isfinite(ideal).all(axis=1)
    if not there.any():
        return None
    pixels, ideal = pixels[there], ideal[there]
    angles = np.linspace(0.0, 2 * np.pi, DIRECTIONS, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = ideal @ directions.T
    reach = along.max(axis=0)
    deep = max(1.5, _RIM_SHARE * size)
    nearer = [other for other in others if other.bits.size and _bottom(other) > _bottom(mask)]
    open_ends = np.array(
        [
            _is_open(pixels[along[:, index] > reach[index] - deep], direction * deep, camera, nearer)
            for index, direction in enumerate(directions)
        ]
    )
    sigma = np.full(DIRECTIONS, float(np.hypot(EDGE_PX, EDGE_SHARE * size)))
    return Outline(directions, reach + _HALF_PX, sigma, open_ends)


def _rim(bits: Bits) -> Bits:
    """The mask's pixels that have a neighbour outside it."""
    padded = np.pad(bits, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(bits & ~inner)


def _bottom(mask: MaskPatch) -> int:
    return mask.y + int(mask.bits.shape[0])


def _is_open(rim: Array, outwards: Array, camera: Camera, nearer: Sequence[MaskPatch]) -> bool:
    """Whether more than a few of the rim's pixels meet something in front, or the picture's border."""
    beyond = np.round(np.concatenate([rim + outwards, rim + outwards / 2])).astype(np.intp)
    held = (beyond < 0).any(axis=1) | (beyond[:, 0] >= camera.width) | (beyond[:, 1] >= camera.height)
    for other in nearer:
        x, y = beyond[:, 0] - other.x, beyond[:, 1] - other.y
        inside = (x >= 0) & (y >= 0) & (x < other.bits.shape[1]) & (y < other.bits.shape[0])
        held[inside] |= other.bits[y[inside], x[inside]]
    count = len(rim)
    return bool((held[:count] | held[count:]).mean() > 1 - _FREE_SHARE)
