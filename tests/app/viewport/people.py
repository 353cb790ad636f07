"""People for tests: walkers of the stand-in body before the reference camera, with fits that are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.controllers.fits_people import BodyShop
from app.controllers.fits_scene import World, scene_of
from app.states.scene import Scene, SceneObject
from core.geometry.ground_plane import GroundPlane
from core.records.fits import BodyFit, FitRow, FitSigmas
from tests.app.viewport.scenes import GROUND, WORLD, row_of
from tests.placed_people import person_at, stand_in

BODY = stand_in()
SIGMAS = FitSigmas(0.2, 0.1, (0.04, 0.0, 0.01), 0.1, (0.5,) * 10)


def walker(
    place: tuple[float, float],
    heading_rad: float = 0.0,
    phase: float = 0.0,
    shape: Sequence[float] = (0.0,) * 10,
    plane: GroundPlane = GROUND,
) -> BodyFit:
    """Somebody who walks, at a place on the ground, fitted by all points."""
    fit = person_at(plane, place, heading_rad, phase=phase, betas=shape, sigmas=SIGMAS)
    return replace(
        fit,
        rms_px=1.0,
        sigma_px=1.0,
        residuals_px=(0.5,) * 17,
        outliers=(),
        used=17,
        pose_sigmas_rad=(0.1,) * 23,
    )


def person_row(fit: BodyFit, number: int = 1, label: str = BODY.label) -> FitRow:
    """A fit as the store gives it."""
    return replace(row_of(fit, number), shape_space=label)


def people_of(rows: Sequence[FitRow], world: World = WORLD) -> list[SceneObject]:
    """Fits as the viewport takes them."""
    shop = BodyShop({BODY.label: BODY}.get)
    captions = {row.instance_id: f"person {row.instance_id}" for row in rows}
    return shop.people(world, rows, shop.placed(rows), captions, {})


def pavement(places: Sequence[tuple[float, float]], selected: int | None = None) -> Scene:
    """Walkers at places on the ground, numbered from 1, before a grey picture."""
    rows = [
        person_row(walker(place, 0.6 * number, 0.13 * number), number)
        for number, place in enumerate(places, 1)
    ]
    picture = np.full((1080, 1920, 3), 90, dtype=np.uint8)
    return replace(scene_of(WORLD, picture, people_of(rows)), selected=selected)
