"""What people cover of the ground: their bodies straight from above."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fitting.people.footprint import body_footprint
from core.geometry.ground_plane import GroundPlane
from core.shapes.body.placed import placed_body
from tests.placed_people import person_at, stand_in

GROUND = GroundPlane(np.array([0.05, -math.cos(0.3), -math.sin(0.3)]) / math.hypot(0.05, 1.0), 5.0)


@settings(max_examples=25, deadline=None)
@given(
    place=st.tuples(st.floats(4, 40), st.floats(-15, 15)),
    heading_rad=st.floats(-3.1, 3.1),
    phase=st.floats(0, 1),
)
def test_it_is_the_tightest_convex_outline_of_the_body_from_above(
    place: tuple[float, float], heading_rad: float, phase: float
) -> None:
    fit = person_at(GROUND, place, heading_rad, phase=phase)
    corners = body_footprint(fit, GROUND, stand_in().model)
    # along the normal: what is left of a point is its part across it
    body = placed_body(fit, stand_in().model).vertices
    frame = GROUND.frame()
    across = body - np.outer(body @ GROUND.normal, GROUND.normal)
    flat = np.stack([across @ frame.rotation[:, 0], across @ frame.rotation[:, 1]], axis=1)
    # it reaches as far as the body does, in every direction and no farther
    for angle in np.linspace(0, 2 * np.pi, 36, endpoint=False):
        way = np.array([np.cos(angle), np.sin(angle)])
        assert (corners @ way).max() == pytest.approx((flat @ way).max(), abs=1e-6)


def test_somebody_who_stands_covers_a_shoulders_width_across_the_way_they_face() -> None:
    fit = person_at(GROUND, (12.0, 0.0), 0.0, swing=0.0)
    corners = body_footprint(fit, GROUND, stand_in().model)
    deep, wide = np.ptp(corners, axis=0)
    # faces along x: so deep and so wide as the fit says of itself
    assert (deep, wide) == pytest.approx(fit.size_m[:2], abs=1e-9)
    assert corners.mean(axis=0) == pytest.approx(fit.place_m, abs=0.15)


def test_a_fit_of_another_skeleton_covers_nothing() -> None:
    fit = replace(person_at(GROUND, (12.0, 0.0)), pose=(0.0,) * 162)
    with pytest.raises(ValueError, match="24 joints"):
        body_footprint(fit, GROUND, stand_in().model)
