"""What a gesture does to an object's points: pure functions over sets of keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.states.keypoint_look import TemplateLook
from core.records.keypoints import KeypointSet, PlacedPoint
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

TAG_WORDS: dict[KeypointTag, str] = {
    KeypointTag.VISIBLE: "visible",
    KeypointTag.SELF_OCCLUDED: "hidden by its own body",
    KeypointTag.OTHER_OCCLUDED: "hidden by something else",
    KeypointTag.TRUNCATED: "outside the picture",
    KeypointTag.UNLABELLED: "not placed",
}

GUESSED = (LabelOrigin.FIT, LabelOrigin.HEURISTIC, LabelOrigin.INFERRED)
"""Origins of points that nobody and nothing has seen where they are: they go with the fit."""


def none_placed(look: TemplateLook) -> KeypointSet:
    """A set without a point."""
    return KeypointSet(look.template, (None,) * look.count)


def with_point(points: KeypointSet, index: int, point: PlacedPoint | None) -> KeypointSet:
    """The set with one point placed otherwise, or taken away."""
    return replace(points, points=(*points.points[:index], point, *points.points[index + 1 :]))


def by_hand(x: float, y: float, tag: KeypointTag) -> PlacedPoint:
    """A point that a person places."""
    return PlacedPoint(x, y, tag, LabelOrigin.HUMAN)


def tagged(point: PlacedPoint, tag: KeypointTag) -> PlacedPoint:
    """The point where it is with another tag; what hid it is only known for as long as it is hidden."""
    hider = point.hider if tag is KeypointTag.OTHER_OCCLUDED else None
    return replace(point, tag=tag, hider=hider)


def exchanged(points: KeypointSet, look: TemplateLook) -> KeypointSet:
    """The set with left and right exchanged."""
    return replace(points, points=tuple(points.points[look.flip[index]] for index in range(look.count)))


def filled(points: KeypointSet, ghosts: Sequence[PlacedPoint]) -> KeypointSet:
    """The set with every point that is not placed taken over from a fit."""
    return replace(
        points, points=tuple(point or ghost for point, ghost in zip(points.points, ghosts, strict=True))
    )


def told_by(origin: LabelOrigin) -> LabelOrigin:
    """A person who tags a point that a fit or a network placed, or that was guessed, vouches for it."""
    return origin if origin in (LabelOrigin.HUMAN, LabelOrigin.IMPORT) else LabelOrigin.HUMAN


def confirmed(points: KeypointSet) -> KeypointSet:
    """The set with the points that a network saw as a person's, who has looked at them."""
    return replace(
        points,
        points=tuple(
            replace(point, origin=LabelOrigin.HUMAN, score=1.0)
            if point is not None and point.origin is LabelOrigin.NETWORK
            else point
            for point in points.points
        ),
    )


def rest(points: KeypointSet, places: Sequence[PlacedPoint], tag: KeypointTag) -> KeypointSet:
    """The set with every point that is not placed where something else puts it, called as a person says.

    Such a point is of the origin HEURISTIC: a person says that it is not seen, and nobody where it is.
    """
    guessed = [PlacedPoint(place.x, place.y, tag, LabelOrigin.HEURISTIC) for place in places]
    return filled(points, guessed)


def without_taken_over(points: KeypointSet) -> KeypointSet:
    """The set without the points that were taken over from a fit, or guessed."""
    kept = tuple(
        point if point is not None and point.origin not in GUESSED else None for point in points.points
    )
    return replace(points, points=kept)


def next_open(points: KeypointSet, look: TemplateLook, current: int, step: int = 1) -> int | None:
    """The next point, round and round, that is not placed; None where all are."""
    order, place = look.order, look.order.index(current)
    ring = [order[(place + step * turn) % len(order)] for turn in range(1, len(order) + 1)]
    return next((index for index in ring if points.points[index] is None), None)


def neighbour(look: TemplateLook, current: int, step: int) -> int:
    """The point so many places further in the order, round and round."""
    return look.order[(look.order.index(current) + step) % len(look.order)]


def following(points: KeypointSet, ghosts: Sequence[PlacedPoint]) -> KeypointSet:
    """The set with the points that nobody put there where the fit puts them now.

    Those that were taken over from a fit take its tag, too; of the others a person or a network has said it.
    """
    return replace(
        points,
        points=tuple(
            point if point is None or point.origin not in GUESSED else _at(point, ghost)
            for point, ghost in zip(points.points, ghosts, strict=True)
        ),
    )


def _at(point: PlacedPoint, ghost: PlacedPoint) -> PlacedPoint:
    return ghost if point.origin is LabelOrigin.FIT else replace(point, x=ghost.x, y=ghost.y)
