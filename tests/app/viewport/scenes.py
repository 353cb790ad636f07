"""Scenes for tests: a few cars before the reference camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.controllers.fits_scene import CarShop, World, scene_of, world_of
from app.states.scene import Scene, SceneObject
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.records.fits import FitMethod, FitRow, FitVerdict, VehicleFit
from core.shapes.space_file import default_space

DOWN_RAD = np.deg2rad(15.0)
CAMERA = pinhole(1920, 1080, 1400.0)
GROUND = GroundPlane(np.array([0.0, -np.cos(DOWN_RAD), -np.sin(DOWN_RAD)]), 6.0)
WORLD = world_of(CAMERA, GROUND)
SPACE = default_space()


def fit_at(place: tuple[float, float], heading_rad: float = 0.0, rms_px: float = 1.0) -> VehicleFit:
    """The mean car at a place on the ground."""
    pose = pose_on_ground(GROUND, place, heading_rad)
    x, y, z = pose.translation.tolist()
    return VehicleFit(
        method=FitMethod.GROUND,
        verdict=FitVerdict.GOOD,
        reason="",
        rotation=tuple(pose.rotation.ravel().tolist()),
        translation=(x, y, z),
        place_m=place,
        heading_rad=heading_rad,
        shape=(0.0,) * 5,
        size_m=(4.5, 1.8, 1.5),
        rms_px=rms_px,
        sigma_px=1.0,
        residuals_px=(None,) * 12,
        outliers=(),
        used=8,
        swapped=False,
        sigmas=None,
    )


def row_of(fit: VehicleFit, number: int = 1, shape_space: str | None = None) -> FitRow:
    """A fit as the store gives it."""
    return FitRow(
        id=100 + number,
        instance_id=number,
        version=1,
        fit=fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=1,
        shape_space=SPACE.label if shape_space is None else shape_space,
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=True,
        stale=False,
    )


def cars_of(rows: Sequence[FitRow], world: World = WORLD) -> list[SceneObject]:
    """Fits as the viewport takes them."""
    captions = {row.instance_id: f"car {row.instance_id}" for row in rows}
    return CarShop({SPACE.label: SPACE}).cars(world, rows, captions, {})


def street(places: Sequence[tuple[float, float]], selected: int | None = None) -> Scene:
    """Mean cars at places on the ground, numbered from 1, before a grey picture."""
    rows = [row_of(fit_at(place), number) for number, place in enumerate(places, 1)]
    picture = np.full((1080, 1920, 3), 90, dtype=np.uint8)
    scene = scene_of(WORLD, picture, cars_of(rows))
    return replace(scene, selected=selected)
