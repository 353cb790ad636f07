"""Windows out of pictures, at the objects' size in the whole picture: steps that cost less on a processor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import masks_to_boxes

from core.evaluation.keypoints import TAGS
from core.records.shapes import KeypointTag
from core.training.composites import Sample, Target
from core.training.data.augment import Augment, in_light, mirrored, zoomed
from core.training.data.detection import PER_OBJECT, sorted_out

_TRUNCATED = TAGS.index(KeypointTag.TRUNCATED)
_LEAST_LEFT = 0.25  # of an object within the window, else it is ignored
_ABOUT_AN_OBJECT = 0.9  # share of the windows


@dataclass(frozen=True, slots=True)
class Windows(Augment):
    """Changes samples as `Augment` does, and then takes a window out of each, mostly about an object of it.

    Attributes:
        height, width: of the windows, pixels.
    """

    height: int = 192
    width: int = 320

    def __call__(self, sample: Sample) -> Sample:
        image, target = sample
        if float(torch.rand(())) < self.flip:
            image, target = mirrored(image, target)
        low, high = math.log(self.further), math.log(self.nearer)
        scale = math.exp(low + (high - low) * float(torch.rand(())))
        place = torch.rand(2) * torch.tensor([image.shape[2], image.shape[1]])
        boxes = target["boxes"]
        if len(boxes) and float(torch.rand(())) < _ABOUT_AN_OBJECT:
            box = boxes[int(torch.randint(len(boxes), ()))]
            place = box[:2] + torch.rand(2) * (box[2:] - box[:2])
        # what is not in the window is not drawn anew
        corner, start, sides = [], [], []
        for middle, side, whole in zip(
            place.tolist(), (self.width, self.height), (image.shape[2], image.shape[1]), strict=True
        ):
            aside = (float(torch.rand(())) - 0.5) * side / 2
            begins = min(max(middle + (aside - side / 2) / scale, 0.0), max(whole - side / scale, 0.0))
            sides.append(math.ceil(side / min(scale, 1.0)) + 2)
            corner.append(max(0, min(int(begins), whole - sides[-1])))
            start.append(-scale * (begins - corner[-1]))
        image, target = cut(image, target, sides[1], sides[0], (corner[0], corner[1]))
        image, target = zoomed(image, target, scale, (start[0], start[1]))
        image, target = cut(image, target, self.height, self.width)
        brightness, contrast, colour = (1 + self.light * (2 * torch.rand(3) - 1)).tolist()
        tint = 1 + self.light * (torch.rand(3) - 0.5)
        return in_light(image, brightness, contrast, colour, tint), target


def cut(image: Tensor, target: Target, height: int, width: int, corner: tuple[int, int] = (0, 0)) -> Sample:
    """A window of a sample; objects of which less than a quarter is left in it are ignored, or gone.

    A box that reaches beyond it ends where its mask ends.

    Args:
        corner: its first column and row. The window ends where the picture does.
    """
    left, top = corner
    rows, columns = slice(top, top + height), slice(left, left + width)
    image = image[:, rows, columns].contiguous()
    size = (image.shape[1], image.shape[2])
    limits = torch.tensor([size[1], size[0]], dtype=torch.float32)
    boxes = target["boxes"] - torch.tensor([left, top, left, top], dtype=torch.float32)
    near = (boxes[:, :2] < limits).all(dim=1) & (boxes[:, 2:] > 0).all(dim=1)
    out = {name: one[near] if name in PER_OBJECT else one for name, one in target.items()}
    boxes = boxes[near]
    before = out["masks"].flatten(1).sum(dim=1, dtype=torch.float32)
    for name in ("masks", "modal_masks"):
        out[name] = out[name][:, rows, columns].contiguous()
    after = out["masks"].flatten(1).sum(dim=1, dtype=torch.float32)
    beyond = (boxes[:, :2] < 0).any(dim=1) | (boxes[:, 2:] > limits).any(dim=1)
    again = beyond & (after > 0)
    if bool(again.any()):
        boxes[again] = masks_to_boxes(out["masks"][again]) + torch.tensor([0.0, 0.0, 1.0, 1.0])
    out["boxes"] = boxes
    out["ignored_boxes"] = out["ignored_boxes"] - torch.tensor([left, top, left, top], dtype=torch.float32)
    points, tags = out["keypoints"].clone(), out["point_tags"].clone()
    points[..., :2] -= torch.tensor([left, top], dtype=torch.float32)
    outside = (points[..., :2] < 0) | (points[..., :2] > limits)
    away = outside.any(dim=2) & (tags >= 0)
    tags[away] = _TRUNCATED
    points[..., 2].masked_fill_(away, 0.0)
    out["keypoints"], out["point_tags"] = points, tags
    matrix = out["intrinsics"].clone()
    matrix[:2] -= torch.tensor([[left], [top]], dtype=torch.float32) * matrix[2]
    out["intrinsics"] = matrix
    return image, sorted_out(out, after >= _LEAST_LEFT * before, size)
