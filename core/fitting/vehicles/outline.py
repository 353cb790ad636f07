"""A mask's outline as a fit takes it: how far it reaches in some directions, and which of those count.

The support of a shape in a direction u is the largest u . p over its points p. It needs no matching of
points, ignores holes and dents in a mask, and is the same for a shape and its convex hull.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.records.masks import MaskPatch

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

COUNT = 16
DIRECTIONS: Array = np.stack(
    [np.cos(np.arange(COUNT) * (2 * np.pi / COUNT)), np.sin(np.arange(COUNT) * (2 * np.pi / COUNT))], axis=1
)
# an edge nearer than this to the picture's border, or to what stands before the car, is not the car's own
BORDER_PX = 2.0
HIDER_PX = 3.0


@dataclass(frozen=True, eq=False)
class Outline:
    """The reach of a mask.

    Attributes:
        supports_px: (16,) in DIRECTIONS, undistorted pixels; NaN for an empty mask.
        free: (16,) where the edge is the car's own, neither the picture's border nor another object's.
        contact_px: (2,) undistorted pixel at the middle of its lower edge.
        size_px: larger side of its box; 0 for an empty mask.
    """

    supports_px: Array
    free: Bits
    contact_px: Array
    size_px: float


def outline_of(mask: MaskPatch, camera: Camera, hiders: Sequence[MaskPatch] = ()) -> Outline:
    """The outline of a modal mask.

    Args:
        mask: of the car, as it is seen.
        camera: whose picture it lies in.
        hiders: masks of what stands before the car, as its occlusion label says.
    """
    edge = _edge(mask)
    if not len(edge):
        nothing = np.full(COUNT, np.nan)
        return Outline(nothing, np.zeros(COUNT, dtype=np.bool_), np.full(2, np.nan), 0.0)
    flat = camera.undistort(edge)
    reach = flat @ DIRECTIONS.T
    outermost = np.argmax(np.where(np.isnan(reach), -np.inf, reach), axis=0)
    # a pixel is set where the car covers its centre: its edge lies half a pixel further out, on average
    supports = reach[outermost, range(COUNT)] + 0.5 * np.abs(DIRECTIONS).max(axis=1)
    free = np.isfinite(supports) & ~_at_border(edge, outermost, camera)
    for hider in hiders:
        free &= ~_beside(edge[outermost], hider)
    size = np.ptp(edge, axis=0) + 1.0
    middle = np.array([(edge[:, 0].min() + edge[:, 0].max()) / 2, edge[:, 1].max() + 0.5])
    return Outline(supports, free, camera.undistort(middle), float(size.max()))


def _edge(mask: MaskPatch) -> Array:
    """(n, 2) the first and last pixel of each row, which hold all corners of the mask's convex hull."""
    if not mask.bits.any():
        return np.zeros((0, 2))
    rows = np.flatnonzero(mask.bits.any(axis=1))
    bits = mask.bits[rows]
    first = bits.argmax(axis=1)
    last = bits.shape[1] - 1 - bits[:, ::-1].argmax(axis=1)
    x = np.concatenate([first, last]) + mask.x
    return np.stack([x, np.concatenate([rows, rows]) + mask.y], axis=1).astype(np.float64)


def _at_border(edge: Array, outermost: NDArray[np.intp], camera: Camera) -> Bits:
    """(16,) whether the mask leaves the picture on the side that it reaches to there."""
    low = edge.min(axis=0) < BORDER_PX
    high = edge.max(axis=0) > np.array([camera.width, camera.height]) - 1 - BORDER_PX
    ends = edge[outermost]
    # where the mask is cut, what lies beyond could reach further in every direction towards that side
    cut = (low & (DIRECTIONS < -1e-9)) | (high & (DIRECTIONS > 1e-9))
    near = (ends < BORDER_PX) | (ends > np.array([camera.width, camera.height]) - 1 - BORDER_PX)
    return np.asarray(cut.any(axis=1) | near.any(axis=1))


def _beside(points: Array, hider: MaskPatch) -> Bits:
    """(n,) whether another mask lies within a few pixels of points."""
    if not hider.bits.size:
        return np.zeros(len(points), dtype=np.bool_)
    reach = int(np.ceil(HIDER_PX))
    height, width = hider.bits.shape
    found = np.zeros(len(points), dtype=np.bool_)
    for number, (x, y) in enumerate(points.astype(int).tolist()):
        left, top = x - hider.x, y - hider.y
        if -reach <= left < width + reach and -reach <= top < height + reach:
            window = hider.bits[
                max(top - reach, 0) : max(top + reach + 1, 0), max(left - reach, 0) : max(left + reach + 1, 0)
            ]
            found[number] = bool(window.any())
    return found
