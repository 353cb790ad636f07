"""What stands where is read as it was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.geometry.cameras import pinhole
from core.geometry.poses import Pose, heading_rotation
from core.jobs.reproduce.placed import PlacedKeeper, placed_views
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.synthesis.street.mounts import Mount
from core.synthesis.street.truth import PointsTruth, StreetFrame, StreetObject
from core.training.data.street_frames import StreetPlan

PLAN = StreetPlan((100,), 1)


def points(count: int) -> PointsTruth:
    pixels = np.arange(2.0 * count).reshape(count, 2)
    pixels[1] = np.nan  # behind the camera
    tags = (KeypointTag.VISIBLE, KeypointTag.TRUNCATED, *[KeypointTag.SELF_OCCLUDED] * (count - 2))
    return PointsTruth(np.ones((count, 3)), pixels, tags, (None,) * count)


def an_object(track: int, category: Category, box: Box | None) -> StreetObject:
    person = category is Category.PERSON
    patch = MaskPatch(1, 2, np.ones((3, 4), dtype=np.bool_))
    return StreetObject(
        track, category, False, Pose(heading_rotation(0.7), np.array([1.0, 2.0, 9.0])), 9.3, box,
        Box(-3.0, 1.0, 40.0, 9.0), patch, patch, 0.25, (), points(24 if person else 12),
        points(17) if person else None, np.array([0.5, -1.0]), np.zeros((24, 3)) if person else None,
    )  # fmt: skip


def test_what_is_seen_is_read_again(tmp_path: Path) -> None:
    mount = Mount("along", pinhole(64, 36, 50.0), np.array([0.0, 0.0, 6.0]), -np.eye(3)[[1, 2, 0]])
    objects = (
        an_object(3, Category.CAR, Box(1.0, 2.0, 3.0, 4.0)),
        an_object(5, Category.PERSON, Box(2.0, 2.0, 3.0, 4.0)),
        an_object(6, Category.CAR, None),  # nothing is seen of it
    )
    frame = StreetFrame(0, 0.0, np.zeros((36, 64, 3), np.uint8), np.zeros((36, 64), np.float32), objects)
    keeper = PlacedKeeper()
    keeper("one", mount, frame)
    keeper.write(tmp_path)
    [view] = placed_views(tmp_path, PLAN, 100, ["one"])
    assert view.camera.focal == (50.0, 50.0)
    assert view.plane.height == 6.0
    np.testing.assert_allclose(view.plane.normal, mount.ground.normal)
    [[car, person]] = view.frames
    assert (car.track, car.hidden, car.size_px) == (3, 0.25, 40.0)
    assert (car.seen_box, car.joints) == (Box(1.0, 2.0, 3.0, 4.0), None)
    np.testing.assert_array_equal(car.rotation, heading_rotation(0.7))
    np.testing.assert_array_equal(car.points, objects[0].points.pixels)
    assert car.tags == objects[0].points.tags
    assert person.points.shape == (17, 2)
    assert person.joints is not None
    assert person.joints == pytest.approx(np.ones((24, 3)))
