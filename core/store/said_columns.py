"""What was said of an evaluated object, as a row: masks as blobs, all else as JSON."""

from __future__ import annotations

import json
from typing import Any

from core.records.boxes import Box
from core.records.evaluations import ObjectSaid, Pose3D
from core.records.masks import Rle
from core.records.shapes import KeypointTag

_MASKS = ("whole", "modal", "true_whole", "true_modal")
_Points = tuple[tuple[float, float, KeypointTag] | None, ...]


def said_row(one: ObjectSaid) -> dict[str, Any]:
    """Columns of `evaluation_said`.

    Raises:
        ValueError: its masks are of pictures of different sizes.
    """
    masks = {name: getattr(one, name) for name in _MASKS}
    sizes = {(mask.height, mask.width) for mask in masks.values() if mask is not None}
    if len(sizes) > 1:
        raise ValueError(f"masks of {sorted(sizes)} over one picture")
    height, width = sizes.pop() if sizes else (None, None)
    told = {
        "box": None if one.box is None else [one.box.x, one.box.y, one.box.w, one.box.h],
        "points": _listed(one.points),
        "true_points": _listed(one.true_points),
        "car": _posed(one.car),
        "true_car": _posed(one.true_car),
    }
    return {
        "told": json.dumps({name: value for name, value in told.items() if value}),
        "height": height,
        "width": width,
        **{name: None if mask is None else mask.counts for name, mask in masks.items()},
    }


def said_of_row(row: Any) -> ObjectSaid:
    """What a row of `evaluation_said` holds."""
    told = row.told

    def mask(name: str) -> Rle | None:
        counts = getattr(row, name)
        return None if counts is None else Rle(row.height, row.width, counts)

    box = told.get("box")
    return ObjectSaid(
        box=None if box is None else Box(*box),
        whole=mask("whole"),
        modal=mask("modal"),
        true_whole=mask("true_whole"),
        true_modal=mask("true_modal"),
        points=_placed(told.get("points", ())),
        true_points=_placed(told.get("true_points", ())),
        car=_pose(told.get("car")),
        true_car=_pose(told.get("true_car")),
    )


def _listed(points: _Points) -> list[list[Any] | None]:
    return [None if one is None else [one[0], one[1], one[2].value] for one in points]


def _placed(points: Any) -> _Points:
    return tuple(None if one is None else (one[0], one[1], KeypointTag(one[2])) for one in points)


def _posed(one: Pose3D | None) -> list[list[float]] | None:
    if one is None:
        return None
    parts = [one.rotation, one.translation, one.shape, *([one.pose] if one.pose else [])]
    return [list(part) for part in parts]


def _pose(one: Any) -> Pose3D | None:
    return None if one is None else Pose3D(*(tuple(part) for part in one))
