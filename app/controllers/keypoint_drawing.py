"""From an open object, its points and its fit to what the workspace draws."""

from __future__ import annotations

from math import atan2, hypot

from app.controllers.keypoint_card import card_of
from app.controllers.keypoint_figure import standing
from app.controllers.keypoint_fit import FitAnswer, Fitting, faces_away, front_in_picture, hider_name
from app.controllers.keypoint_points import GUESSED
from app.controllers.keypoint_reads import OpenObject, proposed_by
from app.controllers.review_overlay import canvas_box
from app.states.keypoint_look import Pair, Side, TemplateLook
from app.states.keypoints import DrawnPoint, KeypointsState
from core.records.fits import BodyFit, Fit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin

_TELLING_PX = 2.0  # a way in the picture that tells where the front is
_STEEPLY = 0.25  # of a way in the picture that leads away: less goes past the camera


def draw(
    one: OpenObject, points: KeypointSet, answer: FitAnswer, current: int, *, waiting: bool
) -> KeypointsState:
    """Everything that is drawn of one object.

    Args:
        waiting: whether the answer is of points before these, which are still being fitted.
    """
    look = one.look
    fit = answer.fit if answer.ghosts else None
    drawn = tuple(
        None
        if point is None
        else DrawnPoint(
            point.x,
            point.y,
            point.tag,
            point.origin not in GUESSED and point.origin is not LabelOrigin.NETWORK,
            point.guessed,
            _residual(fit, index),
            fit is not None and index in fit.outliers,
            hider_name(point, one.names),
            point.score if point.origin is LabelOrigin.NETWORK else None,
        )
        for index, point in enumerate(points.points)
    )
    ghosts = (
        tuple(
            None
            if points.points[index] is not None or answer.exchanged
            else DrawnPoint(ghost.x, ghost.y, ghost.tag, False, hider=hider_name(ghost, one.names))
            for index, ghost in enumerate(answer.ghosts)
        )
        or (None,) * look.count
    )
    front = front_in_picture(answer, one.fitting) if isinstance(one.fitting, Fitting) else None
    place, count = _track_place(one)
    way = _way_on_track(one, place)
    return KeypointsState(
        instance_id=one.id,
        title=one.name,
        subtitle=_subtitle(one, points, place, count),
        look=look,
        box=canvas_box(one.context.instance.box),
        points=drawn,
        ghosts=ghosts,
        fitted=answer.fitted(look.flip),
        outline=answer.outline,
        sure=answer.sure,
        current=current,
        front_rad=_angle(way) if front is None else front,
        turned_away=not look.from_above and turned_away(look, points, answer, way),
        card=card_of(one, points, answer, waiting=waiting),
        track_marks=tuple(
            points.placed > 0 if view.instance_id == one.id else view.points_placed > 0
            for view in one.context.track
        ),
        track_place=place,
    )


def turned_away(look: TemplateLook, points: KeypointSet, answer: FitAnswer, way: Pair | None) -> bool:
    """Whether a person's back is seen: by the fit, else by where left and right are placed, else by the way.

    Args:
        way: where the person goes in the picture, right and down; None where that is not known.
    """
    if answer.holds and isinstance(answer.fit, BodyFit):
        return faces_away(answer.fit)
    left, right = (_middle_of(look, points, side) for side in (Side.LEFT, Side.RIGHT))
    if left is not None and right is not None:
        return left < right
    return way is not None and -way[1] > _STEEPLY * hypot(*way)


def places_of_rest(one: OpenObject, points: KeypointSet, answer: FitAnswer) -> tuple[PlacedPoint, ...]:
    """Where points are that nobody sees: as the fit has it, else as somebody of that size would stand.

    Empty where nothing says so: of a car nothing does but its fit.
    """
    if answer.ghosts and not answer.exchanged:
        return answer.ghosts
    if one.look.template is not Template.PERSON:
        return ()
    way = _way_on_track(one, _track_place(one)[0])
    away = turned_away(one.look, points, answer, way)
    return standing(one.context.instance.box, points, turned_away=away)


def _middle_of(look: TemplateLook, points: KeypointSet, side: Side) -> float | None:
    """Where the points that are placed of a side are, from left to right."""
    there = [p.x for p, its in zip(points.points, look.sides, strict=True) if p is not None and its is side]
    return sum(there) / len(there) if there else None


def _residual(fit: Fit | None, index: int) -> float | None:
    return None if fit is None else fit.residuals_px[index]


def _track_place(one: OpenObject) -> tuple[int, int]:
    views = [view.instance_id for view in one.context.track]
    return (views.index(one.id) if one.id in views else 0), len(views)


def _subtitle(one: OpenObject, points: KeypointSet, place: int, count: int) -> str:
    parts = [f"{points.placed} of {len(points.points)} points"]
    if count > 1:
        parts.append(f"view {place + 1} of {count}")
    row = one.context.keypoints
    if row is not None and one.foreign is None and points == row.keypoints:
        parts += [words] if (words := proposed_by(row)) else []
    return ", ".join(parts)


def _way_on_track(one: OpenObject, place: int) -> Pair | None:
    track = one.context.track
    if len(track) < 2:
        return None
    before, after = track[max(place - 1, 0)].box, track[min(place + 1, len(track) - 1)].box
    across = after.x + after.w / 2 - before.x - before.w / 2
    down = after.y + after.h - before.y - before.h
    return (across, down) if hypot(across, down) >= _TELLING_PX else None


def _angle(way: Pair | None) -> float | None:
    """Where a way leads, from right towards down: there the front of what goes it is, mostly."""
    return None if way is None else atan2(way[1], way[0])
