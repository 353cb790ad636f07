"""From the cars of a scene to their lines on the picture, for the 2D canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.controllers.fits_scene import World
from app.states.scene import SceneCar, ScenePoints
from app.states.wires import WireCar, WirePoint, Wires
from core.fitting.vehicles.fit_mesh import fit_outline
from core.geometry.cameras import Camera
from core.records.fits import FitRow
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin
from core.shapes.space import CarShapeSpace
from core.shapes.wireframe import visible_edges

Array = NDArray[np.float64]

_LEVEL = 1  # the light stand-in, where a car has one
_SMALL_PX = 14.0  # a car smaller than this in the picture gets its outline alone


def build_wires(
    world: World,
    picture_size: tuple[int, int],
    cars: Sequence[SceneCar],
    rows: Mapping[int, FitRow],
    spaces: Mapping[int, CarShapeSpace | None],
    points: ScenePoints,
    keypoints: KeypointSet | None,
    selected: int | None,
) -> Wires:
    """The lines of all cars of a frame.

    Args:
        picture_size: width and height of the picture, pixels.
        rows, spaces: by fit id: the fit, and its shape space where that is here.
        points, keypoints: of the selected car: as the scene has them, and as they were placed.
    """
    camera = world.camera
    if picture_size != (camera.width, camera.height):
        camera = camera.resized(*picture_size)
    drawn = [
        _wire(world, camera, car, rows.get(car.fit_id), spaces.get(car.fit_id))
        for car in sorted(cars, key=lambda car: -float(np.linalg.norm(world.to_camera.apply(car.centre))))
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


def _wire(
    world: World, camera: Camera, car: SceneCar, row: FitRow | None, space: CarShapeSpace | None
) -> WireCar:
    level = min(_LEVEL, len(car.levels) - 1)
    corners = car.levels[level][:, :3].astype(np.float64)
    pixels = camera.project(world.to_camera.apply(corners))
    base = camera.project(world.to_camera.apply(car.footprint))
    outlines: tuple[Array, ...] = ()
    if row is not None and space is not None:
        outlines = tuple(fit_outline(row.fit, camera, space))
    edges = np.zeros((0, 4))
    span = np.nanmax(pixels, axis=0) - np.nanmin(pixels, axis=0) if np.isfinite(pixels).any() else np.zeros(2)
    if float(span.max()) > _SMALL_PX or not outlines:
        pairs = visible_edges(corners, car.form.faces[level], world.to_camera.centre)
        edges = np.concatenate([pixels[pairs[:, 0]], pixels[pairs[:, 1]]], axis=1)
        edges = edges[np.isfinite(edges).all(axis=1)]
    return WireCar(car, outlines, edges, base)
