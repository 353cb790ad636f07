"""The camera: OpenCV's own projection, the way back, and derivatives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CalibrationError, DistortionFoldsError
from core.geometry.cameras import Camera, pinhole, require_unfolded
from core.geometry.poses import Pose, rotation_from_vector

LENSES: dict[str, tuple[float, ...]] = {
    "none": (),
    "four": (-0.25, 0.08, 0.001, -0.0007),
    "five": (-0.3, 0.12, 0.0005, 0.0009, -0.02),
    "rational": (0.4, 0.05, 0.0004, -0.0003, 0.001, 0.7, 0.1, 0.004),
    "prism": (-0.2, 0.05, 0.001, 0.0005, 0.0, 0.01, 0.0, 0.0, 0.001, -0.0005, 0.0008, 0.0002),
    "tilted": (-0.2, 0.05, 0.001, 0.0005, 0.0, 0.01, 0.0, 0.0, 0.001, 0.0, 0.0008, 0.0, 0.02, -0.03),
    "pincushion": (0.15, 0.02, 0.0, 0.0),
}


def camera(name: str) -> Camera:
    return pinhole(1920, 1080, 1400.0, (955.3, 548.1), LENSES[name])


def in_view(rng: np.random.Generator, count: int = 500) -> np.ndarray:
    depth = rng.uniform(0.5, 90.0, (count, 1))
    aside = rng.uniform([-0.65, -0.4], [0.65, 0.4], (count, 2))
    return np.concatenate([aside, np.ones((count, 1))], axis=1) * depth


@pytest.mark.parametrize("name", LENSES)
def test_projects_as_opencv_does(name: str) -> None:
    points = in_view(np.random.default_rng(1))
    one = camera(name)
    theirs, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), np.array(one.matrix), np.array(LENSES[name] or (0.0,) * 4)
    )
    np.testing.assert_allclose(one.project(points), theirs[:, 0], atol=1e-9)


def test_what_has_no_pixel_lies_beyond_the_picture_on_its_own_side() -> None:
    one = camera("four")
    points = np.array([[0.5, 0.2, 9.0], [-3.0, 0.0, -1.0], [0.0, 3.0, -1.0]])
    pixels = one.project_or_beyond(points)
    np.testing.assert_array_equal(pixels[0], one.project(points[0]))
    assert pixels[1, 0] < 0
    assert pixels[2, 1] > one.height


@pytest.mark.parametrize("name", LENSES)
def test_unprojecting_undoes_projecting(name: str) -> None:
    points = in_view(np.random.default_rng(2)).reshape(50, 10, 3)
    one = camera(name)
    pixels = one.project(points)
    rays = one.unproject(pixels)
    assert rays.shape == (50, 10, 3)
    np.testing.assert_allclose(rays * points[..., 2:], points, atol=1e-10 * 90)
    np.testing.assert_allclose(one.project(rays), pixels, atol=1e-9)


@given(
    k1=st.floats(-0.4, 0.4), k2=st.floats(-0.1, 0.3), p=st.floats(-0.003, 0.003),
    x=st.floats(0, 1919), y=st.floats(0, 1079),
)  # fmt: skip
def test_a_pixel_comes_back_to_itself_or_has_no_direction(
    k1: float, k2: float, p: float, x: float, y: float
) -> None:
    one = pinhole(1920, 1080, 1000.0, None, (k1, k2, p, -p))
    ray = one.unproject([x, y])
    if np.isfinite(ray).all():
        np.testing.assert_allclose(one.project(ray), [x, y], atol=1e-9)
    else:
        with pytest.raises(DistortionFoldsError):
            require_unfolded(one)


def test_a_picture_is_undistorted_as_opencv_does() -> None:
    one = camera("five")
    pixels = np.random.default_rng(3).uniform([0, 0], [1920, 1080], (200, 2))
    matrix = np.array(one.matrix)
    tight = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-15)
    theirs = cv2.undistortPoints(pixels[:, None], matrix, np.array(LENSES["five"]), P=matrix, criteria=tight)
    np.testing.assert_allclose(one.undistort(pixels), theirs[:, 0], atol=1e-6)


def test_what_is_behind_the_camera_has_no_pixel() -> None:
    one = camera("five")
    assert np.isnan(one.project([[0.0, 0.0, -3.0], [0.0, 0.0, 0.0]])).all()


def test_distortion_that_folds_is_said_and_drawn_nowhere() -> None:
    # r (1 - 0.5 r^2) grows to r = sqrt(2/3) = 0.816, where it is 0.544: at f = 1000, 544 px from the middle
    one = pinhole(1920, 1080, 1000.0, None, (-0.5, 0.0, 0.0, 0.0))
    with pytest.raises(DistortionFoldsError, match="folds"):
        require_unfolded(one)
    assert np.isnan(one.unproject([959.5 + 545.0, 539.5])).any()
    assert np.isfinite(one.unproject([959.5 + 544.0, 539.5])).all()
    # further aside than the fold, though OpenCV would put it inside the picture
    assert np.isnan(one.project([1.0, 0.0, 1.0])).all()
    require_unfolded(pinhole(900, 500, 1000.0, None, (-0.5, 0.0, 0.0, 0.0)))


def test_the_fold_right_up_to_its_edge_is_inverted() -> None:
    one = pinhole(1920, 1080, 1000.0, None, (-0.5, 0.0, 0.0, 0.0))
    ideal = np.linspace(0.0, 0.81, 60)
    rays = np.stack([ideal, 0 * ideal, np.ones(60)], axis=-1)
    np.testing.assert_allclose(one.project(one.unproject(one.project(rays))), one.project(rays), atol=1e-9)


@pytest.mark.parametrize("name", LENSES)
def test_derivatives_agree_with_finite_differences(name: str) -> None:
    rng = np.random.default_rng(4)
    one = camera(name)
    points = in_view(rng, 40)
    step = 1e-5
    for axis, offset in enumerate(np.eye(3) * step):
        wanted = (one.project(points + offset) - one.project(points - offset)) / (2 * step)
        np.testing.assert_allclose(one.project_jacobian(points)[..., axis], wanted, rtol=2e-6, atol=1e-5)
    pose = Pose(rotation_from_vector([0.3, -0.2, 0.9]), np.array([0.5, -0.2, 4.0]))
    own = pose.inverse().apply(points)
    slopes = one.pose_jacobian(pose, own)
    for axis, offset in enumerate(np.eye(6) * 1e-6):
        ends = [one.project(moved(pose, sign * offset).apply(own)) for sign in (1.0, -1.0)]
        np.testing.assert_allclose(slopes[..., axis], (ends[0] - ends[1]) / 2e-6, rtol=2e-5, atol=2e-3)


def moved(pose: Pose, change: np.ndarray) -> Pose:
    return Pose(rotation_from_vector(change[:3]) @ pose.rotation, pose.translation + change[3:])


@pytest.mark.parametrize(
    ("matrix", "distortion"),
    [
        (np.diag([-1.0, 1.0, 1.0]), ()),
        (np.diag([1.0, np.nan, 1.0]), ()),
        (np.array([[1000.0, 3.0, 500.0], [0.0, 1000.0, 500.0], [0.0, 0.0, 1.0]]), ()),
        (np.diag([1000.0, 1000.0, 2.0]), ()),
        (np.diag([1000.0, 1000.0, 1.0]), (0.1, 0.2, 0.3)),
    ],
)
def test_numbers_that_are_no_cameras_are_refused(matrix: np.ndarray, distortion: tuple[float, ...]) -> None:
    with pytest.raises(CalibrationError):
        Camera(640, 480, matrix, distortion)
