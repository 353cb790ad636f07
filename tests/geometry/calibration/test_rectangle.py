"""A rectangle on the road: exact without noise, within the stated limits with it, and refused where wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens, known_lens
from core.geometry.calibration.rectangle import calibrate_rectangle
from core.geometry.calibration.result import from_record, to_record
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from tests.geometry.calibration.street import LENS, errors, ground, on_road, rectangle_pixels, reference


@given(
    focal=st.floats(700, 3000), pitch=st.floats(8, 60), roll=st.floats(-8, 8), height=st.floats(3, 25),
    heading=st.floats(-3.1, 3.1), aside=st.floats(-3, 3), mirrored=st.booleans(),
)  # fmt: skip
def test_without_noise_everything_is_found_exactly(
    focal: float, pitch: float, roll: float, height: float, heading: float, aside: float, mirrored: bool
) -> None:
    camera, plane = pinhole(1920, 1080, focal), ground(pitch, roll, height)
    ahead = height / np.tan(np.deg2rad(pitch))
    corners = rectangle_pixels(camera, plane, 0.4 * ahead, 0.7 * ahead, (ahead, aside), heading)
    # a rectangle whose sides run along the picture's edges tells nothing of the focal length
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    assume(np.isfinite(corners).all() and lengths.min() > 20)
    assume(abs(lengths[0] / lengths[2] - 1) > 0.05)
    order = corners[::-1][[2, 3, 0, 1]] if mirrored else corners
    result = calibrate_rectangle(LENS, order, 0.7 * ahead, 0.4 * ahead)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-6)
    assert result.residual_px == pytest.approx(0.0, abs=1e-7)


def noisy(
    width: float, length: float, ahead: tuple[float, float], views: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Errors and stated uncertainties of views of a rectangle by the reference camera, 1 px of noise."""
    camera, plane = reference()
    rng = np.random.default_rng(seed)
    found, stated = [], []
    while len(found) < views:
        place, heading = (rng.uniform(*ahead), rng.uniform(-4.0, 4.0)), rng.uniform(-0.35, 0.35)
        corners = rectangle_pixels(camera, plane, width, length, place, heading)
        if not camera.contains(corners).all():
            continue
        result = calibrate_rectangle(LENS, corners + rng.normal(0.0, 1.0, (4, 2)), length, width)
        assert result.uncertainty is not None
        found.append(errors(result, camera, plane))
        stated.append(
            [
                result.uncertainty.focal_percent,
                result.uncertainty.height_percent,
                result.uncertainty.normal_deg,
            ]
        )
    return np.array(found), np.array(stated)


def test_a_large_rectangle_with_a_pixel_of_noise_meets_the_limits() -> None:
    found, _ = noisy(7.0, 20.0, (18.0, 35.0), 200, seed=1)
    focal, height, normal = np.median(np.abs(found), axis=0)
    assert focal < 1.5
    assert height < 1.5
    assert normal < 0.5


def test_a_lanes_rectangle_states_how_unsure_it_is() -> None:
    found, stated = noisy(3.5, 6.0, (16.0, 16.0), 150, seed=2)
    spread = np.sqrt(np.mean(found**2, axis=0))
    ratio = np.median(stated, axis=0) / spread
    assert ((ratio > 0.5) & (ratio < 2.0)).all(), (spread, np.median(stated, axis=0))
    # and it is unsure: a larger one is surer of everything
    assert (
        np.median(stated, axis=0) > np.median(noisy(7.0, 20.0, (18.0, 35.0), 20, seed=3)[1], axis=0)
    ).all()


def test_the_stated_distances_spread_as_they_do() -> None:
    camera, plane = reference()
    corners = rectangle_pixels(camera, plane, 7.0, 20.0, (22.0, 1.0), 0.2)
    exact = calibrate_rectangle(LENS, corners, 20.0, 7.0)
    assert exact.uncertainty is not None
    pixels = camera.project(plane.frame().apply([[x, 0.0, 0.0] for x in (10.0, 20.0, 40.0, 80.0)]))
    rng = np.random.default_rng(4)
    distances = []
    for _ in range(120):
        result = calibrate_rectangle(LENS, corners + rng.normal(0.0, 1.0, (4, 2)), 20.0, 7.0)
        assert result.plane is not None
        points = result.plane.points_or_nan(result.camera, pixels)
        distances.append(np.linalg.norm(result.plane.foot(points) - result.plane.foot(np.zeros(3)), axis=1))
    spread = np.nanstd(np.array(distances), axis=0)
    stated = np.array([row.sigma_m for row in exact.uncertainty.ranges])
    assert ((stated / spread > 0.5) & (stated / spread < 2.0)).all(), (stated, spread)
    along = [row.along_m_per_px for row in exact.uncertainty.ranges]
    assert along == sorted(along)


def test_a_known_lens_with_distortion_leaves_only_the_ground_to_find() -> None:
    camera = pinhole(1920, 1080, 1400.0, (950.0, 545.0), (-0.25, 0.06, 0.0005, -0.0004))
    plane = ground(15.0, 3.0)
    corners = rectangle_pixels(camera, plane, 3.5, 6.0, (14.0, 1.0), 0.3)
    result = calibrate_rectangle(known_lens(camera), corners, 6.0, 3.5)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-6)
    assert result.camera is camera
    assert result.uncertainty is not None
    assert result.uncertainty.focal_percent == 0.0
    assert result.uncertainty.height_percent > 0.0


def test_the_rectangles_frame_is_told() -> None:
    camera, plane = reference()
    corners = rectangle_pixels(camera, plane, 7.0, 20.0, (20.0, 0.0), 0.1)
    result = calibrate_rectangle(LENS, corners, 20.0, 7.0)
    assert result.ground_to_camera is not None
    wanted = [[0, 0, 0], [20, 0, 0], [20, 7, 0], [0, 7, 0]]
    np.testing.assert_allclose(camera.project(result.ground_to_camera.apply(wanted)), corners, atol=1e-6)


def test_a_result_becomes_plain_numbers_and_comes_back() -> None:
    camera, plane = reference()
    result = calibrate_rectangle(
        LENS, rectangle_pixels(camera, plane, 7.0, 20.0, (20.0, 0.0), 0.2), 20.0, 7.0
    )
    again, ground_again = from_record(to_record(result))
    assert result.plane is not None
    assert ground_again is not None
    np.testing.assert_array_equal(again.matrix, result.camera.matrix)
    np.testing.assert_allclose(ground_again.normal, result.plane.normal, atol=1e-16)


GOOD = rectangle_pixels(*reference(), 7.0, 20.0, (20.0, 0.0), 0.2)


@pytest.mark.parametrize(
    ("corners", "sides", "reason"),
    [
        (GOOD[[0, 2, 1, 3]], (20.0, 7.0), "crossed"),
        (np.array([[100, 100], [300, 300], [500, 500], [100, 600.0]]), (20.0, 7.0), "in a line"),
        (np.array([[100, 100], [200, 200], [300, 300], [400, 400.0]]), (20.0, 7.0), "in a line"),
        (np.array([[100, 100], [900, 100], [400, 250], [400, 900.0]]), (20.0, 7.0), "inside the triangle"),
        (GOOD, (20.0, 0.0), "no length"),
        (GOOD[:3], (20.0, 7.0), "four corners"),
        # the side that runs away from the camera looks longer for its metres than the one across
        (np.array([[560, 700], [1360, 700], [1260, 540], [660, 540.0]]), (80.0, 2.0), "imaginary"),
        # the wider end on top: a ceiling
        (np.array([[660, 700], [1260, 700], [1360, 540], [560, 540.0]]), (2.0, 80.0), "faces away"),
    ],
)
def test_what_is_no_rectangle_is_refused(
    corners: np.ndarray, sides: tuple[float, float], reason: str
) -> None:
    with pytest.raises(CalibrationError, match=reason) as caught:
        calibrate_rectangle(LENS, corners, *sides)
    assert caught.value.way_out


def test_a_square_seen_from_straight_above_tells_no_focal_length() -> None:
    above = GroundPlane(np.array([0.0, 0.0, -1.0]), 10.0)
    corners = on_road(pinhole(1000, 1000, 800.0), above, [[-2, -2, 0], [2, -2, 0], [2, 2, 0], [-2, 2, 0]])
    with pytest.raises(CalibrationError):
        calibrate_rectangle(Lens(1000, 1000), corners, 4.0, 4.0)
