"""Both models: projection by the camera's own, derivatives by finite differences, priors, starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fitting.vehicles.free_model import PLACE, FreeModel, UprightPrior
from core.fitting.vehicles.ground_model import GroundModel
from core.fitting.vehicles.shape_basis import basis_of
from tests.fitting.vehicles.views import CAMERA, PLANE, pixels_of, seen_points, space, stand

BASIS = basis_of(space(), 5)
GROUND = GroundModel(CAMERA, PLANE, BASIS)
FREE = FreeModel(CAMERA, BASIS, UprightPrior())
STEP = 1e-6

places = st.tuples(st.floats(12, 60), st.floats(-6, 6))
headings = st.floats(-np.pi, np.pi)
shapes = st.lists(st.floats(-2, 2), min_size=5, max_size=5)


def ground_state(place, heading, beta):
    return np.array([[*place, heading, *beta]])


def free_state(place, heading, beta):
    pose = stand(place, heading)
    return np.concatenate([pose.rotation.reshape(-1), pose.translation, beta])[None]


def differences(model, state, function):
    """Central differences of a function of the state along each parameter."""
    parameters = model.project(state)[1].shape[1]
    changes = []
    for step in np.eye(parameters)[:, None] * STEP:
        ahead, behind = function(model.moved(state, step)), function(model.moved(state, -step))
        changes.append((ahead - behind) / (2 * STEP))
    return np.stack(changes, axis=1)


@given(places, headings, shapes)
def test_both_project_as_the_camera_does(place, heading, beta):
    expected = pixels_of(stand(place, heading), beta)
    np.testing.assert_allclose(
        GROUND.project(ground_state(place, heading, beta))[0][0].T, expected, atol=1e-8
    )
    np.testing.assert_allclose(FREE.project(free_state(place, heading, beta))[0][0].T, expected, atol=1e-8)


@given(places, headings, shapes)
def test_derivatives_are_those_of_finite_differences(place, heading, beta):
    for model, state in (
        (GROUND, ground_state(place, heading, beta)),
        (FREE, free_state(place, heading, beta)),
    ):
        slope = model.project(state)[1]
        numeric = differences(model, state, lambda at, model=model: model.project(at)[0])
        np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-6 * np.abs(slope).max())


@given(places, headings, shapes, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_the_priors_gradient_is_half_that_of_its_cost(place, heading, beta, pitch, roll):
    leaning = FREE.moved(free_state(place, heading, beta), np.array([[pitch, 0.0, roll, *[0.0] * 8]]))
    for model, state in ((GROUND, ground_state(place, heading, beta)), (FREE, leaning)):
        _, gradient, _ = model.prior(state)
        numeric = differences(model, state, lambda at, model=model: model.prior(at)[0])
        np.testing.assert_allclose(gradient[0], numeric[0] / 2, rtol=1e-5, atol=1e-4)


def test_a_car_on_its_roof_has_no_prior_at_all():
    upside_down = FREE.moved(free_state((20, 0), 0.3, [0.0] * 5), np.array([[np.pi, *[0.0] * 10]]))
    assert FREE.prior(upside_down)[0][0] == np.inf


def test_wheels_stand_on_the_road_by_construction():
    state = FREE.basis.points(np.array([[1.0, -2.0, 0.5, 1.5, -1.0]]))[0]
    heights = PLANE.heights(stand((25.0, 3.0), 0.7).apply(state.T))
    radius = state[2, :4]
    assert 0.25 < radius.min() <= radius.max() < 0.45
    np.testing.assert_allclose(heights[:4], radius, atol=1e-12)


@pytest.mark.parametrize("model", [GROUND, FREE])
def test_behind_the_camera_there_is_no_pixel(model):
    state = (
        ground_state((-30, 0), 0.0, [0.0] * 5) if model is GROUND else free_state((-30, 0), 0.0, [0.0] * 5)
    )
    assert np.isnan(model.project(state)[0]).all()


@given(places, headings)
def test_starts_of_the_right_heading_stand_where_the_car_does(place, heading):
    pixels = pixels_of(stand(place, heading), [0.0] * 5).T[None]
    start = GROUND.starts(pixels, np.ones((1, 12)), np.array([heading]))[0, 0]
    np.testing.assert_allclose(start[:2], place, atol=1e-5)
    np.testing.assert_array_equal(start[3:], 0)


def test_a_point_of_another_car_hardly_moves_a_start():
    pixels = pixels_of(stand((25, 2), 0.5), [0.0] * 5).T[None].copy()
    pixels[0, :, 3] += 200.0
    start = GROUND.starts(pixels, np.ones((1, 12)), np.array([0.5]))[0, 0]
    assert np.hypot(*(start[:2] - [25, 2])) < 0.3


@given(st.tuples(st.floats(15, 50), st.floats(-5, 5)), headings, shapes)
def test_what_is_turned_away_is_what_rays_find_hidden(place, heading, beta):
    """The quick test may miss what bulges hide, but calls nothing averted that a ray reaches."""
    visible = seen_points(stand(place, heading), beta)
    for model, state in (
        (GROUND, ground_state(place, heading, beta)),
        (FREE, free_state(place, heading, beta)),
    ):
        assert not (model.turned_away(state)[0] & visible).any()


def test_the_averted_side_is_found():
    # driving away from the camera, 5 m to its left: it sees the right side and the back, and of the front
    # lamps the right one's side by 0.17
    state = ground_state((25.0, 5.0), 0.0, [0.0] * 5)
    away = GROUND.turned_away(state)[0]
    np.testing.assert_array_equal(np.flatnonzero(away), [1, 3, 4, 5])
    np.testing.assert_array_equal(FREE.turned_away(free_state((25.0, 5.0), 0.0, [0.0] * 5))[0], away)


def test_free_states_turn_and_stay_rotations():
    state = FREE.moved(free_state((20, 1), 1.0, [0.0] * 5), np.full((1, 11), 0.3))
    rotation = state[0, :9].reshape(3, 3)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert state.shape == (1, PLACE + 5)
