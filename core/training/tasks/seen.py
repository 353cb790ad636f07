"""What the detector says of a picture, and what is known of it, as objects in pixels: the same for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.evaluation.keypoints import TAGS
from core.geometry.masks import full_to_patch
from core.geometry.poses import rotation_from_vector
from core.mining.detectors.drawing import Placement, draw_mask
from core.networks.amodal_rcnn.settings import POINTS, AmodalRcnnSettings, points_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.masks import MaskPatch
from core.records.seen import Car3D, Person3D, SeenObject
from core.records.shapes import KeypointTag
from core.training.composites import Target

_HALF = 0.5  # a mask is where its probability is above this


def said_objects(
    found: Target, settings: AmodalRcnnSettings, size: Sequence[int], least_score: float = 0.0
) -> list[SeenObject]:
    """What the network said of a picture, the surest first.

    Args:
        found: of `AmodalRcnn` in evaluation.
        size: height and width of the picture.
        least_score: of what counts.
    """
    told = {name: values.detach().float().cpu().numpy() for name, values in found.items()}
    objects = []
    for row, score in enumerate(told["scores"].tolist()):
        box = _within(told["boxes"][row].astype(np.float64), size)
        if score < least_score or box.w < 1 or box.h < 1:
            continue
        category = settings.categories[int(told["labels"][row]) - 1]
        points = told.get("keypoints")
        shares = told.get("point_tags")
        own = _own_points(category, points is not None)
        places, sure = np.full((len(own), 2), np.nan), np.zeros(len(own))
        if points is not None:
            places[own], sure[own] = points[row, own, :2], points[row, own, 2]
        tags = [KeypointTag.UNLABELLED] * len(own)
        if shares is not None:
            for place in np.flatnonzero(own):
                tags[place] = TAGS[int(shares[row, place].argmax())]
        whole = _drawn(told.get("whole_masks"), row, box)
        modal = _drawn(told.get("modal_masks"), row, box)
        solid = _told_solid(told, row)
        objects.append(
            SeenObject(category, float(score), box, whole, modal, places, sure, tuple(tags), solid)
        )
    return objects


def known_objects(target: Target, settings: AmodalRcnnSettings) -> list[SeenObject]:
    """What is known of a picture: a sample's target of `core.training.data.detection`."""
    objects = []
    points, numbers = target["keypoints"].double().numpy(), target["point_tags"].numpy()
    for row, label in enumerate(target["labels"].tolist()):
        left, top, right, bottom = target["boxes"][row].double().tolist()
        labelled = numbers[row] >= 0
        objects.append(
            SeenObject(
                settings.categories[label - 1],
                1.0,
                Box(left, top, right - left, bottom - top),
                _patch(target["masks"][row]),
                _patch(target["modal_masks"][row]),
                np.where(labelled[:, None], points[row, :, :2], np.nan),
                labelled.astype(np.float64),
                tuple(TAGS[number] if number >= 0 else KeypointTag.UNLABELLED for number in numbers[row]),
                _known_solid(target, row),
            )
        )
    return objects


def _told_solid(told: Mapping[str, NDArray[np.float32]], row: int) -> Car3D | Person3D | None:
    """What the network said of an object in 3D."""

    def of(name: str) -> NDArray[np.float64]:
        return told[name][row].astype(np.float64)

    if "car_held" in told and told["car_held"][row]:
        return Car3D(of("car_rotation"), of("car_translation"), of("car_shape"))
    if "body_held" in told and told["body_held"][row]:
        return Person3D(of("body_rotations"), of("body_translation"), of("body_betas"))
    return None


def _known_solid(target: Target, row: int) -> Car3D | Person3D | None:
    """What is known of an object in 3D."""

    def of(name: str) -> NDArray[np.float64]:
        return target[name][row].double().numpy()

    if target["has_fit"][row]:
        return Car3D(of("rotation"), of("translation"), of("shape"))
    if target["has_body"][row]:
        turns = np.concatenate([of("body_rotation")[None], rotation_from_vector(of("body_pose"))])
        return Person3D(turns, of("body_translation"), of("body_betas"))
    return None


def _own_points(category: Category, there: bool) -> NDArray[np.bool_]:
    """(29,) whether a point is one of what such an object has."""
    own = np.zeros(POINTS, dtype=bool)
    template = Template.of(category)
    if there and template is not None:
        own[points_of(template)] = True
    return own


def _within(corners: NDArray[np.float64], size: Sequence[int]) -> Box:
    height, width = size
    left, top, right, bottom = np.clip(corners, 0, [width, height, width, height]).tolist()
    return Box(left, top, right - left, bottom - top)


def _drawn(masks: NDArray[np.float32] | None, row: int, box: Box) -> MaskPatch | None:
    if masks is None:
        return None
    side = masks.shape[-1]
    step_x, step_y = side / box.w, side / box.h
    placement = Placement(step_x, step_y, -box.x * step_x, -box.y * step_y)
    corners = np.array([box.x, box.y, box.right, box.bottom])
    return draw_mask(np.ascontiguousarray(masks[row]), placement, corners, _HALF)


def _patch(mask: Tensor) -> MaskPatch | None:
    patch = full_to_patch(mask.numpy())
    return patch if patch.bits.size else None
