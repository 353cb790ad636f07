"""Poses of least reprojection error for many objects at once: Levenberg and Marquardt's, then Newton's steps.

The gradient by the implicit function theorem holds where the objective's own gradient vanishes, and only
there: so the last steps are Newton's, with the whole Hessian, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.networks.pnp.objective import POSE, Poses, Problems, Slopes, hessian, look, slopes
from core.networks.pnp.starts import best_starts, mirrored

_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-12, 1e8
_STARTS = 4
_EARLY_STEPS, _STEPS, _NEWTON_STEPS = 10, 60, 3
_PROMISE = 1e-12
"""Newton's steps begin where no more is to be gained than this share of the image points' own spread."""


@dataclass(frozen=True, eq=False)
class Found:
    """Where the search has arrived.

    Attributes:
        poses: the last of each row, finite.
        cost: (b,) half the weighted sum of squares, inf where no pose puts the points before the camera.
        hessian: (b, 6, 6) there, with the translation in units of the distance.
        step: (b,) how long the last of Newton's steps was, radians and shares of the distance.
    """

    poses: Poses
    cost: Tensor
    hessian: Tensor
    step: Tensor


def solve(problems: Problems, start: Poses | None) -> Found:
    """The poses of least error.

    Args:
        start: where to begin; None to begin at several poses of a grid, of which the best goes on.
    """
    if start is None:
        start = _best(problems)
    return _polish(problems, _descend(problems, start, _STEPS))


def _best(problems: Problems) -> Poses:
    """The most promising pose of several starts after a few steps, or its mirrored one if that is better."""
    rows = len(problems.image)
    starts, usable = best_starts(problems, _STARTS)
    every = torch.arange(rows, device=problems.image.device)
    several = problems.of(every.repeat_interleave(_STARTS))
    then = _descend(several, starts, _EARLY_STEPS)
    cost = look(several, then).cost.reshape(rows, _STARTS)
    which = torch.where(usable & cost.isfinite(), cost, torch.inf).argmin(dim=1)
    best = then.of(every * _STARTS + which)
    other = _descend(problems, mirrored(problems, best), _EARLY_STEPS)
    better = look(problems, other).cost < look(problems, best).cost
    return Poses(
        torch.where(better[:, None, None], other.rotation, best.rotation),
        torch.where(better[:, None], other.translation, best.translation),
    )


def _descend(problems: Problems, start: Poses, most: int) -> Poses:
    """Damped steps downhill. A row that has arrived drops out of the work."""
    rotation, translation = start.rotation.clone(), start.translation.clone()
    rows = torch.arange(len(rotation), device=rotation.device)
    damping = torch.full_like(translation[:, 0], _FIRST_DAMPING)
    enough = _PROMISE * _spread(problems)
    here, those = start, problems
    seen = look(those, here)
    for _ in range(most):
        if not len(rows):
            break
        at = slopes(those, seen)
        step, promise = _damped_step(those, here, at, hessian(those, seen, at), damping)
        then = here.stepped(step)
        after = look(those, then)
        better = (after.cost <= seen.cost) & after.cost.isfinite()
        rotation[rows] = torch.where(better[:, None, None], then.rotation, here.rotation)
        translation[rows] = torch.where(better[:, None], then.translation, here.translation)
        damping = torch.where(better, damping / 10, damping * 10).clamp_min(_LEAST_DAMPING)
        going = seen.cost.isfinite() & (promise > enough) & (damping < _MOST_DAMPING)
        rows, damping, enough = rows[going], damping[going], enough[going]
        here, those = Poses(rotation[rows], translation[rows]), problems.of(rows)
        seen = look(those, here)
    return Poses(rotation, translation)


def _damped_step(
    problems: Problems, poses: Poses, at: Slopes, whole: Tensor, damping: Tensor
) -> tuple[Tensor, Tensor]:
    """(b, 6) step and (b,) what it promises; by the whole Hessian where it is convex."""
    scale = _scale(poses)
    gradient = at.gradient * scale
    both = torch.stack([whole, at.gauss_newton]) * scale[:, :, None] * scale[:, None]
    # Marquardt's damping, the same for both
    extent = damping[:, None] * both[1].diagonal(dim1=1, dim2=2) + torch.finfo(both.dtype).tiny
    both = both + torch.diag_embed(extent)
    factor, failed = torch.linalg.cholesky_ex(both)
    chosen = torch.where((failed[0] == 0)[:, None, None], factor[0], factor[1])
    step = -torch.cholesky_solve(gradient[..., None], chosen)[..., 0]
    step = torch.where(step.isfinite().all(dim=1, keepdim=True), step, 0.0)
    return step * scale, -(step * gradient).sum(dim=1)


def _polish(problems: Problems, poses: Poses) -> Found:
    """Newton's own steps, which double the number of right digits each, and how long the last one is."""
    step = torch.zeros_like(poses.translation[:, 0])
    for _ in range(_NEWTON_STEPS):
        move, step, _ = _newton(problems, poses)
        # a step that is long is none of the last
        poses = poses.stepped(torch.where((step < 0.1)[:, None], move, 0.0))
    _, step, whole = _newton(problems, poses)
    return Found(poses, look(problems, poses).cost, whole, step)


def _newton(problems: Problems, poses: Poses) -> tuple[Tensor, Tensor, Tensor]:
    """(b, 6) step, (b,) its length without units, (b, 6, 6) the Hessian without units."""
    seen = look(problems, poses)
    at = slopes(problems, seen)
    scale = _scale(poses)
    whole = hessian(problems, seen, at) * scale[:, :, None] * scale[:, None]
    step = -torch.linalg.solve_ex(whole, at.gradient * scale)[0]
    length = step.norm(dim=1)
    return step * scale, torch.where(length.isfinite(), length, torch.inf), whole


def _scale(poses: Poses) -> Tensor:
    """(b, 6) one radian, and the distance: what a step is measured by."""
    distance = poses.translation.norm(dim=1, keepdim=True).clamp_min(
        torch.finfo(poses.translation.dtype).tiny
    )
    return torch.cat([torch.ones_like(poses.translation), distance.expand(-1, POSE - 3)], dim=1)


def _spread(problems: Problems) -> Tensor:
    """(b,) weighted sum of the image points' squared distances from their middle."""
    return spread(problems.image, problems.weights)


def spread(image: Tensor, weights: Tensor) -> Tensor:
    """(b,) weighted sum of squared distances of points (b, 2, n) from their weighted middle."""
    share = weights[:, None] / weights.sum(dim=1)[:, None, None]
    off = image - (share * image).sum(dim=-1, keepdim=True)
    return (weights * off.square().sum(dim=1)).sum(dim=1)
