"""What masks say of a place on an object: that it is seen there, or that something else hides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.geometry.masks import is_near
from core.records.masks import MaskPatch

# corners of roofs, lamps and wrists lie on the mask's edge, which is known no better than this
OFF_PX, OFF_SHARE = 3.0, 0.04
_ON_PX = 0.71  # from a place to the centre of the pixel it lies in, at most


@dataclass(frozen=True, slots=True)
class Hiding:
    """What is in front of a place.

    Attributes:
        hidden: whether something other than the object is.
        by: whose mask lies there; None where that is not known.
    """

    hidden: bool
    by: int | None = None


def off_mask_px(size_px: float) -> float:
    """How far beside its mask a point of an object still counts as on it, pixels.

    Args:
        size_px: L = max(w, h) of the object's box, the amodal one where it is known.
    """
    return max(OFF_PX, OFF_SHARE * size_px)


def hiding_at(
    x: float, y: float, own: MaskPatch | None, size_px: float, beside: Mapping[int, MaskPatch]
) -> Hiding:
    """What the part of an object that is seen, and those of others, say of a place on it.

    A pixel belongs to the nearest object alone: where another's mask is, that stands in front. Off the own
    mask where no other's is, a still thing does, which has none.

    Args:
        x, y: pixels.
        own: the object's mask; without one only another's mask tells that it is hidden.
        size_px: as for `off_mask_px`.
        beside: id -> mask of what else is there.
    """
    known = own is not None and bool(own.bits.any())
    if known and own is not None and is_near(own, x, y, off_mask_px(size_px)):
        return Hiding(False)
    for key, mask in beside.items():
        if is_near(mask, x, y, _ON_PX):
            return Hiding(True, key)
    return Hiding(known)
