"""A calibration against its people: what is right is left alone, what is off is named with about how much."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._seen_cars import scene
from benchmarks._seen_people import walkers
from core.errors import CalibrationError
from core.fitting.calibration.people.check import check_against_people
from core.fitting.calibration.people.sightings import PersonSighting
from core.records.car_checks import CheckVerdict
from core.records.people_checks import PeopleCheck

PEOPLE = walkers(scene(), 40, seed=4)


def check(focal: float = 1400, height: float = 6, pitch: float = 15, roll: float = 0) -> PeopleCheck:
    said = scene(focal, height, pitch, roll)
    return check_against_people(said.camera, said.plane, PEOPLE)


def test_a_right_camera_agrees_with_its_people() -> None:
    found = check()
    assert found.verdict is CheckVerdict.AGREES
    assert "agrees" in found.sentences[0]
    # forty people of 8 cm spread: their median is sure to about 1.6 cm
    assert found.tall_m == pytest.approx(1.75, abs=0.05)
    assert found.least_tall_m < found.tall_m < found.most_tall_m
    assert found.most_tall_m - found.least_tall_m < 0.1
    assert found.trend is not None
    assert not found.trend.change.is_off
    assert found.people == 40


@pytest.mark.parametrize("times", [0.85, 1.2])
def test_a_wrong_height_makes_all_people_as_much_too_tall(times: float) -> None:
    found = check(height=6 * times)
    assert found.verdict is CheckVerdict.OFF
    assert found.camera_height is not None
    assert found.camera_height.is_off
    assert found.camera_height.off == pytest.approx(100 * (times - 1), abs=4.0)
    assert ("too large" if times > 1 else "too small") in found.sentences[0]
    assert "people" in found.sentences[0]
    assert found.tall_m == pytest.approx(1.75 * times, rel=0.03)
    # the same share everywhere: no trend
    assert found.trend is not None
    assert not found.trend.change.is_off


@pytest.mark.parametrize("pitch", [13, 17])
def test_a_wrong_tilt_is_named_and_makes_people_change_with_the_distance(pitch: float) -> None:
    found = check(pitch=pitch)
    assert found.verdict is CheckVerdict.OFF
    assert found.tilt is not None
    assert found.tilt.is_off
    assert found.tilt.off == pytest.approx(2, abs=0.8)
    assert "tilt" in " ".join(found.sentences)
    assert found.trend is not None
    assert found.trend.change.is_off
    # a camera that looks down less puts the far ones too far away, where they are too tall
    assert (found.trend.change.off > 0) == (pitch < 15)


def test_a_wrong_focal_length_is_off_too() -> None:
    found = check(focal=1400 * 1.2)
    assert found.verdict is CheckVerdict.OFF
    assert any("focal length" in sentence for sentence in found.sentences)
    assert found.trend is not None
    assert found.trend.change.is_off


def test_people_above_the_horizon_are_told() -> None:
    found = check(pitch=-25)
    assert found.verdict is CheckVerdict.OFF
    assert "above the horizon" in found.sentences[0]


def test_few_people_say_nothing() -> None:
    said = scene(1400, 8, 15)
    few = [one for one in PEOPLE if one.person < 4]
    found = check_against_people(said.camera, said.plane, few)
    assert found.verdict is CheckVerdict.UNSURE
    assert "Too little" in found.sentences[0]
    with pytest.raises(CalibrationError, match="head to foot"):
        check_against_people(said.camera, said.plane, [])


def test_people_of_all_sizes_say_nothing() -> None:
    rng = np.random.default_rng(8)
    said = scene()
    cut = []
    for person in range(12):
        share = rng.uniform(0.4, 1.0)
        cut += [
            PersonSighting(one.head + share * (one.foot - one.head), one.head, person)
            for one in PEOPLE
            if one.person == person
        ]
    found = check_against_people(said.camera, said.plane, cut)
    assert found.verdict is not CheckVerdict.AGREES
