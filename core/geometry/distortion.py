"""OpenCV's lens distortion: forwards, its Jacobian, backwards, and where it folds.

Coefficients are in OpenCV's order, k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4 [tau_x tau_y]]]]: radial
(rational), tangential, thin prism, tilted sensor (OpenCV, calib3d; Brown 1966; Louhichi et al. 2007).
Coordinates are those of the picture plane one metre before the camera: x right, y down, no unit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

COUNTS = (0, 4, 5, 8, 12, 14)
_NEWTON_STEPS = 30
_BISECTIONS = 30
# distortions are computed in units of the focal length: 1e-14 is 1e-11 px at 1,000 px
_SOLVED = 1e-14
_ACCEPTED = 1e-12


def padded(coefficients: tuple[float, ...]) -> Array:
    """(14,) coefficients, zeros where fewer are given."""
    full = np.zeros(14)
    full[: len(coefficients)] = coefficients
    return full


def distort(points: Array, coefficients: tuple[float, ...]) -> Array:
    """Where the lens puts points of the ideal plane.

    Args:
        points: (..., 2), ideal.
        coefficients: 0, 4, 5, 8, 12 or 14 of them.

    Returns:
        (..., 2), distorted. Beyond the fold the numbers mean nothing: see `fold_radius`.
    """
    if not any(coefficients):
        return points
    full = padded(coefficients)
    return _apply_homography(_tilt(full), _bend(points, full))


def distort_jacobian(points: Array, coefficients: tuple[float, ...]) -> Array:
    """(..., 2, 2) derivative of `distort` by the points (..., 2)."""
    if not any(coefficients):
        return np.broadcast_to(np.eye(2), (*points.shape[:-1], 2, 2))
    full = padded(coefficients)
    bent = _bend_jacobian(points, full)
    if full[12] == 0.0 and full[13] == 0.0:
        return bent
    return _homography_jacobian(_tilt(full), _bend(points, full)) @ bent


def undistort(points: Array, coefficients: tuple[float, ...]) -> Array:
    """The points of the ideal plane that the lens puts here; undoes `distort`.

    Newton's method, from the point itself and, where that does not arrive, from the radial part alone.

    Args:
        points: (..., 2), distorted.

    Returns:
        (..., 2), ideal; NaN where the lens brings nothing, beyond the fold.
    """
    if not any(coefficients):
        return points
    full = padded(coefficients)
    flat = _apply_homography(np.asarray(np.linalg.inv(_tilt(full)), dtype=np.float64), points).reshape(-1, 2)
    limit = fold_radius(coefficients)
    with np.errstate(all="ignore"):
        ideal = _newton(flat, flat.copy(), full)
        lost = ~_is_inverse(ideal, flat, full, limit)
        if lost.any():
            ideal[lost] = _newton(flat[lost], _radial_inverse(flat[lost], full, limit), full)
            ideal[lost & ~_is_inverse(ideal, flat, full, limit)] = np.nan
    return ideal.reshape(points.shape)


def fold_radius(coefficients: tuple[float, ...]) -> float:
    """How far from the axis the radial part still grows; inf where it always does.

    Beyond this ideal radius the picture would fold back on itself: a further point would come nearer.
    """
    if not any(coefficients):
        return float("inf")
    k1, k2, _, _, k3, k4, k5, k6 = padded(coefficients)[:8]
    # in s = r^2: r n(s) / d(s) grows while n d + 2 s (n' d - n d') > 0 and d > 0
    over = np.polynomial.Polynomial([1.0, k1, k2, k3])
    under = np.polynomial.Polynomial([1.0, k4, k5, k6])
    twice_s = np.polynomial.Polynomial([0.0, 2.0])
    growth = over * under + twice_s * (over.deriv() * under - over * under.deriv())
    roots = np.concatenate([growth.trim(1e-300).roots(), under.trim(1e-300).roots()])
    real = roots.real[(np.abs(roots.imag) < 1e-9 * (1.0 + np.abs(roots))) & (roots.real > 0)]
    return float(np.sqrt(real.min())) if real.size else float("inf")


def unfolded(points: Array, coefficients: tuple[float, ...]) -> NDArray[np.bool_]:
    """(...,) whether points (..., 2) of the ideal plane lie where the lens does not fold."""
    inside = (points * points).sum(axis=-1) < fold_radius(coefficients) ** 2
    if any(padded(coefficients)[[2, 3, 8, 9, 10, 11]]):
        with np.errstate(all="ignore"):
            inside &= _determinant(_bend_jacobian(points, padded(coefficients))) > 0
    return inside


def _bend(points: Array, full: Array) -> Array:
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = full[:12]
    x, y = points[..., 0], points[..., 1]
    s = x * x + y * y
    ratio = (1 + s * (k1 + s * (k2 + s * k3))) / (1 + s * (k4 + s * (k5 + s * k6)))
    cross = 2 * x * y
    return np.stack(
        [
            x * ratio + p1 * cross + p2 * (s + 2 * x * x) + s * (s1 + s * s2),
            y * ratio + p1 * (s + 2 * y * y) + p2 * cross + s * (s3 + s * s4),
        ],
        axis=-1,
    )


def _bend_jacobian(points: Array, full: Array) -> Array:
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = full[:12]
    x, y = points[..., 0], points[..., 1]
    s = x * x + y * y
    over = 1 + s * (k1 + s * (k2 + s * k3))
    under = 1 + s * (k4 + s * (k5 + s * k6))
    ratio = over / under
    # the ratio's derivative by s, of which x and y change 2x and 2y
    slope = ((k1 + s * (2 * k2 + s * 3 * k3)) - ratio * (k4 + s * (2 * k5 + s * 3 * k6))) / under
    prism_x, prism_y = s1 + 2 * s * s2, s3 + 2 * s * s4
    out = np.empty((*points.shape[:-1], 2, 2))
    out[..., 0, 0] = ratio + 2 * x * x * slope + 2 * p1 * y + 6 * p2 * x + 2 * x * prism_x
    out[..., 0, 1] = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y + 2 * y * prism_x
    out[..., 1, 0] = 2 * x * y * slope + 2 * p1 * x + 2 * p2 * y + 2 * x * prism_y
    out[..., 1, 1] = ratio + 2 * y * y * slope + 6 * p1 * y + 2 * p2 * x + 2 * y * prism_y
    return out


def _tilt(full: Array) -> Array:
    """(3, 3) homography of a sensor tilted by tau_x about x, then tau_y about y (Louhichi et al. 2007)."""
    (cos_x, cos_y), (sin_x, sin_y) = np.cos(full[12:]), np.sin(full[12:])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cos_x, sin_x], [0.0, -sin_x, cos_x]])
    about_y = np.array([[cos_y, 0.0, -sin_y], [0.0, 1.0, 0.0], [sin_y, 0.0, cos_y]])
    turn = about_y @ about_x
    project = np.array([[turn[2, 2], 0.0, -turn[0, 2]], [0.0, turn[2, 2], -turn[1, 2]], [0.0, 0.0, 1.0]])
    return project @ turn


def _apply_homography(matrix: Array, points: Array) -> Array:
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    return moved / (points @ matrix[2, :2] + matrix[2, 2])[..., None]


def _homography_jacobian(matrix: Array, points: Array) -> Array:
    scale = (points @ matrix[2, :2] + matrix[2, 2])[..., None, None]
    moved = _apply_homography(matrix, points)
    return (matrix[:2, :2] - moved[..., :, None] * matrix[2, :2]) / scale


def _determinant(matrices: Array) -> Array:
    return matrices[..., 0, 0] * matrices[..., 1, 1] - matrices[..., 0, 1] * matrices[..., 1, 0]


def _newton(target: Array, start: Array, full: Array) -> Array:
    ideal = start
    for _ in range(_NEWTON_STEPS):
        wrong = _bend(ideal, full) - target
        slope = _bend_jacobian(ideal, full)
        size = _determinant(slope)
        step = np.stack(
            [
                (slope[:, 1, 1] * wrong[:, 0] - slope[:, 0, 1] * wrong[:, 1]) / size,
                (slope[:, 0, 0] * wrong[:, 1] - slope[:, 1, 0] * wrong[:, 0]) / size,
            ],
            axis=-1,
        )
        ideal = ideal - step
        if not (np.abs(step) > _SOLVED * (1.0 + np.abs(ideal))).any():
            break
    return ideal


def _is_inverse(ideal: Array, target: Array, full: Array, limit: float) -> NDArray[np.bool_]:
    wrong = np.abs(_bend(ideal, full) - target).max(axis=-1)
    near = (ideal * ideal).sum(axis=-1) < limit * limit
    fine = wrong < _ACCEPTED * (1.0 + np.abs(target).max(axis=-1))
    return near & fine & (_determinant(_bend_jacobian(ideal, full)) > 0)


def _radial_inverse(target: Array, full: Array, limit: float) -> Array:
    """Start for Newton: the radial part alone, inverted by halving, which cannot leave the valid region."""
    radial = np.zeros(14)
    radial[[0, 1, 4, 5, 6, 7]] = full[[0, 1, 4, 5, 6, 7]]
    radius = np.linalg.norm(target, axis=-1)
    high = np.full_like(radius, limit) if np.isfinite(limit) else 4.0 * radius + 4.0
    low = np.zeros_like(radius)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        beyond = _bend(np.stack([middle, np.zeros_like(middle)], axis=-1), radial)[:, 0] > radius
        high = np.where(beyond, middle, high)
        low = np.where(beyond, low, middle)
    return target * (low / np.maximum(radius, 1e-300))[:, None]
