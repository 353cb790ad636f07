"""Scales pictures and what is known of them; masks stay as they are, and boxes go back to their pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.models.detection.transform import GeneralizedRCNNTransform, resize_boxes

MASKS = ("masks", "modal_masks")
SCALE = "scale"
IGNORED = "ignored_boxes"
INTRINSICS = "intrinsics"
DISTORTION = "distortion"
"""Of the lens: no scale changes it."""


class AmodalTransform(GeneralizedRCNNTransform):
    """torchvision's, for targets with two masks an object, boxes to ignore and a camera."""

    def resize(
        self, image: Tensor, target: dict[str, Tensor] | None = None
    ) -> tuple[Tensor, dict[str, Tensor] | None]:
        """As torchvision's; `scale` (2,) is how many pixels across and down one pixel became."""
        height, width = image.shape[-2:]
        masks = {} if target is None else {name: target.pop(name) for name in MASKS if name in target}
        image, target = super().resize(image, target)
        if target is not None:
            target.update(masks)
            new_height, new_width = image.shape[-2:]
            scale = torch.tensor([new_width / width, new_height / height], device=image.device)
            target[SCALE] = scale
            if IGNORED in target:
                size = [new_height, new_width]
                target[IGNORED] = resize_boxes(target[IGNORED], [height, width], size)
            if INTRINSICS in target:
                # on pixel edges, where scaling is no more than that
                target[INTRINSICS] = torch.cat([scale, scale.new_ones(1)])[:, None] * target[INTRINSICS]
        return image, target


def in_mask_pixels(boxes: Tensor, target: dict[str, Tensor]) -> Tensor:
    """(n, 4) boxes of a scaled picture in the pixels of its masks."""
    return boxes / target[SCALE].to(boxes.dtype).repeat(2)
