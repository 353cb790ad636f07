"""Points behind meshes: what hides them, by hand-made scenes, by brute force and by open3d."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.cameras import pinhole
from core.geometry.poses import heading_rotation, rotation_from_vector
from core.geometry.visibility import NOBODY, first_surface, hidden_behind, ray_mesh, sight, tags
from core.geometry.visibility_scene import VisibilityScene
from core.records.shapes import KeypointTag

BOX_CORNERS = np.array([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
BOX_FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
     [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]
)  # fmt: skip


def box(centre: tuple[float, float, float], half: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> np.ndarray:
    return BOX_CORNERS * half + centre


def blob(rng: np.random.Generator, detail: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A rounded box the size of a car, of some 300 faces, before the camera."""
    theta, phi = np.meshgrid(
        np.linspace(0.0, np.pi, detail + 2)[1:-1],
        np.linspace(0, 2 * np.pi, detail, endpoint=False),
        indexing="ij",
    )
    ring = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    ball = np.concatenate([ring.reshape(-1, 3), [[0, 0, 1.0], [0, 0, -1.0]]])
    faces = []
    for row in range(detail - 1):
        for column in range(detail):
            a, b = row * detail + column, row * detail + (column + 1) % detail
            faces += [[a, b, a + detail], [b, b + detail, a + detail]]
    top, bottom, last = len(ball) - 2, len(ball) - 1, (detail - 1) * detail
    for column in range(detail):
        after = (column + 1) % detail
        faces += [[top, after, column], [bottom, last + column, last + after]]
    car = np.sign(ball) * np.abs(ball) ** 0.6 * [2.2, 0.9, 0.75]
    turn = rotation_from_vector([np.pi / 2, 0.0, 0.0]) @ heading_rotation(rng.uniform(0, 2 * np.pi))
    return car @ turn.T + [rng.uniform(-8, 8), rng.uniform(0.0, 2.0), rng.uniform(10, 40)], np.array(faces)


def test_a_wall_hides_what_is_behind_it_and_nothing_else() -> None:
    wall = ray_mesh(box((0.0, 0.0, 10.0), (2.0, 2.0, 0.5)), BOX_FACES)
    points = [[0.0, 0.0, 20.0], [0.0, 0.0, 5.0], [5.0, 0.0, 20.0], [0.0, 0.0, 9.5], [0.0, 0.0, -20.0]]
    np.testing.assert_array_equal(hidden_behind(wall, points), [True, False, False, False, False])
    np.testing.assert_allclose(first_surface(wall, points)[:2], [9.5 / 20, 9.5 / 5])


def test_a_surface_within_five_centimetres_does_not_hide() -> None:
    wall = ray_mesh(box((0.0, 0.0, 10.0), (2.0, 2.0, 0.5)), BOX_FACES)
    np.testing.assert_array_equal(hidden_behind(wall, [[0.0, 0.0, 9.549], [0.0, 0.0, 9.551]]), [False, True])


def test_the_nearest_of_several_is_who_hides() -> None:
    meshes = [ray_mesh(box((0.0, 0.0, z)), BOX_FACES) for z in (20.0, 8.0, 14.0)]
    seen = sight([[0.0, 0.0, 30.0], [0.0, 0.0, 16.0], [9.0, 0.0, 30.0]], meshes)
    np.testing.assert_array_equal(seen.hider, [1, 1, NOBODY])
    np.testing.assert_array_equal(seen.visible, [False, False, True])


def test_tags_win_in_the_order_of_the_design() -> None:
    camera = pinhole(1000, 1000, 500.0)
    meshes = [
        ray_mesh(box((0.0, 0.0, 20.0)), BOX_FACES),
        ray_mesh(box((-0.8, 0.0, 10.0), (0.3, 3, 0.1)), BOX_FACES),
    ]
    points = np.array(
        [
            [1.0, 1.0, 19.0],  # near face, free
            [-1.0, 1.0, 19.0],  # near face, behind the post at x / z = -0.08 to -0.05
            [0.0, 0.0, 21.0],  # far face
            [-1.3, 0.0, 21.0],  # behind the post and beside the box
            [30.0, 0.0, 20.0],  # outside the picture
        ]
    )
    points[3] = [-0.99, 0.0, 21.0]  # far face and behind the post: its own body wins
    found = tags(camera, points, sight(points, meshes, own=0))
    assert found == [
        KeypointTag.VISIBLE,
        KeypointTag.OTHER_OCCLUDED,
        KeypointTag.SELF_OCCLUDED,
        KeypointTag.SELF_OCCLUDED,
        KeypointTag.TRUNCATED,
    ]


def test_a_ray_through_an_edge_between_two_faces_is_stopped() -> None:
    # the diagonal of the near face runs through the middle of the box
    wall = ray_mesh(box((0.0, 0.0, 10.0)), BOX_FACES)
    shares = np.linspace(-0.99, 0.99, 101)
    points = np.stack([shares * 2, shares * 2, np.full(101, 18.0)], axis=-1)
    assert hidden_behind(wall, points).all()


def test_first_surfaces_are_those_of_a_plain_solve() -> None:
    rng = np.random.default_rng(5)
    vertices, faces = blob(rng)
    rays = rng.normal(size=(60, 3)) * 3 + vertices.mean(axis=0)
    found = first_surface(ray_mesh(vertices, faces), rays)
    for ray, reach in zip(rays, found, strict=True):
        best = np.inf
        for a, b, c in vertices[faces]:
            u, v, t = np.linalg.solve(np.stack([b - a, c - a, -ray], axis=1), -a)
            if u >= 0 and v >= 0 and u + v <= 1 and t > 0:
                best = min(best, t)
        assert reach == pytest.approx(best, rel=1e-9)
    assert np.isfinite(found).any()
    assert np.isinf(found).any()


def test_numpy_and_open3d_agree() -> None:
    rng = np.random.default_rng(6)
    kinds: set[tuple[bool, bool]] = set()
    for _ in range(10):
        cars = [blob(rng) for _ in range(10)]
        meshes = [ray_mesh(*car) for car in cars]
        scene = VisibilityScene(cars)
        points = np.concatenate([vertices[::6] for vertices, _ in cars])
        own = np.repeat(np.arange(10), len(points) // 10)
        theirs = scene.sight(points, own)
        for index in range(10):
            mine = sight(points[own == index], meshes, own=index)
            np.testing.assert_array_equal(mine.by_own, theirs.by_own[own == index])
            np.testing.assert_array_equal(mine.hider, theirs.hider[own == index])
            kinds |= set(zip(mine.by_own.tolist(), (mine.hider >= 0).tolist(), strict=True))
    assert len(kinds) == 4
