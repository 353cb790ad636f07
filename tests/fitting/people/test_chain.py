"""The chain of joints against the whole body model, and its derivatives against finite differences."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FittingError
from core.fitting.people import degrees
from core.fitting.people.arrays import kit_of
from core.fitting.people.chain import Chain
from core.fitting.people.ends import ends_of
from core.fitting.people.marks import CROWN, POINTS, SOLES, body_marks
from core.fitting.people.objective import Sightings
from core.fitting.people.track import fit_body_track
from core.geometry.poses import rotation_from_vector
from core.records.fits import FitMethod
from core.shapes.body.coco import coco_keypoints
from tests.fitting.people.people import CAMERA, body, fitter, seen, walker

MARKS = body_marks(body())
STEP = 1e-6


def drawn(seed, count=2):
    rng = np.random.default_rng(seed)
    turn = rotation_from_vector(rng.normal(size=(count, 3)))
    place = rng.normal(size=(count, 3)) + np.array([0.0, 0.0, 12.0])
    pose = rng.uniform(np.maximum(degrees.LOW, -1.5), np.minimum(degrees.HIGH, 1.5), (count, degrees.COUNT))
    return turn, place, rng.normal(size=(count, MARKS.betas)), pose


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_points_are_where_the_body_model_poses_them(seed):
    """COCO's points agree with full skinning to 3 mm: face vertices move with the head alone here."""
    turn, place, beta, pose = drawn(seed)
    chain = Chain(kit_of(None), MARKS)
    points = chain.posed(chain.state(turn, place, beta, pose), MARKS.marks).points[:, POINTS]
    posed = body().model.posed(degrees.pose_of_degrees(pose, 24), beta)
    about = coco_keypoints(posed, body().face) - posed.joints[:, :1]
    np.testing.assert_allclose(points, np.einsum("nab,npb->npa", turn, about) + place[:, None], atol=3e-3)
    # joints are exact
    np.testing.assert_allclose(
        points[:, 5:], (np.einsum("nab,npb->npa", turn, about) + place[:, None])[:, 5:], atol=1e-9
    )


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000))
def test_slopes_are_finite_differences(seed):
    chain = Chain(kit_of(None), MARKS)
    state = chain.state(*drawn(seed))
    slopes = chain.posed(state, MARKS.marks, slopes=True).slopes
    for parameter in range(chain.parameters):
        steps = np.zeros((2, chain.parameters))
        steps[:, parameter] = STEP
        ahead = chain.posed(chain.moved(state, steps), MARKS.marks).points
        behind = chain.posed(chain.moved(state, -steps), MARKS.marks).points
        numeric = (ahead - behind) / (2 * STEP)
        np.testing.assert_allclose(slopes[..., parameter].swapaxes(1, 2), numeric, atol=1e-6)


def test_the_objectives_gradient_is_its_slope():
    """Half the gradient of the whole cost, over points, box, feet, balance, limits and prior."""
    objective = fitter().objective
    person = walker()
    evidence = seen(person, noise_px=3.0)
    ends = [ends_of(evidence, CAMERA.width, CAMERA.height)]
    seen_by = Sightings(*fitter().sightings([evidence], ends))
    pose = degrees.degrees_of(person.pose)[None] + 0.1
    state = objective.chain.state(person.turn[None], person.place[None] + 0.02, np.full((1, 10), 0.3), pose)
    gradient = objective.at(state, seen_by).gradient[0]
    scale = np.abs(gradient).max()
    for parameter in range(objective.chain.parameters):
        steps = np.zeros((1, objective.chain.parameters))
        steps[0, parameter] = 1e-6
        ahead = objective.at(objective.chain.moved(state, steps), seen_by).cost[0]
        behind = objective.at(objective.chain.moved(state, -steps), seen_by).cost[0]
        # shares of soles and of the crown are held in a step, which a few parts in a hundred is for
        assert abs((ahead - behind) / 4e-6 - gradient[parameter]) < 0.05 * scale


def test_degrees_come_back_from_a_pose():
    pose = drawn(3)[3]
    back = degrees.degrees_of(degrees.pose_of_degrees(pose, 24))
    np.testing.assert_allclose(back, pose, atol=1e-9)


def test_soles_are_lowest_and_the_crown_is_highest():
    rest = MARKS.marks.rest
    assert rest[SOLES, 1].min() == pytest.approx(body().model.template[:, 1].min(), abs=1e-3)
    assert rest[CROWN, 1].max() == pytest.approx(body().model.template[:, 1].max(), abs=1e-9)
    assert (rest[SOLES][:6, 0] > 0).all()
    assert (rest[SOLES][6:, 0] < 0).all()


def test_torch_says_what_numpy_says():
    pytest.importorskip("torch")
    there = type(fitter())(CAMERA, fitter().plane, body(), device="cpu")
    views = [seen(walker(heading=turn), noise_px=2.0, seed=turn) for turn in (0, 2)]
    for one, two in zip(fitter().fit_many(views), there.fit_many(views), strict=True):
        assert one.verdict is two.verdict
        assert one.reason == two.reason
        np.testing.assert_allclose(one.pose, two.pose, atol=1e-6)
        np.testing.assert_allclose(one.translation, two.translation, atol=1e-6)
        np.testing.assert_allclose(one.shape, two.shape, atol=1e-6)


def test_torch_says_the_same_of_a_track():
    pytest.importorskip("torch")
    there = type(fitter())(CAMERA, fitter().plane, body(), device="cpu")
    views = [seen(walker((15.0, 0.13 * n), np.pi / 2, 0.1 * n), noise_px=2.0, seed=n) for n in range(4)]
    times = [0.1 * n for n in range(4)]
    both = (fit_body_track(one, views, times) for one in (fitter(), there))
    for one, two in zip(*both, strict=True):
        assert one.method is two.method is FitMethod.BODY_TRACK
        assert one.verdict is two.verdict
        np.testing.assert_allclose(one.pose, two.pose, atol=1e-6)
        np.testing.assert_allclose(one.translation, two.translation, atol=1e-6)


@pytest.mark.parametrize("device", ["mps", "nonsense"])
def test_a_device_that_cannot_is_refused(device):
    pytest.importorskip("torch")
    with pytest.raises(FittingError) as caught:
        kit_of(device)
    assert caught.value.way_out


def test_numpys_path_imports_neither_torch_nor_scipy():
    """The window fits people in a worker thread."""
    script = (
        "import sys, core.fitting.people.fitter, core.fitting.people.predict, core.fitting.people.track;"
        "from core.fitting.people.arrays import kit_of; kit_of(None);"
        "assert not {'torch', 'scipy', 'open3d'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
