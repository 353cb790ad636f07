"""All twelve points of a fit: where, and what hides each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.fitting.vehicles.fit_mesh import (
    fit_keypoints,
    fit_mesh,
    fit_outline,
    fit_pose,
    fit_proxy,
    fit_ray_mesh,
    sizes_m,
)
from core.fitting.vehicles.predict import predict
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT
from core.shapes.meshes import signed_volume
from tests.fitting.vehicles.views import CAMERA, evidence, fitter, pixels_of, seen_points, space, stand


def fitted(place, heading, beta=(0.0,)):
    pose = stand(place, heading)
    return fitter().fit(evidence(pixels_of(pose, beta), seen=False))


def test_the_twelve_stand_where_the_camera_sees_them():
    fit = fitted((20.0, 2.0), -0.6)
    points = predict(fit, CAMERA, space())
    assert len(points) == COUNT
    assert {point.origin for point in points} == {LabelOrigin.FIT}
    found = np.array([(point.x, point.y) for point in points])
    np.testing.assert_allclose(found, pixels_of(stand((20.0, 2.0), -0.6)), atol=0.05)


@pytest.mark.parametrize("heading", [-0.6, 0.8, 2.4, -2.2, 0.0, 1.57])
def test_what_the_own_body_hides_is_what_its_whole_mesh_hides(heading):
    fit = fitted((20.0, 2.0), heading)
    tags = [point.tag for point in predict(fit, CAMERA, space())]
    seen = seen_points(stand((20.0, 2.0), heading))
    assert [tag is KeypointTag.VISIBLE for tag in tags] == seen.tolist()
    assert set(tags) <= {KeypointTag.VISIBLE, KeypointTag.SELF_OCCLUDED}


def test_the_car_in_front_is_named():
    fit, near = fitted((40.0, 0.0), 0.0), fitted((35.0, 0.0), 0.0)
    beside = fitted((35.0, 9.0), 0.0)
    others = [(41, fit_ray_mesh(beside, space())), (42, fit_ray_mesh(near, space()))]
    points = predict(fit, CAMERA, space(), others)
    hidden = [point for point in points if point.tag is KeypointTag.OTHER_OCCLUDED]
    assert hidden
    assert {point.hider for point in hidden} == {42}
    assert all(point.hider is None for point in points if point not in hidden)
    # without the car in front they are seen or behind the own body
    alone = predict(fit, CAMERA, space(), others[:1])
    assert KeypointTag.OTHER_OCCLUDED not in {point.tag for point in alone}


def test_what_lies_outside_the_picture_is_truncated():
    fit = replace(fitted((20.0, 2.0), -0.6), translation=(13.5, 2.0, 19.0))
    points = predict(fit, CAMERA, space())
    truncated = [point for point in points if point.tag is KeypointTag.TRUNCATED]
    assert 0 < len(truncated) < COUNT
    assert all(point.x > CAMERA.width - 0.5 for point in truncated)
    # a car behind the camera has no pixels, and still twelve finite points
    behind = predict(replace(fit, translation=(1.0, 2.0, -20.0)), CAMERA, space())
    assert {point.tag for point in behind} == {KeypointTag.TRUNCATED}
    numbers = np.array([(point.x, point.y) for point in behind])
    assert np.isfinite(numbers).all()
    assert not CAMERA.contains(numbers).any()


def test_meshes_stand_where_the_keypoints_do():
    fit = fitted((25.0, 3.0), 1.0, [0.8, -0.5, 0.2, 0.3, 0.1])
    mesh = space().mesh
    assert mesh is not None
    whole = fit_mesh(fit, space())
    np.testing.assert_allclose(whole.vertices[mesh.keypoint_ids], fit_keypoints(fit, space()), atol=1e-5)
    proxy = fit_proxy(fit, space())
    assert len(proxy.faces) < len(whole.faces) / 4
    assert signed_volume(proxy.vertices, proxy.faces) == pytest.approx(
        signed_volume(whole.vertices, whole.faces), rel=0.1
    )


def test_a_space_without_a_mesh_has_a_body_on_its_keypoints():
    bare = replace(space(), mesh=None)
    fit = fitted((20.0, 2.0), -0.6)
    body = fit_mesh(fit, bare)
    # closed, outside out: its volume is that of a car without what bulges
    assert 4.0 < signed_volume(body.vertices, body.faces) < 10.0
    edges = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
    assert sorted(map(tuple, edges.tolist())) == sorted(map(tuple, edges[:, ::-1].tolist()))
    tags = [point.tag for point in predict(fit, CAMERA, bare)]
    # driving away to the right of the line of sight, it shows its right side
    assert tags[1] is KeypointTag.SELF_OCCLUDED
    assert tags[0] is tags[2] is KeypointTag.VISIBLE


def test_sizes_are_the_cars_own():
    length, width, height = sizes_m(space(), [0.0])[0]
    assert 4.2 < length < 4.8
    assert 1.7 < width < 1.95
    assert 1.4 < height < 1.65
    fit = fitted((20.0, 2.0), -0.6)
    np.testing.assert_allclose(fit.size_m, (length, width, height), atol=0.01)
    bare = sizes_m(replace(space(), mesh=None), [0.0])[0]
    assert (bare < [length, width, height]).all()


def test_the_outline_is_around_all_that_is_seen():
    fit = fitted((20.0, 2.0), -0.6)
    outline = fit_outline(fit, CAMERA, space())
    assert len(outline) == 1
    corners = CAMERA.project(fit_pose(fit).apply(space().proxy_vertices(fit.shape)))
    np.testing.assert_allclose(outline[0].min(axis=0), corners.min(axis=0), atol=1.0)
    np.testing.assert_allclose(outline[0].max(axis=0), corners.max(axis=0), atol=1.0)
    assert fit_outline(replace(fit, translation=(0.0, 0.0, 0.5)), CAMERA, space()) == []
