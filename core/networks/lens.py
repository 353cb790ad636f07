"""Lens distortion in torch, forwards and backwards, in batches: `core.geometry.distortion` for networks.

A network sees the picture that the lens gives. What it says of places there is taken to the picture of the
same camera with an ideal lens, where poses are found; what poses show there is bent again. Both ways have
gradients. One test holds this to the numpy of `Camera`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks.precision import exact

COEFFICIENTS = 14
"""OpenCV's order: k1 k2 p1 p2 k3 k4 k5 k6 s1 s2 s3 s4 tau_x tau_y; zeros where fewer are known."""

MIRRORED = (1, 1, 1, -1, 1, 1, 1, 1, -1, -1, 1, 1, 1, -1)
"""What each is multiplied by in a mirror beside the picture, where x is -x."""

_ROUNDS = 12
_SOLVED = 1e-5  # of the focal length, in float32


@exact
def bent(pixels: Tensor, matrix: Tensor, distortion: Tensor | None) -> Tensor:
    """Where the lens puts pixels of its ideal picture.

    Args:
        pixels: (n, k, 2). matrix: (n, 3, 3) intrinsics. distortion: (n, 14), or None: no lens bends.

    Returns:
        (n, k, 2); NaN where the ideal pixel is, or the lens folds, where no gradient goes.
    """
    if distortion is None:
        return pixels
    there = pixels.isfinite().all(dim=2, keepdim=True)
    ideal = _plane(torch.where(there, pixels, matrix[:, None, :2, 2]), matrix)
    coefficients = distortion[:, None]
    ratio, slope = _ratio(ideal, coefficients), _slope(ideal.detach(), coefficients)
    unfolded = there & (ratio > 0) & (_determinant(slope) > 0)[..., None]
    # beyond the fold numbers can grow past all bounds
    safe = torch.where(unfolded, ideal, 0.0)
    seen = _through(_tilt(distortion), _bend(safe, coefficients))
    return torch.where(unfolded, _picture(seen, matrix), torch.nan)


@exact
def straightened(pixels: Tensor, matrix: Tensor, distortion: Tensor | None) -> tuple[Tensor, Tensor]:
    """Pixels as the same camera with an ideal lens would see them; undoes `bent`.

    By Newton's method from the pixel itself; the gradient is that of the inverse.

    Args:
        pixels, matrix, distortion: as for `bent`.

    Returns:
        (n, k, 2), and (n, k) bool whether the lens brings something there; where not, the pixel itself.
    """
    if distortion is None:
        return pixels, pixels.new_ones(pixels.shape[:2], dtype=torch.bool)
    coefficients = distortion[:, None]
    flat = _through(torch.linalg.inv(_tilt(distortion)), _plane(pixels, matrix))
    with torch.no_grad():
        ideal = flat
        for _ in range(_ROUNDS):
            ideal = ideal - _solved(_slope(ideal, coefficients), _bend(ideal, coefficients) - flat)
        slope = _slope(ideal, coefficients)
        wrong = (_bend(ideal, coefficients) - flat).abs().amax(dim=2)
        found = (wrong < _SOLVED * (1 + flat.abs().amax(dim=2))) & (_determinant(slope) > 0)
        found &= _ratio(ideal, coefficients)[..., 0] > 0
        # a step from nowhere would spoil the gradients of the others
        ideal = torch.where(found[..., None], ideal, 0.0)
        slope = torch.where(found[..., None, None], slope, torch.eye(2).to(slope))
    ideal = ideal - _solved(slope, _bend(ideal, coefficients) - flat)
    return torch.where(found[..., None], _picture(ideal, matrix), pixels), found


def _plane(pixels: Tensor, matrix: Tensor) -> Tensor:
    """Pixels on the plane one metre before the camera."""
    focal = torch.stack([matrix[:, 0, 0], matrix[:, 1, 1]], dim=1)[:, None]
    return (pixels - matrix[:, None, :2, 2]) / focal


def _picture(points: Tensor, matrix: Tensor) -> Tensor:
    focal = torch.stack([matrix[:, 0, 0], matrix[:, 1, 1]], dim=1)[:, None]
    return points * focal + matrix[:, None, :2, 2]


def _square(points: Tensor) -> Tensor:
    return points.square().sum(dim=-1, keepdim=True)


def _ratio(points: Tensor, c: Tensor) -> Tensor:
    """(n, k, 1) how much longer the radial part makes a point's way from the axis."""
    s = _square(points)
    over = 1 + s * (c[..., 0:1] + s * (c[..., 1:2] + s * c[..., 4:5]))
    return over / (1 + s * (c[..., 5:6] + s * (c[..., 6:7] + s * c[..., 7:8])))


def _bend(points: Tensor, c: Tensor) -> Tensor:
    """Radial, tangential and thin prism parts; coefficients (n, 1, 14)."""
    s = _square(points)
    cross = 2 * points[..., :1] * points[..., 1:]
    tangential = c[..., [2, 3]] * cross + c[..., [3, 2]] * (s + 2 * points.square())
    prism = s * (c[..., [8, 10]] + s * c[..., [9, 11]])
    return points * _ratio(points, c) + tangential + prism


def _slope(points: Tensor, c: Tensor) -> Tensor:
    """(n, k, 2, 2) derivative of `_bend` by the points."""
    s = _square(points)
    under = 1 + s * (c[..., 5:6] + s * (c[..., 6:7] + s * c[..., 7:8]))
    ratio = _ratio(points, c)
    by_over = c[..., 0:1] + s * (2 * c[..., 1:2] + s * 3 * c[..., 4:5])
    by_under = c[..., 5:6] + s * (2 * c[..., 6:7] + s * 3 * c[..., 7:8])
    by_square = (by_over - ratio * by_under) / under
    x, y = points[..., 0], points[..., 1]
    p1, p2 = c[..., 2], c[..., 3]
    prism = c[..., [8, 10]] + 2 * s * c[..., [9, 11]]
    across = 2 * x * y * by_square[..., 0] + 2 * p1 * x + 2 * p2 * y
    return torch.stack(
        [
            ratio[..., 0] + 2 * x * x * by_square[..., 0] + 2 * p1 * y + 6 * p2 * x + 2 * x * prism[..., 0],
            across + 2 * y * prism[..., 0],
            across + 2 * x * prism[..., 1],
            ratio[..., 0] + 2 * y * y * by_square[..., 0] + 6 * p1 * y + 2 * p2 * x + 2 * y * prism[..., 1],
        ],
        dim=-1,
    ).unflatten(-1, (2, 2))


def _determinant(matrices: Tensor) -> Tensor:
    return matrices[..., 0, 0] * matrices[..., 1, 1] - matrices[..., 0, 1] * matrices[..., 1, 0]


def _solved(matrices: Tensor, right: Tensor) -> Tensor:
    """(..., 2) M^-1 b."""
    (a, b), (c, d) = (row.unbind(-1) for row in matrices.unbind(-2))
    x, y = right.unbind(-1)
    return torch.stack([d * x - b * y, a * y - c * x], dim=-1) / _determinant(matrices)[..., None]


def _tilt(distortion: Tensor) -> Tensor:
    """(n, 3, 3) homography of a sensor tilted by tau_x about x, then tau_y about y."""
    cos, sin = distortion[:, 12:].cos(), distortion[:, 12:].sin()
    one, nil = torch.ones_like(cos[:, 0]), torch.zeros_like(cos[:, 0])
    about_x = [one, nil, nil, nil, cos[:, 0], sin[:, 0], nil, -sin[:, 0], cos[:, 0]]
    about_y = [cos[:, 1], nil, -sin[:, 1], nil, one, nil, sin[:, 1], nil, cos[:, 1]]
    turn = torch.stack(about_y, 1).unflatten(1, (3, 3)) @ torch.stack(about_x, 1).unflatten(1, (3, 3))
    deep = turn[:, 2, 2]
    project = [deep, nil, -turn[:, 0, 2], nil, deep, -turn[:, 1, 2], nil, nil, one]
    return torch.stack(project, 1).unflatten(1, (3, 3)) @ turn


def _through(homography: Tensor, points: Tensor) -> Tensor:
    moved = torch.cat([points, torch.ones_like(points[..., :1])], dim=-1) @ homography.mT
    return moved[..., :2] / moved[..., 2:]
