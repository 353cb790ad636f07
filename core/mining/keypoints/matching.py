"""Whose points they are: what a network finds by itself, matched to the objects that a project knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import clip, iou_matrix, to_array
from core.geometry.hiding import off_mask_px
from core.geometry.masks import is_near
from core.mining.keypoints.protocol import FoundPoints
from core.records.boxes import Box
from core.records.masks import MaskPatch

Floats = NDArray[np.float64]

LEAST_IOU = 0.3  # a mask that something cuts has another box than the whole object
LEAST_SHARE = 0.4  # of the points, on its mask; what is in front of an object may hide more than half of it


@dataclass(frozen=True, slots=True, eq=False)
class KnownObject:
    """An object of a project; box and mask, or None, in the same pixels as the points."""

    box: Box
    mask: MaskPatch | None

    @property
    def margin_px(self) -> float:
        """How far beside its mask a point may lie to be on it."""
        return off_mask_px(self.box.size)


def points_of(
    one: KnownObject, beside: Sequence[KnownObject], found: Sequence[FoundPoints], seen: Box
) -> FoundPoints | None:
    """The points of an object among all that was found around it, or None where they are not there.

    Each find goes to one object and each object gets one, so that the sum of their agreements is largest
    (Kuhn, 1955): how far the boxes agree (IoU), and which share of the points lies on the object's mask. So
    an object that the network has missed does not take the points of the one before it.

    Args:
        one: whose points are wanted.
        beside: the other objects of its kind around it.
        found: in the same pixels. One without a box is `one`'s.
        seen: the part of the picture in which the network looked.
    """
    if not found or any(each.box is None for each in found):
        return found[0] if found else None
    from scipy.optimize import linear_sum_assignment

    objects = [one, *beside]
    iou = iou_matrix(_inside([each.box for each in objects], seen), to_array(e.box for e in found if e.box))
    shares = np.array([[_share_on(known, each) for each in found] for known in objects])
    agreement = np.where((iou >= LEAST_IOU) & (shares >= LEAST_SHARE), iou + shares, 0.0)
    rows, columns = linear_sum_assignment(agreement, maximize=True)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True)).get(0)
    return found[chosen] if chosen is not None and agreement[0, chosen] > 0 else None


def _inside(boxes: Sequence[Box], seen: Box) -> Floats:
    """(n, 4) what of the boxes a network could see, for it finds nothing beyond."""
    corner = np.array([seen.x, seen.y, 0.0, 0.0])
    return np.asarray(clip(to_array(boxes) - corner, seen.w, seen.h) + corner)


def _share_on(known: KnownObject, found: FoundPoints) -> float:
    """Share of the points that lie on an object's mask; of its box where it has none."""
    placed = found.pixels[np.isfinite(found.pixels).all(axis=1)]
    if not len(placed):
        return 0.0
    box, margin = known.box, known.margin_px
    if known.mask is None or not known.mask.bits.any():
        low, high = np.array([box.x, box.y]) - margin - 0.5, np.array([box.right, box.bottom]) + margin - 0.5
        return float(((placed >= low) & (placed <= high)).all(axis=1).mean())
    return float(np.mean([is_near(known.mask, x, y, margin) for x, y in placed.tolist()]))
