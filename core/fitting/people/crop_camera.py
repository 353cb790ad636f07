"""From the weak camera of a crop, as HMR 2.0 and its kin tell it, to the real camera (ALGORITHMS 6.1).

Such a network sees a square of the picture as if a camera looked straight at its middle. Where that lies
aside of the picture's middle, the real camera sees the person along a slanted ray: what the network says of
directions is then against that ray, and is turned with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.boxes import centres_from_edges
from core.geometry.cameras import Camera

Array = NDArray[np.float64]


def view_rotation(camera: Camera, pixel: ArrayLike) -> Array:
    """(3, 3) the smallest turn that takes the camera's axis to the ray through a pixel (2,).

    It takes directions as a camera that looked along that ray would have them to those of the camera. NaN
    where the pixel has no ray.
    """
    ray = _unit(camera.unproject(pixel))
    # Rodrigues about z x ray: never half a turn, as rays look forward
    x, y, z = ray
    share = 1.0 / (1.0 + z)
    return np.array(
        [
            [1.0 - share * x * x, -share * x * y, x],
            [-share * x * y, 1.0 - share * y * y, y],
            [-x, -y, z],
        ]
    )


def pelvis_from_crop(
    camera: Camera,
    centre: ArrayLike,
    size_px: float,
    numbers: ArrayLike,
    rest_pelvis: ArrayLike,
    *,
    turned: bool = True,
) -> Array | None:
    """Where the pelvis of a body is by the camera that a network tells for its crop.

    The crop's pixels say through which ray the body's origin is seen, lens distortion and all. Its distance
    is 2 F / (size s) (HMR 2.0), with F the real camera's pixels for a metre that is a metre away: the root of
    fx fy before the camera, and what the lens makes of it elsewhere.

    Args:
        centre: (2,) of the square, pixels on pixel edges. size_px: its side.
        numbers: (3,) s, tx, ty: a point (X, Y) of the body lies at s (X + tx, Y + ty) of the square, whose
            half side is 1.
        rest_pelvis: (3,) where the pelvis rests in the body's own frame, against whose origin that is told.
        turned: whether the network is taken to look along the ray to the square's middle; else along the
            camera's axis, as published.

    Returns:
        (3,) camera frame, metres; None where it lies behind the camera or nowhere.
    """
    middle = np.asarray(centre, dtype=np.float64)
    scale, tx, ty = np.asarray(numbers, dtype=np.float64).tolist()
    if not scale > 0:
        return None
    origin = centres_from_edges(middle + size_px / 2 * scale * np.array([tx, ty]))
    view = view_rotation(camera, centres_from_edges(middle)) if turned else np.eye(3)
    ray = camera.unproject(origin)
    axis = view[:, 2]
    if not np.isfinite(view).all() or not np.isfinite(ray).all() or not ray @ axis > 0:
        return None
    # pixels for a step aside of a point that is one metre away along the axis
    aside = camera.project_jacobian(axis) @ view[:, :2]
    focal_px = np.sqrt(abs(np.linalg.det(aside)))
    depth = 2.0 * focal_px / (size_px * scale)
    pelvis = ray * (depth / (ray @ axis)) + view @ np.asarray(rest_pelvis, dtype=np.float64)
    return pelvis if np.isfinite(pelvis).all() and pelvis[2] > 0 else None


def _unit(vector: Array) -> Array:
    return np.asarray(vector / np.linalg.norm(vector))
