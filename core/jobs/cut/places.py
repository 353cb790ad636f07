"""Where the objects of a camera stand on its ground, as footprints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.compositing.sampling.footprints import (
    MM_PER_M,
    Footprint,
    disc_footprint,
    polygon_footprint,
    rectangle_footprint,
)
from core.fitting.people.footprint import body_footprint
from core.fitting.vehicles.fit_mesh import fit_pose, fit_proxy
from core.geometry.boxes import centres_from_edges
from core.geometry.calibration.result import from_record
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, metres_per_pixel, place_on_ground
from core.jobs.bodies import Bodies
from core.records.cameras import CalibrationRecord
from core.records.fits import BodyFit, Fit, VehicleFit
from core.records.masks import MaskPatch
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

_FOOT_SHARE = 0.04  # of a person's height, from below: where the feet are
_FARTHEST_M = 1000.0  # beyond, a pixel is worth more than any object


class Places:
    """The ground of a camera as its pictures have it.

    Args:
        calibration: in force, or None: nothing has a place then.
        width, height: of the pictures, pixels.
        space: of car shapes; fits of another one are taken as boxes of their size.
        person_radius_m: of the disc that a person without a fit covers.
        bodies: of people; fits of one that is not here are taken as boxes of their size.
    """

    def __init__(
        self,
        calibration: CalibrationRecord | None,
        width: int,
        height: int,
        space: CarShapeSpace,
        person_radius_m: float,
        bodies: Bodies | None = None,
    ) -> None:
        self._camera: Camera | None = None
        self._plane: GroundPlane | None = None
        if calibration is not None:
            camera, self._plane = from_record(calibration)
            fitting = (camera.width, camera.height) == (width, height)
            self._camera = camera if fitting else camera.resized(width, height)
        self._space = space
        self._bodies = bodies or Bodies()
        self._radius_mm = round(person_radius_m * MM_PER_M)

    def of_car(self, fit: VehicleFit, shape_space: str) -> Footprint | None:
        """What a fitted car covers: the rectangle of its heading around its light stand-in, seen from above.

        It holds the car one standard deviation of its distance nearer and farther, too, so that two cars far
        away, where that is half a metre and more, do not stand in each other.

        Args:
            fit: in the camera's frame.
            shape_space: the label of the space that it was made with.
        """
        if self._plane is None:
            return None
        place, heading_rad = place_on_ground(self._plane, fit_pose(fit))
        if shape_space == self._space.label:
            below = self._plane.frame().inverse().apply(fit_proxy(fit, self._space).vertices)[:, :2]
        else:
            below = _box(fit, place, heading_rad)
        below = _unsure(below, place, fit)
        if not (np.abs(below) < _FARTHEST_M).all():
            return None
        return rectangle_footprint(below.tolist(), heading_rad)

    def of_body(self, fit: BodyFit, body: str) -> Footprint | None:
        """What a fitted person covers: the hull of the body, seen from above, as sure as `of_car`.

        Args:
            fit: in the camera's frame.
            body: the label of the body model that it was made with.
        """
        if self._plane is None or fit.place_m is None or fit.heading_rad is None:
            return None
        place = np.array(fit.place_m)
        named = self._bodies.of(body)
        if named is not None:
            below = body_footprint(fit, self._plane, named.model)
        else:
            below = _box(fit, place, fit.heading_rad)
        below = _unsure(below, place, fit)
        if not (np.abs(below) < _FARTHEST_M).all():
            return None
        return polygon_footprint(below.tolist())

    def of_person(self, mask: MaskPatch) -> Footprint | None:
        """The disc that a person covers where the mask's foot sees the ground, and a pixel around that."""
        if self._plane is None or self._camera is None or not mask.bits.any():
            return None
        rows, columns = np.nonzero(mask.bits)
        height = int(rows.max() - rows.min()) + 1
        feet = columns[rows > rows.max() - max(1, round(_FOOT_SHARE * height))]
        edge = (mask.x + float(feet.mean()) + 0.5, mask.y + float(rows.max()) + 1.0)
        point = self._plane.points_or_nan(self._camera, centres_from_edges(edge))
        x, y, _ = self._plane.frame().inverse().apply(point).tolist()
        if not max(abs(x), abs(y)) < _FARTHEST_M:  # nor where the pixel sees no ground
            return None
        disc = np.array(disc_footprint((x, y), self._radius_mm).corners) / MM_PER_M
        pixel_m = float(metres_per_pixel(self._camera, self._plane, x)[0])
        step = np.array([x, y]) / np.hypot(x, y) * (pixel_m if np.isfinite(pixel_m) else 0.0)
        return polygon_footprint(np.concatenate([disc - step, disc + step]).tolist())


def _box(fit: Fit, place: Array, heading_rad: float) -> Array:
    """(4, 2) the corners of the box of its size, seen from above."""
    length, width, _ = fit.size_m
    ends = np.array([[x, y] for x in (-0.5, 0.5) for y in (-0.5, 0.5)]) * (length, width)
    cos, sin = np.cos(heading_rad), np.sin(heading_rad)
    return np.asarray(ends @ np.array([[cos, -sin], [sin, cos]]).T + place)


def _unsure(below: Array, place: Array, fit: Fit) -> Array:
    """What is covered, one standard deviation of the distance nearer and farther, too."""
    if fit.sigmas is None:
        return below
    step = place / np.linalg.norm(place) * fit.sigmas.along_m
    return np.concatenate([below - step, below + step])
