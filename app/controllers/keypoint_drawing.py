"""From an open car, its points and its fit to what the workspace draws."""

from __future__ import annotations

from math import atan2, hypot

from app.controllers.keypoint_card import card_of
from app.controllers.keypoint_fit import FitAnswer, front_in_picture, hider_name
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_reads import OpenCar
from app.controllers.review_overlay import canvas_box
from app.states.keypoints import DrawnPoint, KeypointsState
from core.records.fits import VehicleFit
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin

_TELLING_PX = 2.0  # a way in the picture that tells where the front is


def draw(car: OpenCar, points: KeypointSet, answer: FitAnswer, current: int) -> KeypointsState:
    """Everything that is drawn of one object."""
    look = LOOKS[points.template]
    fit = answer.fit if answer.ghosts else None
    drawn = tuple(
        None
        if point is None
        else DrawnPoint(
            point.x,
            point.y,
            point.tag,
            point.origin is not LabelOrigin.FIT,
            _residual(fit, index),
            fit is not None and index in fit.outliers,
            hider_name(point, car.names),
        )
        for index, point in enumerate(points.points)
    )
    swapped = answer.fit is not None and answer.fit.swapped
    ghosts = (
        tuple(
            None
            if points.points[index] is not None or swapped
            else DrawnPoint(ghost.x, ghost.y, ghost.tag, False, hider=hider_name(ghost, car.names))
            for index, ghost in enumerate(answer.ghosts)
        )
        or (None,) * look.count
    )
    front = front_in_picture(answer, car.fitting)
    place, count = _track_place(car)
    return KeypointsState(
        instance_id=car.id,
        title=car.name,
        subtitle=_subtitle(car, points, place, count),
        look=look,
        box=canvas_box(car.context.instance.box),
        points=drawn,
        ghosts=ghosts,
        fitted=answer.fitted,
        outline=answer.outline,
        sure=answer.sure,
        current=current,
        front_rad=_way_on_track(car, place) if front is None else front,
        card=card_of(answer, car.fitting),
        track_marks=tuple(
            points.placed > 0 if view.instance_id == car.id else view.points_placed > 0
            for view in car.context.track
        ),
        track_place=place,
    )


def _residual(fit: VehicleFit | None, index: int) -> float | None:
    return None if fit is None else fit.residuals_px[index]


def _track_place(car: OpenCar) -> tuple[int, int]:
    views = [view.instance_id for view in car.context.track]
    return (views.index(car.id) if car.id in views else 0), len(views)


def _subtitle(car: OpenCar, points: KeypointSet, place: int, count: int) -> str:
    parts = [f"{points.placed} of {len(points.points)} points"]
    if count > 1:
        parts.append(f"view {place + 1} of {count}")
    return ", ".join(parts)


def _way_on_track(car: OpenCar, place: int) -> float | None:
    """Where the object goes in the picture, from right towards down: so does its front, mostly."""
    track = car.context.track
    if len(track) < 2:
        return None
    before, after = track[max(place - 1, 0)].box, track[min(place + 1, len(track) - 1)].box
    across = after.x + after.w / 2 - before.x - before.w / 2
    down = after.y + after.h - before.y - before.h
    return atan2(down, across) if hypot(across, down) >= _TELLING_PX else None
