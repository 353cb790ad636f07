"""OVERLAP: is an object covered by a nearer one? Measured where their masks meet.

A detector's masks show what is seen, so a covered object's mask is cut where the nearer one begins: masks
hardly overlap, they touch. So what counts is how long the border is along which the nearer object's mask
lies against this one's. On the ground, seen from above, the nearer object reaches lower in the picture.
Boxes without masks say less: there the share of a box that nearer boxes cover counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import cover_matrix, intersection_matrix, to_array
from core.geometry.masks import patch_area, patch_intersection_area
from core.mining.detectors.classes import family_of
from core.mining.occlusion.margins import margin_below
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.shapes import FAINT, Surroundings, reach_px, shape_of
from core.records.occlusion import Observation, OcclusionTest, TestOutcome

Array = NDArray[np.float64]

_SAME_MASK = 0.5  # share of the smaller mask inside the larger: two finds of one object
_SAME_BOX = 0.8  # the same for boxes, where a mask is missing,
_SAME_BOTTOM = 0.1  # if they also stand at one place: bottoms apart by this share of the height


def overlap_outcomes(
    members: Sequence[Observation], around: Sequence[Surroundings], settings: OcclusionSettings
) -> list[TestOutcome]:
    """How far each object of one frame is covered by nearer ones.

    Args:
        members: all objects of one frame, of every category: all of them can cover.
        around: their surroundings.

    Returns:
        one outcome for each, in order. Its value is the border shared with nearer objects as a share of
        the object's size, or, where it has no mask, the share of its box that they cover.
    """
    boxes = to_array(one.box for one in members)
    nearer = _nearer(boxes)
    nearer &= ~same_objects(members, boxes)
    return [
        _outcome(members, place, np.flatnonzero(nearer[place]), around[place], settings)
        for place in range(len(members))
    ]


def same_objects(members: Sequence[Observation], boxes: Array | None = None) -> NDArray[np.bool_]:
    """(n, n): which finds of a frame are one object found twice: what two objects show hardly overlaps."""
    rows = to_array(one.box for one in members) if boxes is None else boxes
    cover = cover_matrix(rows, rows)
    most = np.maximum(cover, cover.T)
    bottom, height = rows[:, 1] + rows[:, 3], rows[:, 3]
    level = np.abs(bottom[:, None] - bottom[None, :]) < _SAME_BOTTOM * np.minimum(height[:, None], height)
    family = np.array([family_of(one.category) for one in members])
    kin = family[:, None] == family[None, :]
    same: NDArray[np.bool_] = (most > _SAME_BOX) & level & kin
    for one, other in np.argwhere(np.triu((most > 0) & kin, 1)):
        first, second = members[one].mask, members[other].mask
        if first is not None and second is not None:
            smaller = min(patch_area(first), patch_area(second))
            shared = patch_intersection_area(first, second)
            same[one, other] = same[other, one] = shared > _SAME_MASK * smaller
    return same


def _nearer(boxes: Array) -> NDArray[np.bool_]:
    """(n, n): whether j is nearer than i, and near enough in the picture to cover it."""
    reach = FAINT * np.array([reach_px(size) for size in boxes[:, 2:].max(axis=1, initial=0.0)])[:, None]
    grown = np.concatenate([boxes[:, :2] - reach, boxes[:, 2:] + 2 * reach], axis=1)
    bottom = boxes[:, 1] + boxes[:, 3]
    close: NDArray[np.bool_] = intersection_matrix(grown, boxes) > 0
    return close & (bottom[None, :] > bottom[:, None])


def _outcome(
    members: Sequence[Observation],
    place: int,
    nearer: NDArray[np.int64],
    around: Surroundings,
    settings: OcclusionSettings,
) -> TestOutcome:
    one = members[place]
    by_mask = one.mask is not None
    threshold = settings.overlap_share if by_mask else settings.overlap_box_share
    if by_mask:
        shares = [around.shared_border(around.of(shape_of(members[other]))) for other in nearer]
    else:
        shares = _covered_boxes(members, place, nearer)
    value = sum(shares)
    if value == 0:
        clear = "no nearer object touches it"
        return TestOutcome(OcclusionTest.OVERLAP, 0.0, threshold, False, 1.0, None, clear)
    by = members[nearer[int(np.argmax(shares))]]
    what = f"{by.category} {by.instance_id}"
    if by_mask:
        detail = f"borders on nearer {what} along {100 * value:.0f} % of its size"
    else:
        detail = f"{100 * value:.0f} % of its box lies behind {what}"
    margin = margin_below(value, threshold)
    return TestOutcome(
        OcclusionTest.OVERLAP, value, threshold, value > threshold, margin, by.instance_id, detail
    )


def _covered_boxes(members: Sequence[Observation], place: int, nearer: NDArray[np.int64]) -> list[float]:
    own = to_array([members[place].box])
    others = to_array(members[other].box for other in nearer)
    return [float(share) for share in cover_matrix(own, others)[0]]
