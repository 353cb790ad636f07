"""Where a search for poses begins when nobody says: rotations of a grid, and one by scaled orthography."""

from __future__ import annotations

import itertools
from functools import cache

import torch
from torch import Tensor

from core.networks.pnp.objective import Poses, Problems

_ROUNDS = 4
_RIDGE = 1e-9


def best_starts(problems: Problems, count: int) -> tuple[Poses, Tensor]:
    """The poses of least cost among 24 rotations that lie as far apart as can be, and that of `_posit`.

    For a known rotation the projection is linear in the translation, which is solved for.

    Returns:
        (b * count) poses, those of a row one after the other, and (b, count) whether they are any.
    """
    rows = len(problems.image)
    grid = _grid().to(problems.image)
    ideal = _ideal(problems)
    rotations = torch.cat([grid.expand(rows, -1, -1, -1), _posit(ideal, problems)[:, None]], dim=1)
    turned = rotations @ problems.object[:, None]  # (b, c, 3, n)
    places = _places(ideal, turned, problems.weights)
    cost = _cost(ideal, turned + places[..., None], problems.weights)
    least, which = cost.topk(count, dim=1, largest=False)
    row = torch.arange(rows, device=which.device)[:, None]
    return Poses(rotations[row, which].flatten(0, 1), places[row, which].flatten(0, 1)), least.isfinite()


def mirrored(problems: Problems, poses: Poses) -> Poses:
    """The poses that make a flat object look the same from far away: leaning the other way from the ray."""
    weights = problems.weights[:, None]
    off = problems.object - (weights * problems.object).sum(-1, keepdim=True) / weights.sum(-1, keepdim=True)
    spread = (weights * off) @ off.mT
    # one row beyond all numbers must not stop the others
    thin = torch.linalg.eigh(torch.where(spread.isfinite(), spread, 0.0))[1][:, :, :1]
    ray = torch.nn.functional.normalize(poses.translation, dim=1)[..., None]
    eye = torch.eye(3, dtype=ray.dtype, device=ray.device)
    rotation = (eye - 2.0 * ray @ ray.mT) @ poses.rotation @ (eye - 2.0 * thin @ thin.mT)
    return Poses(rotation, poses.translation)


@cache
def _grid() -> Tensor:
    """(24, 3, 3) the rotations of a cube onto itself."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product([1.0, -1.0], repeat=3):
            one = torch.zeros(3, 3, dtype=torch.float64)
            one[range(3), order] = torch.tensor(signs, dtype=torch.float64)
            if torch.linalg.det(one) > 0:
                found.append(one)
    return torch.stack(found)


def _ideal(problems: Problems) -> Tensor:
    """(b, 2, n) the image points of a camera of focal length 1."""
    place = torch.cat([problems.image, torch.ones_like(problems.image[:, :1])], dim=1)
    rays = torch.linalg.solve_ex(problems.matrix, place)[0]
    return rays[:, :2] / rays[:, 2:]


def _places(ideal: Tensor, turned: Tensor, weights: Tensor) -> Tensor:
    """(b, c, 3) translations that put turned points (b, c, 3, n) best before their image points.

    Solves [1 0 -x; 0 1 -y] t = (x, y) q_z - q_xy over all points.
    """
    image, share = ideal[:, None], weights[:, None]
    known = image * turned[:, :, 2:] - turned[:, :, :2]
    total = weights.sum(dim=1)[:, None, None]
    middle = (share[:, :, None] * image).sum(dim=-1)
    mean = (share[:, :, None] * known).sum(dim=-1)
    square = (share * image.square().sum(dim=2)).sum(dim=-1)
    along = (share * (image * known).sum(dim=2)).sum(dim=-1)
    spread = square - middle.square().sum(dim=-1) / total[..., 0]
    depth = ((middle * mean).sum(dim=-1) / total[..., 0] - along) / spread
    return torch.cat([(mean + middle * depth[..., None]) / total, depth[..., None]], dim=-1)


def _cost(ideal: Tensor, points: Tensor, weights: Tensor) -> Tensor:
    """(b, c) weighted squared error of points (b, c, 3, n); inf where one lies behind the camera."""
    ahead = points[:, :, 2] > 0
    depth = torch.where(ahead, points[:, :, 2], 1.0)
    wrong = points[:, :, :2] / depth[:, :, None] - ideal[:, None]
    cost = (weights[:, None] * wrong.square().sum(dim=2)).sum(dim=-1)
    lost = ((weights[:, None] > 0) & ~ahead).any(dim=-1)
    return torch.where(lost | ~cost.isfinite(), torch.inf, cost)


def _posit(ideal: Tensor, problems: Problems) -> Tensor:
    """(b, 3, 3) rotations by orthography scaled anew for each point (DeMenthon and Davis 1995)."""
    weights = problems.weights
    share = (weights / weights.sum(dim=1, keepdim=True))[:, None]
    points = problems.object - (share * problems.object).sum(dim=-1, keepdim=True)
    spread = (share * points) @ points.mT
    ridge = _RIDGE * spread.diagonal(dim1=1, dim2=2).sum(dim=1) + torch.finfo(spread.dtype).tiny
    eye = torch.eye(3, dtype=spread.dtype, device=spread.device)
    columns = torch.linalg.solve_ex(spread + ridge[:, None, None] * eye, share * points)[0]
    scaled = ideal
    rotation = eye.expand(len(ideal), 3, 3)
    for _ in range(_ROUNDS):
        rows = (scaled - (share * scaled).sum(dim=-1, keepdim=True)) @ columns.mT  # (b, 2, 3)
        scale = torch.linalg.det(rows @ rows.mT).clamp_min(0.0).pow(0.25)
        rotation = _nearest(rows)
        far = (rotation[:, 2:] @ points) * scale[:, None, None]  # relative to the depth of the middle
        scaled = ideal * (1.0 + far.clamp(-0.9, 9.0))
    return rotation


def _nearest(rows: Tensor) -> Tensor:
    """(b, 2, 3) -> (b, 3, 3) the rotations whose first two rows are likest to them."""
    first, second = rows.unbind(dim=1)
    one = torch.nn.functional.normalize(first, dim=-1)
    two = torch.nn.functional.normalize(second, dim=-1)
    # both give way by the same angle
    middle = torch.nn.functional.normalize(one + two, dim=-1)
    aside = torch.nn.functional.normalize(
        one - two - ((one - two) * middle).sum(-1, keepdim=True) * middle, dim=-1
    )
    x, y = (middle + aside) * 0.5**0.5, (middle - aside) * 0.5**0.5
    return torch.stack([x, y, torch.linalg.cross(x, y)], dim=1)
