"""A calibration against its cars: what is right is left alone, what is off is named with about how much."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._seen_cars import scene
from core.errors import CalibrationError
from core.fitting.calibration.check import check_against_cars
from core.fitting.calibration.sightings import CarSighting
from core.fitting.vehicles.evidence import KeypointEvidence
from core.records.car_checks import CarCheck, CheckVerdict
from tests.fitting.calibration.cars import SPACE, sightings

CARS = sightings(scene(), 120, seed=4)


def check(focal: float = 1400, height: float = 6, pitch: float = 15, roll: float = 0) -> CarCheck:
    said = scene(focal, height, pitch, roll)
    return check_against_cars(said.camera, said.plane, CARS, SPACE)


def test_a_right_camera_agrees_with_its_cars() -> None:
    found = check()
    assert found.verdict is CheckVerdict.AGREES
    assert "agrees" in found.sentences[0]
    for size in (found.length, found.width, found.height):
        # about 90 cars: the mean is within a third of the spread of single ones
        assert abs(size.mean_m - size.fleet_mean_m) < size.fleet_spread_m / 3
    assert found.noise_times == pytest.approx(1.0, abs=0.15)
    assert found.wheels_m is not None
    assert abs(found.wheels_m) < 0.15
    assert found.up_off_deg is not None
    assert found.up_off_deg < 1.0


@pytest.mark.parametrize("times", [0.85, 1.2])
def test_a_wrong_height_makes_all_cars_as_much_too_large(times: float) -> None:
    found = check(height=6 * times)
    assert found.verdict is CheckVerdict.OFF
    assert found.camera_height is not None
    assert found.camera_height.is_off
    assert found.camera_height.off == pytest.approx(100 * (times - 1), abs=4.0)
    assert "scale" in found.sentences[0]
    assert ("large" if times > 1 else "small") in found.sentences[0]
    assert found.focal is None or not found.focal.is_off
    assert found.tilt is None or not found.tilt.is_off


def test_a_wrong_tilt_is_named_with_its_angle() -> None:
    found = check(pitch=17, roll=1)
    assert found.verdict is CheckVerdict.OFF
    assert found.tilt is not None
    assert found.tilt.is_off
    assert found.tilt.off == pytest.approx(2.2, abs=0.8)
    assert "tilt" in found.sentences[0]


def test_a_wrong_focal_length_is_named_with_its_share() -> None:
    found = check(focal=1400 * 1.2)
    assert found.verdict is CheckVerdict.OFF
    assert found.focal is not None
    assert found.focal.is_off
    assert found.focal.off == pytest.approx(20.0, abs=5.0)
    assert any("focal length" in sentence and "long" in sentence for sentence in found.sentences)


def test_few_cars_say_nothing() -> None:
    said = scene(1400, 8, 15)
    found = check_against_cars(said.camera, said.plane, CARS[:4], SPACE)
    assert found.verdict is CheckVerdict.UNSURE
    assert "Too little" in found.sentences[0]


def test_no_points_are_refused() -> None:
    said = scene()
    nothing = CarSighting(KeypointEvidence(np.full((12, 2), np.nan), np.full(12, np.inf)), 0)
    with pytest.raises(CalibrationError, match="keypoints"):
        check_against_cars(said.camera, said.plane, [nothing], SPACE)
