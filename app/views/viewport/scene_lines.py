"""The lines and marks of a scene: footprints, trails, bones, residuals, the camera's frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from app.states.scene import ColourBy, Look, Scene, SceneCamera, SceneObject, ScenePoints
from app.views.viewport.colours import ELLIPSE, SELECTED, car_colour, track_colour
from app.views.viewport.marks import Colour, Marks, MarkShape, Polyline
from core.records.shapes import KeypointTag

Array = NDArray[np.float64]

PANE_M = 4.0
"""How far before the camera its picture stands in the views from elsewhere."""
_SEEN_M = 90.0
_NOSE_M, _PERSON_NOSE_M = 0.6, 0.2
_POINT = "#7df0ff"
_OUTLIER = "#ff5364"
_BONE = "#ffffff"
_FOOT = "#ffb048"
_FRAME = "#9fb4d0"

# as on the canvas (app/views/canvas/keypoint_marks.py)
_SHAPES: dict[KeypointTag, MarkShape] = {
    KeypointTag.VISIBLE: MarkShape.DISC,
    KeypointTag.SELF_OCCLUDED: MarkShape.DIAMOND,
    KeypointTag.OTHER_OCCLUDED: MarkShape.SQUARE,
    KeypointTag.TRUNCATED: MarkShape.TRIANGLE,
}

_CONTACTS = (("#ffffff", 5.0, MarkShape.DISC), (_FOOT, 8.0, MarkShape.DIAMOND))
"""Of wheels, and of feet."""


def road_lines(scene: Scene, by: ColourBy, look: Look, *, trails: bool, ellipses: bool) -> list[Polyline]:
    """Lines on the road: what stands on them hides them."""
    lines: list[Polyline] = []
    if scene.camera is not None and scene.on_ground and look is not Look.CAMERA:
        lines += [Polyline(part, rgba(_FRAME, 0.35), 1.2) for part in seen_road(scene.camera)]
    if trails:
        lines += [
            Polyline(trail.points, rgba(track_colour(trail.track_id), 0.8), 1.6) for trail in scene.trails
        ]
    for chosen in (False, True):
        cars = [car for car in scene.objects if _is_chosen(car, scene.selected) is chosen]
        if not cars:
            continue
        white = rgba(SELECTED, 1.0)
        colours = np.array([white if chosen else rgba(car_colour(car, by), 0.85) for car in cars])
        width = 2.2 if chosen else 1.3
        feet = np.stack([car.footprint for car in cars])
        noses = np.array([_PERSON_NOSE_M if car.person else _NOSE_M for car in cars])
        lines.append(Polyline(feet, colours, width, closed=True))
        lines.append(Polyline(_noses(feet, noses), colours, width))
    if ellipses:
        yellow = rgba(ELLIPSE, 0.95)
        lines += [
            Polyline(car.ellipse, yellow, 1.4, closed=True) for car in scene.objects if len(car.ellipse)
        ]
    return lines


def camera_lines(camera: SceneCamera) -> list[Polyline]:
    """The camera's frame: from its centre to the corners of its picture, and around that."""
    corners = _pane_corners(camera)
    rays = [Polyline(np.stack([camera.centre, corner]), rgba(_FRAME, 0.8), 1.2) for corner in corners]
    return [*rays, Polyline(corners, rgba(_FRAME, 0.9), 1.4, closed=True)]


def point_lines(points: ScenePoints) -> list[Polyline]:
    """From where each keypoint was placed to where the fit puts it."""
    return [
        Polyline(np.stack([placed, fitted]), rgba(_OUTLIER if off else _POINT, 1.0), 1.8)
        for placed, fitted, off in zip(points.placed, points.fitted, points.outliers, strict=True)
        if np.isfinite(placed).all()
    ]


def bone_lines(scene: Scene) -> list[Polyline]:
    """The selected person's bones, from joint to joint."""
    return [Polyline(scene.bones, rgba(_BONE, 0.95), 2.2)] if len(scene.bones) else []


def bone_marks(scene: Scene) -> list[Marks]:
    """The selected person's joints."""
    return [Marks(scene.bones[:, 1], rgba(_BONE, 0.95), 5.0)] if len(scene.bones) else []


def point_marks(points: ScenePoints) -> list[Marks]:
    """The keypoints: small where the fit puts them, by shape and tag where they were placed."""
    marks = []
    if len(points.fitted):
        marks.append(Marks(points.fitted, rgba("#ffffff", 0.9), 4.0))
    for placed, tag, off in zip(points.placed, points.tags, points.outliers, strict=True):
        if np.isfinite(placed).all() and tag in _SHAPES:
            marks.append(Marks(placed[None], rgba(_OUTLIER if off else _POINT, 1.0), 9.0, _SHAPES[tag]))
    return marks


def contact_marks(objects: Sequence[SceneObject], selected: int | None) -> list[Marks]:
    """Where wheels touch the road, and the feet that stand: those as diamonds, a size larger."""
    marks = []
    for chosen, alpha in ((False, 0.6), (True, 1.0)):
        for person, (colour, size, shape) in enumerate(_CONTACTS):
            contacts = [
                one.contacts
                for one in objects
                if one.person is bool(person) and _is_chosen(one, selected) is chosen
            ]
            if contacts:
                marks.append(Marks(np.concatenate(contacts), rgba(colour, alpha), size, shape))
    return marks


def seen_road(camera: SceneCamera) -> list[Array]:
    """The border of the road that the picture shows, (n, 3) lines on z = 0 up to some distance."""
    rays = camera.rays
    rows = [rays[:, 0], rays[-1], rays[::-1, -1]]  # down the left side, along the bottom, up the right side
    border = np.concatenate([_finer(row) for row in rows]) @ camera.rotation
    centre = camera.centre
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(border[:, 2] < -1e-6, -centre[2] / border[:, 2], np.nan)
    hits = centre + reach[:, None] * border
    hits[np.hypot(hits[:, 0], hits[:, 1]) > _SEEN_M] = np.nan
    whole = np.asarray(np.isfinite(hits).all(axis=1))
    runs = np.split(np.arange(len(hits)), np.flatnonzero(np.diff(whole.astype(int))) + 1)
    return [hits[run] for run in runs if whole[run[0]] and len(run) > 1]


def _is_chosen(car: SceneObject, selected: int | None) -> bool:
    return car.instance_id == selected and not car.beside


def rgba(colour: QColor | str, alpha: float) -> Colour:
    """Red, green, blue and alpha, 0 to 1."""
    shade = QColor(colour)
    return shade.redF(), shade.greenF(), shade.blueF(), alpha


def _finer(row: Array, pieces: int = 40) -> Array:
    """More rays between those of a side."""
    places = np.linspace(0, len(row) - 1, pieces)
    return np.stack([np.interp(places, np.arange(len(row)), row[:, axis]) for axis in range(3)], axis=1)


def _pane_corners(camera: SceneCamera) -> Array:
    corners = camera.rays[[0, 0, -1, -1], [0, -1, -1, 0]]
    places: Array = (corners * PANE_M - camera.translation) @ camera.rotation
    return places


def _noses(feet: Array, lengths_m: Array) -> Array:
    """(N, 3, 3) a chevron before each front, so that what faces backwards shows.

    Args:
        feet: (N, 4, 3) footprints, see SceneObject. lengths_m: (N,) how far each chevron reaches.
    """
    left, right, back = feet[:, 0], feet[:, 1], feet[:, 3]
    ahead = left - back
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    return np.stack([left, (left + right) / 2 + lengths_m[:, None] * ahead, right], axis=1)
