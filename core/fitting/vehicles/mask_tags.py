"""What a car's mask says of points that its fit calls visible: one that lies off the mask is hidden.

Fits know of cars only. Poles, trees, walls and people cut a car's mask as well, so that the mask shows where
something stands in front, though not what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.geometry.hiding import off_mask_px
from core.geometry.masks import is_near
from core.records.keypoints import PlacedPoint
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag


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
    margin = off_mask_px(size_px)
    return tuple(
        replace(point, tag=KeypointTag.OTHER_OCCLUDED)
        if point.tag is KeypointTag.VISIBLE and not is_near(mask, point.x, point.y, margin)
        else point
        for point in points
    )
