"""A camera from the people who walk before it: found, sure to about what it says, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._seen_cars import scene
from benchmarks._seen_people import walkers
from core.errors import CalibrationError
from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.people.from_people import calibrate_from_people
from core.fitting.calibration.people.settle import PeopleSettings
from core.fitting.calibration.people.sightings import PersonSighting, sighting_of, stack_people
from core.fitting.calibration.people.statures import middle_of, statures
from core.geometry.calibration.lens import Lens, known_lens
from core.geometry.calibration.result import CalibrationResult
from core.records.boxes import Box
from core.records.cameras import CalibrationMethod
from core.records.masks import MaskPatch

LENS = Lens(1920, 1080)


def off_deg(result: CalibrationResult, normal: np.ndarray) -> float:
    assert result.plane is not None
    return float(np.rad2deg(np.arccos(np.clip(result.plane.normal @ normal, -1, 1))))


@pytest.mark.parametrize(
    ("focal", "height", "pitch", "roll"), [(1400, 6, 15, 0), (1100, 4.5, 20, 3), (1900, 9, 25, -4)]
)
def test_forty_walkers_tell_lens_tilt_and_height(focal: float, height: float, pitch: float, roll: float):
    where = scene(focal, height, pitch, roll)
    result = calibrate_from_people(walkers(where, 40, seed=2), LENS)
    assert result.method is CalibrationMethod.PEOPLE
    assert result.plane is not None
    sure = result.uncertainty
    assert sure is not None
    # three of the standard deviations that it says; the mean stature is sure to 2.5 % at best
    assert abs(100 * (result.camera.focal[0] / focal - 1)) < 3 * sure.focal_percent
    assert abs(100 * (result.plane.height / height - 1)) < 3 * sure.height_percent
    assert off_deg(result, where.plane.normal) < 3 * sure.normal_deg
    assert sure.focal_percent < 10
    assert sure.height_percent >= 2.5
    assert "40 people" in result.notes[0]


def test_a_lens_that_is_known_is_kept():
    where = scene()
    result = calibrate_from_people(walkers(where, 20, seed=3), known_lens(where.camera))
    assert result.camera.focal == where.camera.focal
    assert result.uncertainty is not None
    assert result.uncertainty.focal_percent == 0
    assert off_deg(result, where.plane.normal) < 0.5


def test_taller_people_who_are_said_to_be_taller_change_nothing():
    where = scene()
    taller = walkers(where, 30, seed=4, mean_m=1.85)
    known = calibrate_from_people(taller, known_lens(where.camera), PeopleSettings(mean_m=1.85))
    unknown = calibrate_from_people(taller, known_lens(where.camera))
    assert known.plane is not None
    assert unknown.plane is not None
    assert known.plane.height == pytest.approx(6, rel=0.02)
    # the scale is the people's: 1.85 m taken for 1.75 m
    assert unknown.plane.height / known.plane.height == pytest.approx(1.75 / 1.85, rel=0.01)


def test_masks_that_lost_their_legs_are_left_out():
    where = scene()
    people = walkers(where, 30, seed=5)
    rng = np.random.default_rng(0)
    for row in rng.choice(len(people), len(people) // 8, replace=False).tolist():
        one = people[row]
        people[row] = PersonSighting((one.foot + one.head) / 2, one.head, one.person)
    result = calibrate_from_people(people, LENS)
    assert result.camera.focal[0] == pytest.approx(1400, rel=0.1)
    assert off_deg(result, where.plane.normal) < 1.0
    assert any("left out" in note for note in result.notes)


def test_few_people_are_refused():
    with pytest.raises(CalibrationError, match="too few"):
        calibrate_from_people(walkers(scene(), 5), LENS)
    with pytest.raises(CalibrationError, match="head to foot"):
        calibrate_from_people([], LENS)


def test_people_who_stand_in_one_spot_are_refused():
    """One upright is seen alike by many cameras."""
    foot, head = np.array([950.0, 700.0]), np.array([950.0, 560.0])
    crowd = [PersonSighting(foot, head, person) for person in range(20)]
    with pytest.raises(CalibrationError, match="These people do not settle the camera"):
        calibrate_from_people(crowd, LENS)


def test_points_of_nobody_are_refused():
    rng = np.random.default_rng(1)
    nobody = [
        PersonSighting(rng.uniform(0, 1000, 2), rng.uniform(0, 1000, 2), person)
        for person in range(20)
        for _ in range(6)
    ]
    with pytest.raises(CalibrationError):
        calibrate_from_people(nobody, LENS)


def test_statures_are_those_of_uprights_on_the_ground():
    where = scene(roll_deg=2)
    frame = where.plane.frame()
    places = np.array([[12.0, -6.0], [30.0, 9.0], [55.0, 0.5]])
    away = np.linalg.norm(places, axis=1)
    toes = np.column_stack([places * (1 - 0.2 / away)[:, None], np.zeros(3)])
    heads = np.column_stack([places, [1.5, 1.75, 2.0]])
    pixels = [where.camera.project(frame.apply(points)) for points in (toes, heads)]
    seen = stack_people(
        [PersonSighting(foot, head, n) for n, (foot, head) in enumerate(zip(*pixels, strict=True))], LENS
    )
    told = statures(RoadCamera(1400.0, where.plane), seen, toe_m=0.2)
    assert told.tall_m == pytest.approx([1.5, 1.75, 2.0], abs=1e-9)
    assert told.lean == pytest.approx(np.zeros(3), abs=1e-9)
    assert told.away_m == pytest.approx(away, abs=1e-9)


def test_the_ends_of_a_leaning_mask_lie_on_its_axis():
    rows, columns = np.indices((101, 40))
    # a bar 6 px wide whose middle moves by 0.15 px a row
    middle = 28 - 0.15 * rows
    patch = MaskPatch(200, 50, np.abs(columns - middle) <= 3)
    seen = sighting_of(Box(200, 50, 40, 101), patch, 7)
    assert seen is not None
    assert seen.head == pytest.approx([200 + 28, 49.5], abs=0.6)
    assert seen.foot == pytest.approx([200 + 28 - 15, 150.5], abs=0.6)
    assert seen.person == 7


def test_groups_and_specks_are_nobody():
    assert sighting_of(Box(10, 10, 8, 15), None, 0) is None
    assert sighting_of(Box(10, 10, 40, 50), None, 0) is None
    seen = sighting_of(Box(10, 10, 20, 50), None, 0)
    assert seen is not None
    assert seen.foot.tolist() == [19.5, 59.5]
    assert seen.head.tolist() == [19.5, 9.5]
    assert sighting_of(Box(0, 0, 40, 50), MaskPatch(0, 0, np.ones((50, 40), dtype=bool)), 0) is None


def test_the_interval_of_a_median_holds_it_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        _, low, high = middle_of(rng.exponential(size=25))
        held += low <= np.log(2) <= high
    # 1900 are expected at 95 %; ranks are whole numbers, so rather more
    assert 1880 <= held <= 1990
