"""Dragging an object along its line of sight, with the reference camera of the design."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compositing.line_of_sight import LineOfSight
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.recipes import ONE_Q16

# 1920x1080, f = 1,400 px, 6 m high, 15 degrees down
CAMERA = Camera(1920, 1080, np.array([[1400.0, 0.0, 959.5], [0.0, 1400.0, 539.5], [0.0, 0.0, 1.0]]))
PITCH = radians(15.0)
GROUND = GroundPlane(np.array([0.0, -cos(PITCH), -sin(PITCH)]), 6.0)


def pixel(place_m: tuple[float, float]) -> np.ndarray:
    return CAMERA.project(GROUND.frame().apply(np.array([*place_m, 0.0])))


places = st.tuples(st.floats(12.0, 60.0), st.floats(-6.0, 6.0))


@given(places, st.floats(0.7, 1.5), st.floats(0.7, 1.5))
def test_an_object_that_is_dragged_to_a_place_of_its_way_stands_there(
    place: tuple[float, float], start: float, goal: float
) -> None:
    sight = LineOfSight(CAMERA, GROUND, place)
    way = pixel((goal * place[0], goal * place[1])) - pixel((start * place[0], start * place[1]))
    assert sight.reach_at(start, *way.tolist()) == pytest.approx(goal, rel=1e-6)


@given(places, st.floats(0.7, 1.5))
def test_the_foot_goes_where_the_move_says(place: tuple[float, float], reach: float) -> None:
    move = LineOfSight(CAMERA, GROUND, place).move(reach)
    before, after = pixel(place), pixel((reach * place[0], reach * place[1]))
    moved = (before * move.scale_q16 + [move.dx_q16, move.dy_q16]) / ONE_Q16
    # whole numbers of 2^-16: half of one for the scale, over the picture's width, and half for the shift
    assert np.abs(moved - after).max() <= (0.5 * 1920 + 0.5) / ONE_Q16


def test_nothing_moved_is_no_move() -> None:
    assert LineOfSight(CAMERA, GROUND, (20.0, 3.0)).move(1.0).stays


def test_steps_are_metres_on_the_ground() -> None:
    sight = LineOfSight(CAMERA, GROUND, (16.0, 12.0))
    assert sight.distance_m == pytest.approx(20.0)
    assert sight.reach_after(1.0, 5.0) == pytest.approx(1.25)
    assert sight.reach_after(1.25, -5.0) == pytest.approx(1.0)


def test_above_the_horizon_it_goes_as_far_as_it_may() -> None:
    sight = LineOfSight(CAMERA, GROUND, (20.0, 0.0))
    farthest = sight.reach_after(1.0, 10_000.0)
    assert sight.reach_at(1.0, 0.0, -900.0) == farthest
    assert farthest * 20.0 == pytest.approx(100.0)  # five times as far: there it is a fifth of its size
    # and never below the camera
    assert sight.reach_after(1.0, -10_000.0) * 20.0 == pytest.approx(4.0)
