"""Proposals where something stands without a label: it is no object to learn, and no background either."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models.detection.rpn import RegionProposalNetwork

from core.networks.amodal_rcnn.chance import chance_of
from core.networks.amodal_rcnn.transform import IGNORED
from core.networks.losses.counted import Counted

_ANCHORS = 1  # a purpose of chance
_BETA = 1 / 9  # torchvision's, where the loss of a box's offsets becomes straight
_COVERED = 0.5
"""So much of a proposal within one such box, and nothing is learned from it."""


class IgnoringProposals(RegionProposalNetwork):
    """torchvision's, but for anchors over what is to be ignored: they are neither right nor wrong.

    Which anchors teach is drawn for each picture by its own chance, if it has one.
    """

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """As torchvision's, with -1 for all anchors that do not teach: those not drawn, too."""
        labels, boxes = super().assign_targets_to_anchors(anchors, targets)
        each = zip(labels, anchors, targets, strict=True)
        return [self._drawn(label, anchor, target) for label, anchor, target in each], boxes

    def compute_loss(
        self,
        objectness: Tensor,
        pred_bbox_deltas: Tensor,
        labels: list[Tensor],
        regression_targets: list[Tensor],
    ) -> tuple[Counted, Counted]:
        """As torchvision's, over the anchors that were drawn; zeros where there are none."""
        of_all, goal = torch.cat(labels), torch.cat(regression_targets)
        objects = torch.where(of_all == 1)[0]
        drawn = torch.cat([objects, torch.where(of_all == 0)[0]])
        count = len(drawn)
        if not count:
            return Counted(objectness.sum() * 0, count), Counted(pred_bbox_deltas.sum() * 0, count)
        off = (
            functional.smooth_l1_loss(pred_bbox_deltas[objects], goal[objects], beta=_BETA, reduction="sum")
            / count
        )
        logits = objectness.flatten()[drawn]
        told = functional.binary_cross_entropy_with_logits(logits, of_all[drawn])
        return Counted(told, count), Counted(off, count)

    def _drawn(self, label: Tensor, anchors: Tensor, target: dict[str, Tensor]) -> Tensor:
        """(n,) 1 for anchors of objects, 0 for background, -1 for what does not teach."""
        label = label.masked_fill((label == 0) & is_ignored(anchors, target), -1.0)
        with chance_of(target, _ANCHORS):
            [objects], [rest] = self.fg_bg_sampler([label])
        return label.masked_fill(~(objects | rest).bool(), -1.0)


def is_ignored(boxes: Tensor, target: dict[str, Tensor]) -> Tensor:
    """(n,) whether more than half of each box (n, 4) lies within one of the target's ignored boxes."""
    ignored = target.get(IGNORED)
    if ignored is None or not len(ignored):
        return boxes.new_zeros(len(boxes)).bool()
    ignored = ignored.to(boxes.dtype)
    low = boxes[:, None, :2].maximum(ignored[None, :, :2])
    high = boxes[:, None, 2:].minimum(ignored[None, :, 2:])
    both = (high - low).clamp(min=0).prod(dim=2)
    whole = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1).clamp(min=1e-6)
    return (both / whole[:, None]).amax(dim=1) > _COVERED
