"""Pictures changed by chance, with all that is known of them: mirrored, nearer or further, in other light.

In a mirror left is right: a car's right headlight becomes its left one, and so do its tags. What is known in
3D is mirrored with it, exactly: the camera's frame by x, the car's own by y and the body's by x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from core.evaluation.keypoints import TAGS
from core.networks.amodal_rcnn.settings import points_of
from core.networks.lens import MIRRORED
from core.records.keypoints import Template
from core.records.shapes import KeypointTag
from core.shapes import keypoints as car
from core.shapes import person_keypoints as person
from core.shapes.body.skeleton import COUNT as JOINTS
from core.shapes.body.skeleton import twin
from core.training.composites import Sample, Target
from core.training.data.detection import sorted_out

_GREY = 0.45  # beyond the picture's edges
_LEAST_LEFT = 0.25  # of an object within the picture, else it is ignored
_TRUNCATED = TAGS.index(KeypointTag.TRUNCATED)
_LUMA = (0.299, 0.587, 0.114)
_TWINS = [twin(joint) - 1 for joint in range(1, JOINTS)]
_ALONG = torch.tensor([-1.0, 1.0, 1.0])  # what is mirrored of the camera's and the body's frame
_ACROSS = torch.tensor([1.0, -1.0, 1.0])  # of the car's


@dataclass(frozen=True, slots=True)
class Augment:
    """Changes samples of `core.training.data.detection` by torch's chance.

    Attributes:
        flip: share of pictures that are mirrored.
        nearer, further: the picture is scaled by up to the one and down to the other, about a place of it.
        light: how far brightness, contrast and colourfulness go up and down, as shares; and each of red,
            green and blue by half of it.
    """

    flip: float = 0.5
    nearer: float = 1.5
    further: float = 0.75
    light: float = 0.2

    def __call__(self, sample: Sample) -> Sample:
        image, target = sample
        if _chance() < self.flip:
            image, target = mirrored(image, target)
        low, high = math.log(self.further), math.log(self.nearer)
        scale = math.exp(low + (high - low) * _chance())
        room = [side * (1 - scale) for side in (image.shape[2], image.shape[1])]
        image, target = zoomed(image, target, scale, (room[0] * _chance(), room[1] * _chance()))
        brightness, contrast, colour = (1 + self.light * (2 * torch.rand(3) - 1)).tolist()
        tint = 1 + self.light * (torch.rand(3) - 0.5)
        return in_light(image, brightness, contrast, colour, tint), target


def mirrored(image: Tensor, target: Target) -> Sample:
    """The picture as in a mirror beside it: its column x is column W - x."""
    width = float(image.shape[2])
    out = dict(target)
    for name in ("boxes", "ignored_boxes"):
        left, top, right, bottom = target[name].unbind(1)
        out[name] = torch.stack([width - right, top, width - left, bottom], dim=1)
    for name in ("masks", "modal_masks"):
        out[name] = target[name].flip(2)
    order = _turned_points()
    points = target["keypoints"][:, order].clone()
    points[..., 0] = width - points[..., 0]
    out["keypoints"], out["point_tags"] = points, target["point_tags"][:, order]
    matrix = target["intrinsics"].clone()
    matrix[0, 2] = width * matrix[2, 2] - matrix[0, 2]
    out["intrinsics"] = matrix
    if "distortion" in target:
        out["distortion"] = target["distortion"] * torch.tensor(MIRRORED)
    # M R N with a mirror on either side is a rotation again
    out["rotation"] = _ALONG[:, None] * target["rotation"] * _ACROSS
    out["body_rotation"] = _ALONG[:, None] * target["body_rotation"] * _ALONG
    for name in ("translation", "body_translation"):
        out[name] = target[name] * _ALONG
    # an axis is mirrored as a rotation's is: what lies along it stays
    out["body_pose"] = target["body_pose"][:, _TWINS] * -_ALONG
    return image.flip(2), out


def zoomed(image: Tensor, target: Target, scale: float, start: tuple[float, float]) -> Sample:
    """The picture scaled about: a place p, on pixel edges, goes to scale p + start; its size stays.

    Objects of which less than a quarter is left become regions to ignore. Points that come to lie outside are
    truncated.

    Args:
        start: x and y, pixels.
    """
    height, width = image.shape[1:]
    shift = torch.tensor(start)
    # OpenCV counts from pixels' centres
    centres = np.array(
        [[scale, 0.0, start[0] + 0.5 * scale - 0.5], [0.0, scale, start[1] + 0.5 * scale - 0.5]]
    )
    out = dict(target)
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    drawn = cv2.warpAffine(
        pixels, centres, (width, height), flags=cv2.INTER_LINEAR, borderValue=(_GREY, _GREY, _GREY)
    )
    for name in ("masks", "modal_masks"):
        out[name] = _warped(target[name], centres)
    for name in ("boxes", "ignored_boxes"):
        out[name] = target[name] * scale + shift.repeat(2)
    points, tags = target["keypoints"].clone(), target["point_tags"].clone()
    points[..., :2] = points[..., :2] * scale + shift
    outside = (points[..., :2] < 0) | (points[..., :2] > torch.tensor([width, height]))
    cut = outside.any(dim=2) & (tags >= 0)
    tags[cut] = _TRUNCATED
    points[..., 2].masked_fill_(cut, 0.0)
    out["keypoints"], out["point_tags"] = points, tags
    moved = torch.tensor([[scale, 0.0, start[0]], [0.0, scale, start[1]], [0.0, 0.0, 1.0]])
    out["intrinsics"] = moved @ target["intrinsics"]
    before = scale**2 * _areas(target["masks"])
    left = _areas(out["masks"]) >= _LEAST_LEFT * before
    return torch.from_numpy(drawn).permute(2, 0, 1).contiguous(), sorted_out(out, left, (height, width))


def in_light(image: Tensor, brightness: float, contrast: float, colour: float, tint: Tensor) -> Tensor:
    """A picture in other light.

    Args:
        brightness, contrast, colour: 1 leaves it as it is; contrast is about the mean, colour about grey.
        tint: (3,) of red, green and blue.
    """
    lit = image * (brightness * tint[:, None, None])
    mean = lit.mean()
    lit = mean + contrast * (lit - mean)
    grey = (lit * torch.tensor(_LUMA)[:, None, None]).sum(dim=0, keepdim=True)
    return (grey + colour * (lit - grey)).clamp(0.0, 1.0)


def _turned_points() -> list[int]:
    """What each of an object's points becomes in a mirror."""
    order: list[int] = []
    for template, flip in ((Template.CAR, car.FLIP), (Template.PERSON, person.FLIP)):
        start = points_of(template).start
        order += [start + place for place in flip]
    return order


def _warped(masks: Tensor, centres: np.ndarray) -> Tensor:
    height, width = masks.shape[1:]
    drawn: Sequence[np.ndarray] = [
        cv2.warpAffine(one, centres, (width, height), flags=cv2.INTER_NEAREST) for one in masks.numpy()
    ]
    return torch.from_numpy(np.stack(drawn)) if drawn else masks


def _areas(masks: Tensor) -> Tensor:
    return masks.flatten(1).sum(dim=1).float()


def _chance() -> float:
    return float(torch.rand(()))
