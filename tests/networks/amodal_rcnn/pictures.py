"""A small picture with a car half behind another and somebody beside them, and networks small enough."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.networks.amodal_rcnn.settings import POINTS, AmodalRcnnSettings, points_of
from core.networks.backbones import BackboneName
from core.records.detections import Category
from core.records.keypoints import Template

HEIGHT, WIDTH = 64, 96
NEAR, FAR, PERSON = (10.0, 24.0, 50.0, 52.0), (36.0, 16.0, 72.0, 44.0), (78.0, 14.0, 90.0, 54.0)
CATEGORIES = (Category.CAR, Category.PERSON)


def tiny(**more: Any) -> AmodalRcnnSettings:
    """Settings for pictures of 96 x 64."""
    values: dict[str, Any] = {
        "backbone": BackboneName.RESNET18,
        "channels": 32,
        "anchor_px": 12,
        "categories": CATEGORIES,
        "min_side_px": HEIGHT,
        "max_side_px": WIDTH,
        "proposals": 30,
        "proposals_in_training": 60,
        "sampled": 24,
        "representation": 64,
        "mask_convolutions": 1,
        "mask_channels": 24,
        "point_convolutions": 1,
        "point_channels": 32,
    }
    return AmodalRcnnSettings(**(values | more))


def picture() -> tuple[Tensor, dict[str, Tensor]]:
    """(3, 64, 96), and what is in it: the far car, the near one, which hides a part of it, and a person."""
    boxes = torch.tensor([FAR, NEAR, PERSON])
    whole = torch.stack([_filled(box) for box in boxes])
    modal = whole.clone()
    modal[0] &= 1 - whole[1]
    image = torch.full((3, HEIGHT, WIDTH), 0.4)
    for one, colour in zip(whole, ((0.9, 0.2, 0.1), (0.1, 0.3, 0.9), (0.2, 0.8, 0.2)), strict=True):
        image = torch.where(one.bool(), torch.tensor(colour)[:, None, None], image)
    points, tags = torch.zeros(3, POINTS, 3), torch.full((3, POINTS), -1)
    for row, template in ((0, Template.CAR), (1, Template.CAR), (2, Template.PERSON)):
        which = points_of(template)
        points[row, which] = _spread(boxes[row], template.size)
        column, line = points[row, which, 0].long(), points[row, which, 1].long()
        tags[row, which] = torch.where(modal[row, line, column] > 0, 0, 2)
    return image, {
        "boxes": boxes,
        "labels": torch.tensor([1, 1, 2]),
        "masks": whole,
        "modal_masks": modal,
        "keypoints": points,
        "point_tags": tags,
    }


def _filled(box: Tensor) -> Tensor:
    left, top, right, bottom = box.int().tolist()
    mask = torch.zeros(HEIGHT, WIDTH, dtype=torch.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def _spread(box: Tensor, count: int) -> Tensor:
    """(count, 3) places all over a box, all labelled."""
    share = torch.stack([torch.arange(count) % 4 * 0.25 + 0.125, torch.arange(count) // 4 * 0.2 + 0.1], dim=1)
    return torch.cat([box[:2] + share * (box[2:] - box[:2]), torch.full((count, 1), 2.0)], dim=1)
