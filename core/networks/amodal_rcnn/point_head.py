"""Keypoints of cars and people with a tag each: where they are, hidden or not, and what hides them.

Heat maps as in Keypoint R-CNN (He et al., ICCV 2017), one for each point of both templates; a point's tag is
told from what its own heat map looks at.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.roi_heads import keypoints_to_heatmap

from core.networks.amodal_rcnn.settings import POINTS
from core.networks.losses.counted import Counted

TAGS = 4
"""Visible, self-occluded, other-occluded, truncated: the order of core.evaluation.keypoints.TAGS."""

_LOOK = 64
_TAG_WIDTH = 128


@dataclass(frozen=True, slots=True, eq=False)
class PointLogits:
    """Of n boxes.

    Attributes:
        heat: (n, 29, 56, 56) how much speaks for a point's being in a cell of the box.
        tags: (n, 29, 4) how much speaks for each tag; None where only places are told.
    """

    heat: Tensor
    tags: Tensor | None


class PointHead(nn.Module):
    """From an object's features, (n, C, 14, 14), to its points.

    Args:
        channels: C. convolutions, width: of the stack. tagged: whether there are tags.
    """

    def __init__(self, channels: int, convolutions: int, width: int, *, tagged: bool) -> None:
        super().__init__()
        self.stack = KeypointRCNNHeads(channels, [width] * convolutions)
        self.heat = KeypointRCNNPredictor(width, POINTS)
        self.tags = _TagHead(width) if tagged else None

    def forward(self, features: Tensor) -> PointLogits:
        seen = self.stack(features)
        heat = self.heat(seen)
        return PointLogits(heat, None if self.tags is None else self.tags(seen, heat))


class _TagHead(nn.Module):
    """A point's tag from the features where its heat map is, and from which point it is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(width, _LOOK, 1)
        self.name = nn.Parameter(torch.empty(POINTS, _LOOK))
        self.tag = nn.Sequential(nn.Linear(2 * _LOOK, _TAG_WIDTH), nn.ReLU(), nn.Linear(_TAG_WIDTH, TAGS))
        nn.init.normal_(self.name, std=0.1)

    def forward(self, seen: Tensor, heat: Tensor) -> Tensor:
        """(n, 29, 4) from (n, C, 14, 14) and (n, 29, 56, 56)."""
        # tags do not teach places
        share = functional.adaptive_avg_pool2d(_shares(heat.detach()), seen.shape[-1])
        share = (share / share.sum(dim=(2, 3), keepdim=True)).to(seen.dtype)
        looked = torch.einsum("nphw,nchw->npc", share, self.look(seen))
        named = self.name.to(looked.dtype).expand(len(looked), -1, -1)
        return self.tag(torch.cat([looked, named], dim=2))


def point_losses(logits: PointLogits, boxes: Tensor, points: Tensor, tags: Tensor) -> dict[str, Counted]:
    """Cross-entropy of each labelled point's place in its box, and of its tag; means over such points.

    Args:
        logits: of n boxes.
        boxes: (n, 4) left, top, right, bottom, pixels.
        points: (n, 29, 3) x, y and COCO's v; those with v = 0 or outside the box have no place.
        tags: (n, 29) 0 to 3, or -1 where there is no label.
    """
    heat = logits.heat.float().flatten(0, 1).flatten(1)
    place, placed = keypoints_to_heatmap(points.float(), boxes.float(), logits.heat.shape[-1])
    losses = {"loss_point": _mean_cross_entropy(heat, place.flatten(), placed.flatten().bool())}
    if logits.tags is not None:
        known = tags.flatten() >= 0
        losses["loss_tag"] = _mean_cross_entropy(logits.tags.float().flatten(0, 1), tags.flatten(), known)
    return losses


def _mean_cross_entropy(logits: Tensor, target: Tensor, which: Tensor) -> Counted:
    """Over those that are meant; 0, with a gradient of zeros, where there are none."""
    total = functional.cross_entropy(logits[which], target[which], reduction="sum")
    count = which.sum()
    return Counted(total / count.clamp(min=1), count)


def places_of(heat: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Where heat maps have their peaks, refined by a parabola through the neighbours.

    Args:
        heat: (n, k, S, S) logits.
        boxes: (n, 4) left, top, right, bottom, pixels on pixel edges.

    Returns:
        (n, k, 2) pixels on pixel edges, and (n, k) the share of the heat map's probability that is in the
        peak's cell and those around it.
    """
    side = heat.shape[-1]
    logits = heat.float()
    best = logits.flatten(2).argmax(dim=2)
    row, column = best // side, best % side
    x = (column + 0.5 + _beside(logits, row, column, 0, 1)) / side
    y = (row + 0.5 + _beside(logits, row, column, 1, 0)) / side
    near = 9 * functional.avg_pool2d(_shares(logits), 3, 1, 1)
    score = near.flatten(2).gather(2, best[:, :, None])[:, :, 0].clamp(0.0, 1.0)
    return _in_boxes(torch.stack([x, y], dim=2), boxes), score


def expected_places(heat: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The mean place over each heat map's probability, with gradients, and how far that spreads.

    Args:
        heat, boxes: as for `places_of`.

    Returns:
        (n, k, 2) pixels on pixel edges, and (n, k) the variance, in shares of the box's sides squared.
    """
    share = _shares(heat)
    side = heat.shape[-1]
    at = (torch.arange(side, device=heat.device, dtype=torch.float32) + 0.5) / side
    across, down = share.sum(2), share.sum(3)
    x, y = (across * at).sum(2), (down * at).sum(2)
    spread = (across * (at - x[..., None]).square()).sum(2) + (down * (at - y[..., None]).square()).sum(2)
    return _in_boxes(torch.stack([x, y], dim=2), boxes), spread


def _shares(heat: Tensor) -> Tensor:
    """The probability of each cell, in float32."""
    return heat.float().flatten(2).softmax(2).view_as(heat)


def _in_boxes(places: Tensor, boxes: Tensor) -> Tensor:
    """(n, k, 2) shares of the boxes' sides -> pixels."""
    corner, far = boxes.float()[:, None, :2], boxes.float()[:, None, 2:]
    return corner + places * (far - corner)


def _beside(logits: Tensor, row: Tensor, column: Tensor, down: int, across: int) -> Tensor:
    """(n, k) how far beside the peak a parabola has its top along one axis, -0.5 to 0.5 cells."""
    side = logits.shape[-1]

    def at(step: int) -> Tensor:
        r, c = (row + step * down).clamp(0, side - 1), (column + step * across).clamp(0, side - 1)
        return logits.flatten(2).gather(2, (r * side + c)[:, :, None])[:, :, 0]

    before, here, after = at(-1), at(0), at(1)
    bend = before - 2 * here + after
    step = torch.where(bend < 0, 0.5 * (before - after) / bend.clamp(max=-1e-6), torch.zeros_like(bend))
    place = row if down else column
    inside = (place > 0) & (place < side - 1)
    return torch.where(inside, step.clamp(-0.5, 0.5), torch.zeros_like(step))
