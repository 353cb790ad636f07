"""Levels of detail: the same car at every level, with normals that stand on it."""

from __future__ import annotations

import numpy as np
import pytest

from core.shapes.drawable import Material, box_level, drawable_levels
from core.shapes.meshes import face_normals, signed_volume
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

SPACE = default_space()
LEVELS = drawable_levels(SPACE)
BETA = np.array([1.2, -0.8, 0.5, -1.0, 0.7])


def test_the_finest_level_is_the_mesh_itself() -> None:
    assert SPACE.mesh is not None
    mesh = SPACE.car_mesh(BETA)
    baked = LEVELS[0].bake(BETA)[0]
    np.testing.assert_allclose(baked[LEVELS[0].faces, :3], mesh.vertices[mesh.faces], atol=1e-5)


def test_each_level_is_lighter_and_has_the_same_size() -> None:
    counts = [len(level.faces) for level in LEVELS]
    assert counts == sorted(counts, reverse=True)
    assert 80 <= counts[-1] <= 150
    baked = [level.bake(BETA)[0, :, :3] for level in LEVELS]
    sizes = np.array([np.ptp(places, axis=0) for places in baked])
    # the light levels leave the mirrors out: only the width differs by more than a few centimetres
    np.testing.assert_allclose(sizes[1:, [0, 2]], sizes[:1, [0, 2]].repeat(2, axis=0), atol=0.12)


@pytest.mark.parametrize("number", [0, 1])
def test_normals_follow_the_shape(number: int) -> None:
    level = LEVELS[number]
    baked = level.bake(BETA)[0].astype(np.float64)
    places, normals = baked[:, :3], baked[:, 3:]
    areas = face_normals(places, level.faces)
    # the true normals of this shape, over the same corners
    summed = np.stack(
        [np.bincount(level.faces.ravel(), np.repeat(areas[:, k], 3), len(places)) for k in range(3)], axis=1
    )
    size = np.linalg.norm(summed, axis=1)
    known = size > 1e-9
    cosines = np.einsum("ij,ij->i", normals[known], summed[known]) / size[known]
    cosines /= np.linalg.norm(normals[known], axis=1)
    assert np.quantile(cosines, 0.05) > np.cos(np.deg2rad(12.0))


def test_parts_look_like_what_they_are() -> None:
    assert SPACE.mesh is not None
    windscreen = LEVELS[0].materials[LEVELS[0].faces[SPACE.mesh.parts["windscreen"]]]
    assert (windscreen == Material.GLASS).all()
    tyres = LEVELS[0].materials[LEVELS[0].faces[SPACE.mesh.parts["tyre"]]]
    assert (tyres == Material.DARK).all()
    assert all(Material.GLASS in level.materials for level in LEVELS)


def test_many_cars_are_baked_as_each_alone() -> None:
    betas = np.random.default_rng(0).normal(size=(7, 5))
    together = LEVELS[1].bake(betas)
    for beta, car in zip(betas, together, strict=True):
        np.testing.assert_allclose(LEVELS[1].bake(beta)[0], car, atol=1e-6)


def test_a_box_has_its_size_and_stands_on_the_ground() -> None:
    box = box_level((4.0, 1.8, 1.5))
    places = box.mean[:, :3]
    np.testing.assert_allclose(places.min(axis=0), [-2.0, -0.9, 0.0])
    np.testing.assert_allclose(places.max(axis=0), [2.0, 0.9, 1.5])
    assert signed_volume(places.astype(np.float64), box.faces) == pytest.approx(4.0 * 1.8 * 1.5)
    units = face_normals(places.astype(np.float64), box.faces)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    np.testing.assert_allclose(box.mean[box.faces[:, 0], 3:], units, atol=1e-6)


def test_a_space_without_a_mesh_has_no_levels() -> None:
    bare = CarShapeSpace("bare", SPACE.mean, SPACE.directions, SPACE.sigmas, SPACE.explained)
    with pytest.raises(ValueError, match="keypoints only"):
        drawable_levels(bare)
