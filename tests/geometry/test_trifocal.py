"""Three cameras on one street agree about points, and disagree the more the further one of them is off."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.trifocal import in_box, projection_matrix, triangulated, trifocal_misses, trifocal_tensor
from core.records.boxes import Box
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.mounts import Mount, default_mount, far_mount, kerb_mount

LAYOUT = plan_layout(3)
FAR, OWN, KERB = (make(LAYOUT, 1280, 720) for make in (far_mount, default_mount, kerb_mount))
CAMERAS = (FAR, OWN, KERB)
# around a car on the right lane before the crossing
POINTS = np.random.default_rng(1).uniform([24.0, -4.0, 0.2], [28.0, -2.0, 1.5], (40, 3))


def matrix(mount: Mount) -> np.ndarray:
    return projection_matrix(mount.camera, mount.pose)


def pixels(mount: Mount) -> np.ndarray:
    return mount.camera.project(mount.to_camera(POINTS))


def box_of(points: np.ndarray) -> Box:
    low, high = points.min(axis=0) + 0.5, points.max(axis=0) + 0.5
    return Box(*low.tolist(), *(high - low).tolist())


def boxed(mount: Mount) -> tuple[np.ndarray, np.ndarray]:
    """The matrix to the coordinates of the car's box, and the points there."""
    box = box_of(pixels(mount))
    place = (pixels(mount) + 0.5 - (box.x, box.y)) / (box.w, box.h) * 2.0 - 1.0
    return in_box(matrix(mount), box), place


def test_projection_matrices_project() -> None:
    rays = np.column_stack([POINTS, np.ones(len(POINTS))]) @ matrix(KERB).T
    np.testing.assert_allclose(rays[:, :2] / rays[:, 2:], pixels(KERB), atol=1e-9)


def test_a_box_spans_from_minus_one_to_one() -> None:
    whole, place = boxed(OWN)
    rays = np.column_stack([POINTS, np.ones(len(POINTS))]) @ whole.T
    np.testing.assert_allclose(rays[:, :2] / rays[:, 2:], place, atol=1e-9)
    np.testing.assert_allclose([place.min(axis=0), place.max(axis=0)], [[-1, -1], [1, 1]], atol=1e-9)


def test_one_point_in_three_pictures_misses_nothing() -> None:
    tensor = trifocal_tensor(*(matrix(one) for one in CAMERAS))
    np.testing.assert_allclose(np.linalg.norm(tensor), 1.0)
    assert np.abs(trifocal_misses(tensor, *(pixels(one) for one in CAMERAS))).max() < 1e-12
    near = [boxed(one) for one in CAMERAS]
    tensor = trifocal_tensor(*(whole for whole, _ in near))
    assert np.abs(trifocal_misses(tensor, *(place for _, place in near))).max() < 1e-12


def test_the_scale_of_the_matrices_does_not_matter() -> None:
    first, own, second = (matrix(one) for one in CAMERAS)
    tensor = trifocal_tensor(first, own, second)
    other = trifocal_tensor(0.01 * first, -7.0 * own, 300.0 * second)
    np.testing.assert_allclose(other * np.sign((other * tensor).sum()), tensor, atol=1e-12)


def test_a_point_that_is_off_misses_by_as_much() -> None:
    near = [boxed(one) for one in CAMERAS]
    tensor = trifocal_tensor(*(whole for whole, _ in near))
    places = [place for _, place in near]

    def miss(by: float) -> float:
        moved = [places[0], places[1] + [by, by], places[2]]
        return float(np.linalg.norm(trifocal_misses(tensor, *moved), axis=(1, 2)).mean())

    assert miss(0.02) / miss(0.01) == pytest.approx(2.0, rel=0.02)
    # in coordinates of boxes a twentieth of the box is seen as such, whatever the cameras
    assert 0.005 < miss(0.1) < 0.2


def test_what_two_other_cameras_see_is_where_the_point_is() -> None:
    found = triangulated(np.stack([matrix(FAR), matrix(KERB)]), np.stack([pixels(FAR), pixels(KERB)]))
    np.testing.assert_allclose(found, POINTS, atol=1e-8)
    found = triangulated(
        np.stack([matrix(one) for one in CAMERAS]), np.stack([pixels(one) for one in CAMERAS])
    )
    np.testing.assert_allclose(found, POINTS, atol=1e-8)


def test_cameras_in_one_place_say_nothing() -> None:
    here = matrix(OWN)
    assert not trifocal_tensor(here, here, here).any()
    assert not trifocal_tensor(here, 3.0 * here, 0.7 * here).any()
