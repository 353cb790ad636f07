"""Real cars, annotated by eye: they stand on their roads as large as cars are, and calibrate cameras."""

from __future__ import annotations

import numpy as np
import pytest

from core.fitting.calibration.check import check_against_cars
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.calibration.result import CalibrationResult
from core.geometry.calibration.straight import find_bend
from core.geometry.ground_plane import GroundPlane
from core.jobs.reproduce.footage.cars import (
    annotated,
    junction_by_rectangle,
    lens_of,
    sightings_of,
    suburb_by_lines,
    suburb_lines,
)
from core.records.car_checks import CheckVerdict
from core.records.fits import FitVerdict, VehicleFit
from core.records.sketches import StrokeRole
from core.shapes.space_file import default_space

SPACE = default_space()
# what a car is long, after the issue that asked for them; a van or pickup is a little longer
LENGTHS_M = (3.5, 5.2)


def fitted(result: CalibrationResult, clip: str) -> list[VehicleFit]:
    assert result.plane is not None
    fitter = VehicleFitter(result.camera, result.plane, SPACE)
    return fitter.fit_many([car.evidence for car in annotated(clip)])


def in_size(fits: list[VehicleFit]) -> int:
    low, high = LENGTHS_M
    return sum(low <= fit.size_m[0] <= high for fit in fits)


def lane_headings_deg(fits: list[VehicleFit]) -> np.ndarray:
    """Headings without regard to which way a car drives along its lane."""
    return np.array([np.rad2deg(fit.heading_rad or 0.0) % 180 for fit in fits])


def test_a_rectangle_on_the_lane_puts_real_cars_on_the_road() -> None:
    fits = fitted(junction_by_rectangle(), "junction")
    assert len(fits) == 23
    good = [fit for fit in fits if fit.verdict is FitVerdict.GOOD]
    assert len(good) >= 0.9 * len(fits)
    assert in_size(good) == len(good)
    # every one of them drives along the same straight road, one way or the other
    headings = lane_headings_deg(good)
    assert np.abs(headings - np.median(headings)).max() < 10
    ahead = [np.cos(fit.heading_rad or 0.0) > 0 for fit in good]
    assert any(ahead)
    assert not all(ahead)


def test_the_cars_agree_with_the_rectangle_about_the_camera() -> None:
    drawn = junction_by_rectangle()
    assert drawn.plane is not None
    assert drawn.uncertainty is not None
    cars = calibrate_from_cars(sightings_of(annotated("junction")), lens_of("junction"), SPACE)
    assert cars.plane is not None
    assert cars.uncertainty is not None
    # two ways that share nothing: within three of the standard deviations that both state
    for one, other, percent in (
        (
            cars.camera.focal[0],
            drawn.camera.focal[0],
            (cars.uncertainty.focal_percent, drawn.uncertainty.focal_percent),
        ),
        (
            cars.plane.height,
            drawn.plane.height,
            (cars.uncertainty.height_percent, drawn.uncertainty.height_percent),
        ),
    ):
        assert 100 * abs(one / other - 1) < 3 * np.hypot(*percent)
    turned = np.rad2deg(np.arccos(np.clip(cars.plane.normal @ drawn.plane.normal, -1, 1)))
    assert turned < 3 * np.hypot(cars.uncertainty.normal_deg, drawn.uncertainty.normal_deg)


def test_a_camera_said_to_be_half_as_high_again_is_found_out() -> None:
    drawn = junction_by_rectangle()
    assert drawn.plane is not None
    higher = GroundPlane(drawn.plane.normal, 1.5 * drawn.plane.height)
    check = check_against_cars(drawn.camera, higher, sightings_of(annotated("junction")), SPACE)
    assert check.camera_height is not None
    assert check.camera_height.is_off
    assert check.camera_height.off > 25


def test_lane_lines_on_a_bending_road_agree_with_its_cars_once_the_lens_bends() -> None:
    sightings = sightings_of(annotated("suburb"))
    by_cars = calibrate_from_cars(sightings, lens_of("suburb"), SPACE)
    drawn = suburb_by_lines(by_cars)
    assert drawn.plane is not None
    assert drawn.uncertainty is not None
    assert by_cars.uncertainty is not None
    assert drawn.uncertainty.focal_percent >= by_cars.uncertainty.focal_percent * 0.95
    check = check_against_cars(drawn.camera, drawn.plane, sightings, SPACE)
    assert check.verdict is CheckVerdict.AGREES
    fits = fitted(drawn, "suburb")
    good = [fit for fit in fits if fit.verdict is FitVerdict.GOOD]
    assert len(good) >= 0.75 * len(fits)
    assert in_size(good) == len(good)
    # the same lines through a lens that is taken as straight contradict the cars
    straight = suburb_by_lines(by_cars, straight=False)
    assert straight.plane is not None
    other = check_against_cars(straight.camera, straight.plane, sightings, SPACE)
    assert other.verdict is CheckVerdict.OFF


def test_a_pole_a_post_a_kerb_and_a_line_bend_alike() -> None:
    lens = lens_of("suburb")
    lines = [stroke.points for stroke in suburb_lines().of(StrokeRole.STRAIGHT)]
    together = find_bend(lens.width, lens.height, lines)
    assert together.per_px2 > 4 * together.sigma_per_px2
    pole, *others = lines
    for one in others:
        pair = find_bend(lens.width, lens.height, [pole, one])
        assert abs(pair.per_px2 - together.per_px2) < 2 * pair.sigma_per_px2


@pytest.mark.parametrize("clip", ["junction", "suburb"])
def test_a_camera_from_the_cars_alone_measures_them_as_cars_are(clip: str) -> None:
    result = calibrate_from_cars(sightings_of(annotated(clip)), lens_of(clip), SPACE)
    assert result.plane is not None
    fits = fitted(result, clip)
    good = [fit for fit in fits if fit.verdict is FitVerdict.GOOD]
    assert len(good) >= 0.9 * len(fits)
    assert in_size(good) == len(good)
    check = check_against_cars(result.camera, result.plane, sightings_of(annotated(clip)), SPACE)
    assert check.camera_height is not None
    assert not check.camera_height.is_off
