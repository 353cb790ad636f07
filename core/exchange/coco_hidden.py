"""What hides the points of people of which a file says no more than that they are hidden.

COCO's v = 1 has one word for a wrist behind the own back and one behind a car. The masks of the file tell
them apart: what lies on the person's own mask has nothing in front of it but the person; what lies on
another's is hidden by that; what lies beside all of them is hidden by a thing that has none. Where a person
has no mask, a point that no other object covers counts as hidden by the own body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.exchange.coco_file import CocoObject
from core.geometry.hiding import hiding_at
from core.geometry.masks import rle_to_patch
from core.records.keypoints import PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag


def told_apart(objects: Sequence[CocoObject]) -> list[CocoObject]:
    """The objects of a picture, hidden points of people with the tag and the hider that the masks tell."""
    return [_told(one, objects) for one in objects]


def _told(one: CocoObject, objects: Sequence[CocoObject]) -> CocoObject:
    said = one.keypoints
    if said is None or said.keypoints.template is not Template.PERSON or not said.hidden:
        return one
    points = said.keypoints.points
    hidden = [point for place in said.hidden if (point := points[place]) is not None]
    own = None if one.rle is None else rle_to_patch(one.rle)
    beside = _masks_at(hidden, [other for other in objects if other is not one])
    told = tuple(
        _tagged(point, own, one.box.size, beside) if point is not None and place in said.hidden else point
        for place, point in enumerate(points)
    )
    return replace(one, keypoints=replace(said, keypoints=replace(said.keypoints, points=told)))


def _masks_at(points: Sequence[PlacedPoint], others: Sequence[CocoObject]) -> dict[int, MaskPatch]:
    """Id -> the mask of those in whose box a point lies."""
    return {
        other.id: rle_to_patch(other.rle)
        for other in others
        if other.id is not None
        and other.rle is not None
        and any(
            other.box.x - 1 <= p.x <= other.box.right + 1 and other.box.y - 1 <= p.y <= other.box.bottom + 1
            for p in points
        )
    }


def _tagged(
    point: PlacedPoint, own: MaskPatch | None, size_px: float, beside: Mapping[int, MaskPatch]
) -> PlacedPoint:
    hiding = hiding_at(point.x, point.y, own, size_px, beside)
    if hiding.hidden:
        return replace(point, hider=hiding.by)
    return replace(point, tag=KeypointTag.SELF_OCCLUDED)
