"""Errors of fits of cars and people, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.drawn_anew import Drawn
from core.evaluation.fit_errors import FitErrors, Standing, fit_errors, heading_error
from core.evaluation.fit_figures import fit_figures
from core.geometry.poses import heading_rotation, rotation_from_vector
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import ObjectResult, Outcome
from core.records.slices import ALL, By, Slice

UP = np.array([0.0, -1.0, 0.0])  # of a camera that looks level
# a car's z is up, the camera's y is down
LEVEL = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
# four metres long
CORNERS = np.array([[x, y, z] for x in (-2.0, 2.0) for y in (-0.8, 0.8) for z in (0.3, 1.2, 1.3)])


def car(place: tuple[float, float, float], turn_rad: float = 0.0) -> Standing:
    rotation = LEVEL @ heading_rotation(turn_rad)
    return Standing(False, rotation, np.array(place), CORNERS @ rotation.T + place)


def test_a_car_that_is_moved_and_one_that_is_turned() -> None:
    moved = fit_errors(car((1.0, 2.0, 20.0)), car((1.3, 2.0, 20.4)), UP)
    assert (moved.place_m, moved.add_m, moved.apart_m) == pytest.approx((0.5, 0.5, 0.5))
    assert (moved.rotation_rad, moved.heading_rad) == pytest.approx((0.0, 0.0), abs=1e-9)
    # half a metre is more than a tenth of four metres: no point is right
    assert (moved.right, moved.placed) == (0, 12)
    assert moved.badness == pytest.approx(0.5 / 1.5)
    turned = fit_errors(car((1.0, 2.0, 20.0)), car((1.0, 2.0, 20.0), math.pi), UP)
    assert (turned.rotation_rad, turned.heading_rad) == pytest.approx((math.pi, math.pi))
    # a half turn moves a point by twice its distance from the axis
    assert turned.add_m == pytest.approx(2 * math.hypot(2.0, 0.8))
    assert turned.joints_m is None


def test_a_car_that_only_leans_keeps_its_heading() -> None:
    known = car((0.0, 2.0, 15.0))
    leant = replace(known, rotation=known.rotation @ rotation_from_vector([0.1, 0.0, 0.0]))
    errors = fit_errors(known, leant, UP)
    assert errors.rotation_rad == pytest.approx(0.1)
    assert errors.heading_rad == pytest.approx(0.0, abs=1e-9)
    assert heading_error(UP, known.forward, UP) is None


def test_a_person_far_off_in_a_right_pose() -> None:
    rng = np.random.default_rng(3)
    joints = rng.normal(size=(24, 3)) * 0.3
    known = Standing(True, np.eye(3), joints[0], joints)
    shift = np.array([0.0, 0.0, 2.0])
    away = fit_errors(known, Standing(True, np.eye(3), joints[0] + shift, joints + shift), UP)
    assert (away.place_m, away.apart_m) == pytest.approx((2.0, 2.0))
    assert (away.joints_m, away.aligned_m) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert (away.right, away.placed, away.add_m) == (23, 23, None)
    # without its joints the place is all that is known of it
    bare = fit_errors(known, Standing(True, np.eye(3), joints[0] + shift, None), UP)
    assert (bare.apart_m, bare.joints_m, bare.placed) == (pytest.approx(2.0), None, None)


def test_a_car_is_no_person() -> None:
    known = car((0.0, 2.0, 15.0))
    with pytest.raises(ValueError, match="its own kind"):
        fit_errors(known, replace(known, is_person=True), UP)


def test_figures_over_slices_leave_out_what_is_not_fitted() -> None:
    def row(number: int, occlusion: float, fitted: bool, category: Category = Category.CAR) -> ObjectResult:
        outcome = Outcome.FOUND if fitted else Outcome.MISSED
        box = Box(0, 0, 50, 30)
        return ObjectResult(
            number, 0, number, None, category, category, outcome, 0.5, None, box, occlusion, 12.0
        )

    def off(turn_rad: float, place_m: float) -> FitErrors:
        return FitErrors(place_m, turn_rad, turn_rad, place_m, None, None, 6, 12, place_m)

    walker = FitErrors(1.0, 0.05, 0.05, None, 0.08, 0.04, 20, 23, 1.0)
    rows = [
        *(row(0, 0.0, True), row(1, 0.0, True), row(2, 0.55, True), row(3, 0.55, False)),
        row(4, 0.0, True, Category.PERSON),
    ]
    errors = [off(0.1, 0.2), off(0.2, 0.4), off(1.0, 3.0), None, walker]
    counted = fit_figures(rows, errors, Drawn([0, 1, 2, 3, 4], 5, 0, 50))
    found = {(one.name, one.slice): one for one in counted.figures}

    def value(name: str, where: Slice = ALL) -> float:
        return found[name, where].value

    assert value("fitted") == pytest.approx(0.8)
    hidden = Slice(By.OCCLUSION, 5)
    assert (value("fitted", hidden), value("place", hidden)) == pytest.approx((0.5, 3.0))
    # pi/6 is 0.52, pi/18 is 0.17: of four fits
    assert (value("rotation_acc_30"), value("rotation_acc_10")) == pytest.approx((0.75, 0.5))
    assert value("add") == pytest.approx(0.4)
    assert found["add", ALL].count == 3
    assert (value("mpjpe"), value("pa_mpjpe")) == pytest.approx((0.08, 0.04))
    assert ("mpjpe", hidden) not in found
    assert value("pck_3d") == pytest.approx((3 * 6 + 20) / (3 * 12 + 23))
