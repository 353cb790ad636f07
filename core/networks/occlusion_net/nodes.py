"""The graph's nodes: points in the coordinates of their object's box, with a confidence.

In those coordinates the box goes from -1 to 1 along both sides. Points outside it lie beyond 1: nothing is
cut off, so that a car at the picture's border keeps all its points.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.geometry.boxes import HALF_PIXEL
from core.networks.occlusion_net.settings import Confidence
from core.networks.precision import exact


def to_box(points: Tensor, boxes: Tensor) -> Tensor:
    """Points in the coordinates of their boxes.

    Args:
        points: (B, K, 2) pixels, (0, 0) the centre of the top left pixel.
        boxes: (B, 4) left, top, right, bottom, pixels on pixel edges.

    Returns:
        (B, K, 2).
    """
    return (points + HALF_PIXEL - _middle(boxes)) / _half(boxes)


def from_box(points: Tensor, boxes: Tensor) -> Tensor:
    """Undoes `to_box`."""
    return points * _half(boxes) + _middle(boxes) - HALF_PIXEL


@exact
def nodes_from_heat_maps(logits: Tensor, confidence: Confidence = Confidence.PROBABILITY) -> Tensor:
    """The likeliest cell of each heat map, which spans the box.

    Args:
        logits: (B, K, H, W), one map for each point, as of Keypoint R-CNN.
        confidence: with LOGIT, cells are named as the released code does, by their top left corners.

    Returns:
        (B, K, 3): x, y in the coordinates of the box, and the confidence.
    """
    height, width = logits.shape[-2:]
    flat = logits.flatten(2)
    best, cell = flat.max(dim=2)
    within = 0.0 if confidence is Confidence.LOGIT else 0.5
    x = (cell % width + within) * (2.0 / width) - 1.0
    y = (cell // width + within) * (2.0 / height) - 1.0
    sure = best if confidence is Confidence.LOGIT else (best - flat.logsumexp(dim=2)).exp()
    return torch.stack([x.to(sure.dtype), y.to(sure.dtype), sure], dim=2)


def _middle(boxes: Tensor) -> Tensor:
    return ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]


def _half(boxes: Tensor) -> Tensor:
    return ((boxes[:, 2:] - boxes[:, :2]) / 2)[:, None]
