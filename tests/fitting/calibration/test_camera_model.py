"""What a camera's four numbers do to cars on its road, against finite differences of projecting them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.fitting.calibration.bundle import Bundle
from core.fitting.calibration.camera_model import CAMERA, CameraModel, RoadCamera
from core.fitting.vehicles.shape_basis import basis_of
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import heading_rotation
from tests.fitting.calibration.cars import SPACE

BASIS = basis_of(SPACE, 5)


@given(
    focal=st.floats(400, 3000), pitch=st.floats(0.02, 1.4), roll=st.floats(-0.3, 0.3),
    height=st.floats(2, 20), ahead=st.floats(1.0, 5.0), aside=st.floats(-0.5, 0.5),
    heading=st.floats(-3.1, 3.1), seed=st.integers(0, 99),
)  # fmt: skip
def test_the_derivatives_by_the_camera_are_those_of_moving_it(
    focal: float, pitch: float, roll: float, height: float, ahead: float, aside: float,
    heading: float, seed: int,
) -> None:  # fmt: skip
    up = np.array([-np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
    camera = RoadCamera(focal, GroundPlane(up, height))
    # straight down to where the axis meets the road is 1 / tan(pitch) heights ahead
    reach = height * ahead / max(np.tan(pitch), 0.3) + 6.0
    beta = np.random.default_rng(seed).normal(size=5)
    state = np.array([[reach, aside * reach, heading, *beta]])
    pixels, slope = CameraModel(camera, BASIS).project(state)
    if not np.isfinite(pixels).all():
        return
    for number in range(CAMERA):
        step = 1e-6 * np.eye(CAMERA)[number]
        change = (_seen(camera, state, step) - _seen(camera, state, -step)) / 2e-6
        scale = 1.0 + np.abs(change).max()
        np.testing.assert_allclose(slope[0, 8 + number] / scale, change / scale, atol=2e-6)


def _seen(camera: RoadCamera, state: np.ndarray, step: np.ndarray) -> np.ndarray:
    """(2, 12) by the plain geometry of a camera that has moved, its cars' places kept in heights."""
    moved, turn = camera.moved(step)
    place = heading_rotation(turn)[:2, :2] @ state[0, :2] * (moved.plane.height / camera.plane.height)
    pose = pose_on_ground(moved.plane, place, state[0, 2] + turn)
    points = pose.apply(SPACE.keypoints(state[0, 3:]))
    return pinhole(1, 1, moved.focal_px, (0.0, 0.0)).project(points).T


def test_a_bundle_tells_its_cars_states_row_by_row() -> None:
    camera = RoadCamera(1000.0, GroundPlane(np.array([0.0, -1.0, -0.2]), 5.0))
    poses, shapes = np.arange(9.0).reshape(3, 3), np.array([[1.0, 2.0], [3.0, 4.0]])

    class Rows:
        car = np.array([1, 0, 1])

    states = Bundle(camera, poses, shapes).states(Rows())  # type: ignore[arg-type]
    np.testing.assert_array_equal(states[:, :3], poses)
    np.testing.assert_array_equal(states[:, 3:], [[3, 4], [1, 2], [3, 4]])
