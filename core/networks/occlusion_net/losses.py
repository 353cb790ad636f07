"""What Occlusion-Net learns from: edges, hidden points by labels or by other cameras, and the shape.

All sums over points are divided by how many points the batch has, as in the release, so that a batch with
more to learn from pulls more. Each says what it is a mean over: `core.networks.losses.counted`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.networks.losses.counted import Counted, mean_over
from core.networks.occlusion_net.graph import Graph
from core.networks.occlusion_net.network import OcclusionOutput
from core.networks.occlusion_net.settings import HiddenFrom, OcclusionLossSettings
from core.networks.precision import exact
from core.networks.rotations import cross_matrix


@dataclass(frozen=True, eq=False)
class OtherViews:
    """Where two other calibrated cameras see the same cars.

    Attributes:
        first, second: (B, K, 2) in the coordinates of the cars' boxes there.
        tensors: (B, 3, 3, 3) of `core.geometry.trifocal.trifocal_tensor(first, own, second)`, with matrices
            `in_box`.
        seen: (B, K) bool: points that both of them see.
    """

    first: Tensor
    second: Tensor
    tensors: Tensor
    seen: Tensor


@dataclass(frozen=True, eq=False)
class OcclusionTargets:
    """What is true.

    Attributes:
        points: (B, K, 2) in the coordinates of the box; any finite number where not labelled.
        labelled: (B, K) bool: points whose place is known.
        visible: (B, K) bool. known: (B, K) bool: points of which it is known whether they are visible.
        others: where other cameras see them, or None.
        placed: (B, K, 3) metres, camera frame, or None; has_placed: (B,) bool: whose numbers hold.
    """

    points: Tensor
    labelled: Tensor
    visible: Tensor
    known: Tensor
    others: OtherViews | None = None
    placed: Tensor | None = None
    has_placed: Tensor | None = None


def occlusion_losses(
    output: OcclusionOutput, targets: OcclusionTargets, graph: Graph, settings: OcclusionLossSettings
) -> dict[str, Counted]:
    """The losses by name, each times its weight; the whole is their sum."""
    hidden = targets.known & ~targets.visible
    edge = edge_loss(output.edge_logits, targets.visible, targets.known, graph)
    losses = {"edge": edge.times(settings.edge)}
    learned = targets.labelled & targets.known & targets.visible & settings.seen_too
    elsewhere = hidden
    if settings.hidden_from is HiddenFrom.LABELS:
        learned = learned | (targets.labelled & hidden)
        elsewhere = hidden & ~targets.labelled
    if targets.others is not None:
        others = targets.others
        losses["trifocal"] = trifocal_loss(
            output.points, others.first, others.second, others.tensors, elsewhere & others.seen
        ).times(settings.trifocal)
    if settings.inside_box_only:
        learned = learned & (targets.points.abs() <= 1.0).all(dim=2)
    keypoint = keypoint_loss(output.points, targets.points, learned, settings.keypoint_variance)
    losses["keypoint"] = keypoint.times(settings.keypoint)
    if output.shape is not None:
        losses["reprojection"] = reprojection_loss(
            output.shape.projected, output.points, settings.reprojection_variance
        ).times(settings.reprojection)
        placed = output.shape.placed
        if placed is not None and targets.placed is not None and targets.has_placed is not None:
            three_d = three_d_loss(placed, targets.placed, targets.has_placed)
            losses["three_d"] = three_d.times(settings.three_d)
    return losses


def edge_loss(logits: Tensor, visible: Tensor, known: Tensor, graph: Graph) -> Counted:
    """Cross-entropy of edges: 1 where both ends are visible, mean over those of which that is known.

    Args:
        logits: (B, E, 2). visible, known: (B, K) bool.
    """
    both = visible[:, graph.receivers] & visible[:, graph.senders]
    told = known[:, graph.receivers] & known[:, graph.senders]
    each = functional.cross_entropy(logits.flatten(0, 1), both.flatten().long(), reduction="none")
    return mean_over(each, told.flatten())


def keypoint_loss(points: Tensor, target: Tensor, which: Tensor, variance: float) -> Counted:
    """Negative log-likelihood of a Gaussian of fixed variance, without its constant: sum d^2 / (2 v) / (B K).

    Args:
        points, target: (B, K, 2). which: (B, K) bool. variance: in squared half boxes.
    """
    # a place that is not meant must not spoil the sum, whatever stands there
    off = torch.where(which[..., None], points - target, 0.0)
    return _over_all(off.square().sum() / (2.0 * variance), which)


@exact
def trifocal_loss(points: Tensor, first: Tensor, second: Tensor, tensors: Tensor, which: Tensor) -> Counted:
    """Squared Frobenius norm of [x]_x (sum_i x'_i T_i) [x'']_x (ALGORITHMS 3.6), summed over points / (B K).

    Each x is (x, y, 1) over its length, and T is of length 1: no unit and no scale is left.

    Args:
        points: (B, K, 2) predicted. first, second: (B, K, 2) where two others see them.
        tensors: (B, 3, 3, 3). which: (B, K) bool.
    """
    own, one, two = (_unit(torch.where(which[..., None], p, 0.0)) for p in (points, first, second))
    sheets = torch.einsum("bni,bijk->bnjk", one, tensors)
    misses = cross_matrix(own) @ sheets @ cross_matrix(two)
    return _over_all((misses.square().sum(dim=(2, 3)) * which).sum(), which)


def reprojection_loss(projected: Tensor, points: Tensor, variance: float) -> Counted:
    """Squared distance of the shape's points from the refined ones, as `keypoint_loss`; both sides learn.

    Args:
        projected: (B, K, 2), NaN behind the camera, where nothing is learned. points: (B, K, 2).
    """
    return keypoint_loss(projected, points, projected.isfinite().all(dim=2), variance)


def three_d_loss(placed: Tensor, target: Tensor, which: Tensor) -> Counted:
    """How far the car is off in 3D, mean over those that are known; ours.

    Mean squared distance of the points about their middle, square metres, which tells shape and turn; and the
    squared distance of the middles over the square of how far away it is, so that far cars do not drown them.

    Args:
        placed, target: (B, K, 3) metres, camera frame. which: (B,) bool.
    """
    goal = torch.where(which[:, None, None], target, 1.0)
    here, there = placed.mean(dim=1), goal.mean(dim=1)
    own = ((placed - here[:, None]) - (goal - there[:, None])).square().sum(dim=2).mean(dim=1)
    away = (here - there).square().sum(dim=1) / there.square().sum(dim=1)
    return mean_over(own + away, which)


def _over_all(total: Tensor, which: Tensor) -> Counted:
    """A sum over some points (B, K), divided by how many there are, whichever are meant."""
    count = which.numel()
    return Counted(total / max(count, 1), count)


def _unit(points: Tensor) -> Tensor:
    whole = torch.cat([points, torch.ones_like(points[..., :1])], dim=-1)
    return functional.normalize(whole, dim=-1)
