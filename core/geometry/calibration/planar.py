"""From points on the ground and their pixels to the camera: homography, focal length, then refinement.

Maximum likelihood for pixels with equal noise: the reprojection error is minimised over pose and, where it is
not known, one focal length. The start is the homography's decomposition (ALGORITHMS, 7.2; Zhang 2000).
Pixels are offsets from the principal point, without distortion (`Lens.flatten`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.geometry.calibration.least_squares import Solution, solve
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.result import CalibrationResult, View, result_of
from core.geometry.poses import Pose, rotation_from_vector
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]

# a spread this much smaller across than along is a line to anyone who clicks on it
_LINE = 0.004


def calibrate_planar(
    lens: Lens, pixels: Array, ground: Array, method: CalibrationMethod
) -> CalibrationResult:
    """The camera that sees points of the ground at these pixels.

    Args:
        pixels: (n, 2), n >= 4. ground: (n, 2) x and y on the ground, seen from above with y left of x,
            metres.

    Raises:
        CalibrationError: where the points lie in a line, are mirrored, or no real camera sees them so.
    """
    flat = lens.flatten(pixels)
    if np.isnan(flat).any():
        raise CalibrationError(
            "A point lies where the lens distortion brings nothing.", "Choose points inside the picture."
        )
    refuse_line(flat, "pixels")
    refuse_line(ground, "points on the ground")
    middle = ground.mean(axis=0)
    homography = fit_homography(ground - middle, flat)
    focal = lens.focal or focal_of_homography(homography)
    start = pose_of_homography(homography, focal)
    solution, scale = _refine(flat, ground - middle, focal, start, lens.focal is not None)

    def view_of(values: Array) -> View:
        found, pose = _camera_of(values, focal, start, scale)
        return View(found, pose.rotation[:, 2], float(-pose.rotation[:, 2] @ pose.translation))

    view = view_of(solution.values)
    if view.height <= 0:
        raise CalibrationError(
            "The ground faces away from the camera: the points are mirrored.",
            "Check the order of the points, and that y runs left of x (north of east) on the ground.",
        )
    if lens.focal is None and not 0.05 * lens.width < view.focal < 100 * lens.width:
        raise _no_focal()
    _, pose = _camera_of(solution.values, focal, start, scale)
    return result_of(
        method,
        lens,
        solution,
        view_of,
        Pose(pose.rotation, pose.translation - pose.rotation[:, :2] @ middle),
    )


def refuse_line(points: Array, what: str) -> None:
    """Refuses (n, 2) points of which all, or all but one, lie in a line.

    Raises:
        CalibrationError: naming `what`.
    """
    for left_out in (None, *range(len(points))):
        rest = points if left_out is None else np.delete(points, left_out, axis=0)
        spread = np.linalg.svd(rest - rest.mean(axis=0), compute_uv=False)
        if len(rest) >= 3 and spread[1] <= _LINE * spread[0]:
            raise CalibrationError(
                f"{'All' if left_out is None else 'All but one'} of the {what} lie in a line.",
                "Choose four points that span an area, no three of them in a line.",
            )


def fit_homography(ground: Array, pixels: Array) -> Array:
    """(3, 3) homography from (n, 2) points to (n, 2) pixels, by the normalised linear method (Hartley 1997).

    Its scale is such that the points have positive third coordinates.

    Raises:
        CalibrationError: where the points have another order than the pixels, so that none fits in front of
            the camera.
    """
    to_unit, from_unit = _normalisation(ground), _normalisation(pixels)
    a, b = _homogeneous(ground) @ to_unit.T, _homogeneous(pixels) @ from_unit.T
    zeros = np.zeros_like(a)
    rows = np.concatenate([np.hstack([a, zeros, -b[:, :1] * a]), np.hstack([zeros, a, -b[:, 1:2] * a])])
    unit = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    homography = np.asarray(np.linalg.inv(from_unit), dtype=np.float64) @ unit @ to_unit
    ahead = _homogeneous(ground) @ homography[2]
    if not ((ahead > 0).all() or (ahead < 0).all()):
        raise CalibrationError(
            "No camera sees these points so: some would lie behind it.",
            "Check that each pixel belongs to its point, and that the order is the same.",
        )
    return homography * np.sign(ahead[0])


def focal_of_homography(homography: Array) -> float:
    """Focal length in pixels, from both constraints of a rotation's columns, in the least squares sense.

    Args:
        homography: ground in metres to offsets from the principal point; square pixels.

    Raises:
        CalibrationError: where its square comes out negative.
    """
    first, second = homography[:, 0], homography[:, 1]
    size = np.linalg.norm(homography[:2, :2])
    first, second = first / size, second / size
    # (a + f^2 b = 0): the columns are at right angles, and of one length
    flat = np.array([first[:2] @ second[:2], (first[:2] @ first[:2] - second[:2] @ second[:2]) / 2])
    deep = np.array([first[2] * second[2], (first[2] ** 2 - second[2] ** 2) / 2])
    steep = float(deep @ deep)
    square = -float(flat @ deep) / steep if steep > 0 else -1.0
    if not (np.isfinite(square) and square > 0):
        raise _no_focal()
    return float(np.sqrt(square))


def pose_of_homography(homography: Array, focal: float) -> Pose:
    """From the ground's frame to the camera's: the rotation nearest to the homography's columns."""
    columns = homography / np.array([focal, focal, 1.0])[:, None]
    scale = np.sqrt(np.linalg.norm(columns[:, 0]) * np.linalg.norm(columns[:, 1]))
    first, second, place = (columns / scale).T
    left, _, right = np.linalg.svd(np.stack([first, second, np.cross(first, second)], axis=1))
    return Pose(left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right, place)


def _refine(
    pixels: Array, ground: Array, focal: float, start: Pose, focal_known: bool
) -> tuple[Solution, float]:
    on_ground = np.concatenate([ground, np.zeros((len(ground), 1))], axis=1)
    scale = float(np.linalg.norm(start.translation))

    def residuals(values: Array) -> Array:
        found, pose = _camera_of(values, focal, start, scale)
        seen = pose.apply(on_ground)
        with np.errstate(all="ignore"):
            wrong = seen[:, :2] / seen[:, 2:] * found - pixels
        wrong[seen[:, 2] <= 0] = np.nan
        return wrong.ravel()

    return solve(residuals, np.zeros(6 if focal_known else 7)), scale


def _camera_of(values: Array, focal: float, start: Pose, scale: float) -> tuple[float, Pose]:
    """Turn (3), move (3) in parts of the distance and, where it is sought, the focal length's logarithm."""
    turned = rotation_from_vector(values[:3]) @ start.rotation
    found = focal * float(np.exp(np.clip(values[6], -20, 20))) if len(values) > 6 else focal
    return found, Pose(turned, start.translation + scale * values[3:6])


def _normalisation(points: Array) -> Array:
    middle = points.mean(axis=0)
    scale = np.sqrt(2.0) / max(float(np.linalg.norm(points - middle, axis=1).mean()), 1e-300)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1.0]])


def _homogeneous(points: Array) -> Array:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _no_focal() -> CalibrationError:
    return CalibrationError(
        "The focal length comes out imaginary: no camera with its axis in the middle sees this.",
        "Draw a larger figure that the camera sees at a slant, with its sides not along the picture's edges, "
        "check the lengths, or give the focal length.",
    )
