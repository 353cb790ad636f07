"""What a car's mask says of points that its fit calls visible: one that lies off the mask is hidden.

Fits know of cars only. Poles, trees, walls and people cut a car's mask as well, so that the mask shows where
something stands in front, though not what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.records.keypoints import PlacedPoint
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag

# corners of roofs and lamps lie on the mask's edge, which is known no better than this
OFF_PX, OFF_SHARE = 3.0, 0.04


def hidden_off_mask(
    points: Sequence[PlacedPoint], mask: MaskPatch, size_px: float
) -> tuple[PlacedPoint, ...]:
    """Proposed points (`predict`), those off the mask called hidden by something else that is not known.

    Args:
        mask: the part of the car that is seen; an empty one says nothing.
        size_px: L = max(w, h) of the car's box, the amodal one where it is known.
    """
    if not mask.bits.any():
        return tuple(points)
    margin = max(OFF_PX, OFF_SHARE * size_px)
    return tuple(
        replace(point, tag=KeypointTag.OTHER_OCCLUDED)
        if point.tag is KeypointTag.VISIBLE and not _is_near(mask, point.x, point.y, margin)
        else point
        for point in points
    )


def _is_near(mask: MaskPatch, x: float, y: float, margin: float) -> bool:
    """Whether the mask has a pixel within a margin of a place in the picture."""
    height, width = mask.bits.shape
    left, right = max(int(np.ceil(x - margin)) - mask.x, 0), min(int(x + margin) - mask.x + 1, width)
    top, bottom = max(int(np.ceil(y - margin)) - mask.y, 0), min(int(y + margin) - mask.y + 1, height)
    if left >= right or top >= bottom:
        return False
    rows, columns = np.nonzero(mask.bits[top:bottom, left:right])
    away = np.hypot(columns + left + mask.x - x, rows + top + mask.y - y)
    return bool((away <= margin).any())
