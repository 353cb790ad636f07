"""Boxes as arrays: overlaps, clipping, corners, and the step between pixel centres and pixel edges.

Boxes are COCO's (x, y, w, h) in pixels on pixel edges; keypoints and projections put the centre of the
top left pixel at (0, 0). `edges_from_centres` and `centres_from_edges` are the only conversion.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.records.boxes import Box

Array = NDArray[np.float64]

HALF_PIXEL = 0.5
"""From a pixel's edge to its centre: for arrays of other kinds than numpy's."""


def edges_from_centres(points: ArrayLike) -> Array:
    """Pixel-edge coordinates of points in pixel-centre coordinates.

    Args:
        points: (..., 2), pixels, with (0, 0) the centre of the top left pixel.

    Returns:
        (..., 2), pixels, with (0, 0) the outer corner of the top left pixel.
    """
    return np.asarray(points, dtype=np.float64) + HALF_PIXEL


def centres_from_edges(points: ArrayLike) -> Array:
    """Pixel-centre coordinates of points in pixel-edge coordinates; undoes `edges_from_centres`.

    Args:
        points: (..., 2), pixels, with (0, 0) the outer corner of the top left pixel.

    Returns:
        (..., 2), pixels, with (0, 0) the centre of the top left pixel.
    """
    return np.asarray(points, dtype=np.float64) - HALF_PIXEL


def to_array(boxes: Iterable[Box]) -> Array:
    """Boxes as an (n, 4) array of x, y, w, h, pixels on pixel edges."""
    rows = [(box.x, box.y, box.w, box.h) for box in boxes]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 4)


def to_box(row: ArrayLike) -> Box:
    """One row (x, y, w, h) as a Box."""
    x, y, w, h = np.asarray(row, dtype=np.float64).tolist()
    return Box(x, y, w, h)


def touch(first: Box, second: Box, margin_px: float = 0.0) -> bool:
    """Whether two boxes overlap, or come nearer to each other than a margin."""
    return (
        first.x - margin_px < second.right
        and second.x - margin_px < first.right
        and first.y - margin_px < second.bottom
        and second.y - margin_px < first.bottom
    )


def corners(boxes: ArrayLike) -> Array:
    """(n, 4) x, y, w, h -> (n, 4) left, top, right, bottom, pixels on pixel edges."""
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)


def from_corners(rows: ArrayLike) -> Array:
    """(n, 4) left, top, right, bottom -> (n, 4) x, y, w, h, pixels on pixel edges."""
    ends = np.asarray(rows, dtype=np.float64).reshape(-1, 4)
    return np.concatenate([ends[:, :2], ends[:, 2:] - ends[:, :2]], axis=1)


def areas(boxes: ArrayLike) -> Array:
    """(n, 4) boxes -> (n,) areas in square pixels."""
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return rows[:, 2] * rows[:, 3]


def intersection_matrix(a: ArrayLike, b: ArrayLike) -> Array:
    """Area that each box of `a` shares with each box of `b`.

    Args:
        a: (n, 4) x, y, w, h. b: (m, 4).

    Returns:
        (n, m), square pixels.
    """
    ends_a, ends_b = corners(a), corners(b)
    low = np.maximum(ends_a[:, None, :2], ends_b[None, :, :2])
    high = np.minimum(ends_a[:, None, 2:], ends_b[None, :, 2:])
    size = np.maximum(high - low, 0.0)
    return size[..., 0] * size[..., 1]


def iou_matrix(a: ArrayLike, b: ArrayLike) -> Array:
    """Intersection over union of each box of `a` with each box of `b`; 0 where both are empty.

    Args:
        a: (n, 4) x, y, w, h. b: (m, 4).

    Returns:
        (n, m), 0 to 1.
    """
    shared = intersection_matrix(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def cover_matrix(a: ArrayLike, b: ArrayLike) -> Array:
    """Share of each box of `a` that lies inside each box of `b`.

    Args:
        a: (n, 4) x, y, w, h. b: (m, 4).

    Returns:
        (n, m), 0 to 1; 0 for an empty box of `a`.
    """
    shared = intersection_matrix(a, b)
    own = np.broadcast_to(areas(a)[:, None], shared.shape)
    return np.divide(shared, own, out=np.zeros_like(shared), where=own > 0)


def clip(boxes: ArrayLike, width: float, height: float) -> Array:
    """Boxes cut to a picture; one that lies outside becomes empty, on the border.

    Args:
        boxes: (n, 4) x, y, w, h. width, height: of the picture, pixels.

    Returns:
        (n, 4).
    """
    ends = corners(boxes)
    ends[:, 0::2] = np.clip(ends[:, 0::2], 0.0, width)
    ends[:, 1::2] = np.clip(ends[:, 1::2], 0.0, height)
    return from_corners(ends)
