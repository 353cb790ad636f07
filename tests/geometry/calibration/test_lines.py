"""Vanishing points and the horizon: exact without noise, unsure as stated, refused where degenerate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CalibrationError
from core.geometry.calibration.horizon import calibrate_horizon
from core.geometry.calibration.lens import known_lens
from core.geometry.calibration.result import CalibrationResult
from core.geometry.calibration.vanishing_points import KnownLength, calibrate_vanishing_points
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from tests.geometry.calibration.street import LENS, errors, ground, on_road, reference

ALONG = [[[14.0, y, 0.0], [40.0, y, 0.0]] for y in (-4.0, 0.0, 4.0)]
ACROSS = [[[x, -5.0, 0.0], [x, 5.0, 0.0]] for x in (16.0, 22.0, 30.0)]
LENGTH = [[18.0, -3.0, 0.0], [18.0, 3.0, 0.0]]
POLES = [
    [[20.0, -8.0, 0.0], [20.0, -8.0, 5.0]],
    [[25.0, 9.0, 0.0], [25.0, 9.0, 5.0]],
    [[15, 5, 0], [15, 5, 5]],
]


def drawn(camera: Camera, plane: GroundPlane, lines: list, heading: float = 0.0) -> list[np.ndarray]:
    return [on_road(camera, plane, line, (2.0, 0.0), heading) for line in lines]


def horizon(camera: Camera, plane: GroundPlane) -> np.ndarray:
    a, b, c = plane.horizon(camera)
    return np.array([[x, -(a * x + c) / b] for x in (100.0, 900.0, 1800.0)])


@given(
    focal=st.floats(700, 3000), pitch=st.floats(8, 40), roll=st.floats(-6, 6), height=st.floats(3, 20),
    heading=st.floats(0.25, 1.3), by_length=st.booleans(), swapped=st.booleans(),
)  # fmt: skip
def test_two_vanishing_points_find_everything_exactly(
    focal: float, pitch: float, roll: float, height: float, heading: float, by_length: bool, swapped: bool
) -> None:
    camera, plane = pinhole(1920, 1080, focal), ground(pitch, roll, height)
    first, second = drawn(camera, plane, ALONG, heading), drawn(camera, plane, ACROSS, heading)
    (length,) = drawn(camera, plane, [LENGTH], heading)
    scale = KnownLength(length, 6.0) if by_length else height
    if not all(np.isfinite(line).all() for line in (*first, *second, length)):
        return
    pair = (second, first) if swapped else (first, second)
    result = calibrate_vanishing_points(LENS, *pair, scale)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-5)


def test_the_stated_uncertainty_of_vanishing_points_is_the_spread() -> None:
    camera, plane = reference()
    first, second = drawn(camera, plane, ALONG, 0.4), drawn(camera, plane, ACROSS, 0.4)
    (length,) = drawn(camera, plane, [LENGTH], 0.4)
    rng = np.random.default_rng(1)

    def shaken(line: np.ndarray) -> np.ndarray:
        return line + rng.normal(0.0, 1.0, line.shape)

    results = [
        calibrate_vanishing_points(
            LENS,
            [shaken(line) for line in first],
            [shaken(line) for line in second],
            KnownLength(shaken(length), 6.0),
        )
        for _ in range(60)
    ]
    assert_spread_is_stated(results, camera, plane)


def test_the_stated_uncertainty_of_the_horizon_is_the_spread() -> None:
    camera, plane = reference()
    level, poles = horizon(camera, plane), drawn(camera, plane, POLES)
    rng = np.random.default_rng(2)
    results = [
        calibrate_horizon(
            LENS,
            level + rng.normal(0, 1, level.shape),
            6.0,
            [pole + rng.normal(0, 1, pole.shape) for pole in poles],
        )
        for _ in range(60)
    ]
    assert_spread_is_stated(results, camera, plane)


def assert_spread_is_stated(results: list[CalibrationResult], camera: Camera, plane: GroundPlane) -> None:
    found = np.array([errors(result, camera, plane) for result in results])
    stated = np.array(
        [
            [each.uncertainty.focal_percent, each.uncertainty.height_percent, each.uncertainty.normal_deg]
            for each in results
            if each.uncertainty
        ]
    )
    spread, said = np.sqrt(np.mean(found**2, axis=0)), np.median(stated, axis=0)
    for index in np.flatnonzero(said):
        assert 0.5 < said[index] / spread[index] < 2.0, (said, spread)
    assert (spread[said == 0] < 1e-9).all()


@given(
    focal=st.floats(700, 3000), pitch=st.floats(5, 40), roll=st.floats(-10, 10), height=st.floats(3, 20),
    known=st.booleans(),
)  # fmt: skip
def test_the_horizon_finds_everything_exactly(
    focal: float, pitch: float, roll: float, height: float, known: bool
) -> None:
    camera, plane = pinhole(1920, 1080, focal), ground(pitch, roll, height)
    level = horizon(camera, plane)
    if known:
        result = calibrate_horizon(known_lens(camera), level, height)
    else:
        result = calibrate_horizon(LENS, level, height, drawn(camera, plane, POLES))
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-5)


def test_with_a_known_lens_lines_straight_across_are_of_use() -> None:
    camera = pinhole(1920, 1080, 1400.0, None, (-0.2, 0.05, 0.0, 0.0))
    plane = ground()
    first, second = drawn(camera, plane, ALONG), drawn(camera, plane, ACROSS)
    result = calibrate_vanishing_points(known_lens(camera), first, second, 6.0)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-5)


def test_lines_parallel_in_the_picture_are_refused() -> None:
    camera, plane = reference()
    with pytest.raises(CalibrationError, match="parallel in the picture") as caught:
        calibrate_vanishing_points(LENS, drawn(camera, plane, ALONG), drawn(camera, plane, ACROSS), 6.0)
    assert "Draw" in caught.value.way_out


def test_three_lines_in_a_point_are_refused() -> None:
    camera, plane = reference()
    first, second = drawn(camera, plane, ALONG, 0.4), drawn(camera, plane, ACROSS, 0.4)
    with pytest.raises(CalibrationError, match="Three of the lines meet in one point"):
        calibrate_vanishing_points(LENS, first[:2], [second[0], first[2]], 6.0)


def test_lines_that_cross_in_the_picture_are_refused() -> None:
    camera, plane = reference()
    crossing = [np.array([[500.0, 900.0], [900.0, 700.0]]), np.array([[500.0, 700.0], [900.0, 900.0]])]
    with pytest.raises(CalibrationError, match="meet in a point of the picture"):
        calibrate_vanishing_points(LENS, drawn(camera, plane, ALONG, 0.4), crossing, 6.0)


def test_directions_that_are_not_at_right_angles_are_refused() -> None:
    camera, plane = reference()
    first = drawn(camera, plane, ALONG, 0.15)
    with pytest.raises(CalibrationError, match="imaginary"):
        calibrate_vanishing_points(LENS, first, drawn(camera, plane, ALONG, 0.4), 6.0)


def test_lines_above_and_below_their_own_horizon_are_refused() -> None:
    camera, plane = reference()
    first, second = drawn(camera, plane, ALONG, 0.4), drawn(camera, plane, ACROSS, 0.4)
    roof = [[x + np.array([0, 0, 9.0]) for x in np.array(line)] for line in ALONG]
    with pytest.raises(CalibrationError, match="faces away"):
        calibrate_vanishing_points(LENS, [*first[:2], drawn(camera, plane, roof, 0.4)[0]], second, 6.0)


@pytest.mark.parametrize(
    ("level", "height", "upright", "reason"),
    [
        ([[0, 200], [1900, 210]], 6.0, [], "does not tell the focal length"),
        ([[0, 200], [1900, 210]], -1.0, [], "not positive"),
        ([[0, 200], [1, 200]], 6.0, [], "shorter"),
        ([[0, 200], [1900, 210]], 6.0, [[[100, 100], [100, 500]], [[900, 100], [900, 500]]], "parallel"),
        # poles that spread upwards meet below; here they meet above, like the horizon
        ([[0, 200], [1900, 210]], 6.0, [[[100, 500], [200, 100]], [[1800, 500], [1700, 100]]], "imaginary"),
        (
            [[900, 0], [900, 1000]],
            6.0,
            [[[100, 500], [200, 100]], [[1800, 500], [1700, 100]]],
            "straight up and down",
        ),
        ([[0, 200], [1900, 210]], 6.0, [[[100, 500], [200, 100]]], "One line"),
    ],
)
def test_a_horizon_of_no_use_is_refused(level: list, height: float, upright: list, reason: str) -> None:
    lens = LENS
    with pytest.raises(CalibrationError, match=reason):
        calibrate_horizon(lens, level, height, upright)
