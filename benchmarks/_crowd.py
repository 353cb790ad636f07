"""A crowd for the 3D viewport: walkers of random shapes on a square before the reference camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._fit_rows import fit_row

if TYPE_CHECKING:
    from app.states.scene import Scene

# from a body's x left, y up, z forward to x forward, y left, z up
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def crowd(count: int) -> Scene:
    """People of the stand-in body at every phase of a walk, 8 to 38 m away, the first of them selected."""
    from app.controllers.fits_people import BodyShop
    from app.controllers.fits_scene import scene_of, world_of
    from core.geometry.cameras import pinhole
    from core.geometry.ground_plane import GroundPlane, pose_on_ground
    from core.records.fits import BodyFit, FitMethod, FitVerdict, Foot
    from core.shapes.body.gait import on_ground, walking_pose
    from core.shapes.body.placed import named_body

    body = named_body()
    down = np.deg2rad(15.0)
    plane = GroundPlane(np.array([0.0, -np.cos(down), -np.sin(down)]), 6.0)
    world = world_of(pinhole(1920, 1080, 1400.0), plane)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(count):
        ahead = 8.0 + 30.0 * (number // 10) / max(count // 10, 1) + rng.uniform(-0.5, 0.5)
        place, heading_rad = (ahead, 1.6 * (number % 10 - 4.5)), rng.uniform(-np.pi, np.pi)
        pose, shape = walking_pose(rng.uniform()), rng.normal(size=body.model.betas)
        stands = pose_on_ground(plane, place, heading_rad)
        pelvis = on_ground(body.model.posed(pose, shape)).joints[0]
        x, y, z = stands.apply(_UPRIGHT @ pelvis).tolist()
        fit = BodyFit(
            method=FitMethod.BODY,
            verdict=FitVerdict.GOOD,
            reason="",
            rotation=tuple((stands.rotation @ _UPRIGHT).ravel().tolist()),
            translation=(x, y, z),
            place_m=place,
            heading_rad=heading_rad,
            shape=tuple(shape.tolist()),
            size_m=(0.6, 0.6, 1.75),
            rms_px=float(rng.uniform(0, 4)),
            sigma_px=1.0,
            residuals_px=(None,) * 17,
            outliers=(),
            used=17,
            swapped=False,
            sigmas=None,
            pose=tuple(pose[1:].ravel().tolist()),
            contacts=(Foot.LEFT, Foot.RIGHT),
            height_ratio=1.0,
            pose_sigmas_rad=None,
        )
        rows.append(fit_row(number + 1, fit, body.label))
    shop = BodyShop.of(body)
    people = shop.people(world, rows, shop.placed(rows), {}, {})
    picture = rng.integers(60, 120, (1080, 1920, 3), dtype=np.uint8)
    return replace(scene_of(world, picture, people), selected=1)
