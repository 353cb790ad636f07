"""The ground: depth of pixels, the horizon, what a pixel covers, and cars on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import AboveHorizonError, CalibrationError
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import (
    GroundPlane,
    ground_plane_of,
    metres_per_pixel,
    place_on_ground,
    pose_on_ground,
)

PITCH = np.deg2rad(15.0)


def reference() -> tuple[Camera, GroundPlane]:
    """DESIGN's reference camera: up is (0, -cos, -sin) of how far down it looks."""
    return pinhole(1920, 1080, 1400.0), GroundPlane(np.array([0.0, -np.cos(PITCH), -np.sin(PITCH)]), 6.0)


@given(
    focal=st.floats(300, 4000), roll=st.floats(-0.3, 0.3), pitch=st.floats(0.05, 1.2),
    height=st.floats(1, 60), x=st.floats(0, 1919), y=st.floats(0, 1079),
)  # fmt: skip
def test_depth_puts_the_pixel_on_the_plane(
    focal: float, roll: float, pitch: float, height: float, x: float, y: float
) -> None:
    camera = pinhole(1920, 1080, focal, None, (-0.02, 0.001, 0.0003, 0.0))
    normal = np.array([np.sin(roll) * np.cos(pitch), -np.cos(roll) * np.cos(pitch), -np.sin(pitch)])
    plane = GroundPlane(normal, height)
    rise = float(camera.unproject([x, y]) @ normal)
    assume(abs(rise) > 1e-3)
    if rise > 0:
        with pytest.raises(AboveHorizonError, match="above the horizon"):
            plane.depth(camera, [x, y])
        assert np.isnan(plane.depth_or_nan(camera, [x, y]))
    else:
        point = plane.points(camera, [x, y])
        assert abs(plane.heights(point)) < 1e-9 * point[2]
        assert point[2] == pytest.approx(float(plane.depth(camera, [x, y])))
        np.testing.assert_allclose(camera.project(point), [x, y], atol=1e-9)


def test_the_reference_cameras_middle_sees_the_road_where_trigonometry_says() -> None:
    camera, plane = reference()
    # the axis meets the ground 6 / sin 15 deg along itself, 6 / tan 15 deg along the ground
    assert float(plane.depth(camera, [959.5, 539.5])) == pytest.approx(6.0 / np.sin(PITCH), rel=1e-12)
    on_ground = plane.frame().inverse().apply(plane.points(camera, [959.5, 539.5]))
    np.testing.assert_allclose(on_ground, [6.0 / np.tan(PITCH), 0.0, 0.0], atol=1e-9)


def test_the_horizon_parts_sky_from_ground() -> None:
    camera, plane = reference()
    line = plane.horizon(camera)
    # 15 degrees above the axis
    np.testing.assert_allclose(line, [0.0, 1.0, -(539.5 - 1400.0 * np.tan(PITCH))], atol=1e-9)
    pixels = np.random.default_rng(1).uniform([0, 0], [1920, 1080], (300, 2))
    below = pixels @ line[:2] + line[2] > 0
    assert below.any()
    assert not below.all()
    np.testing.assert_array_equal(np.isfinite(plane.depth_or_nan(camera, pixels)), below)


def test_a_pixel_covers_what_the_formulas_say() -> None:
    camera, plane = reference()
    ahead = np.array([10.0, 20.0, 40.0, 80.0])
    along, across = metres_per_pixel(camera, plane, ahead)
    depth = ahead * np.cos(PITCH) + 6.0 * np.sin(PITCH)
    np.testing.assert_allclose(across, depth / 1400.0, rtol=1e-12)
    # the picture's row is f (6 cos - x sin) / depth: its derivative by x is -f 6 / depth^2
    np.testing.assert_allclose(along, depth**2 / (1400.0 * 6.0), rtol=1e-12)
    assert np.isnan(metres_per_pixel(camera, plane, -30.0)[0])


@given(x=st.floats(-50, 50), y=st.floats(-50, 50), heading=st.floats(-3.1, 3.1), roll=st.floats(-0.5, 0.5))
def test_a_car_keeps_its_place_and_heading(x: float, y: float, heading: float, roll: float) -> None:
    plane = GroundPlane(np.array([roll, -1.0, -0.3]), 7.5)
    pose = pose_on_ground(plane, [x, y], heading)
    place, back = place_on_ground(plane, pose)
    np.testing.assert_allclose(place, [x, y], atol=1e-9)
    assert back == pytest.approx(heading, abs=1e-9)
    np.testing.assert_allclose(plane.heights(pose.apply([[0, 0, 0], [2.0, 1.0, 0.0]])), 0.0, atol=1e-9)
    assert float(plane.heights(pose.apply([0.0, 0.0, 1.5]))) == pytest.approx(1.5)
    assert np.linalg.det(pose.rotation) == pytest.approx(1.0)


def test_left_of_the_camera_is_left_in_the_picture() -> None:
    camera, plane = reference()
    left, right = camera.project(plane.frame().apply([[20.0, 3.0, 0.0], [20.0, -3.0, 0.0]]))
    assert left[0] < 959.5 < right[0]
    pitch, roll = plane.tilt()
    assert (pitch, roll) == (pytest.approx(PITCH), pytest.approx(0.0))


def test_the_ground_is_found_again_from_the_cameras_pose() -> None:
    _, plane = reference()
    again = ground_plane_of(plane.frame().inverse())
    np.testing.assert_allclose(again.normal, plane.normal, atol=1e-15)
    assert again.height == pytest.approx(6.0)


def test_a_camera_that_looks_straight_down_has_a_frame_but_no_horizon() -> None:
    plane = GroundPlane(np.array([0.0, 0.0, -1.0]), 10.0)
    frame = plane.frame()
    np.testing.assert_allclose(frame.rotation[:, 0], [0.0, -1.0, 0.0], atol=1e-12)
    assert np.linalg.det(frame.rotation) == pytest.approx(1.0)
    with pytest.raises(CalibrationError, match="no horizon"):
        plane.horizon(pinhole(640, 480, 500.0))


@pytest.mark.parametrize(("normal", "height"), [([0, -1, 0], -2.0), ([0, 0, 0], 2.0), ([0, -1, 0], np.nan)])
def test_a_plane_that_faces_away_is_refused(normal: list[float], height: float) -> None:
    with pytest.raises(CalibrationError):
        GroundPlane(np.array(normal, dtype=float), height)
