"""The camera: a pinhole with OpenCV's distortion, which projects, unprojects and undistorts arrays.

Camera frame: x right, y down, z forward, metres. Pixels: (0, 0) is the centre of the top left pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError, DistortionFoldsError
from core.geometry import distortion as lens
from core.geometry.poses import Pose, cross_matrix

Array = NDArray[np.float64]

_BORDER_POINTS = 33


@dataclass(frozen=True, eq=False)
class Camera:
    """Intrinsics of one camera.

    Attributes:
        width, height: of the picture, pixels.
        matrix: (3, 3), [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], pixels.
        distortion: 0, 4, 5, 8, 12 or 14 coefficients in OpenCV's order.

    Raises:
        CalibrationError: where the numbers are no camera's.
    """

    width: int
    height: int
    matrix: Array
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "distortion", tuple(float(value) for value in self.distortion))
        _check(self)

    @property
    def focal(self) -> tuple[float, float]:
        """Focal lengths along x and y, pixels."""
        return float(self.matrix[0, 0]), float(self.matrix[1, 1])

    @property
    def centre(self) -> Array:
        """(2,) principal point, pixels."""
        return self.matrix[:2, 2]

    @property
    def is_distorted(self) -> bool:
        """Whether any coefficient of the distortion is not zero."""
        return any(self.distortion)

    def project(self, points: ArrayLike) -> Array:
        """Pixels of points.

        Args:
            points: (..., 3), camera frame, metres.

        Returns:
            (..., 2) pixels; NaN for a point behind the camera, or so far aside that the distortion folds.
        """
        place = np.asarray(points, dtype=np.float64)
        ideal = _ideal(place)
        if not self.is_distorted:
            return ideal * self.focal + self.centre
        with np.errstate(all="ignore"):
            pixels = lens.distort(ideal, self.distortion) * self.focal + self.centre
            pixels[~lens.unfolded(ideal, self.distortion)] = np.nan
        return pixels

    def project_or_beyond(self, points: ArrayLike) -> Array:
        """(n, 2) pixels of points (n, 3); where one has none, beyond the picture, on the side of it."""
        place = np.asarray(points, dtype=np.float64)
        pixels = self.project(place)
        lost = ~np.isfinite(pixels).all(axis=1)
        if lost.any():
            aside = place[lost, :2]
            aside = aside / np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
            pixels[lost] = self.centre + aside * 2 * max(self.width, self.height)
        return pixels

    def unproject(self, pixels: ArrayLike) -> Array:
        """Directions through pixels; undoes `project`.

        Args:
            pixels: (..., 2).

        Returns:
            (..., 3), camera frame, with z = 1; NaN for a pixel that the distortion brings nothing to.
        """
        bent = (np.asarray(pixels, dtype=np.float64) - self.centre) / self.focal
        ideal = lens.undistort(bent, self.distortion)
        return np.concatenate([ideal, np.ones((*ideal.shape[:-1], 1))], axis=-1)

    def undistort(self, pixels: ArrayLike) -> Array:
        """(..., 2) pixels as the same camera without distortion would see them; NaN as in `unproject`."""
        if not self.is_distorted:
            return np.array(pixels, dtype=np.float64)
        return self.unproject(pixels)[..., :2] * self.focal + self.centre

    def project_jacobian(self, points: ArrayLike) -> Array:
        """Derivative of `project` by the points.

        Args:
            points: (..., 3), camera frame, metres, in front of the camera.

        Returns:
            (..., 2, 3) pixels per metre.
        """
        place = np.asarray(points, dtype=np.float64)
        ideal = _ideal(place)
        bend = lens.distort_jacobian(ideal, self.distortion) * np.array(self.focal)[:, None]
        flat = np.zeros((*place.shape[:-1], 2, 3))
        flat[..., 0, 0] = flat[..., 1, 1] = 1.0
        flat[..., 2] = -ideal
        return bend @ (flat / place[..., 2, None, None])

    def pose_jacobian(self, pose: Pose, points: ArrayLike) -> Array:
        """Derivative of `project(pose.apply(points))` by the pose.

        Args:
            pose: from the points' frame to the camera's.
            points: (..., 3), metres, in their own frame.

        Returns:
            (..., 2, 6): pixels per radian of a small turn w, exp(w) R, about the camera's axes through the
            points' own origin, then pixels per metre of the translation.
        """
        turned = np.asarray(points, dtype=np.float64) @ pose.rotation.T
        by_point = self.project_jacobian(turned + pose.translation)
        return np.concatenate([by_point @ -cross_matrix(turned), by_point], axis=-1)

    def contains(self, pixels: ArrayLike) -> NDArray[np.bool_]:
        """(...,) whether pixels (..., 2) lie in the picture, its outermost pixels' edges included."""
        place = np.asarray(pixels, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            inside = (place >= -0.5) & (place <= np.array([self.width, self.height]) - 0.5)
        return np.asarray(inside.all(axis=-1))

    def resized(self, width: int, height: int) -> Camera:
        """The same camera delivering pictures of another size, of the whole of what it saw."""
        scale = np.array([width / self.width, height / self.height])
        matrix = np.diag([*scale, 1.0]) @ self.matrix
        # the picture's corner, half a pixel before the first centre, stays where it is
        matrix[:2, 2] = (self.centre + 0.5) * scale - 0.5
        return Camera(width, height, matrix, self.distortion)

    def without_distortion(self) -> Camera:
        """The same camera with an ideal lens."""
        return Camera(self.width, self.height, self.matrix, ())


def pinhole(
    width: int,
    height: int,
    focal_px: float,
    centre: Sequence[float] | None = None,
    distortion: Sequence[float] = (),
) -> Camera:
    """A camera of square pixels.

    Args:
        width, height: pixels. focal_px: pixels.
        centre: principal point, pixels; None for the middle of the picture.
        distortion: coefficients in OpenCV's order.
    """
    cx, cy = ((width - 1) / 2, (height - 1) / 2) if centre is None else centre
    matrix = np.array([[focal_px, 0.0, cx], [0.0, focal_px, cy], [0.0, 0.0, 1.0]])
    return Camera(width, height, matrix, tuple(distortion))


def require_unfolded(camera: Camera) -> None:
    """Refuses a camera whose distortion folds inside the picture.

    Raises:
        DistortionFoldsError: where a pixel on the picture's border or inside it has no direction.
    """
    if not camera.is_distorted:
        return
    x = np.linspace(-0.5, camera.width - 0.5, _BORDER_POINTS)
    y = np.linspace(-0.5, camera.height - 0.5, _BORDER_POINTS)
    rays = camera.unproject(np.stack(np.meshgrid(x, y), axis=-1))
    lost = int(np.isnan(rays[..., 0]).sum())
    if lost:
        share = max(1.0, 100.0 * lost / rays[..., 0].size)
        raise DistortionFoldsError(
            f"This lens distortion folds inside the picture: {share:.0f} % of the picture has no direction.",
            "Calibrate the lens again with points out to the picture's corners, "
            "or with fewer distortion coefficients.",
        )


def _ideal(points: Array) -> Array:
    """(..., 3) -> (..., 2) on the plane one metre before the camera; NaN at and behind the camera."""
    depth = points[..., 2:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(depth > 0, points[..., :2] / depth, np.nan)


def _check(camera: Camera) -> None:
    matrix = camera.matrix
    if camera.width < 1 or camera.height < 1:
        raise CalibrationError(
            f"A picture of {camera.width}x{camera.height} pixels is none.", "Give its size in pixels."
        )
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all() or not np.isfinite(camera.distortion).all():
        raise CalibrationError(
            "The camera's matrix and distortion are not all finite numbers.",
            "Give a 3x3 matrix, and coefficients in OpenCV's order.",
        )
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0:
        raise CalibrationError(
            f"The focal lengths {matrix[0, 0]:g} and {matrix[1, 1]:g} px are not both positive.",
            "Check that the matrix is [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels.",
        )
    slant = abs(matrix[0, 1]) + abs(matrix[1, 0])
    if slant > 1e-6 * matrix[0, 0] or not np.allclose(matrix[2], [0.0, 0.0, 1.0], rtol=0, atol=1e-12):
        raise CalibrationError(
            "The camera's matrix has a skew or another bottom row than 0 0 1.",
            "Give a matrix of the form [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]: pixels here are rectangles.",
        )
    if len(camera.distortion) not in lens.COUNTS:
        raise CalibrationError(
            f"A lens distortion of {len(camera.distortion)} coefficients is none of OpenCV's.",
            "Give 4, 5, 8, 12 or 14 coefficients, in OpenCV's order.",
        )
