"""PnP as a layer: the pose of least reprojection error, with gradients by the implicit function theorem.

At the minimum the objective's gradient f(y; x, Z, K, w) by the pose is zero, and stays so when the inputs
change: dy/dx = -[df/dy]^-1 df/dx, with df/dy the whole 6x6 Hessian (ALGORITHMS 5.4; BPnP, Chen et al., CVPR
2020, whose code multiplies residuals by depth and so differentiates another condition).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from core.networks.pnp.objective import Poses, Problems, Seen, by_points, by_rays, look
from core.networks.pnp.solver import Found, solve, spread
from core.networks.rotations import rotations_from_6d, rotations_to_6d

FEWEST_POINTS = 4
"""Three points leave up to four poses."""


_AHEAD = (0.0, 0.0, 1.0)


class Trouble(IntEnum):
    """Why a pose gives no gradient."""

    NONE = 0
    TOO_FEW_POINTS = 1  # fewer than FEWEST_POINTS have weight, or a number is not finite
    BEHIND_CAMERA = 2  # no pose was found that puts the points before the camera
    NOT_CONVERGED = 3  # the gradient does not vanish, or vanishes at no minimum
    ILL_CONDITIONED = 4  # some motion hardly changes the picture
    MISFIT = 5  # the object does not look like the points


@dataclass(frozen=True, slots=True)
class PnPSettings:
    """When a pose is not to be trusted.

    Attributes:
        most_condition: of the Hessian, with turns in radians and the translation in units of the distance.
        most_misfit: of the root mean square residual, as a share of how far the image points spread about
            their middle.
        longest_step: that Newton's method would still go: radians, and shares of the distance.
    """

    most_condition: float = 1e10
    most_misfit: float = 0.5
    longest_step: float = 1e-9


@dataclass(frozen=True, eq=False)
class PnPResult:
    """Poses of a batch.

    Attributes:
        rotation: (B, 3, 3), translation: (B, 3) metres: object to camera. Always finite.
        trouble: (B,) int64, see Trouble; where it is not NONE no gradient flows.
        rms_px: (B,) root mean square of the weighted residuals; without gradient.
    """

    rotation: Tensor
    translation: Tensor
    trouble: Tensor
    rms_px: Tensor

    @property
    def held(self) -> Tensor:
        """(B,) bool: poses with a gradient."""
        return self.trouble == Trouble.NONE


def solve_pnp(
    image_points: Tensor,
    object_points: Tensor,
    matrix: Tensor,
    weights: Tensor | None = None,
    *,
    start: tuple[Tensor, Tensor] | None = None,
    settings: PnPSettings | None = None,
) -> PnPResult:
    """The poses that minimise sum_i w_i |x_i - pi(R Z_i + t)|^2, differentiable by all its inputs.

    All is worked out in float64, and comes back in the image points' kind. A device without float64 (MPS) has
    the small systems solved on the CPU.

    Args:
        image_points: (B, N, 2) pixels of an ideal lens, (0, 0) the centre of the top left pixel.
        object_points: (B, N, 3) or (N, 3), metres, in the object's own frame.
        matrix: (B, 3, 3) or (3, 3) intrinsics, pixels.
        weights: (B, N) or (N,), not negative; ones where None. What lies at a point of weight 0 is ignored.
        start: rotations (B, 3, 3) and translations (B, 3) to begin at; None to try several.
        settings: when a pose is not to be trusted.

    Returns:
        The poses. Second derivatives are not to be had.
    """
    count, points = image_points.shape[:2]
    share = image_points.new_ones(count, points) if weights is None else weights
    begin = (None, None) if start is None else start
    rotation, translation, trouble, rms = _Solve.apply(
        image_points,
        object_points.expand(count, points, 3),
        matrix.expand(count, 3, 3),
        share.expand(count, points),
        *begin,
        settings or PnPSettings(),
    )
    return PnPResult(rotation, translation, trouble, rms)


def working_device(device: torch.device) -> torch.device:
    """Where to work in float64: the device itself, or the CPU where it has none."""
    return torch.device("cpu") if device.type == "mps" else device


class _Solve(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        image: Tensor,
        points: Tensor,
        matrix: Tensor,
        weights: Tensor,
        rotation: Tensor | None,
        translation: Tensor | None,
        settings: PnPSettings,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        given = Problems(*(_double(one) for one in (image.mT, points.mT, matrix, weights)))
        usable = _usable(given)
        rows = usable.nonzero()[:, 0]
        start = None
        if rotation is not None and translation is not None:
            # a network's rotation is one to its own precision only
            turn = rotations_from_6d(rotations_to_6d(_double(rotation)))
            start = Poses(turn[rows], _double(translation)[rows])
        problems, ctx.told = _mended(given.of(rows))
        found = solve(problems, start)
        trouble, rms = _judged(problems, found, settings)
        poses = _told(found.poses)
        ctx.rows, ctx.problems, ctx.poses, ctx.hessian = rows, problems, poses, found.hessian
        ctx.held, ctx.count = trouble == Trouble.NONE, len(image)
        out = (
            _scattered(poses.rotation, rows, torch.eye(3).expand(len(image), 3, 3)),
            _scattered(poses.translation, rows, torch.tensor(_AHEAD).expand(len(image), 3)),
            _scattered(trouble, rows, torch.full((len(image),), int(Trouble.TOO_FEW_POINTS))),
            _scattered(rms, rows, torch.zeros(len(image))),
        )
        # whole numbers stay whole
        told = [one.to(image.device, image.dtype if one.is_floating_point() else one.dtype) for one in out]
        # what is given back is to be marked, and no other tensor
        ctx.mark_non_differentiable(told[2], told[3])
        return told[0], told[1], told[2], told[3]

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, by_rotation: Tensor, by_translation: Tensor, *_: Tensor
    ) -> tuple[Tensor | None, ...]:
        problems, poses, rows = ctx.problems, ctx.poses, ctx.rows
        push = _pushed(poses, _double(by_rotation)[rows], _double(by_translation)[rows])
        distance = poses.translation.norm(dim=1, keepdim=True)
        scale = torch.cat([torch.ones_like(poses.translation), distance.expand(-1, 3)], dim=1)
        held = ctx.held[:, None]
        step = torch.linalg.solve_ex(ctx.hessian, push * scale)[0] * scale
        step = torch.where(held, step, 0.0)
        *grads, by_weights = _pulled(problems, poses, look(problems, poses), step)
        # what is no point would not pull whatever its weight
        grads.append(torch.where(ctx.told, by_weights, 0.0))
        kinds = (by_rotation.device, by_rotation.dtype)
        back: list[Tensor | None] = []
        for one, wanted in zip(grads, ctx.needs_input_grad, strict=False):
            if not wanted:
                back.append(None)
                continue
            clean = torch.where(ctx.held.reshape(-1, *[1] * (one.dim() - 1)), one, 0.0)
            whole = _scattered(clean, rows, one.new_zeros(ctx.count, *one.shape[1:]))
            back.append(whole.to(*kinds))
        return (*back, None, None, None)


def _double(tensor: Tensor) -> Tensor:
    return tensor.detach().to(working_device(tensor.device)).double()


def _usable(problems: Problems) -> Tensor:
    """(B,) rows with finite numbers and enough points; a point without weight may be anything."""
    idle = problems.weights == 0
    whole = (
        (problems.image.isfinite().all(dim=1) | idle).all(dim=1)
        & (problems.object.isfinite().all(dim=1) | idle).all(dim=1)
        & (problems.weights.isfinite() & (problems.weights >= 0)).all(dim=1)
        & problems.matrix.isfinite().all(dim=2).all(dim=1)
    )
    return whole & ((problems.weights > 0).sum(dim=1) >= FEWEST_POINTS)


def _mended(problems: Problems) -> tuple[Problems, Tensor]:
    """The same with finite numbers only, and (b, n) where they were."""
    told = problems.image.isfinite().all(dim=1) & problems.object.isfinite().all(dim=1)
    image, points = (torch.where(told[:, None], one, 0.0) for one in (problems.image, problems.object))
    return Problems(image, points, problems.matrix, problems.weights), told


def _told(poses: Poses) -> Poses:
    """The same, with any pose in place of those that have run out of all numbers."""
    lost = ~(poses.rotation.isfinite().all(dim=2).all(dim=1) & poses.translation.isfinite().all(dim=1))
    eye, ahead = torch.eye(3).to(poses.rotation), torch.tensor(_AHEAD).to(poses.translation)
    return Poses(
        torch.where(lost[:, None, None], eye, poses.rotation),
        torch.where(lost[:, None], ahead, poses.translation),
    )


def _judged(problems: Problems, found: Found, settings: PnPSettings) -> tuple[Tensor, Tensor]:
    """(b,) Trouble, and (b,) root mean square residual, pixels."""
    total = problems.weights.sum(dim=1)
    rms = (2.0 * found.cost / total).sqrt()
    misfit = rms > settings.most_misfit * (spread(problems.image, problems.weights) / total).sqrt()
    values = torch.linalg.eigvalsh(torch.where(found.hessian.isfinite(), found.hessian, 0.0))
    sizes = values.abs()
    flat = ~(sizes.amax(dim=1) < settings.most_condition * sizes.amin(dim=1))
    trouble = torch.zeros(len(rms), dtype=torch.int64, device=rms.device)
    # the last that holds is the one that is told
    for kind, holds in (
        (Trouble.MISFIT, misfit),
        (Trouble.NOT_CONVERGED, ~(found.step < settings.longest_step) | (values[:, 0] <= 0)),
        (Trouble.ILL_CONDITIONED, flat),
        (Trouble.BEHIND_CAMERA, ~found.cost.isfinite()),
    ):
        trouble = torch.where(holds, int(kind), trouble)
    return trouble, torch.where(rms.isfinite(), rms, 0.0)


def _pushed(poses: Poses, by_rotation: Tensor, by_translation: Tensor) -> Tensor:
    """(b, 6) the loss's derivative by a small turn, exp(w) R, and by the translation."""
    spin = by_rotation @ poses.rotation.mT  # sum_ij G_ij ([w] R)_ij = sum_ij (G R^T)_ij [w]_ij
    turn = torch.stack(
        [
            spin[:, 2, 1] - spin[:, 1, 2],
            spin[:, 0, 2] - spin[:, 2, 0],
            spin[:, 1, 0] - spin[:, 0, 1],
        ],
        dim=1,
    )
    return torch.cat([turn, by_translation], dim=1)


def _pulled(problems: Problems, poses: Poses, seen: Seen, step: Tensor) -> tuple[Tensor, ...]:
    """-d(v.f)/d(.) for image points (b, n, 2), object points (b, n, 3), matrix and weights.

    With s = v_w x (R Z) + v_t, v.f is the sum of s.g over the points, where g is the cost's derivative by the
    point in the camera's frame.
    """
    turn, place = step[:, :3, None], step[:, 3:, None]
    moves = torch.linalg.cross(turn.expand_as(seen.turned), seen.turned, dim=1) + place
    rays = problems.matrix @ moves
    depth = seen.rays[:, 2:]
    flow = (rays[:, :2] - seen.pixels * rays[:, 2:]) / depth  # the pixels' way
    weights = problems.weights[:, None]
    on_rays, on_points = by_rays(problems, seen), by_points(problems, seen)
    # the second derivative by the rays, along their own way
    pull = weights * flow / depth - on_rays[:, :2] * rays[:, 2:] / depth
    last = -(pull * seen.pixels).sum(dim=1, keepdim=True) - (on_rays[:, :2] * flow).sum(dim=1, keepdim=True)
    bent = torch.cat([pull, last], dim=1)
    by_object = torch.linalg.cross(on_points, turn.expand_as(on_points), dim=1) + problems.matrix.mT @ bent
    points = seen.turned + poses.translation[..., None]
    return (
        (weights * flow).mT,
        -(poses.rotation.mT @ by_object).mT,
        -(on_rays @ moves.mT + bent @ points.mT),
        torch.where(seen.ahead, -(seen.residuals * flow).sum(dim=1), 0.0),
    )


def _scattered(values: Tensor, rows: Tensor, rest: Tensor) -> Tensor:
    """Values at some rows, and the rest elsewhere."""
    out = rest.to(values.device, values.dtype).clone()
    out[rows] = values
    return out
