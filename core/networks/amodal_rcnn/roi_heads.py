"""What is told of each proposal: its kind and box as in torchvision, then all that the object's heads say."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.roi_heads import RoIHeads, fastrcnn_loss
from torchvision.ops import box_iou

from core.networks.amodal_rcnn.chance import chance_of
from core.networks.amodal_rcnn.ignoring import is_ignored
from core.networks.amodal_rcnn.lenses import lenses_of
from core.networks.amodal_rcnn.object_heads import ObjectHeads, Targets, Taught
from core.networks.losses.counted import Counted

_PROPOSALS = 2  # a purpose of chance


class AmodalRoiHeads(RoIHeads):
    """torchvision's box heads with heads of our own behind them.

    Args:
        box: the arguments of torchvision's RoIHeads that concern boxes.
        object_pool: features of an object's box, 14 x 14, for all heads but the box's.
        objects: these heads.
    """

    def __init__(self, box: dict[str, Any], object_pool: nn.Module, objects: ObjectHeads) -> None:
        super().__init__(**box)
        self.object_pool = object_pool
        self.objects = objects

    def forward(
        self,
        features: dict[str, Tensor],
        proposals: list[Tensor],
        image_shapes: list[tuple[int, int]],
        targets: Targets | None = None,
    ) -> tuple[list[dict[str, Tensor]], dict[str, Counted]]:
        """In training the losses, else what is found: see `AmodalRcnn`."""
        if not self.training:
            return self._found(features, proposals, image_shapes, targets), {}
        assert targets is not None
        proposals, matched, labels, offsets = self.select_training_samples(proposals, targets)
        logits, regression = self._boxes_of(features, proposals, image_shapes)
        if len(logits):
            loss_class, loss_box = fastrcnn_loss(logits, regression, labels, offsets)
        else:  # all is ignored
            loss_class, loss_box = logits.sum(), regression.sum()
        count = len(logits)
        losses = {"loss_classifier": Counted(loss_class, count), "loss_box_reg": Counted(loss_box, count)}
        if self.objects.any:
            taught = [torch.where(label > 0)[0] for label in labels]
            boxes = [box[which] for box, which in zip(proposals, taught, strict=True)]
            objects = [one[which] for one, which in zip(matched, taught, strict=True)]
            pooled = self.object_pool(features, boxes, image_shapes)
            losses |= self.objects.losses(pooled, Taught(boxes, objects, targets))
        return [], losses

    def select_training_samples(
        self, proposals: list[Tensor], targets: Targets | None
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
        """As torchvision's, without the proposals over what is to be ignored; those of objects stay.

        Which of them teach is drawn for each picture by its own chance, if it has one.
        """
        assert targets is not None
        drawn: tuple[list[Tensor], ...] = ([], [], [], [])
        for box, target in zip(proposals, targets, strict=True):
            kept = box[~is_ignored(box, target) | self._of_objects(box, target["boxes"])]
            with chance_of(target, _PROPOSALS):
                each = super().select_training_samples([kept], [target])
            for all_of_them, [one] in zip(drawn, each, strict=True):
                all_of_them.append(one)
        boxes, matched, labels, offsets = drawn
        return boxes, matched, labels, offsets

    def _of_objects(self, boxes: Tensor, objects: Tensor) -> Tensor:
        """(n,) whether each box would be matched with one of the objects."""
        if not len(objects):
            return boxes.new_zeros(len(boxes)).bool()
        best = box_iou(boxes, objects.to(boxes.dtype)).amax(dim=1)
        return best >= self.proposal_matcher.high_threshold

    def _boxes_of(
        self, features: dict[str, Tensor], proposals: list[Tensor], shapes: list[tuple[int, int]]
    ) -> tuple[Tensor, Tensor]:
        return self.box_predictor(self.box_head(self.box_roi_pool(features, proposals, shapes)))

    def _found(
        self,
        features: dict[str, Tensor],
        proposals: list[Tensor],
        shapes: list[tuple[int, int]],
        cameras: Targets | None,
    ) -> list[dict[str, Tensor]]:
        logits, regression = self._boxes_of(features, proposals, shapes)
        boxes, scores, labels = self.postprocess_detections(logits, regression, proposals, shapes)
        found = [
            {"boxes": box, "labels": label, "scores": score}
            for box, label, score in zip(boxes, labels, scores, strict=True)
        ]
        if self.objects.any:
            counts = [len(box) for box in boxes]
            pooled = self.object_pool(features, boxes, shapes)
            lenses = lenses_of(cameras, boxes)
            told = self.objects.found(pooled, torch.cat(boxes), torch.cat(labels), lenses)
            for name, values in told.items():
                for one, part in zip(found, values.split(counts), strict=True):
                    one[name] = part
        return found
