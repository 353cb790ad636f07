"""Points of a map and by GPS."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import CalibrationError
from core.geometry.calibration.ground_points import (
    calibrate_gps_points,
    calibrate_ground_points,
    tangent_plane,
)
from core.geometry.calibration.lens import Lens
from core.geometry.cameras import pinhole
from tests.geometry.calibration.street import LENS, errors, ground, on_road, reference

PLACES = np.array([[12.0, -3.0], [18.0, 5.0], [30.0, -6.0], [45.0, 7.0], [25.0, 1.0], [60.0, -9.0]])


def on_map(places: np.ndarray) -> np.ndarray:
    """The same places on a map that is turned and starts elsewhere."""
    cosine, sine = np.cos(0.8), np.sin(0.8)
    return places @ np.array([[cosine, sine], [-sine, cosine]]) + [583_000.0, 4_477_000.0]


def flat(places: np.ndarray) -> np.ndarray:
    return np.concatenate([places, np.zeros((len(places), 1))], axis=1)


@pytest.mark.parametrize("count", [4, 5, 6])
def test_map_points_give_the_camera_exactly(count: int) -> None:
    camera, plane = pinhole(1920, 1080, 1234.0), ground(12.0, -4.0, 8.5)
    pixels = on_road(camera, plane, flat(PLACES[:count]))
    result = calibrate_ground_points(LENS, pixels, on_map(PLACES[:count]))
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-6)
    assert result.ground_to_camera is not None
    # the camera stands where the map's frame has it, 8.5 m up
    np.testing.assert_allclose(result.ground_to_camera.centre[:2], on_map(np.zeros((1, 2)))[0], atol=1e-5)
    assert result.ground_to_camera.centre[2] == pytest.approx(8.5)


def test_more_points_are_surer_and_residuals_show_the_noise() -> None:
    camera, plane = reference()
    rng = np.random.default_rng(1)
    places = rng.uniform([11.0, -6.0], [50.0, 6.0], (60, 2))
    pixels = on_road(camera, plane, flat(places)) + rng.normal(0.0, 1.0, (60, 2))
    many = calibrate_ground_points(LENS, pixels, places)
    few = calibrate_ground_points(LENS, pixels[:8], places[:8])
    assert many.uncertainty is not None
    assert few.uncertainty is not None
    assert many.uncertainty.focal_percent < few.uncertainty.focal_percent / 2
    assert many.residual_px == pytest.approx(1.0, abs=0.2)
    assert np.abs(errors(many, camera, plane))[:2].max() < 1.5


def test_a_point_in_the_wrong_place_is_noticed_and_makes_everything_unsure() -> None:
    camera, plane = reference()
    pixels = on_road(camera, plane, flat(PLACES))
    right = calibrate_ground_points(LENS, pixels, PLACES)
    pixels[2] += [60.0, -40.0]
    wrong = calibrate_ground_points(LENS, pixels, PLACES)
    assert right.notes == ()
    assert "fits badly" in wrong.notes[0]
    assert right.uncertainty is not None
    assert wrong.uncertainty is not None
    assert wrong.uncertainty.height_percent > 5 * right.uncertainty.height_percent
    assert np.argmax(np.linalg.norm(wrong.residuals_px.reshape(-1, 2), axis=1)) == 2


def test_a_principal_point_beside_the_middle_is_used() -> None:
    camera, plane = pinhole(1920, 1080, 1300.0, (930.0, 560.0)), ground(14.0)
    pixels = on_road(camera, plane, flat(PLACES))
    result = calibrate_ground_points(Lens(1920, 1080, (930.0, 560.0)), pixels, PLACES)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=1e-6)
    np.testing.assert_array_equal(result.camera.matrix[:2, 2], [930.0, 560.0])


def test_gps_points_give_the_camera_exactly_enough() -> None:
    camera, plane = reference()
    # from tables of WGS 84, a degree of latitude and of longitude at 40 degrees north
    degrees = np.stack([40.0 + PLACES[:, 1] / 111_034.6, -80.0 + PLACES[:, 0] / 85_393.8], axis=1)
    result = calibrate_gps_points(LENS, on_road(camera, plane, flat(PLACES)), degrees)
    np.testing.assert_allclose(errors(result, camera, plane), 0.0, atol=2e-2)


def test_a_tangent_plane_measures_as_tables_do() -> None:
    plane = tangent_plane([[40.0, -80.0]])
    np.testing.assert_allclose(plane.metres([[40.001, -80.0]]), [[0.0, 111.0346]], atol=2e-3)
    np.testing.assert_allclose(plane.metres([[40.0, -79.999]]), [[85.3938, 0.0]], atol=2e-3)


def test_points_that_are_mirrored_are_refused() -> None:
    camera, plane = reference()
    pixels = on_road(camera, plane, flat(PLACES))
    with pytest.raises(CalibrationError, match="faces away"):
        calibrate_ground_points(LENS, pixels, PLACES * [1.0, -1.0])


@pytest.mark.parametrize(
    ("pixels", "places", "reason"),
    [
        (np.zeros((3, 2)), np.zeros((3, 2)), "Four points"),
        ([[0, 0], [1, 1], [2, 2], [3, 3.0]], PLACES[:4], "pixels lie in a line"),
        (
            [[0, 0], [100, 0], [100, 100], [0, 100.0]],
            [[0, 0], [1, 1], [2, 2], [3, 3.0]],
            "ground lie in a line",
        ),
        ([[0, 0], [100, 0], [100, 100], [0, 100.0]], [[0, 0], [1, 1], [2, 2], [3, 7.0]], "All but one"),
        ([[0, 0], [100, 0], [100, 100], [0, np.nan]], PLACES[:4], "no place"),
    ],
)
def test_points_of_no_use_are_refused(pixels: object, places: object, reason: str) -> None:
    with pytest.raises(CalibrationError, match=reason):
        calibrate_ground_points(LENS, np.asarray(pixels), np.asarray(places))


def test_places_that_are_none_on_earth_are_refused() -> None:
    with pytest.raises(CalibrationError, match="no places"):
        tangent_plane([[-120.0, 40.0], [-120.1, 40.0]])
    with pytest.raises(CalibrationError, match="10 km"):
        tangent_plane([[40.0, -79.0], [-79.0, 40.0]])
