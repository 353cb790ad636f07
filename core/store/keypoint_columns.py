"""A set of keypoints as columns of its table, and back.

Each point is a list [x, y, tag, origin, score, hider], shortened where it ends in the score 1 and no hider;
a point that nobody has placed is null.
"""

from __future__ import annotations

import json
import math
from typing import Any

from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

_TAGS = {tag.value: tag for tag in KeypointTag}
_ORIGINS = {origin.value: origin for origin in LabelOrigin}


def to_columns(keypoints: KeypointSet) -> dict[str, Any]:
    """The columns template, points (as SQLite holds them: JSON text) and placed.

    Raises:
        ValueError: the set has another number of points than its template, a point is not a number, or it
            is placed and unlabelled at once: a bug of whoever made it.
    """
    if len(keypoints.points) != keypoints.template.size:
        raise ValueError(f"{len(keypoints.points)} points are no {keypoints.template.value}")
    return {
        "template": keypoints.template.value,
        "points": json.dumps(point_entries(keypoints), separators=(",", ":"), allow_nan=False),
        "placed": keypoints.placed,
    }


def point_entries(keypoints: KeypointSet) -> list[list[Any] | None]:
    """The points as plain JSON values.

    Raises:
        ValueError: as `to_columns`.
    """
    return [None if point is None else _entry(point) for point in keypoints.points]


def from_columns(template: str, points: list[Any]) -> KeypointSet:
    """The set of a row: its columns template and points, the latter as a list."""
    return KeypointSet(
        Template(template), tuple(None if entry is None else _point(*entry) for entry in points)
    )


def certainty_of(keypoints: KeypointSet, origin: LabelOrigin) -> float | None:
    """instance.keypoint_certainty of an object that has this set: 0..1, the mean of its points' scores.

    A point that is not placed counts as 0: somebody has to place it. None where there is nothing to confirm:
    the set is not a network's, or none of its points is placed.
    """
    if origin is not LabelOrigin.NETWORK or not keypoints.placed:
        return None
    scores = [0.0 if point is None else float(point.score) for point in keypoints.points]
    return sum(scores) / len(scores)


def _entry(point: PlacedPoint) -> list[Any]:
    if point.tag is KeypointTag.UNLABELLED:
        raise ValueError("a placed point has a tag")
    numbers = (float(point.x), float(point.y), float(point.score))
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("a placed point lies somewhere")
    x, y, score = numbers
    entry: list[Any] = [x, y, point.tag.value, point.origin.value]
    if point.hider is not None:
        return [*entry, score, int(point.hider)]
    return entry if score == 1.0 else [*entry, score]


def _point(
    x: float, y: float, tag: str, origin: str, score: float = 1.0, hider: int | None = None
) -> PlacedPoint:
    return PlacedPoint(x, y, _TAGS[tag], _ORIGINS[origin], score, hider)
