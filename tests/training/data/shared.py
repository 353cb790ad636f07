"""Cars that three cameras about one place see, each another side of them."""

from __future__ import annotations

import numpy as np

from core.geometry.cameras import pinhole
from core.geometry.masks import box_to_patch
from core.geometry.poses import Pose, heading_rotation
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes.space_file import default_space
from core.synthesis.street.mounts import Mount, mount
from core.synthesis.street.shared_views import CarView, SharedCar
from core.synthesis.street.truth import PointsTruth, StreetFrame, StreetObject

MOUNTS = tuple(
    mount(name, pinhole(640, 360, 500.0), (x, y, 5.0), yaw, 0.3)
    for name, x, y, yaw in (
        ("south", -14.0, -1.0, 0.0),
        ("east", 1.0, -14.0, 1.57),
        ("north", 14.0, 6.0, 3.5),
    )
)


def made_cars() -> list[SharedCar]:
    """Cars of the mean shape; what is on a car's far side is called hidden by itself."""
    return [
        SharedCar(n, 0, tuple(view_of(n, one, x, y, turn) for one in MOUNTS))
        for n, (x, y, turn) in enumerate(
            ((0.0, 0.0, 0.3), (1.0, 1.0, 2.0), (-1.0, 0.5, -1.0), (0.5, -1.0, 4.0))
        )
    ]


def view_of(track: int, where: Mount, x: float, y: float, turn: float) -> CarView:
    """A car of the mean shape at a place, through one camera."""
    points = default_space().keypoints(np.zeros(5))
    local = points @ heading_rotation(turn).T + (x, y, 0.0)
    space = where.to_camera(local)
    pixels = where.camera.project(space)
    far = space[:, 2] > np.median(space[:, 2]) + 0.8
    tags = tuple(KeypointTag.SELF_OCCLUDED if one else KeypointTag.VISIBLE for one in far)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    box = Box(*(low + 0.5), *(high - low))
    mask = box_to_patch(box, 360, 640)
    car = StreetObject(
        *(track, Category.CAR, True, Pose(np.eye(3), np.zeros(3)), 10.0, box, box, mask, mask, 0.0, ()),
        PointsTruth(space, pixels, tags, (None,) * 12),
        None,
        np.zeros(5),
        None,
    )
    picture = np.full((360, 640, 3), 90, dtype=np.uint8)
    return CarView(where, car, StreetFrame(0, 0.0, picture, np.ones((360, 640), np.float32), (car,)))
