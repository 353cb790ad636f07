"""Single people: pose, shape and place come back, and what cannot be is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks._drawn_people import TrueBody, draw_people, person_at
from core.fitting.people.evidence import BodyEvidence, body_evidence
from core.fitting.people.fitter import BodyFitter
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box
from core.records.fits import FitMethod, FitVerdict, Foot
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.body.coco import face_points
from core.shapes.body.gait import Gait, walking_pose
from core.shapes.body.placed import NamedBody, placed_body
from core.shapes.body.skeleton import Joint
from tests.fitting.people.people import (
    CAMERA,
    PLANE,
    body,
    exchanged,
    fitter,
    seen,
    turned_by,
    walker,
    without,
)


@settings(max_examples=8, deadline=None)
@given(
    st.floats(10, 30), st.floats(-0.25, 0.25), st.floats(-np.pi, np.pi), st.floats(0, 1), st.integers(0, 999)
)
def test_walkers_come_back_from_exact_points(ahead, aside, heading, phase, seed):
    """Exact points leave only the pull of the prior: people stand where they are to less than the sigmas."""
    betas = np.clip(np.random.default_rng(seed).normal(size=10), -1.5, 1.5)
    person = walker((ahead, ahead * aside), heading, phase, betas)
    fit = fitter().fit(seen(person))
    assert fit.method is FitMethod.BODY
    assert fit.verdict in (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    assert fit.sigmas is not None
    away = np.hypot(*(np.array(fit.place_m) - person.spot))
    assert away < 3 * np.hypot(fit.sigmas.along_m, fit.sigmas.across_m)
    if fit.verdict is FitVerdict.GOOD:
        assert turned_by(fit.heading_rad, person.heading) < np.deg2rad(35)


def test_bodies_stand_on_the_ground_and_bend_as_people_do():
    people = [walker(heading=turn, phase=turn / 7) for turn in range(6)]
    for fit in fitter().fit_many([seen(one, 2.0, seed) for seed, one in enumerate(people)]):
        placed = placed_body(fit, body().model)
        assert abs(PLANE.heights(placed.vertices).min()) < 0.03
        assert fit.contacts
        assert set(fit.contacts) <= set(Foot)
        pose = np.reshape(fit.pose, (-1, 3))
        # no knee bends forwards, no elbow backwards, but by what a soft limit gives
        for side, sign in (("LEFT", -1.0), ("RIGHT", 1.0)):
            assert pose[Joint[f"{side}_KNEE"] - 1, 0] > -0.1
            assert sign * pose[Joint[f"{side}_ELBOW"] - 1, 1] > -0.1
        assert fit.height_ratio == pytest.approx(1.0, abs=0.1)
        assert 1.4 < fit.size_m[2] < 2.1


def test_drawn_people_are_held_as_well_as_their_sigmas_say():
    """Poses wider than the prior's: two of three within one sigma, nineteen of twenty within two, loosely."""
    people = draw_people(body(), 15.0, 24, seed=3)
    rng = np.random.default_rng(1)
    fits = fitter().fit_many([one.evidence(rng) for one in people])
    across, joints = [], []
    for fit, one in zip(fits, people, strict=True):
        assert fit.sigmas is not None
        off = np.array(fit.place_m) - one.spot
        along = one.spot / np.hypot(*one.spot)
        across.append(abs(off @ [-along[1], along[0]]) / fit.sigmas.across_m)
        placed = placed_body(fit, body().model).joints
        away = np.linalg.norm((placed - placed[0]) - (one.body.joints - one.body.joints[0]), axis=1)
        joints.append(away[1:])  # the pelvis is where they meet
    assert np.mean(np.array(across) < 1) > 0.4
    assert np.mean(np.array(across) < 3) > 0.9
    assert np.median(joints) < 0.07


@pytest.mark.parametrize(("distance", "limit"), [(15.0, 0.2), (30.0, 0.5)])
def test_places_are_as_near_as_they_must_be(distance, limit):
    """All points with 2 px of noise and a box a pixel off: half of the people within the limit, metres."""
    people = draw_people(body(), distance, 12, seed=int(distance))
    rng = np.random.default_rng(2)
    fits = fitter().fit_many([one.evidence(rng, 2.0) for one in people])
    off = [np.hypot(*(np.array(fit.place_m) - one.spot)) for fit, one in zip(fits, people, strict=True)]
    assert np.median(off) < limit


def weight_off_m(joints):
    """How far aside of the line between the ankles the middle of all joints is, over the ground."""
    over = PLANE.frame().inverse().apply(joints)[:, :2]
    feet, middle = over[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]], over.mean(axis=0)
    along = feet[1] - feet[0]
    part = np.clip((middle - feet[0]) @ along / max(along @ along, 1e-9), 0.0, 1.0)
    return np.linalg.norm(middle - feet[0] - part * along)


def test_small_people_are_not_taken_for_tall_ones_who_lean():
    """Children of 1.3 m who walk upright: an adult leaning towards the camera would look like them."""
    child = replace(body(), model=replace(body().model, template=0.76 * body().model.template))
    rng = np.random.default_rng(0)
    people = []
    for _ in range(12):
        spot, (heading, phase) = rng.uniform((10, -3), (20, 3)), rng.uniform((-np.pi, 0), (np.pi, 1))
        people.append(person_at(child, CAMERA, PLANE, spot, heading, walker(phase=phase).pose, np.zeros(10)))
    fits = fitter().fit_many([seen(one, 1.0, number) for number, one in enumerate(people)])
    assert np.median([weight_off_m(one.body.joints) for one in people]) < 0.05
    # free to lean, half of them are fitted more than 0.15 m off
    assert np.median([weight_off_m(placed_body(fit, body().model).joints) for fit in fits]) < 0.12


def test_covariances_are_of_the_ground():
    fit = fitter().fit(seen(walker((25.0, 3.0)), 2.0))
    assert fit.sigmas is not None
    assert fit.sigmas.place is not None
    xx, xy, yy = fit.sigmas.place
    along = np.array(fit.place_m) / np.hypot(*fit.place_m)
    assert along @ np.array([[xx, xy], [xy, yy]]) @ along == pytest.approx(fit.sigmas.along_m**2)
    # along the line of sight a person is held less well, and by no more than half a kerb
    assert fit.sigmas.along_m > max(fit.sigmas.across_m, 0.06 * 25 / 6)
    assert fit.pose_sigmas_rad is not None
    assert len(fit.pose_sigmas_rad) == 23
    # what the points do not show is not known
    assert fit.pose_sigmas_rad[Joint.LEFT_WRIST - 1] > 0.2


@pytest.mark.parametrize("count", [0, 1, 5])
def test_fewer_than_six_points(count):
    evidence = without(seen(walker()), range(count, 17), KeypointTag.UNLABELLED)
    fit = fitter().fit(evidence)
    assert fit.verdict is FitVerdict.TOO_FEW_POINTS
    assert "6 are needed" in fit.reason
    # still something to draw: somebody who stands where the box ends
    assert np.hypot(*(np.array(fit.place_m) - [15.0, 0.0])) < 1.0


def test_hidden_lower_legs_are_said():
    person = walker()
    evidence = seen(person, 2.0)
    knees = float(person.pixels[[13, 14], 1].min())
    box = Box(person.box.x, person.box.y, person.box.w, knees - person.box.y)
    fit = fitter().fit(without(evidence, (13, 14, 15, 16), box=box))
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert fit.reason.startswith("The feet are hidden")
    # the cut box says nothing of the place: it is held by the person's size, and says how well
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 3 * fit.sigmas.along_m
    seen_whole = fitter().fit(evidence)
    assert fit.sigmas.along_m > seen_whole.sigmas.along_m


def test_a_hider_at_the_feet_is_said():
    evidence = seen(walker(), 2.0)
    hider = MaskPatch(0, int(evidence.box.bottom) - 4, np.ones((20, 1900), dtype=bool))
    told = BodyEvidence(
        evidence.points, evidence.used, evidence.sigma_px, evidence.tags, evidence.box, None, (hider,)
    )
    fit = fitter().fit(told)
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert "feet" in fit.reason


def test_upside_down():
    evidence = seen(walker())
    points = 2 * evidence.points.mean(axis=0) - evidence.points
    fit = fitter().fit(BodyEvidence(points, evidence.used, evidence.sigma_px, evidence.tags, evidence.box))
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert "upside down" in fit.reason


def placed_before(camera: Camera, plane: GroundPlane, spot: tuple[float, float]) -> TrueBody:
    pose = walking_pose(0.3, Gait())
    lean, pose[0] = pose[0].copy(), 0.0
    return person_at(body(), camera, plane, np.array(spot), 0.7, pose, np.zeros(10), lean)


@pytest.mark.parametrize("roll_deg", [20, 90, 180])
def test_a_camera_mounted_askew_puts_nobody_upside_down(roll_deg):
    """The picture's rows say nothing of up and down there; the ground does."""
    roll = np.deg2rad(roll_deg)
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    camera, plane = pinhole(1920, 1920, 1400.0), GroundPlane(turn @ PLANE.normal, PLANE.height)
    person = placed_before(camera, plane, (15.0, 0.0))
    fit = BodyFitter(camera, plane, body()).fit(seen(person))
    assert fit.verdict is FitVerdict.GOOD
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 0.2


@pytest.mark.parametrize(("down_deg", "spot"), [(60, (1.0, 0.8)), (75, (-1.0, 0.8)), (90, (-1.5, 0.0))])
def test_people_near_below_a_camera_stand_though_their_heads_are_seen_below_their_feet(down_deg, spot):
    down = np.deg2rad(down_deg)
    camera = pinhole(1920, 1080, 700.0)
    plane = GroundPlane(np.array([0.0, -np.cos(down), -np.sin(down)]), 6.0)
    person = placed_before(camera, plane, spot)
    fit = BodyFitter(camera, plane, body()).fit(seen(person))
    assert fit.verdict is FitVerdict.GOOD
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 0.1


def test_a_person_cut_in_half_by_the_border():
    person = walker()
    evidence = seen(person)
    row = int(person.pixels[[11, 12], 1].max()) + 2
    below = [index for index in range(17) if person.pixels[index, 1] > row]
    box = Box(person.box.x, person.box.y, person.box.w, row - person.box.y)
    camera = Camera(CAMERA.width, row, CAMERA.matrix)
    fit = BodyFitter(camera, PLANE, body()).fit(without(evidence, below, KeypointTag.TRUNCATED, box))
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert "border" in fit.reason


@pytest.mark.parametrize(("scale", "word"), [(0.6, "child"), (1.6, "ground plane")])
def test_a_child_or_a_bad_plane_is_named(scale, word):
    """The same points under a plane that is so much too low or too high."""
    wrong = GroundPlane(PLANE.normal, PLANE.height * scale)
    fit = BodyFitter(CAMERA, wrong, body()).fit(seen(walker(), 1.0))
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert word in fit.reason
    assert "times as tall as the box" in fit.reason


def test_no_plane():
    person = walker()
    fit = BodyFitter(CAMERA, None, body()).fit(seen(person, 1.0))
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert "ground plane" in fit.reason
    assert fit.place_m is None
    assert fit.heading_rad is None
    assert fit.sigmas.place is None
    off = np.linalg.norm(np.array(fit.translation) - person.place)
    assert off < 3 * fit.sigmas.along_m


def test_a_point_that_disagrees_is_left_out_and_named():
    evidence = seen(walker(), 0.5)
    points = evidence.points.copy()
    points[9] += [60.0, -40.0]
    fit = fitter().fit(BodyEvidence(points, evidence.used, evidence.sigma_px, evidence.tags, evidence.box))
    assert fit.outliers == (9,)
    assert "left wrist" in fit.reason
    assert fit.residuals_px[9] > 40
    assert fit.used == 16


def test_a_facing_that_points_leave_open_is_said():
    """Trunk and legs of somebody who stands sideways, far off: little tells which way they face."""
    rng = np.random.default_rng(0)
    people = [walker((25.0, 0.0), np.pi / 2 + rng.uniform(-0.3, 0.3), 0.0, gait=Gait(0.0)) for _ in range(24)]
    views = [
        without(seen(one, 2.0, seed), (0, 1, 2, 3, 4, 7, 8, 9, 10), KeypointTag.UNLABELLED)
        for seed, one in enumerate(people)
    ]
    fits = fitter().fit_many(views)
    said = [fit for fit in fits if fit.verdict is FitVerdict.AMBIGUOUS]
    assert said
    assert all("explains the points almost as well" in fit.reason for fit in said)
    turned = [turned_by(fit.heading_rad, one.heading) for fit, one in zip(fits, people, strict=True)]
    # a rival counts when its odds are above 1 in 20
    wrong = [
        turn > np.pi / 2 and fit.verdict is FitVerdict.GOOD for turn, fit in zip(turned, fits, strict=True)
    ]
    assert sum(wrong) <= 2


def test_exchanged_names_are_said_where_the_pose_contradicts_them():
    """Near people, sharp points: knees and elbows that bend one way only tell left from right."""
    people = draw_people(body(), 10.0, 16, seed=5)
    fits = fitter().fit_many([exchanged(seen(one, 0.5, sigma_px=0.5)) for one in people])
    said = [fit.swapped or "left and right exchanged" in fit.reason for fit in fits]
    assert np.mean(said) > 0.5
    # as they are named, nobody is thought to be exchanged
    assert not any(fit.swapped for fit in fitter().fit_many([seen(one, 0.5, sigma_px=0.5) for one in people]))


def test_the_same_alone_and_among_others():
    views = [seen(walker(heading=turn), 2.0, turn) for turn in range(3)]
    together = fitter().fit_many(views)
    for view, fit in zip(views, together, strict=True):
        np.testing.assert_allclose(fitter().fit(view).translation, fit.translation, atol=1e-6)


def test_a_distorted_lens():
    bent = Camera(CAMERA.width, CAMERA.height, CAMERA.matrix, (-0.15, 0.03, 0.0, 0.0))
    person = walker((15.0, 4.0))
    points = bent.project(person.points)
    ends = bent.project(person.body.vertices)
    low, high = ends.min(axis=0) + 0.5, ends.max(axis=0) + 0.5
    evidence = BodyEvidence(
        points, np.ones(17, bool), np.full(17, 1.0), person.tags, Box(*low, *(high - low))
    )
    fit = BodyFitter(bent, PLANE, body()).fit(evidence)
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 0.3
    assert fit.rms_px < 2


def test_who_has_too_few_points_stands_where_a_distorted_box_ends():
    bent = Camera(CAMERA.width, CAMERA.height, CAMERA.matrix, (-0.3, 0.1, 0.0, 0.0))
    person = placed_before(bent, PLANE, (12.0, 6.0))
    fit = BodyFitter(bent, PLANE, body()).fit(without(seen(person), range(3, 17)))
    # below the middle of the box's lower edge, which is not quite below the pelvis
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 0.25


def test_a_body_of_55_joints():
    """SMPL-X's skeleton: the jaw and the fingers are other joints, and the first 22 are the same."""
    model = body().model
    parents = np.array([*model.parents[:22], 15, 15, 15, *[20] * 15, *[21] * 15], dtype=np.int32)
    weights = np.zeros((len(model.template), 55))
    weights[:, :22] = model.weights[:, :22]
    weights[:, 25], weights[:, 40] = model.weights[:, 22], model.weights[:, 23]
    weights[:, 22] = 0.3 * weights[:, 15]
    weights[:, 15] *= 0.7
    regressor = np.zeros((55, len(model.template)))
    regressor[:22] = model.joint_regressor[:22]
    regressor[22:] = model.joint_regressor[parents[22:]]
    large = replace(model, parents=parents, weights=weights, joint_regressor=regressor)
    named = NamedBody("large", "large 1", large, face_points(large))
    person = walker()
    fit = BodyFitter(CAMERA, PLANE, named).fit(seen(person))
    assert len(fit.pose) == 54 * 3
    assert not np.any(np.reshape(fit.pose, (-1, 3))[21:])
    assert len(fit.pose_sigmas_rad) == 54
    placed = placed_body(fit, large)
    assert abs(PLANE.heights(placed.vertices).min()) < 0.03
    assert np.hypot(*(np.array(fit.place_m) - person.spot)) < 0.3


def test_nothing_at_all():
    fit = fitter().fit(body_evidence(None, Box(0.0, 0.0, 0.0, 0.0)))
    assert fit.verdict is FitVerdict.TOO_FEW_POINTS
    assert np.isfinite(fit.translation).all()
