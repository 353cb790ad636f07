"""The street's tags against `core.geometry.visibility`, which casts the same rays in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.visibility import NOBODY, ray_mesh, sight, tags
from core.records.detections import Category
from core.records.shapes import KeypointTag

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


@pytest.mark.parametrize("index", FRAMES)
def test_tags_and_hiders_agree_but_for_points_at_an_edge(index, street, camera, frames, still_mesh):
    actors = [*street.parked, *street.actors(index)]
    place = {actor.placed.number: number for number, actor in enumerate(actors)}
    meshes = [
        ray_mesh(camera.mount.to_camera(one.to_street(one.solid.vertices)), one.solid.faces)
        for one in (actor.placed for actor in actors)
    ]
    meshes.append(still_mesh)
    compared = differ = 0
    for item in frames[index].objects:
        if item.category is not Category.CAR:
            continue
        own = place[item.track_id]
        seen = sight(item.points.space, meshes, own)
        theirs = tags(camera.mount.camera, item.points.space, seen)
        compared += len(theirs)
        for number, (mine, other) in enumerate(zip(item.points.tags, theirs, strict=True)):
            if mine is not other:
                differ += 1
                point = item.points.space[number : number + 1]
                near = [moved(point, camera, *way) for way in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))]
                around = [tags(camera.mount.camera, one, sight(one, meshes, own))[0] for one in near]
                assert mine in around, (item.track_id, number, mine, other)
            elif mine is KeypointTag.OTHER_OCCLUDED:
                hider = item.points.hiders[number]
                assert hider is not None
                code = seen.hider[number]
                assert code != NOBODY
                assert code == (len(actors) if hider.track_id is None else place[hider.track_id])
    assert compared > 100
    assert differ <= 0.02 * compared
