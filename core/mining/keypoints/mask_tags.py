"""What scores and masks say of a person's points where the network says nothing of what hides them.

Three things are known: where the point is, how sure the network is of it, and which pixels belong to whom. A
point off the person's own mask is hidden by something else: by the object whose mask it lies on, or by a
still thing, which has none. On the own mask nothing stands before the person; whether the person's own body
does, no mask tells. There the scores do, as far as they go: of a point that it cannot see a network is less
sure than of the others of the same person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.geometry.hiding import Hiding, hiding_at
from core.mining.keypoints.matching import KnownObject
from core.records.keypoints import PlacedPoint
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag

UNSURE = 0.5  # of the middle score of the points on the own mask


def tagged(
    points: tuple[PlacedPoint | None, ...], one: KnownObject, beside: Mapping[int, MaskPatch]
) -> tuple[PlacedPoint | None, ...]:
    """A network's points with tags. Truncated points stay so.

    Args:
        points: as the network gave them, called visible or truncated.
        one: whose they are. Without a mask only what lies on another's is hidden by it.
        beside: id -> the mask of every other object around.
    """
    known = {
        place: hiding_at(point.x, point.y, one.mask, one.box.size, beside)
        for place, point in enumerate(points)
        if point is not None and point.tag is not KeypointTag.TRUNCATED
    }
    own = [point.score for place, point in enumerate(points) if point and _is_own(known.get(place))]
    unsure = UNSURE * float(np.median(own)) if own else 0.0
    return tuple(
        point if point is None or place not in known else _with_tag(point, known[place], unsure)
        for place, point in enumerate(points)
    )


def _is_own(hiding: Hiding | None) -> bool:
    return hiding is not None and not hiding.hidden


def _with_tag(point: PlacedPoint, hiding: Hiding, unsure: float) -> PlacedPoint:
    if hiding.hidden:
        return replace(point, tag=KeypointTag.OTHER_OCCLUDED, hider=hiding.by)
    return replace(point, tag=KeypointTag.SELF_OCCLUDED) if point.score < unsure else point
