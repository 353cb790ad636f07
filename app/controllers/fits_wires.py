"""From the fits of a scene to their lines on the picture, for the 2D canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.controllers.fits_people import PlacedPerson
from app.controllers.fits_scene import CarShop, World
from app.states.scene import SceneObject, ScenePoints
from app.states.wires import WireObject, WirePoint, Wires
from core.fitting.people.silhouette import placed_outline
from core.fitting.vehicles.fit_mesh import fit_outline
from core.geometry.cameras import Camera
from core.records.fits import FitRow, VehicleFit
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin
from core.shapes.wireframe import visible_edges

Array = NDArray[np.float64]

_LEVEL = 1  # the light stand-in, where a car has one
_SMALL_PX = 14.0  # what is smaller than this in the picture gets its outline alone


@dataclass(frozen=True, slots=True, eq=False)
class WireForms:
    """What the outlines of fits are made from.

    Attributes:
        rows: by fit id. cars: knows the cars' shape spaces.
        people: by fit id, those whose body model is here.
    """

    rows: Mapping[int, FitRow]
    cars: CarShop
    people: Mapping[int, PlacedPerson]


def build_wires(
    world: World,
    picture_size: tuple[int, int],
    objects: Sequence[SceneObject],
    forms: WireForms,
    points: ScenePoints,
    keypoints: KeypointSet | None,
    selected: int | None,
) -> Wires:
    """The lines of all fits of a frame.

    Args:
        picture_size: width and height of the picture, pixels.
        forms: of the objects.
        points, keypoints: of the selected one: as the scene has them, and as they were placed.
    """
    camera = world.camera
    if picture_size != (camera.width, camera.height):
        camera = camera.resized(*picture_size)
    drawn = [
        _wire(world, camera, one, forms)
        for one in sorted(objects, key=lambda one: -float(np.linalg.norm(world.to_camera.apply(one.centre))))
    ]
    if keypoints is None or len(points.fitted) != len(keypoints.points):
        return Wires(tuple(drawn), selected)
    fitted = camera.project(world.to_camera.apply(points.fitted))
    span_px = float(np.ptp(fitted, axis=0).max()) if np.isfinite(fitted).all() else 0.0
    return Wires(tuple(drawn), selected, _points(fitted, points, keypoints), span_px)


def _points(fitted: Array, points: ScenePoints, keypoints: KeypointSet) -> tuple[WirePoint, ...]:
    """The keypoints that are placed, with where the fit puts them."""
    return tuple(
        WirePoint(point.x, point.y, x, y, point.tag, point.origin is not LabelOrigin.FIT, off)
        for point, (x, y), off in zip(keypoints.points, fitted.tolist(), points.outliers, strict=True)
        if point is not None
    )


def _wire(world: World, camera: Camera, one: SceneObject, forms: WireForms) -> WireObject:
    level = min(_LEVEL, len(one.levels) - 1)
    corners = one.levels[level][:, :3].astype(np.float64)
    pixels = camera.project(world.to_camera.apply(corners))
    base = camera.project(world.to_camera.apply(one.footprint))
    outlines = _outlines(camera, one, forms)
    bones = _whole_lines(camera.project(world.to_camera.apply(one.bones)))
    if len(one.bones):
        return WireObject(one, outlines, bones, base, bones)  # skin has no edges
    edges = np.zeros((0, 4))
    span = np.nanmax(pixels, axis=0) - np.nanmin(pixels, axis=0) if np.isfinite(pixels).any() else np.zeros(2)
    if float(span.max()) > _SMALL_PX or not outlines:
        pairs = visible_edges(corners, one.form.faces[level], world.to_camera.centre)
        edges = _whole_lines(pixels[pairs])
    return WireObject(one, outlines, edges, base)


def _outlines(camera: Camera, one: SceneObject, forms: WireForms) -> tuple[Array, ...]:
    person = forms.people.get(one.fit_id)
    if person is not None:
        return tuple(placed_outline(person.posed.vertices, camera, person.body.model))
    row = forms.rows.get(one.fit_id)
    space = None if row is None else forms.cars.space_of(row)
    if row is None or space is None or not isinstance(row.fit, VehicleFit):
        return ()
    return tuple(fit_outline(row.fit, camera, space))


def _whole_lines(ends: Array) -> Array:
    """(n, 4) of lines (n, 2, 2) those with both ends before the camera."""
    lines = ends.reshape(-1, 4)
    return np.asarray(lines[np.isfinite(lines).all(axis=1)])
