"""A camera from its cars alone: right within the stated limits, honest about it, refused where hopeless."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._seen_cars import place_in_sight, scene, see
from core.errors import CalibrationError
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.calibration.sightings import CarSighting
from core.fitting.vehicles.evidence import KeypointEvidence
from core.geometry.calibration.lens import Lens, known_lens
from core.geometry.calibration.result import CalibrationResult, to_record
from core.records.cameras import CalibrationMethod
from core.shapes.keypoints import FLIP
from tests.fitting.calibration.cars import SPACE, sightings

LENS = Lens(1920, 1080)


def off(result: CalibrationResult, where: object) -> tuple[float, float, float]:
    """Percent of the focal length, percent of the height, degrees of the normal."""
    camera, plane = where.camera, where.plane  # type: ignore[attr-defined]
    assert result.plane is not None
    cosine = float(np.clip(result.plane.normal @ plane.normal, -1, 1))
    return (
        100 * abs(result.camera.focal[0] / camera.focal[0] - 1),
        100 * abs(result.plane.height / plane.height - 1),
        float(np.rad2deg(np.arccos(cosine))),
    )


@pytest.mark.parametrize(
    ("focal", "height", "pitch", "roll"),
    [(1400, 6, 15, 0), (900, 9, 30, 5), (2300, 5, 9, -3)],
)
def test_nothing_is_known_before_and_the_camera_is_found(
    focal: float, height: float, pitch: float, roll: float
) -> None:
    where = scene(focal, height, pitch, roll)
    result = calibrate_from_cars(sightings(where, 100), LENS, SPACE)
    wrong = off(result, where)
    # the limits for 200 cars, by half as many
    assert wrong[0] <= 8.0
    assert wrong[1] <= 4.0
    assert wrong[2] <= 1.0
    assert result.method is CalibrationMethod.CARS
    assert result.residual_px == pytest.approx(1.4, abs=0.4)  # 2 px less what places and shapes take up
    record = to_record(result)
    assert record.uncertainty is not None
    assert 0.5 < record.uncertainty.focal_percent < 8.0
    assert "cars" in record.notes[0]


def test_without_noise_mean_cars_give_the_camera_exactly() -> None:
    where, rng = scene(1700, 7.5, 20, 2), np.random.default_rng(3)
    cars = []
    for number in range(30):
        place, heading = place_in_sight(where, rng), float(rng.uniform(-3, 3))
        seen = see(where, SPACE, place, heading, np.zeros(5), rng, noise_px=0.0, drop=0.0)
        cars.append(CarSighting(seen.evidence, number))
    assert max(off(calibrate_from_cars(cars, LENS, SPACE), where)) < 1e-3


def test_a_known_lens_is_kept() -> None:
    where = scene(1400, 6, 15)
    result = calibrate_from_cars(sightings(where, 40), known_lens(where.camera), SPACE)
    assert result.camera is where.camera
    assert result.uncertainty is not None
    assert result.uncertainty.focal_percent == 0.0
    assert off(result, where)[1] <= 4.0
    assert off(result, where)[2] <= 1.0


def test_cars_that_fit_no_car_are_left_out_and_counted() -> None:
    where, rng = scene(), np.random.default_rng(5)
    cars = sightings(where, 80)
    spoilt = []
    for number, one in enumerate(cars):
        pixels, sigma = one.evidence.pixels, one.evidence.sigma_px
        if number % 10 == 0:  # another car's points
            pixels = np.where(rng.random((12, 1)) < 0.5, pixels + rng.normal(0, 120, 2), pixels)
        if number % 10 == 5:  # left and right exchanged
            pixels, sigma = pixels[list(FLIP)], sigma[list(FLIP)]
        spoilt.append(CarSighting(KeypointEvidence(pixels, sigma), one.car))
    result = calibrate_from_cars(spoilt, LENS, SPACE)
    wrong = off(result, where)
    assert wrong[0] <= 8.0
    assert wrong[1] <= 4.0
    assert wrong[2] <= 1.0
    assert any("left out" in note for note in result.notes)


def test_knowing_which_sightings_are_the_same_car_makes_the_camera_surer() -> None:
    where, rng = scene(), np.random.default_rng(8)
    few: list[CarSighting] = []
    for car in range(8):
        shape = rng.normal(size=5)
        for _ in range(8):
            seen = see(where, SPACE, place_in_sight(where, rng), float(rng.uniform(-3, 3)), shape, rng)
            few.append(CarSighting(seen.evidence, car))
    many = [CarSighting(one.evidence, number) for number, one in enumerate(few)]
    of_few = calibrate_from_cars(few, known_lens(where.camera), SPACE).uncertainty
    of_many = calibrate_from_cars(many, known_lens(where.camera), SPACE).uncertainty
    assert of_few is not None
    assert of_many is not None
    # fewer shapes to find from the same points: the covariance cannot grow
    assert of_few.height_percent < of_many.height_percent
    assert of_few.normal_deg < of_many.normal_deg


def test_no_number_of_cars_makes_the_scale_surer_than_a_street_differs_from_the_fleet() -> None:
    sure = calibrate_from_cars(sightings(scene(), 100), LENS, SPACE).uncertainty
    assert sure is not None
    assert sure.height_percent >= 2.0


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_cars_are_refused(count: int) -> None:
    with pytest.raises(CalibrationError, match="car"):
        calibrate_from_cars(sightings(scene(), 100)[:count], LENS, SPACE)


def test_points_that_are_no_cars_are_refused_or_said_to_be_unsure() -> None:
    rng = np.random.default_rng(0)
    noise = [
        CarSighting(KeypointEvidence(rng.uniform(0, 1000, (12, 2)), np.ones(12)), number)
        for number in range(20)
    ]
    with pytest.raises(CalibrationError):
        calibrate_from_cars(noise, LENS, SPACE)


def test_points_in_one_line_are_refused() -> None:
    line = np.stack([np.linspace(100, 900, 12), np.full(12, 500.0)], axis=1)
    same = [CarSighting(KeypointEvidence(line + 3 * number, np.ones(12)), number) for number in range(20)]
    with pytest.raises(CalibrationError):
        calibrate_from_cars(same, LENS, SPACE)
