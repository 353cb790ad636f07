"""Cars follow their lanes, wait at red, and never touch each other or a person."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.synthesis.street.drivers import Driver, acceleration
from core.synthesis.street.footprints import corners, overlap
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.routes import MAIN, plan_routes
from core.synthesis.street.signals import CLEARANCE_S, GREEN, RED, YELLOW, Signals, is_lit, lamp_code, round_s
from core.synthesis.street.traffic import CarSize, Traffic
from core.synthesis.street.walkers import moment, on_road, plan_walkers

SIZES = (CarSize((-1.9, 1.9, -0.85, 0.85), 2.5), CarSize((-2.6, 2.5, -0.98, 0.98), 3.1))
DRIVER = Driver(speed=12.0, headway=1.2, acceleration=1.8, braking=2.2, gap=2.0)
SECONDS = 50.0


@pytest.fixture(scope="module", params=[0, 5])
def history(request):
    """(layout, signals, walkers, [(time, moments)]) of a busy street."""
    seed = request.param
    layout, signals = plan_layout(seed), Signals(offset=9.0 * seed)
    walkers = plan_walkers(layout, 8, 3, SECONDS, seed, 5000, signals)
    traffic = Traffic(layout, SIZES, 20, seed, 100, lambda time: on_road(walkers, layout, time), signals)
    seen = []
    for step in range(-100, int(SECONDS * 10)):
        traffic.step(step / 10)
        seen.append(((step + 1) / 10, traffic.moments()))
    return layout, signals, walkers, seen


def shapes(moments):
    extents = [SIZES[car.model].extent for car in moments]
    places = np.array([(car.x, car.y, car.heading) for car in moments])
    return corners(*places.T, extents)


def test_cars_never_intersect(history):
    for _, moments in history[3]:
        plans = shapes(moments)
        one, other = np.triu_indices(len(plans), 1)
        assert not overlap(plans[one], plans[other]).any()


def test_cars_never_drive_over_people(history):
    layout, _, walkers, seen = history
    crossed = 0
    for time, moments in seen:
        places = on_road(walkers, layout, time)
        places = places[np.abs(places[:, 1]) < layout.road_half]
        crossed += len(places)
        for x, y in places:
            square = corners([x], [y], [0.0], [(-0.2, 0.2, -0.2, 0.2)])
            assert not overlap(square, shapes(moments)).any()
    assert crossed > 100


def test_traffic_moves_and_stops(history):
    speeds = np.array([car.speed for _, moments in history[3] for car in moments])
    assert np.mean(speeds > 6) > 0.15
    assert np.mean(speeds < 0.1) > 0.05
    assert speeds.max() < 14


def test_cars_move_as_fast_as_they_say(history):
    seen = history[3]
    for (_, before), (_, after) in zip(seen[::7], seen[1::7], strict=False):
        later = {car.track: car for car in after}
        for car in before:
            if car.track in later:
                then = later[car.track]
                moved = np.hypot(then.x - car.x, then.y - car.y)
                assert moved <= 0.1 * (max(car.speed, then.speed) * 1.03 + 0.1)


def test_nobody_crosses_the_stop_line_well_into_red(history):
    layout, signals, _, seen = history
    line = layout.stop_x(1)
    for (_, before), (time, after) in pairwise(seen):
        noses = {car.track: car.x + SIZES[car.model].extent[1] for car in before if abs(car.heading) < 0.05}
        for car in after:
            crossing = car.track in noses and noses[car.track] < line <= car.x + SIZES[car.model].extent[1]
            # the first cars are put on the street at full speed, wherever the lights stand
            if time > 0 and crossing and abs(car.heading) < 0.05:
                assert max(signals.left(MAIN, time - back) for back in (0.0, 1.0, 2.0, 3.0, CLEARANCE_S)) > 0


def test_only_one_phase_is_green_and_all_red_lies_between():
    signals = Signals(3.0)
    times = np.arange(0, round_s(), 0.1)
    green = np.array([[signals.left(phase, time) > 0 for phase in range(4)] for time in times])
    assert green.sum(axis=1).max() == 1
    assert green.any(axis=0).all()
    assert np.isclose((~green.any(axis=1)).sum() * 0.1, 4 * CLEARANCE_S, atol=0.5)


def test_each_light_shows_one_colour_and_green_when_its_phase_has_it():
    signals = Signals(3.0)
    for time in np.arange(0, round_s(), 0.3):
        for phase in range(4):
            lit = [
                colour for colour in (GREEN, YELLOW, RED) if is_lit(signals, lamp_code(phase, colour), time)
            ]
            assert len(lit) == 1
            assert (lit == [GREEN]) == (signals.left(phase, time) > 0)


def test_a_driver_keeps_the_speed_and_the_distance_wanted():
    assert acceleration(DRIVER, 12.0, 12.0, np.inf, 0.0) == pytest.approx(0.0)
    # the gap at which acceleration is zero: (s0 + v T) / sqrt(1 - (v / v0)^4)
    gap = (2.0 + 6.0 * 1.2) / np.sqrt(1 - 0.5**4)
    assert acceleration(DRIVER, 6.0, 12.0, gap, 0.0) == pytest.approx(0.0, abs=1e-12)
    assert acceleration(DRIVER, 12.0, 12.0, 10.0, 12.0) < -4
    assert acceleration(DRIVER, 0.0, 12.0, np.inf, 0.0) == pytest.approx(1.8)


def test_routes_are_even_and_stop_lines_lie_on_them():
    layout = plan_layout(2)
    for route in plan_routes(layout):
        steps = np.hypot(*np.diff(route.points, axis=0).T)
        np.testing.assert_allclose(steps, 0.5, atol=0.02)
        assert 0 < route.stop < route.length


def test_people_stay_on_pavement_or_crossing(history):
    layout, _, walkers, _ = history
    for time in np.arange(0, SECONDS, 0.5):
        for walker in walkers:
            now = moment(walker, layout, float(time))
            if now is not None and abs(now.y) < layout.road_half:
                assert layout.crossing[0] < now.x < layout.crossing[1]
                assert now.z == 0.0 or abs(now.y) > layout.road_half - 0.3
