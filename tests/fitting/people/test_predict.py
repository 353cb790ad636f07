"""Where a fit puts a person's points, and what hides them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.fitting.people.predict import body_ray_mesh, predict_person
from core.geometry.cameras import Camera
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import PersonKeypoint
from tests.fitting.people.people import CAMERA, body, fitter, seen, walker


def fitted(spot=(12.0, 0.0), heading=0.0):
    return fitter().fit(seen(walker(spot, heading)))


def tag(predicted, point):
    return predicted[point][2]


def test_points_are_near_those_that_were_fitted():
    person = walker((12.0, 0.0), 2.0)
    predicted = predict_person(fitter().fit(seen(person)), CAMERA, body())
    off = np.linalg.norm(np.array([point[:2] for point in predicted]) - person.pixels, axis=1)
    assert np.median(off) < 2.0


def test_a_back_hides_the_face_and_a_front_shows_it():
    away, towards = fitted(heading=0.0), fitted(heading=np.pi)
    assert tag(predict_person(away, CAMERA, body()), PersonKeypoint.NOSE) is KeypointTag.SELF_OCCLUDED
    shown = predict_person(towards, CAMERA, body())
    for point in (PersonKeypoint.NOSE, PersonKeypoint.LEFT_EYE, PersonKeypoint.LEFT_SHOULDER):
        assert tag(shown, point) is KeypointTag.VISIBLE


def test_somebody_in_front_hides_and_somebody_behind_does_not():
    far, near = fitted((14.0, 0.0), np.pi), fitted((12.0, 0.0), np.pi)
    hidden = predict_person(far, CAMERA, body(), [body_ray_mesh(near, body())])
    assert tag(hidden, PersonKeypoint.LEFT_HIP) is KeypointTag.OTHER_OCCLUDED
    open_to = predict_person(near, CAMERA, body(), [body_ray_mesh(far, body())])
    assert tag(open_to, PersonKeypoint.LEFT_HIP) is KeypointTag.VISIBLE


def test_a_mask_in_front_hides_what_it_covers():
    fit = fitted(heading=np.pi)
    before = predict_person(fit, CAMERA, body())
    x, y, _ = before[PersonKeypoint.LEFT_ANKLE]
    mask = MaskPatch(int(x) - 6, int(y) - 6, np.ones((13, 13), dtype=bool))
    after = predict_person(fit, CAMERA, body(), [mask])
    assert tag(after, PersonKeypoint.LEFT_ANKLE) is KeypointTag.OTHER_OCCLUDED
    assert tag(after, PersonKeypoint.NOSE) is KeypointTag.VISIBLE


def test_outside_the_picture_wins():
    fit = fitted(heading=np.pi)
    row = int(predict_person(fit, CAMERA, body())[PersonKeypoint.LEFT_KNEE][1]) - 5
    low = Camera(CAMERA.width, row, CAMERA.matrix)
    predicted = predict_person(fit, low, body())
    assert tag(predicted, PersonKeypoint.LEFT_ANKLE) is KeypointTag.TRUNCATED
    behind = replace(fit, translation=(0.0, 0.0, -5.0))
    assert {point[2] for point in predict_person(behind, CAMERA, body())} == {KeypointTag.TRUNCATED}
    assert all(np.isfinite(point[:2]).all() for point in predict_person(behind, CAMERA, body()))
