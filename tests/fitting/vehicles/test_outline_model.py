"""Reaches of cars: as those of the whole mesh, with derivatives as finite differences have them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._seen_cars import scene
from core.fitting.vehicles.outline import COUNT, DIRECTIONS
from core.fitting.vehicles.outline_model import HEADING, OutlineModel, hull_basis
from core.geometry.ground_plane import pose_on_ground
from tests.fitting.vehicles.drawn_cars import SPACE

WHERE = scene()
MODEL = OutlineModel(WHERE.camera, WHERE.plane, hull_basis(SPACE, 2))
STATES = st.builds(
    lambda x, y, turn, first, second: np.array([[x, y, turn, first, second]]),
    st.floats(12, 60), st.floats(-8, 8), st.floats(-3, 3), st.floats(-2, 2), st.floats(-2, 2),
)  # fmt: skip


@given(state=STATES)
def test_the_outermost_vertices_stand_for_the_whole_mesh(state: np.ndarray) -> None:
    pose = pose_on_ground(WHERE.plane, state[0, :2], state[0, 2])
    pixels = WHERE.camera.project(pose.apply(SPACE.vertices(state[0, 3:])))
    reach, _ = MODEL.project(state)
    # 5 cm at the car's distance
    slack = 0.05 * 1400 / np.linalg.norm(pose.translation)
    missing = (pixels @ DIRECTIONS.T).max(axis=0) - reach[0, 0, :COUNT]
    assert missing.min() >= -1e-6
    assert missing.max() < slack
    assert reach[0, 0, HEADING] == state[0, 2]


@given(state=STATES)
def test_derivatives_hold_while_the_same_vertices_are_outermost(state: np.ndarray) -> None:
    _, slope = MODEL.project(state)
    for number in range(5):
        step = 1e-6 * np.eye(5)[number]
        ahead, behind = MODEL.project(state + step)[0], MODEL.project(state - step)[0]
        change = (ahead - behind)[0] / 2e-6
        agree = np.isclose(change, slope[0, number], rtol=1e-3, atol=1e-2).all(axis=0)
        # where two vertices reach equally far the derivative jumps: seldom
        assert agree.sum() >= COUNT - 1


def test_a_car_behind_the_camera_reaches_nowhere() -> None:
    reach, slope = MODEL.project(np.array([[-20.0, 0.0, 0.0, 0.0, 0.0]]))
    assert np.isnan(reach).all()
    assert slope.shape == (1, 5, 2, COUNT + 1)
