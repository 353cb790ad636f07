"""What every way of calibrating gives: camera, ground, residuals, and how sure all of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.geometry.calibration.least_squares import Solution, derivative
from core.geometry.calibration.lens import Lens
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, metres_per_pixel
from core.geometry.poses import Pose
from core.records.cameras import (
    CalibrationMethod,
    CalibrationRecord,
    CalibrationUncertainty,
    RangeUncertainty,
)

Array = NDArray[np.float64]

# a camera that looks straight down may have its upper side a little past the vertical
_CEILING = 0.3
_BAD_FIT_PX = 5.0
RANGES_M = (10.0, 20.0, 40.0, 80.0)


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """A camera and its ground, with how well they fit what was drawn.

    Attributes:
        camera: intrinsics.
        plane: the ground; None where it is not known.
        residuals_px: (n,) what was drawn against what the camera says, pixels, in the order drawn: x and y
            of each point, or each line point's distance from its line; empty for an import.
        uncertainty: from the noise in what was drawn, 1 px or more where it fits worse; None where it is
            not known.
        ground_to_camera: from the frame of the rectangle or the map (x, y on the ground, z up) to the
            camera's; None where there is no such frame.
        notes: plain sentences for the person.
    """

    method: CalibrationMethod
    camera: Camera
    plane: GroundPlane | None
    residuals_px: Array
    uncertainty: CalibrationUncertainty | None
    ground_to_camera: Pose | None = None
    notes: tuple[str, ...] = ()

    @property
    def residual_px(self) -> float | None:
        """Root mean square of the residuals, pixels."""
        return float(np.sqrt(np.mean(self.residuals_px**2))) if self.residuals_px.size else None


@dataclass(frozen=True, eq=False)
class View:
    """What a set of parameters says: focal length in pixels, the ground's normal, the height in metres."""

    focal: float
    normal: Array
    height: float


def result_of(
    method: CalibrationMethod,
    lens: Lens,
    solution: Solution,
    view_of: Callable[[Array], View],
    ground_to_camera: Pose | None = None,
    *,
    sigma: float | None = None,
    residuals_px: Array | None = None,
) -> CalibrationResult:
    """The result of a least squares solution, its uncertainty propagated from the noise of what it fits.

    Args:
        solution: residuals in pixels, one for each coordinate measured, or in what `sigma` is in.
        view_of: what its parameters say.
        sigma: standard deviation of what was measured; None for 1 px, or what the residuals show if more.
        residuals_px: the residuals in pixels, where the solution's are in something else.

    Raises:
        CalibrationError: where the plane faces away, or what was drawn leaves something undetermined.
    """
    view = view_of(solution.values)
    if view.normal[1] > _CEILING:
        raise CalibrationError(
            "The plane faces away: the camera would see it from below, as it sees a ceiling.",
            "Draw on the road, and check the order of the points and the lengths.",
        )
    camera, plane = lens.camera(view.focal), GroundPlane(view.normal, view.height)
    covariance = solution.covariance(
        drawing_noise(solution.residuals, len(solution.values)) if sigma is None else sigma
    )
    if covariance is None:
        raise CalibrationError(
            "What is drawn does not settle the camera: many cameras would fit it as well.",
            "Draw more, further apart, and in another direction.",
        )
    return CalibrationResult(
        method,
        camera,
        plane,
        solution.residuals if residuals_px is None else residuals_px,
        _uncertainty(camera, plane, view, solution.values, covariance, view_of),
        ground_to_camera,
        _notes(solution.residuals if residuals_px is None else residuals_px),
    )


def ranges_of(
    camera: Camera, plane: GroundPlane, sigmas_m: Array | None = None
) -> tuple[RangeUncertainty, ...]:
    """What a pixel is worth at the standard distances; how sure they are is NaN where it is not given."""
    along, across = metres_per_pixel(camera, plane, RANGES_M)
    sigmas = np.full(len(RANGES_M), np.nan) if sigmas_m is None else sigmas_m
    rows = zip(RANGES_M, along.tolist(), across.tolist(), sigmas.tolist(), strict=True)
    return tuple(RangeUncertainty(*row) for row in rows)


def drawing_noise(residuals: Array, parameters: int) -> float:
    """Standard deviation of drawing, pixels: 1, or more where the residuals are larger than that explains.

    The 1 px counts as two residuals that are known beforehand, so that one redundant coordinate, as a
    rectangle has, does not decide alone.
    """
    spare = max(len(residuals) - parameters, 0)
    return max(1.0, float(np.sqrt((residuals @ residuals + 2.0) / (spare + 2.0))))


def widened(result: CalibrationResult, other: CalibrationResult) -> CalibrationResult:
    """The result with an uncertainty that nothing drawn for it tells.

    Args:
        other: what would be found if something known beforehand were one standard deviation off.
    """
    sure, plane = result.uncertainty, result.plane
    if sure is None or plane is None or other.plane is None:
        return result
    ahead = np.array([[one.distance_m, 0.0, 0.0] for one in sure.ranges])
    hits = other.plane.points_or_nan(other.camera, result.camera.project(plane.frame().apply(ahead)))
    there = np.linalg.norm(hits + other.plane.height * other.plane.normal, axis=-1)
    turned = 2 * np.arcsin(min(float(np.linalg.norm(plane.normal - other.plane.normal)) / 2, 1.0))
    focal = 100 * np.log(other.camera.focal[0] / result.camera.focal[0])
    height = 100 * np.log(other.plane.height / plane.height)
    more = CalibrationUncertainty(
        float(np.hypot(sure.focal_percent, focal)),
        float(np.hypot(sure.height_percent, height)),
        float(np.hypot(sure.normal_deg, np.rad2deg(turned))),
        tuple(
            replace(one, sigma_m=float(np.hypot(one.sigma_m, at - one.distance_m)))
            for one, at in zip(sure.ranges, there.tolist(), strict=True)
        ),
    )
    return replace(result, uncertainty=more)


def to_record(result: CalibrationResult) -> CalibrationRecord:
    """The result in plain numbers."""
    plane = result.plane
    x, y, z = (0.0, 0.0, 0.0) if plane is None else plane.normal.tolist()
    return CalibrationRecord(
        result.method,
        result.camera.width,
        result.camera.height,
        tuple(result.camera.matrix.ravel().tolist()),
        result.camera.distortion,
        None if plane is None else (x, y, z),
        None if plane is None else plane.height,
        result.residual_px,
        result.uncertainty,
        result.notes,
    )


def from_record(record: CalibrationRecord) -> tuple[Camera, GroundPlane | None]:
    """The camera and the ground of plain numbers.

    Raises:
        CalibrationError: where they are no camera's.
    """
    if len(record.matrix) != 9:
        raise CalibrationError("The camera's matrix has not nine numbers.", "Calibrate the camera again.")
    camera = Camera(record.width, record.height, np.reshape(record.matrix, (3, 3)), record.distortion)
    if record.normal is None or record.height_m is None:
        return camera, None
    return camera, GroundPlane(np.array(record.normal), record.height_m)


def _notes(residuals_px: Array) -> tuple[str, ...]:
    wrong = float(np.sqrt(np.mean(residuals_px**2))) if residuals_px.size else 0.0
    if wrong < _BAD_FIT_PX:
        return ()
    return (f"What is drawn fits badly, by {wrong:.0f} px: look for a point in the wrong place.",)


def _uncertainty(
    camera: Camera,
    plane: GroundPlane,
    view: View,
    values: Array,
    covariance: Array,
    view_of: Callable[[Array], View],
) -> CalibrationUncertainty:
    ahead = np.array([[x, 0.0, 0.0] for x in RANGES_M])
    points = plane.frame().apply(ahead)
    # the way to the same pixel changes with the focal length alone
    aside = points[:, :2] / points[:, 2:] * view.focal

    def says(parameters: Array) -> Array:
        then = view_of(parameters)
        rays = np.concatenate([aside / then.focal, np.ones((len(aside), 1))], axis=1)
        hits = rays * (-then.height / (rays @ then.normal))[:, None]
        on_ground = np.linalg.norm(hits + then.height * then.normal, axis=1)
        return np.concatenate([[np.log(then.focal), np.log(then.height)], then.normal, on_ground])

    slope = derivative(says, values)
    spread = np.diag(slope @ covariance @ slope.T).clip(0.0)
    in_sight = np.isfinite(camera.project(points)).all(axis=1)
    return CalibrationUncertainty(
        focal_percent=100.0 * float(np.sqrt(spread[0])),
        height_percent=100.0 * float(np.sqrt(spread[1])),
        normal_deg=float(np.rad2deg(np.sqrt(spread[2:5].sum()))),
        ranges=ranges_of(camera, plane, np.where(in_sight, np.sqrt(spread[5:]), np.nan)),
    )
