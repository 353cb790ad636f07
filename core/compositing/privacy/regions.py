"""The parts of a picture that are blurred, as patches of whole pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.masks import empty_patch, tighten, window
from core.records.masks import MaskPatch

Ints = NDArray[np.int64]

_PARTS = 16  # of a pixel, that corners are rounded to
_SLACK_PX = 1  # a region reaches this much farther than its corners


class Hidden(StrEnum):
    """What a region hides."""

    FRONT_PLATE = "front plate"
    BACK_PLATE = "back plate"
    PLATES = "plates"  # somewhere in the lower part of a vehicle whose pose is not known
    HEAD = "head"


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A part of a picture that is blurred.

    Attributes:
        hidden: what is there.
        patch: its pixels; empty where nothing of it is in the picture.
    """

    hidden: Hidden
    patch: MaskPatch


def hull_patch(points: ArrayLike, width: int, height: int) -> MaskPatch:
    """The pixels of points' convex hull and of one pixel around it.

    The points are rounded to sixteenths of a pixel, and all that follows is in whole numbers.

    Args:
        points: (n, 2) pixels, the first pixel's centre at (0, 0).
        width, height: of the picture, pixels.
    """
    place = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not len(place) or not np.isfinite(place).all():
        return empty_patch()
    # far outside the picture nothing changes but the size of the numbers
    reach = 4.0 * max(width, height)
    corners = np.rint(np.clip(place, -reach, reach) * _PARTS).astype(np.int64)
    low = np.maximum(corners.min(axis=0) // _PARTS - _SLACK_PX, 0)
    high = np.minimum(-(-corners.max(axis=0) // _PARTS) + _SLACK_PX, [width - 1, height - 1])
    if (high < low).any():
        return empty_patch()
    x = np.arange(low[0], high[0] + 1, dtype=np.int64) * _PARTS
    y = np.arange(low[1], high[1] + 1, dtype=np.int64)[:, None] * _PARTS
    inside = np.ones((y.size, x.size), dtype=np.bool_)
    ring = _hull(corners)
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        slack = _SLACK_PX * _PARTS * (math.isqrt((bx - ax) ** 2 + (by - ay) ** 2) + 1)
        inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= -slack
    return tighten(MaskPatch(int(low[0]), int(low[1]), inside))


def rectangle_patch(
    left: float, top: float, right: float, bottom: float, width: int, height: int
) -> MaskPatch:
    """The pixels that a rectangle touches, cut to the picture.

    Args:
        left, top, right, bottom: pixel edges.
        width, height: of the picture, pixels.
    """
    x, y = max(math.floor(left), 0), max(math.floor(top), 0)
    w, h = min(math.ceil(right), width) - x, min(math.ceil(bottom), height) - y
    return MaskPatch(x, y, np.ones((h, w), dtype=np.bool_)) if w > 0 and h > 0 else empty_patch()


def clipped(patch: MaskPatch, to: MaskPatch) -> MaskPatch:
    """The pixels of a patch that also lie in another."""
    h, w = patch.bits.shape
    return tighten(MaskPatch(patch.x, patch.y, patch.bits & window(to, patch.x, patch.y, w, h)))


def without(patch: MaskPatch, others: Iterable[MaskPatch]) -> MaskPatch:
    """The pixels of a patch that lie in none of the others."""
    h, w = patch.bits.shape
    bits = patch.bits.copy()
    for other in others:
        bits &= ~window(other, patch.x, patch.y, w, h)
    return tighten(MaskPatch(patch.x, patch.y, bits))


def grown(patch: MaskPatch, by_px: int, width: int, height: int) -> MaskPatch:
    """A patch with all pixels that are at most so many rows and columns away, cut to the picture."""
    if not patch.bits.size:
        return patch
    h, w = patch.bits.shape
    left, top = min(by_px, patch.x), min(by_px, patch.y)
    right, bottom = min(by_px, width - patch.x - w), min(by_px, height - patch.y - h)
    bits = np.zeros((h + 2 * by_px, w + 2 * by_px), dtype=np.bool_)
    bits[by_px : by_px + h, by_px : by_px + w] = patch.bits
    for axis in (0, 1):
        sums = np.cumsum(np.insert(bits.astype(np.int32), 0, 0, axis=axis), axis=axis)
        ends = np.arange(bits.shape[axis])
        high = np.minimum(ends + by_px + 1, bits.shape[axis])
        low = np.maximum(ends - by_px, 0)
        bits = np.take(sums, high, axis=axis) > np.take(sums, low, axis=axis)
    rows = slice(by_px - top, by_px + h + bottom)
    columns = slice(by_px - left, by_px + w + right)
    return MaskPatch(patch.x - left, patch.y - top, np.ascontiguousarray(bits[rows, columns]))


def shrunk(patch: MaskPatch, by_px: int) -> MaskPatch:
    """A patch without the pixels that are at most so many rows and columns away from one that is not its."""
    bits = np.pad(patch.bits, by_px)
    for axis in (0, 1):
        sums = np.cumsum(np.insert(bits.astype(np.int32), 0, 0, axis=axis), axis=axis)
        count = bits.shape[axis] - 2 * by_px
        high = np.take(sums, np.arange(2 * by_px + 1, 2 * by_px + 1 + count), axis=axis)
        bits = high - np.take(sums, np.arange(count), axis=axis) == 2 * by_px + 1
    return tighten(MaskPatch(patch.x, patch.y, bits))


def _hull(points: Ints) -> list[tuple[int, int]]:
    """The corners of the convex hull, so that what is inside lies on the left of each side in x, y."""
    ordered: list[tuple[int, int]] = sorted({(int(x), int(y)) for x, y in points})
    if len(ordered) < 3:
        return ordered
    halves = []
    for run in (ordered, ordered[::-1]):
        half: list[tuple[int, int]] = []
        for point in run:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves.append(half[:-1])
    return halves[0] + halves[1]


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
