"""Which of several boxes or masks of the same thing to keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.boxes import areas, intersection_matrix, iou_matrix, to_array
from core.geometry.masks import patch_area, patch_intersection_area
from core.mining.detectors.classes import family_of
from core.records.detections import Detection

Indices = NDArray[np.intp]


def suppress(boxes: ArrayLike, scores: ArrayLike, groups: ArrayLike, max_iou: float) -> Indices:
    """Non-maximum suppression: drops boxes that overlap a stronger box of the same group too much.

    Args:
        boxes: (n, 4) x, y, w, h. scores: (n,). groups: (n,) int; boxes of two groups never compete.
        max_iou: the greatest IoU that two kept boxes of a group may have.

    Returns:
        indices of the kept boxes, strongest first; equal scores keep their order.
    """
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    kinds = np.asarray(groups)
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
    iou = iou_matrix(rows[order], rows[order])
    rivals = (iou > max_iou) & (kinds[order][:, None] == kinds[order][None, :])
    alive = np.ones(order.size, dtype=np.bool_)
    for place in range(order.size):
        if alive[place]:
            alive[place + 1 :] &= ~rivals[place, place + 1 :]
    return order[alive]


def merge_views(
    boxes: ArrayLike, scores: ArrayLike, groups: ArrayLike, cut: ArrayLike, max_iou: float, max_inside: float
) -> Indices:
    """Keeps one box of each object that several overlapping tiles have seen.

    A box that its tile's border cuts yields to any whole box that holds most of it.

    Args:
        boxes, scores, groups: as for `suppress`.
        cut: (n,) bool, whether a tile's border cuts the box.
        max_iou: as for `suppress`.
        max_inside: the greatest share of a cut box that may lie inside a kept box of its group.

    Returns:
        indices of the kept boxes, whole ones first, each strongest first.
    """
    rows = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    kinds, is_cut = np.asarray(groups), np.asarray(cut, dtype=np.bool_)
    order = np.lexsort((-np.asarray(scores, dtype=np.float64), is_cut))
    rows, kinds, is_cut = rows[order], kinds[order], is_cut[order]
    shared = intersection_matrix(rows, rows)
    size = areas(rows)
    iou = iou_matrix(rows, rows)
    inside = shared / np.maximum(np.minimum(size[:, None], size[None, :]), 1e-9)
    either_cut = is_cut[:, None] | is_cut[None, :]
    rivals = (iou > max_iou) | (either_cut & (inside > max_inside))
    rivals &= kinds[:, None] == kinds[None, :]
    alive = np.ones(order.size, dtype=np.bool_)
    for place in range(order.size):
        if alive[place]:
            alive[place + 1 :] &= ~rivals[place, place + 1 :]
    return order[alive]


def without_doubles(detections: Sequence[Detection], max_inside: float = 0.8) -> list[Detection]:
    """Drops detections whose mask lies almost wholly inside a stronger one's of the same family.

    A network that calls one object both car and truck would else have each cover the other. Boxes alone
    say too little: a far car's box may well lie inside a near one's.

    Args:
        max_inside: the greatest share of the smaller mask that two kept ones may have in common.

    Returns:
        the kept ones, strongest first.
    """
    ordered = sorted(detections, key=lambda one: -one.score)
    overlaps = intersection_matrix(*(to_array(one.box for one in ordered),) * 2) > 0
    sizes = [patch_area(one.mask) if one.mask is not None else 0 for one in ordered]
    kept: list[int] = []
    for place, one in enumerate(ordered):
        if not any(
            overlaps[place, other]
            and family_of(one.category) == family_of(ordered[other].category)
            and _inside(one, ordered[other], min(sizes[place], sizes[other])) > max_inside
            for other in kept
        ):
            kept.append(place)
    return [ordered[place] for place in kept]


def _inside(one: Detection, other: Detection, smaller_area: int) -> float:
    if one.mask is None or other.mask is None or smaller_area == 0:
        return 0.0
    return patch_intersection_area(one.mask, other.mask) / smaller_area
