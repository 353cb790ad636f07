"""Bodies that another system estimates, on the ground: crop to camera, place, verdict, and bad answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks._drawn_people import drawn_pose, person_at
from benchmarks._fitting_scenes import reference_camera
from benchmarks._random_bodies import random_body
from benchmarks.body_estimates import ideal_estimate
from core.errors import BodyEstimatorError
from core.fitting.people.crop_camera import pelvis_from_crop, view_rotation
from core.fitting.people.estimates import (
    SMPL_VERTICES,
    BodyEstimate,
    RootFrame,
    check_estimate,
    place_estimate,
)
from core.fitting.people.evidence import body_evidence
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import rotation_angle, rotation_from_vector
from core.records.boxes import Box
from core.records.fits import FitMethod, FitVerdict, Foot
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.body.coco import FacePoints
from core.shapes.body.placed import NamedBody, named_body, placed_body
from core.shapes.body.skeleton import COUNT, Joint

BENT = Camera(
    1920,
    1080,
    np.array([[1380.0, 0.0, 1010.0], [0.0, 1450.0, 520.0], [0.0, 0.0, 1.0]]),
    (-0.21, 0.06, 0.001, -0.0005, 0.0),
)
"""Oblong pixels, a principal point aside, and a lens that bends."""


@pytest.fixture(scope="module")
def body():
    return named_body()


@pytest.fixture(scope="module")
def people(body):
    """Five people 12 m to 20 m away, aside and in the middle, in poses of all kinds."""
    camera, plane = reference_camera()
    rng = np.random.default_rng(12)
    found = []
    for distance, across in ((12.0, -5.0), (14.0, 6.5), (15.0, 0.0), (17.0, 8.0), (20.0, -9.0)):
        spot, heading = np.array([distance, across]), float(rng.uniform(-np.pi, np.pi))
        found.append(person_at(body, camera, plane, spot, heading, drawn_pose(rng), np.zeros(10)))
    return found


def true_estimate(person, **changes):
    """What a system that makes no mistake and knows the camera would say."""
    turns = rotation_from_vector(person.pose)
    turns[0] = person.turn
    return replace(BodyEstimate(turns, RootFrame.CAMERA), **changes)


def placed(person, body, *, camera=None, plane="", evidence=None, estimate=None, **options):
    reference, ground = reference_camera()
    return place_estimate(
        true_estimate(person) if estimate is None else estimate,
        reference if camera is None else camera,
        ground if plane == "" else plane,
        body,
        body_evidence(None, person.box) if evidence is None else evidence,
        **options,
    )


@given(st.floats(0, 1919), st.floats(0, 1079))
def test_a_view_turns_the_axis_to_its_ray_by_the_shortest_way(x, y):
    view = view_rotation(BENT, [x, y])
    ray = BENT.unproject([x, y])
    np.testing.assert_allclose(view[:, 2], ray / np.linalg.norm(ray), atol=1e-12)
    np.testing.assert_allclose(view @ view.T, np.eye(3), atol=1e-12)
    # the shortest way turns by no more than the angle between axis and ray
    assert float(rotation_angle(np.eye(3), view)) == pytest.approx(np.arccos(view[2, 2]), abs=1e-6)


@settings(max_examples=40)
@given(st.floats(100, 1800), st.floats(80, 1000), st.floats(4, 60), st.floats(80, 700))
def test_the_crops_camera_tells_where_a_small_thing_is_through_any_lens(x, y, distance, size):
    ray = BENT.unproject([x, y])
    axis = ray / np.linalg.norm(ray)
    place = distance * axis
    # a little disc that faces the camera: the root of its area in the picture tells its scale
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    aside = np.linalg.svd(axis[None])[2][1:]
    ring = BENT.project(place + 0.001 * np.stack([np.cos(angles), np.sin(angles)], axis=1) @ aside)
    area = abs(np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - ring[:, 1] * np.roll(ring[:, 0], -1))) / 2
    pixels_a_metre = np.sqrt(area / np.pi) / 0.001
    scale = pixels_a_metre / (size / 2)
    found = pelvis_from_crop(BENT, [x + 0.5, y + 0.5], size, [scale, 0.0, 0.0], np.zeros(3))
    np.testing.assert_allclose(found, place, rtol=1e-3, atol=1e-3)


def test_what_the_crop_puts_aside_is_seen_aside():
    # a body's origin a quarter of the square to the right and up of its middle
    centre, size, scale = np.array([700.5, 500.5]), 200.0, 0.8
    numbers = [scale, 0.5 / scale, -0.5 / scale]
    for turned in (True, False):
        found = pelvis_from_crop(BENT, centre, size, numbers, np.zeros(3), turned=turned)
        np.testing.assert_allclose(BENT.project(found), [750.0, 450.0], atol=1e-6)


def test_without_turning_it_is_the_published_conversion():
    # tz = 2 F / (b s), tx' = tx + 2 (cx - c_x) / (b s), with the real F in pixels (ALGORITHMS 6.1)
    focal, principal = 1400.0, np.array([959.5, 539.5])
    camera = Camera(1920, 1080, np.array([[focal, 0, 959.5], [0, focal, 539.5], [0, 0, 1.0]]))
    centre, size, (s, tx, ty) = np.array([420.5, 700.5]), 180.0, (0.85, 0.03, 0.1)
    rest = np.array([-0.002, -0.23, 0.03])
    found = pelvis_from_crop(camera, centre, size, (s, tx, ty), rest, turned=False)
    aside = 2 * (centre - 0.5 - principal) / (size * s)
    expected = np.array([tx + aside[0], ty + aside[1], 2 * focal / (size * s)])
    np.testing.assert_allclose(found, expected + rest, atol=1e-9)


@pytest.mark.parametrize("numbers", [(0.0, 0, 0), (-0.5, 0, 0), (np.nan, 0, 0), (0.8, np.nan, 0)])
def test_a_camera_that_is_none_tells_no_place(numbers):
    assert pelvis_from_crop(BENT, [900, 500], 200.0, numbers, np.zeros(3)) is None


def test_a_network_that_looks_straight_at_people_aside_tells_their_root_against_the_ray(people, body):
    # the best that can be told of a crop; at 20 degrees aside the published reading is off by as much
    camera, _ = reference_camera()
    for person in people:
        root = ideal_estimate(person, body).rotations[0]
        middle = [person.box.x + person.box.w / 2 - 0.5, person.box.y + person.box.h / 2 - 0.5]
        view = view_rotation(camera, middle)
        aside = np.arccos(view[2, 2])
        assert float(rotation_angle(view @ root, person.turn)) < 0.25 * aside + np.deg2rad(1)
        assert float(rotation_angle(root, person.turn)) > 0.75 * aside - np.deg2rad(1)


def test_a_person_stands_where_the_box_ends(people, body):
    camera, plane = reference_camera()
    for person in people:
        fit = placed(person, body, estimate=true_estimate(person, method=FitMethod.HMR2))
        assert (fit.method, fit.verdict, fit.reason) == (FitMethod.HMR2, FitVerdict.GOOD, "")
        np.testing.assert_allclose(fit.place_m, person.spot, atol=2e-3)
        assert fit.heading_rad == pytest.approx(person.heading)
        assert fit.height_ratio == pytest.approx(1, abs=2e-3)
        where = placed_body(fit, body.model)
        np.testing.assert_allclose(where.vertices, person.body.vertices, atol=3e-3)
        assert plane.heights(where.vertices).min() == pytest.approx(0, abs=1e-6)
        assert camera.project(where.vertices)[:, 1].max() + 0.5 == pytest.approx(person.box.bottom, abs=1e-3)
        heights = plane.heights(person.body.vertices)
        low = {
            foot
            for foot, name in ((Foot.LEFT, "LEFT"), (Foot.RIGHT, "RIGHT"))
            if heights[
                body.model.weights[:, [Joint[f"{name}_ANKLE"], Joint[f"{name}_FOOT"]]].sum(axis=1) > 0.5
            ].min()
            < 0.03
        }
        assert set(fit.contacts) == low
        assert fit.contacts


def test_a_body_that_only_slides_keeps_the_box_below_its_foot(people, body):
    # ALGORITHMS 6.3 to the letter: G - v*, then along the line of sight
    camera, plane = reference_camera()
    for person in people:
        fit = placed(person, body, centred=False)
        where = placed_body(fit, body.model).vertices
        lowest = where[plane.heights(where).argmin()]
        ground = plane.points(camera, [person.box.x + person.box.w / 2 - 0.5, person.box.bottom - 0.5])
        bearing = [np.arctan2(*plane.frame().inverse().apply(point)[:2]) for point in (lowest, ground)]
        assert bearing[0] == pytest.approx(bearing[1], abs=0.02)
        assert camera.project(where)[:, 1].max() + 0.5 == pytest.approx(person.box.bottom, abs=1e-3)


def test_it_stands_there_through_a_lens_that_bends_too(body):
    _, plane = reference_camera()
    rng = np.random.default_rng(5)
    person = person_at(body, BENT, plane, np.array([13.0, 4.0]), 0.7, drawn_pose(rng), np.zeros(10))
    fit = placed(person, body, camera=BENT)
    np.testing.assert_allclose(fit.place_m, person.spot, atol=2e-3)


def test_places_are_as_loose_as_boxes_and_statures(people, body):
    # 4 % of stature and 2 px of the box at 15 m under 6 m: between 5 cm and half a metre along the sight
    for person in people:
        sigmas = placed(person, body).sigmas
        xx, xy, yy = sigmas.place
        assert 0.05 < sigmas.across_m < sigmas.along_m < 0.5
        assert sigmas.along_m**2 + sigmas.across_m**2 == pytest.approx(xx + yy)
        along = person.spot / np.linalg.norm(person.spot)
        assert along @ np.array([[xx, xy], [xy, yy]]) @ along == pytest.approx(sigmas.along_m**2, rel=0.01)


def test_without_a_ground_the_place_rests_on_the_size(people, body):
    person = people[2]
    fit = placed(person, body, plane=None)
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert "No ground plane" in fit.reason
    assert (fit.place_m, fit.heading_rad, fit.contacts) == (None, None, ())
    # the body is the person's own: its size tells the place
    np.testing.assert_allclose(fit.translation, person.place, rtol=0.02, atol=0.05)
    told = placed(person, body, plane=None, estimate=true_estimate(person, pelvis=person.place * 1.1))
    np.testing.assert_allclose(told.translation, person.place * 1.1)
    assert told.sigmas.along_m > 0.09 * np.linalg.norm(told.translation)


def hidden(person, how):
    """The lower quarter of a person is covered, or cut off by the picture's border."""
    box = Box(person.box.x, person.box.y, person.box.w, 0.75 * person.box.h)
    if how == "tags":
        points = [None] * 17
        for ankle in (15, 16):
            x, y = person.pixels[ankle].tolist()
            points[ankle] = PlacedPoint(x, y, KeypointTag.OTHER_OCCLUDED)
        return body_evidence(KeypointSet(Template.PERSON, tuple(points)), box)
    cover = np.ones((int(0.4 * box.h), int(box.w)), dtype=np.bool_)
    return body_evidence(None, box, None, [MaskPatch(int(box.x), int(box.bottom), cover)])


@pytest.mark.parametrize("how", ["tags", "hider"])
def test_hidden_feet_are_said_and_the_place_comes_from_what_shows(people, body, how):
    for person in people:
        by_head = placed(person, body, evidence=hidden(person, how))
        estimate = true_estimate(person, pelvis=0.8 * person.place)
        by_pelvis = placed(person, body, evidence=hidden(person, how), estimate=estimate)
        for fit in (by_head, by_pelvis):
            assert fit.verdict is FitVerdict.AMBIGUOUS
            assert "feet are hidden" in fit.reason
            assert fit.height_ratio > 1.2
        # the box's end would have said metres too far
        np.testing.assert_allclose(by_head.place_m, person.spot, atol=5e-3)
        np.testing.assert_allclose(by_pelvis.place_m, person.spot, atol=1e-6)


def test_a_person_cut_in_half_by_the_picture_is_outside_what_bodies_explain(body):
    camera, plane = reference_camera()
    pose = drawn_pose(np.random.default_rng(2))
    person = person_at(body, camera, plane, np.array([9.3, 0.0]), 0.3, pose, np.zeros(10))
    shift = camera.height - (person.box.y + 0.5 * person.box.h)
    # the same camera with its lower half missing
    cut = Camera(camera.width, int(camera.height - shift), camera.matrix)
    box = Box(person.box.x, person.box.y, person.box.w, cut.height - person.box.y)
    fit = placed(
        person,
        body,
        camera=cut,
        evidence=body_evidence(None, box),
        estimate=true_estimate(person, pelvis=person.place),
    )
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert "border cuts the person at the bottom" in fit.reason


@pytest.mark.parametrize(("height", "words"), [(2.0, "box holds more than"), (0.5, "a child")])
def test_a_wrong_ground_shows_by_the_height(people, body, height, words):
    camera, plane = reference_camera()
    wrong = GroundPlane(plane.normal, plane.height * height)
    fit = placed(people[2], body, plane=wrong)
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert words in fit.reason
    assert camera is not None


@pytest.mark.parametrize("plane", ["", None])
def test_a_person_upside_down_is_outside_with_a_ground_or_without(people, body, plane):
    person = people[2]
    turns = true_estimate(person).rotations.copy()
    turns[0] = turns[0] @ np.diag([1.0, -1.0, -1.0])
    fit = placed(person, body, plane=plane, estimate=BodyEstimate(turns, RootFrame.CAMERA))
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert "upside down" in fit.reason


@pytest.mark.parametrize(("times", "words"), [(3.0, "the box holds more than"), (0.5, "a child")])
def test_a_place_that_only_the_system_tells_is_held_to_the_box(people, body, times, words):
    person = people[2]
    fit = placed(person, body, plane=None, estimate=true_estimate(person, pelvis=times * person.place))
    assert fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE
    assert words in fit.reason
    assert fit.reason.endswith("the system's own distance is wrong.")


def test_a_box_above_the_horizon_leaves_the_size(people, body):
    camera, plane = reference_camera()
    horizon = -plane.horizon(camera)[2] / plane.horizon(camera)[1]
    box = Box(900.0, horizon - 130.0, 40.0, 100.0)
    fit = placed(people[2], body, evidence=body_evidence(None, box))
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert "above the horizon" in fit.reason
    assert fit.height_ratio == pytest.approx(1, abs=1e-3)


def test_keypoints_far_from_the_body_are_told(people, body):
    person = people[2]
    points = tuple(PlacedPoint(x, y, KeypointTag.VISIBLE) for x, y in person.pixels.tolist())
    near = body_evidence(KeypointSet(Template.PERSON, points), person.box)
    fit = placed(person, body, evidence=near)
    assert fit.verdict is FitVerdict.GOOD
    assert (fit.used, fit.rms_px, fit.outliers) == (0, 0.0, ())
    assert max(fit.residuals_px) < 1
    flipped = tuple(
        PlacedPoint(point.x, 2 * person.box.y + person.box.h - point.y, point.tag) for point in points
    )
    away = body_evidence(KeypointSet(Template.PERSON, flipped), person.box)
    fit = placed(person, body, evidence=away)
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert f"{len(fit.outliers)} of 17 keypoints are far" in fit.reason


def test_betas_count_on_smpls_own_body_alone(people, body):
    person, betas = people[2], np.linspace(-1, 1, 10)
    estimate = true_estimate(person, betas=betas)
    assert placed(person, body, estimate=estimate).shape == (0.0,) * 10
    model = random_body(3, SMPL_VERTICES)
    smpl = NamedBody("smpl", "smpl 1", model, FacePoints((0, 1, 2, 3, 4)))
    assert placed(person, smpl, estimate=estimate).shape == tuple(betas)


def test_a_body_of_smplx_takes_the_joints_that_it_shares(people):
    person = people[2]
    model = random_body(3, 40, joints=55)
    smplx = NamedBody("smplx", "smplx 1", model, FacePoints((0, 1, 2, 3, 4)))
    fit = placed(person, smplx)
    pose = np.reshape(fit.pose, (54, 3))
    np.testing.assert_allclose(
        rotation_from_vector(pose[:21]), rotation_from_vector(person.pose[1:22]), atol=1e-9
    )
    assert not pose[21:].any()


def test_half_turns_of_joints_are_kept(people, body):
    turns = true_estimate(people[2]).rotations.copy()
    turns[Joint.LEFT_ELBOW] = np.diag([1.0, -1.0, -1.0])
    fit = placed(people[2], body, estimate=BodyEstimate(turns, RootFrame.CAMERA))
    elbow = np.reshape(fit.pose, (23, 3))[Joint.LEFT_ELBOW - 1]
    np.testing.assert_allclose(rotation_from_vector(elbow), turns[Joint.LEFT_ELBOW], atol=1e-7)


def test_nearly_rotations_are_made_rotations():
    turns = np.broadcast_to(np.eye(3), (COUNT, 3, 3)) * 1.01
    np.testing.assert_allclose(
        check_estimate(BodyEstimate(turns)).rotations, np.broadcast_to(np.eye(3), (COUNT, 3, 3)), atol=1e-12
    )


EYES = np.broadcast_to(np.eye(3), (COUNT, 3, 3))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"rotations": EYES}, "a dict instead of a BodyEstimate"),
        (BodyEstimate(EYES[:22]), r"shape \(22, 3, 3\)"),
        (BodyEstimate(EYES * np.nan), "are no rotations"),
        (BodyEstimate(EYES * -1), "are no rotations"),
        (BodyEstimate(EYES, betas=np.zeros((1, 10))), "betas"),
        (BodyEstimate(EYES, betas=np.array([np.inf])), "betas"),
        (BodyEstimate(EYES, pelvis=np.array([0.0, 0.0, -3.0])), "before the camera"),
        (BodyEstimate(EYES, pelvis=np.zeros(2)), "before the camera"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_the_reason(answer, words):
    with pytest.raises(BodyEstimatorError, match=words):
        check_estimate(answer)
