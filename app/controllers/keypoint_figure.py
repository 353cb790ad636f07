"""Where a person's points are likely to be without a fit: as in another view, or as somebody stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.keypoints import KeypointSet, PlacedPoint
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import COUNT, FLIP, LEFT, RIGHT
from core.shapes.person_keypoints import PersonKeypoint as P

Floats = NDArray[np.float64]

# of somebody who stands and faces us, in parts of the height: left of the middle, and down from the crown
_STANDING: dict[P, tuple[float, float]] = {
    P.NOSE: (0.0, 0.075),
    P.LEFT_EYE: (0.018, 0.055),
    P.LEFT_EAR: (0.040, 0.065),
    P.LEFT_SHOULDER: (0.105, 0.175),
    P.LEFT_ELBOW: (0.130, 0.345),
    P.LEFT_WRIST: (0.140, 0.485),
    P.LEFT_HIP: (0.055, 0.490),
    P.LEFT_KNEE: (0.058, 0.720),
    P.LEFT_ANKLE: (0.055, 0.945),
}

_LIMBS = {
    P.LEFT_ELBOW,
    P.LEFT_WRIST,
    P.LEFT_KNEE,
    P.LEFT_ANKLE,
    P.RIGHT_ELBOW,
    P.RIGHT_WRIST,
    P.RIGHT_KNEE,
    P.RIGHT_ANKLE,
}


def standing(box: Box, points: KeypointSet, *, turned_away: bool) -> tuple[PlacedPoint, ...]:
    """All points of somebody who stands in a box, moved and sized by the points that are placed.

    Args:
        turned_away: whether the person's back is seen.
    """
    figure = np.zeros((COUNT, 2))
    for point, place in _STANDING.items():
        figure[point] = place
    for left, right in zip(LEFT, RIGHT, strict=True):
        figure[right] = figure[left] * (-1.0, 1.0)
    if turned_away:
        figure = figure[list(FLIP)]
    middle = np.array([box.x + box.w / 2 - 0.5, box.y - 0.5])
    laid = _laid_over(middle + box.h * figure, points)
    return tuple(_guess(x, y, KeypointTag.VISIBLE) for x, y in laid.tolist())


def moved_along(points: KeypointSet, then: Box, now: Box) -> tuple[PlacedPoint, ...]:
    """Points of one view where they lie to the box of another as they lay to the box of theirs.

    Empty where one is not placed: nobody knows where that is.
    """
    across, down = now.w / max(then.w, 1e-9), now.h / max(then.h, 1e-9)
    placed = [point for point in points.points if point is not None]
    if len(placed) < len(points.points):
        return ()
    return tuple(
        _guess(
            now.x - 0.5 + (point.x + 0.5 - then.x) * across,
            now.y - 0.5 + (point.y + 0.5 - then.y) * down,
            point.tag,
        )
        for point in placed
    )


def settled(carried: Sequence[PlacedPoint], points: KeypointSet) -> tuple[PlacedPoint, ...]:
    """Points of another view moved on to those of trunk and head that are placed in this one.

    Arms and legs swing from view to view: where one has gone says nothing of the rest.
    """
    places = np.array([[point.x, point.y] for point in carried])
    trunk = [None if index in _LIMBS else point for index, point in enumerate(points.points)]
    laid = _laid_over(places, replace(points, points=tuple(trunk)), sized=False)
    return tuple(replace(point, x=x, y=y) for point, (x, y) in zip(carried, laid.tolist(), strict=True))


def between(
    before: Sequence[PlacedPoint], after: Sequence[PlacedPoint], share: float
) -> tuple[PlacedPoint, ...]:
    """Points between two views', nearer to the second the larger the share; tags are the nearer one's."""
    return tuple(
        _guess(
            (1 - share) * one.x + share * other.x,
            (1 - share) * one.y + share * other.y,
            one.tag if share < 0.5 else other.tag,
        )
        for one, other in zip(before, after, strict=True)
    )


def _laid_over(figure: Floats, points: KeypointSet, *, sized: bool = True) -> Floats:
    """A figure moved, and if wanted sized, to where it meets the points that somebody placed best."""
    seen = [i for i, point in enumerate(points.points) if point is not None and point.origin in _SEEN]
    if not seen:
        return figure
    goal = np.array([[point.x, point.y] for point in (points.points[i] for i in seen) if point is not None])
    start = figure[seen]
    off = start - start.mean(axis=0)
    size = 1.0
    if sized and len(seen) > 1 and (spread := float((off**2).sum())) > 1.0:
        size = float(np.clip((off * (goal - goal.mean(axis=0))).sum() / spread, 0.5, 2.0))
    return np.asarray(goal.mean(axis=0) + size * (figure - start.mean(axis=0)))


def _guess(x: float, y: float, tag: KeypointTag) -> PlacedPoint:
    return PlacedPoint(x, y, tag, LabelOrigin.HEURISTIC)


_SEEN = (LabelOrigin.HUMAN, LabelOrigin.NETWORK, LabelOrigin.IMPORT)
