"""One sample of the detector's data with a car and a person, of which everything is known in 3D too."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.geometry.boxes import edges_from_centres
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.records.keypoints import Template
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.rotations import axis_angles, matrices
from core.shapes.space_file import default_space
from core.training.composites import Sample, Target
from core.training.data.detection import on_edges, without_fits

HEIGHT, WIDTH = 120, 200
CAMERA = Camera(WIDTH, HEIGHT, np.array([[180.0, 0, 90.0], [0, 180.0, 55.0], [0, 0, 1]]))
_DOWN_RAD = 0.3
GROUND = GroundPlane(np.array([0.0, -np.cos(_DOWN_RAD), -np.sin(_DOWN_RAD)]), 4.0)
BETA = (0.8, -0.5, 0.3, 0.2, -0.9)


def car_points(target: Target, row: int) -> Tensor:
    """(12, 2) where the target's fit puts the car's points, pixels on pixel edges."""
    points = torch.from_numpy(default_space().keypoints(target["shape"][row, :5].numpy())).float()
    return _projected(points, target["rotation"][row], target["translation"][row], target["intrinsics"])


def joints(target: Target, row: int) -> Tensor:
    """(24, 2) where the target's body has its joints, pixels on pixel edges."""
    pose = target["body_pose"][row].double().numpy()
    root = axis_angles(target["body_rotation"][row].double().numpy())
    posed = stand_in_body().posed(np.concatenate([root[None], pose]), target["body_betas"][row].numpy())
    points = torch.from_numpy(posed.joints - posed.joints[0]).float()
    return _projected(points, torch.eye(3), target["body_translation"][row], target["intrinsics"])


def sample() -> Sample:
    """A car and a person beside it, boxes of their points, and masks that fill the boxes' left halves."""
    rng = np.random.default_rng(0)
    fits = without_fits(2)
    pose = pose_on_ground(GROUND, (12.0, 2.0), 0.7)
    fits["has_fit"][0] = fits["has_body"][1] = True
    fits["rotation"][0] = torch.from_numpy(pose.rotation)
    fits["translation"][0] = torch.from_numpy(pose.translation)
    fits["shape"][0, :5] = torch.tensor(BETA)
    fits["body_rotation"][1] = torch.from_numpy(matrices(np.array([2.9, 0.3, 0.2])))
    fits["body_translation"][1] = torch.tensor([1.5, 0.8, 9.0])
    fits["body_pose"][1] = torch.from_numpy(rng.normal(0.0, 0.3, (23, 3)))
    fits["body_betas"][1, :3] = torch.tensor([0.5, -0.4, 0.3])
    target: Target = fits | {"intrinsics": on_edges(CAMERA.matrix), "labels": torch.tensor([1, 2])}
    points, tags = torch.zeros(2, POINTS, 3), torch.full((2, POINTS), -1)
    points[0, points_of(Template.CAR), :2] = car_points(target, 0)
    points[1, points_of(Template.PERSON), :2] = joints(target, 1)[:17]
    for row, template in enumerate((Template.CAR, Template.PERSON)):
        points[row, points_of(template), 2] = 2.0
        tags[row, points_of(template)] = torch.arange(template.size) % 3
    boxes = torch.stack([_around(points[row][tags[row] >= 0]) for row in range(2)])
    masks = torch.zeros(2, HEIGHT, WIDTH, dtype=torch.uint8)
    for mask, (left, top, right, bottom) in zip(masks, boxes.int().tolist(), strict=True):
        mask[top:bottom, left : (left + right) // 2] = 1
    modal = masks.clone()
    modal[:, : HEIGHT // 2] = 0
    image = torch.rand(3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    return image, target | {
        "boxes": boxes,
        "masks": masks,
        "modal_masks": modal,
        "keypoints": points,
        "point_tags": tags,
        "ignored_boxes": torch.tensor([[5.0, 10.0, 25.0, 40.0]]),
    }


def _projected(points: Tensor, rotation: Tensor, translation: Tensor, matrix: Tensor) -> Tensor:
    rays = (points @ rotation.mT + translation) @ matrix.mT
    return rays[:, :2] / rays[:, 2:]


def _around(points: Tensor) -> Tensor:
    return torch.cat([points[:, :2].amin(dim=0) - 2, points[:, :2].amax(dim=0) + 2])


def project_by_camera(beta: tuple[float, ...]) -> Tensor:
    """(12, 2) by numpy's projection, pixels on pixel edges: for a check of the sample itself."""
    pose = pose_on_ground(GROUND, (12.0, 2.0), 0.7)
    return torch.from_numpy(edges_from_centres(CAMERA.project(pose.apply(default_space().keypoints(beta)))))
