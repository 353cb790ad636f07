"""Cars as Occlusion-Net sees them, for its tests: nodes with lost points, and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.geometry.trifocal import in_box, projection_matrix, trifocal_tensor
from core.networks.occlusion_net.losses import OcclusionTargets, OtherViews
from core.networks.occlusion_net.nodes import to_box
from core.records.boxes import Box
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.mounts import default_mount, far_mount, kerb_mount
from tests.networks.pnp.views import MATRIX, draw_views


@dataclass(frozen=True, eq=False)
class Cars:
    """nodes (B, 12, 3), boxes (B, 4), matrix (3, 3), all float32, and what is true."""

    nodes: Tensor
    boxes: Tensor
    matrix: Tensor
    targets: OcclusionTargets


def draw_cars(count: int, seed: int, hidden: int = 4) -> Cars:
    """Cars of which some points are hidden: these stand anywhere in the box, with little confidence."""
    views = draw_views(count, 0.0, seed)
    random = torch.Generator().manual_seed(seed)
    pixels = views.image.float()
    boxes = torch.cat([pixels.amin(dim=1), pixels.amax(dim=1) + 1.0], dim=1)
    points = to_box(pixels, boxes)
    visible = torch.ones(count, 12, dtype=torch.bool)
    for row in range(count):
        visible[row, torch.randperm(12, generator=random)[:hidden]] = False
    guess = torch.rand(points.shape, generator=random) * 2.0 - 1.0
    place = torch.where(visible[..., None], points, guess)
    sure = torch.where(visible, 0.9, 0.1)[..., None]
    every = torch.ones_like(visible)
    placed = (views.object @ views.rotation.mT + views.translation[:, None]).float()
    targets = OcclusionTargets(points, every, visible, every, None, placed, every[:, 0])
    return Cars(torch.cat([place, sure], dim=2), boxes, MATRIX.float(), targets)


def street_views(seed: int = 1) -> tuple[Tensor, OtherViews]:
    """Points of a car on the street in the boxes of the own camera and of two others."""
    layout = plan_layout(3)
    points = np.random.default_rng(seed).uniform([24.0, -4.0, 0.2], [28.0, -2.0, 1.5], (12, 3))
    places, matrices = [], []
    for make in (far_mount, default_mount, kerb_mount):
        mount = make(layout, 1280, 720)
        pixels = mount.camera.project(mount.to_camera(points))
        low, high = pixels.min(axis=0), pixels.max(axis=0) + 1.0
        corners = torch.from_numpy(np.concatenate([low, high]))[None]
        places.append(to_box(torch.from_numpy(pixels)[None], corners).float())
        box = Box(*low.tolist(), *(high - low).tolist())
        matrices.append(in_box(projection_matrix(mount.camera, mount.pose), box))
    tensor = torch.from_numpy(trifocal_tensor(*matrices)).float()[None]
    return places[1], OtherViews(places[0], places[2], tensor, torch.ones(1, 12, dtype=torch.bool))
