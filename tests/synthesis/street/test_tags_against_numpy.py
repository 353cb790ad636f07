"""The street's tags against `core.geometry.visibility`, which casts the same rays in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from core.fitting.people.predict import point_tags
from core.geometry.visibility import NOBODY, ray_mesh, sight, tags
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes.body.coco import SKIN_M
from core.synthesis.street.point_truth import NEAR_M

FRAMES = (0, 6, 11)


@pytest.fixture(scope="module")
def still_mesh(street, camera):
    """The town in the camera frame, without what lies behind the camera."""
    vertices = camera.mount.to_camera(street.town.mesh.vertices)
    faces = street.town.mesh.faces
    return ray_mesh(vertices, faces[(vertices[faces][..., 2] > 0).any(axis=1)])


def moved(points, camera, right, down):
    """Points shifted by a part of a pixel in the picture, at their own distance."""
    pixels = camera.mount.camera.project(points) + np.array([right, down])
    rays = camera.mount.camera.unproject(pixels)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return rays / np.linalg.norm(rays, axis=1, keepdims=True) * lengths


def named(item):
    """An object's named points in space, and the truth about them.

    `tags` takes a surface 5 cm before a point for its own: a joint is moved towards the camera, out of the
    flesh.
    """
    if item.category is Category.CAR:
        return item.points.space, item.points
    said = item.person_keypoints
    away = np.linalg.norm(said.space, axis=1, keepdims=True)
    return said.space * (1 - (np.array(SKIN_M)[:, None] - NEAR_M) / away), said


@pytest.mark.parametrize("category", [Category.CAR, Category.PERSON])
@pytest.mark.parametrize("index", FRAMES)
def test_tags_and_hiders_agree_but_for_points_at_an_edge(index, category, street, camera, frames, still_mesh):
    actors = [*street.parked, *street.actors(index)]
    place = {actor.placed.number: number for number, actor in enumerate(actors)}
    meshes = [
        ray_mesh(camera.mount.to_camera(one.to_street(one.solid.vertices)), one.solid.faces)
        for one in (actor.placed for actor in actors)
    ]
    meshes.append(still_mesh)
    compared = differ = 0
    for item in frames[index].objects:
        if item.category is not category:
            continue
        own = place[item.track_id]
        space, said = named(item)
        seen = sight(space, meshes, own)
        theirs = tags(camera.mount.camera, space, seen)
        compared += len(theirs)
        for number, (mine, other) in enumerate(zip(said.tags, theirs, strict=True)):
            if mine is not other:
                differ += 1
                point = space[number : number + 1]
                near = [moved(point, camera, *way) for way in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))]
                around = [tags(camera.mount.camera, one, sight(one, meshes, own))[0] for one in near]
                assert mine in around, (item.track_id, number, mine, other)
            elif mine is KeypointTag.OTHER_OCCLUDED:
                hider = said.hiders[number]
                assert hider is not None
                code = seen.hider[number]
                assert code != NOBODY
                assert code == (len(actors) if hider.track_id is None else place[hider.track_id])
    assert compared > (100 if category is Category.CAR else 30)
    assert differ <= 0.02 * compared


def test_proposals_of_fits_go_by_the_same_rule(street, camera, frames):
    """Of the same body in the same place, fits and the street know the same points to be hidden by itself."""
    compared = differ = 0
    for index in FRAMES:
        bodies = {actor.placed.number: actor.placed for actor in street.actors(index)}
        for item in frames[index].objects:
            if item.person_keypoints is None:
                continue
            body = bodies[item.track_id]
            vertices = camera.mount.to_camera(body.to_street(body.solid.vertices))
            said = point_tags(vertices, body.solid.faces, item.person_keypoints.space, camera.mount.camera)
            for mine, theirs in zip(item.person_keypoints.tags, said, strict=True):
                compared += 1
                differ += (mine is KeypointTag.SELF_OCCLUDED) != (theirs is KeypointTag.SELF_OCCLUDED)
    assert compared > 100
    # the street casts in single precision: a ray along an outline may pass it on the other side
    assert differ <= 0.01 * compared
