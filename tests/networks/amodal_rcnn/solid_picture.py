"""A small picture of two cars and a person whose places in space are known, seen by a known camera."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.records.keypoints import Template
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.rotations import axis_angles, matrices
from core.shapes.space_file import default_space
from tests.networks.amodal_rcnn.pictures import HEIGHT, WIDTH

CAMERA = Camera(WIDTH, HEIGHT, np.array([[90.0, 0, 48.0], [0, 90.0, 32.0], [0, 0, 1]]))
_GROUND = GroundPlane(np.array([0.0, -np.cos(0.3), -np.sin(0.3)]), 6.0)
_CARS = (((14.0, 1.2), 0.6), ((10.5, -2.2), 2.2))  # where on the ground, and the heading: the far one first
_COLOURS = ((0.9, 0.2, 0.1), (0.1, 0.3, 0.9), (0.2, 0.8, 0.2))


def solid_picture() -> tuple[Tensor, dict[str, Tensor]]:
    """(3, 64, 96), and what is in it; here pixels need no edges. The near car hides a part of the far one."""
    rng = np.random.default_rng(0)
    beta = rng.normal(0.0, 0.8, (2, 5))
    poses = [pose_on_ground(_GROUND, place, heading) for place, heading in _CARS]
    models = default_space().keypoints(beta)
    seen = [CAMERA.project(pose.apply(one)) for pose, one in zip(poses, models, strict=True)]
    facing = matrices(np.array([[2.8, 0.2, 0.1]]))
    pose = 0.2 * rng.normal(size=(1, 23, 3))
    betas, place = 0.5 * rng.normal(size=(1, 10)), np.array([[1.9, 0.2, 5.0]])
    body = np.concatenate([axis_angles(facing[0])[None], pose[0]])
    joints = stand_in_body().posed(body, betas[0]).joints
    seen.append(CAMERA.project(joints - joints[0] + place[0]))
    boxes = torch.tensor([[*np.floor(one.min(axis=0) - 1), *np.ceil(one.max(axis=0) + 1)] for one in seen])
    boxes = boxes.clamp(min=torch.zeros(4), max=torch.tensor([WIDTH, HEIGHT] * 2)).float()
    whole = torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8)
    image = torch.full((3, HEIGHT, WIDTH), 0.4)
    for row, ((left, top, right, bottom), colour) in enumerate(
        zip(boxes.int().tolist(), _COLOURS, strict=True)
    ):
        whole[row, top:bottom, left:right] = 1
        image[:, top:bottom, left:right] = torch.tensor(colour)[:, None, None]
    modal = whole.clone()
    modal[0] &= 1 - whole[1]
    keypoints, tags = torch.zeros(3, POINTS, 3), torch.full((3, POINTS), -1)
    own = points_of(Template.CAR)
    keypoints[:2, own, :2] = torch.from_numpy(np.stack(seen[:2])).float()
    keypoints[:2, own, 2], tags[:2, own] = 2.0, 0
    shape = torch.zeros(3, 10)
    shape[:2, :5] = torch.from_numpy(beta)
    return image, {
        "boxes": boxes,
        "labels": torch.tensor([1, 1, 2]),
        "masks": whole,
        "modal_masks": modal,
        "keypoints": keypoints,
        "point_tags": tags,
        "has_fit": torch.tensor([True, True, False]),
        "shape": shape,
        "rotation": _rows([one.rotation for one in poses], 3, 0),
        "translation": _rows([one.translation for one in poses], 3, 0),
        "has_body": torch.tensor([False, False, True]),
        "body_rotation": _rows(facing, 3, 2),
        "body_translation": _rows(place, 3, 2),
        "body_pose": _rows(pose, 3, 2),
        "body_betas": _rows(betas, 3, 2),
        "intrinsics": torch.from_numpy(np.array(CAMERA.matrix)).float(),
        "chance": torch.tensor(5),
    }


def _rows(values: object, count: int, start: int) -> Tensor:
    """Values in some of so many rows, zeros in the others."""
    given = torch.from_numpy(np.array(values)).float()
    out = torch.zeros(count, *given.shape[1:])
    out[start : start + len(given)] = given
    return out
