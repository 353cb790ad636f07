"""Which instance is under the cursor: pure functions over arrays, beside the canvas that uses them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.records.masks import MaskPatch


def instances_at(
    x: float,
    y: float,
    boxes: NDArray[np.float64],
    masks: Sequence[MaskPatch | None],
    slack: float = 0.0,
) -> list[int]:
    """Indices of the instances at a point, the best answer first.

    An instance whose mask covers the point comes before one whose box merely holds it, and that
    before one whose box is missed by no more than the slack; among equals the smaller box comes
    first, so that a small object in front of a large one can be reached.

    Args:
        x, y: the point in canvas coordinates (top left pixel's centre at (0, 0)).
        boxes: (n, 4) left, top, right, bottom in canvas coordinates.
        masks: n masks, None where an instance has only a box.
        slack: how far beside a box a click still counts, in picture pixels.
    """
    if len(boxes) == 0:
        return []
    left, top, right, bottom = boxes.T
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    near = (x >= left - slack) & (x <= right + slack) & (y >= top - slack) & (y <= bottom + slack)
    candidates = np.flatnonzero(near)
    area = (right - left) * (bottom - top)

    def rank(index: int) -> tuple[int, float, int]:
        beside = 1 if inside[index] else 2
        grade = 0 if mask_covers(masks[index], x, y) else beside
        return grade, float(area[index]), index

    return sorted((int(index) for index in candidates), key=rank)


def mask_covers(mask: MaskPatch | None, x: float, y: float) -> bool:
    """Whether the pixel that holds the canvas point (x, y) belongs to the mask."""
    if mask is None:
        return False
    column = int(np.floor(x + 0.5)) - mask.x
    row = int(np.floor(y + 0.5)) - mask.y
    height, width = mask.bits.shape
    return 0 <= row < height and 0 <= column < width and bool(mask.bits[row, column])


def next_under_cursor(hits: Sequence[int], current: int | None) -> int | None:
    """The hit to select: the best one, or the one after the current when that is hit again."""
    if not hits:
        return None
    if current is not None and current in hits:
        return hits[(list(hits).index(current) + 1) % len(hits)]
    return hits[0]
