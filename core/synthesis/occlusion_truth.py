"""From drawn layers in depth order to the exact truth: who is seen where, and what hides the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_area, patch_box, tighten
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.synthesis.depth_order import Footprint
from core.synthesis.layers import Layer, inside
from core.synthesis.truth import Cover, CoverKind, FrameTruth, ObjectTruth

_NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A thing of the street, drawn.

    Attributes:
        layer: its picture.
        footprint: where it stands.
        kind: what it counts as when it hides something.
        track_id, category: of an object; None for things of the street.
        parked: whether it never moves.
    """

    layer: Layer
    footprint: Footprint
    kind: CoverKind
    track_id: int | None = None
    category: Category | None = None
    parked: bool = False


def frame_truth(placed: Sequence[Placed], index: int, time_s: float, width: int, height: int) -> FrameTruth:
    """The truth of one frame.

    Args:
        placed: everything that is drawn, farthest first.
        index, time_s: of the frame.
        width, height: of the picture, pixels.
    """
    owner = np.full((height, width), _NOBODY, dtype=np.int32)
    for number, thing in enumerate(placed):
        place = inside(thing.layer, width, height)
        if place is not None:
            rows, columns, own_rows, own_columns = place
            owner[rows, columns][thing.layer.bits[own_rows, own_columns]] = number
    objects = []
    for number, thing in enumerate(placed):
        truth = _object_truth(placed, number, owner) if thing.track_id is not None else None
        if truth is not None:
            objects.append(truth)
    return FrameTruth(index, time_s, tuple(objects))


def _object_truth(placed: Sequence[Placed], number: int, owner: NDArray[np.int32]) -> ObjectTruth | None:
    """The truth of one object, or None where it does not reach into the picture."""
    thing = placed[number]
    place = inside(thing.layer, owner.shape[1], owner.shape[0])
    if place is None or thing.track_id is None or thing.category is None:
        return None
    rows, columns, own_rows, own_columns = place
    whole = thing.layer.bits
    extent = whole[own_rows, own_columns]
    if not extent.any():
        return None
    owners = owner[rows, columns]
    seen = extent & (owners == number)
    modal = tighten(MaskPatch(columns.start, rows.start, seen))
    return ObjectTruth(
        track_id=thing.track_id,
        category=thing.category,
        parked=thing.parked,
        distance_m=thing.footprint.distance,
        box=patch_box(modal) if modal.bits.size else None,
        amodal_box=_whole_box(thing.layer),
        modal=modal,
        amodal=tighten(MaskPatch(columns.start, rows.start, extent)),
        occlusion=1.0 - patch_area(modal) / int(np.count_nonzero(whole)),
        covers=_covers(placed, owners[extent & ~seen], whole, extent),
    )


def _covers(
    placed: Sequence[Placed], hiders: NDArray[np.int32], whole: NDArray[np.bool_], extent: NDArray[np.bool_]
) -> tuple[Cover, ...]:
    area = int(np.count_nonzero(whole))
    beyond = area - int(np.count_nonzero(extent))
    covers = [Cover(CoverKind.BORDER, None, beyond / area)] if beyond else []
    for other, count in zip(*np.unique(hiders, return_counts=True), strict=True):
        covers.append(Cover(placed[other].kind, placed[other].track_id, int(count) / area))
    return tuple(sorted(covers, key=lambda cover: -cover.share))


def _whole_box(layer: Layer) -> Box:
    """The box of the whole extent; unlike a patch, it may leave the picture."""
    tight = tighten(MaskPatch(0, 0, layer.bits))
    h, w = tight.bits.shape
    return Box(float(layer.x + tight.x), float(layer.y + tight.y), float(w), float(h))
