"""Frames of one car are one car's, however it drives; where no car can go, another one begins."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.possible_way import cars_of
from core.jobs.reproduce.footage.cars import annotated, junction_by_rectangle, lens_of, sightings_of
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit
from core.shapes.space_file import default_space

REAR_M = 1.35
FRAMES_A_SECOND = {"junction": 30, "suburb": 24}


def fit(
    x: float, y: float, heading: float, verdict: FitVerdict = FitVerdict.GOOD, off_m: float = 0.1
) -> VehicleFit:
    return VehicleFit(
        method=FitMethod.GROUND, verdict=verdict, reason="", rotation=(1, 0, 0, 0, 1, 0, 0, 0, 1),
        translation=(0, 0, 20), place_m=(x, y), heading_rad=heading, shape=(0.0,) * 5,
        size_m=(4.5, 1.8, 1.5), rms_px=1.0, sigma_px=1.0, residuals_px=(1.0,) * 12, outliers=(), used=12,
        swapped=False, sigmas=FitSigmas(off_m, off_m, (off_m**2, 0, off_m**2), 0.02, (0.5,) * 5),
    )  # fmt: skip


def drive(speed: float, turning: float, times: list[float], heading: float = 0.3) -> list[VehicleFit]:
    """A car whose rear axle drives along an arc from (20, 0), forward or in reverse."""
    rear, now, found = np.array([20.0, 0.0]), heading, []
    for step in np.diff([times[0], *times]):
        for _ in range(20):
            now += turning * step / 40
            rear = rear + speed * step / 20 * np.array([np.cos(now), np.sin(now)])
            now += turning * step / 40
        x, y = (rear + REAR_M * np.array([np.cos(now), np.sin(now)])).tolist()
        found.append(fit(x, y, now))
    return found


@given(
    speed=st.floats(-3, 40),
    turning=st.floats(-0.8, 0.8),
    gaps=st.lists(st.floats(0.04, 2.5), min_size=1, max_size=8),
)
def test_a_car_within_its_limits_is_one(speed: float, turning: float, gaps: list[float]) -> None:
    times = [0.0, *itertools.accumulate(gaps)]
    # an arc that turns half round and more between two frames has a chord that tells nothing
    turning = float(np.clip(turning, -3.0 / max(gaps), 3.0 / max(gaps)))
    assert cars_of(drive(speed, turning, times), times) == [range(len(times))]


def test_a_jump_across_the_road_begins_another_car() -> None:
    times = [0.2 * n for n in range(8)]
    there, back = drive(8.0, 0.0, times), drive(8.0, 0.0, times, heading=0.3 + np.pi)
    assert cars_of(there[:4] + back[4:], times) == [range(4), range(4, 8)]


def test_a_jump_along_the_road_is_found_by_its_speed() -> None:
    # 40 m in 0.2 s
    fits = [fit(20.0, 0.0, 0.0), fit(21.6, 0.0, 0.0), fit(61.6, 0.0, 0.0), fit(63.2, 0.0, 0.0)]
    assert cars_of(fits, [0.0, 0.2, 0.4, 0.6]) == [range(2), range(2, 4)]


def test_a_jump_to_the_side_is_found_though_both_head_alike() -> None:
    # the next lane, a second later, and no farther along
    fits = [fit(30.0, 0.0, 0.0), fit(30.2, 3.6, 0.0)]
    assert cars_of(fits, [0.0, 0.5]) == [range(1), range(1, 2)]
    # a lane farther along is a change of lanes
    assert cars_of([fits[0], fit(50.0, 3.6, 0.0)], [0.0, 2.0]) == [range(2)]


@pytest.mark.parametrize("misread", [[3], [0], [9], [2, 6]])
def test_front_taken_for_back_now_and_then_is_no_other_car(misread: list[int]) -> None:
    times = [0.3 * n for n in range(10)]
    fits = drive(9.0, 0.2, times)
    for row in misread:
        place, heading = fits[row].place_m, fits[row].heading_rad
        assert place is not None
        assert heading is not None
        fits[row] = fit(*place, heading + np.pi)
    assert cars_of(fits, times) == [range(10)]


def test_a_car_that_comes_back_at_once_is_another() -> None:
    times = [0.3 * n for n in range(8)]
    there = drive(9.0, 0.0, times[:4])
    last = there[-1].place_m
    assert last is not None
    way = 2.7 * np.array([np.cos(0.3), np.sin(0.3)])
    back = [fit(*(np.array(last) - n * way).tolist(), 0.3 + np.pi) for n in range(1, 5)]
    assert cars_of(there + back, times) == [range(4), range(4, 8)]


def test_what_says_little_of_where_it_stands_splits_nothing() -> None:
    doubtful = fit(300.0, 0.0, 2.0, FitVerdict.AMBIGUOUS)
    fits = [fit(20.0, 0.0, 0.0), doubtful, None, fit(23.2, 0.0, 0.0)]
    assert cars_of(fits, [0.0, 0.1, 0.2, 0.4]) == [range(4)]
    loose = fit(21.0, 8.0, 0.0, off_m=3.0)
    assert cars_of([fits[0], loose], [0.0, 0.2]) == [range(2)]
    assert cars_of([], []) == [range(0)]
    assert cars_of([None, doubtful], [0.0, 1.0]) == [range(2)]


def test_what_lies_between_two_cars_is_neithers() -> None:
    fits = [fit(20.0, 0.0, 0.0), None, fit(90.0, 0.0, 0.0)]
    assert cars_of(fits, [0.0, 0.1, 0.2]) == [range(1), range(2, 3)]


def real_fits(clip: str) -> dict[tuple[str, int], VehicleFit]:
    result = junction_by_rectangle()
    if clip == "suburb":
        result = calibrate_from_cars(sightings_of(annotated(clip)), lens_of(clip), default_space())
    assert result.plane is not None
    fitter = VehicleFitter(result.camera, result.plane, default_space())
    cars = annotated(clip)
    fits = fitter.fit_many([car.evidence for car in cars])
    return {(car.name, car.frame): one for car, one in zip(cars, fits, strict=True)}


def test_real_cars_in_two_frames_are_one_each() -> None:
    fits = real_fits("suburb")
    pairs = [
        (name, early, late)
        for (name, early), (other, late) in itertools.permutations(fits, 2)
        if name == other and early < late
    ]
    assert len(pairs) == 3
    for name, early, late in pairs:
        both = [fits[name, early], fits[name, late]]
        assert all(one.verdict is FitVerdict.GOOD for one in both)
        assert cars_of(both, [frame / FRAMES_A_SECOND["suburb"] for frame in (early, late)]) == [range(2)]


def test_two_real_cars_that_a_tracker_took_for_one_are_two() -> None:
    """They drive past each other, some seconds apart, and their shapes agree within the noise."""
    fits = real_fits("junction")
    both = [fits["bmw5", 340], fits["red mpv", 410]]
    times = [frame / FRAMES_A_SECOND["junction"] for frame in (340, 410)]
    assert cars_of(both, times) == [range(1), range(1, 2)]
