"""The procedural family: one closed topology, cars of the size asked for, keypoints where they belong."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.records.shapes import BodyStyle
from core.shapes.keypoints import FLIP, LEFT, RIGHT, mirrored
from core.shapes.meshes import corner_normals, face_normals, is_watertight, signed_volume
from core.shapes.procedural.car import car_mesh, car_topology, car_vertices, smoothing_groups
from core.shapes.procedural.family import draw_family
from core.shapes.procedural.proxy import procedural_proxy
from core.shapes.procedural.styles import MEANS, SHARES
from core.shapes.procedural.wheels import MIRROR_VERTICES, WHEEL_VERTICES, mirror_piece, wheel_piece


@pytest.fixture(scope="module")
def family():
    return draw_family()


@pytest.fixture(scope="module")
def all_vertices(family):
    return np.stack([car_vertices(car.parameters) for car in family])


def test_family_has_all_kinds_and_is_the_same_each_time(family):
    kinds = Counter(car.style for car in family)
    assert len(family) >= 300
    assert set(kinds) == set(BodyStyle)
    assert min(kinds.values()) >= 5
    assert sum(SHARES.values()) == pytest.approx(1)
    assert draw_family() == family
    assert draw_family(seed=1) != family
    for count in (40, 41, 57, 333):
        few = Counter(car.style for car in draw_family(count))
        assert few.total() == count
        assert min(few.values()) >= 5
    with pytest.raises(ValueError, match="at least 40"):
        draw_family(20)


def test_topology_is_closed_and_every_face_has_one_part():
    topology = car_topology()
    assert 1000 <= topology.count <= 2500
    assert is_watertight(topology.faces)
    assert is_watertight(topology.faces[: topology.body[1]])
    assert np.unique(topology.faces).tolist() == list(range(topology.count))
    assigned = np.concatenate(list(topology.parts.values()))
    assert sorted(assigned.tolist()) == list(range(len(topology.faces)))
    wanted = {"paint", "windscreen", "front_window", "rear_screen", "tyre", "rim", "headlight", "taillight"}
    assert wanted | {"underside", "plate", "mirror"} <= set(topology.parts)


def test_every_car_faces_outwards_and_is_as_large_as_its_brochure_says(family, all_vertices):
    topology = car_topology()
    body_count, body_faces = topology.body
    for car, vertices in zip(family, all_vertices, strict=True):
        p = car.parameters
        body = vertices[:body_count]
        size = np.ptp(body, axis=0)
        assert size[0] == pytest.approx(p.length, abs=0.02)
        assert size[1] == pytest.approx(p.width, abs=0.02)
        assert vertices[:, 2].min() == pytest.approx(0, abs=1e-9)
        assert body[:, 2].max() == pytest.approx(p.height, abs=0.02)
        # a solid of a car's bulk, not a shell turned inside out
        volume = signed_volume(body, topology.faces[:body_faces])
        assert 0.45 < volume / (p.length * p.width * (p.height - p.clearance)) < 0.85


def test_wheels_and_mirrors_face_outwards_too():
    topology = car_topology()
    vertices = car_vertices(MEANS[BodyStyle.SUV])
    first_vertex, first_face = topology.body
    vertex_count = 4 * [WHEEL_VERTICES] + 2 * [MIRROR_VERTICES]
    face_count = 4 * [len(wheel_piece().faces)] + 2 * [len(mirror_piece().faces)]
    for vertex_step, face_step in zip(vertex_count, face_count, strict=True):
        faces = topology.faces[first_face : first_face + face_step]
        assert faces.min() == first_vertex
        assert faces.max() == first_vertex + vertex_step - 1
        assert is_watertight(faces)
        assert signed_volume(vertices, faces) > 0
        first_vertex, first_face = first_vertex + vertex_step, first_face + face_step
    assert (first_vertex, first_face) == (topology.count, len(topology.faces))


def test_cars_are_the_same_in_a_mirror(all_vertices):
    topology = car_topology()
    points = all_vertices[:, topology.keypoints]
    np.testing.assert_allclose(mirrored(points), points, atol=1e-12)
    # the whole surface too: each vertex has its twin
    car = all_vertices[0]
    twins = {tuple(row) for row in np.round(car * [1, -1, 1], 6) + 0.0}
    assert twins == {tuple(row) for row in np.round(car, 6) + 0.0}


def test_keypoints_are_where_they_belong(family, all_vertices):
    topology = car_topology()
    for car, vertices in zip(family, all_vertices, strict=True):
        p = car.parameters
        points = vertices[topology.keypoints]
        assert (points[list(LEFT), 1] > 0).all()
        assert (points[list(RIGHT), 1] < 0).all()
        # hubs on the axles, one wheel radius up; the car frame's origin is below their middle
        np.testing.assert_allclose(points[:4, 2], p.wheel_radius)
        np.testing.assert_allclose(points[:4, 0], [p.wheelbase / 2] * 2 + [-p.wheelbase / 2] * 2)
        np.testing.assert_allclose(points[:4].mean(axis=0)[:2], 0, atol=1e-12)
        assert p.track / 2 < points[1, 1] < p.width / 2
        # lamps at the ends and at their height, roof corners above everything else
        np.testing.assert_allclose(points[4:6, 2], p.headlight, atol=0.03)
        np.testing.assert_allclose(points[6:8, 2], p.taillight, atol=0.08)
        assert points[4, 0] > p.front_axle + 0.4
        assert points[6, 0] < p.rear_axle - 0.3
        assert points[8, 0] > points[10, 0]
        assert points[8:, 2].min() > points[:8, 2].max()
        assert points[8:, 2].max() < p.height


def test_lamps_keypoints_lie_on_lamps():
    topology = car_topology()
    for points, part in (((4, 5), "headlight"), ((6, 7), "taillight")):
        on_lamp = set(topology.faces[topology.parts[part]].ravel().tolist())
        for point in points:
            assert int(topology.keypoints[point]) in on_lamp
            # in the middle of it: no other part touches
            touching = np.flatnonzero((topology.faces == topology.keypoints[point]).any(axis=1))
            assert set(touching.tolist()) <= set(topology.parts[part].tolist())


def test_hardly_a_face_of_the_sides_folds_over_its_neighbour():
    topology = car_topology()
    for style, measures in MEANS.items():
        vertices = car_vertices(measures)
        faces = topology.faces[topology.parts["paint"]]
        normals = face_normals(vertices, faces)
        centres = vertices[faces].mean(axis=1)
        side = (np.abs(centres[:, 1]) > 0.8 * measures.width / 2) & (centres[:, 2] > 0.5)
        inwards = side & (normals[:, 1] * np.sign(centres[:, 1]) < 0)
        areas = np.linalg.norm(normals, axis=1)
        # a pickup's cab ends far before its rear wheels, and the arch behind pays for it
        allowed = 0.06 if style is BodyStyle.PICKUP else 0.02
        assert areas[inwards].sum() < allowed * areas[side].sum()


def test_proxy_is_light_closed_and_stays_near_the_car(all_vertices):
    proxy = procedural_proxy()
    topology = car_topology()
    assert len(proxy.faces) <= 750
    assert is_watertight(proxy.faces)
    assert set(topology.keypoints.tolist()) <= set(proxy.vertex_ids.tolist())
    body = topology.faces[: topology.body[1]]
    for vertices in all_vertices[::40]:
        light = vertices[proxy.vertex_ids]
        whole = signed_volume(vertices, topology.faces)
        assert signed_volume(light, proxy.faces) == pytest.approx(whole, rel=0.12)
        body_low, body_high = vertices[body].min(axis=(0, 1)), vertices[body].max(axis=(0, 1))
        np.testing.assert_allclose(light.max(axis=0), body_high, atol=0.06)
        np.testing.assert_allclose(light.min(axis=0)[:2], body_low[:2], atol=0.06)


def first_hits(origin, towards, vertices, faces):
    """Distance along each ray to the first face, by Cramer's rule on every face (Moeller and Trumbore)."""
    first, second, third = (vertices[faces[:, i]] for i in range(3))
    along, across = second - first, third - first
    away = origin - first
    normal = np.cross(along, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        det = -(towards @ normal.T)
        depth = (away * normal).sum(axis=1) / det
        turned = np.cross(away[None], towards[:, None])
        u = (turned * across).sum(axis=2) / det
        v = -(turned * along).sum(axis=2) / det
        inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (depth > 1e-6)
    return np.where(inside, depth, np.inf).min(axis=1)


def test_proxy_hides_what_the_car_hides():
    topology, proxy = car_topology(), procedural_proxy()
    differ, hidden, total = 0, 0, 0
    for measures in MEANS.values():
        vertices = car_vertices(measures)
        points = vertices[topology.keypoints]
        for turn in np.radians(np.arange(10, 370, 30)):
            camera = np.array([20 * np.cos(turn), 20 * np.sin(turn), 6])
            rays = points - camera
            distance = np.linalg.norm(rays, axis=1)
            rays /= distance[:, None]
            whole = first_hits(camera, rays, vertices, topology.faces) < distance - 0.05
            light = first_hits(camera, rays, vertices[proxy.vertex_ids], proxy.faces) < distance - 0.05
            differ += (whole != light).sum()
            hidden += whole.sum()
            total += len(points)
    # about half of all keypoints are on the far side; those on the horizon may go either way
    assert 0.3 < hidden / total < 0.6
    assert differ / total < 0.03


def test_shading_keeps_edges_and_smooths_the_rest():
    # a cube: three faces meet at each corner at right angles
    vertices = np.array([[x, y, z] for x in (0.0, 1) for y in (0.0, 1) for z in (0.0, 1)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    assert is_watertight(faces)
    assert signed_volume(vertices, faces) == pytest.approx(1)
    sharp = corner_normals(vertices, faces)
    flat = face_normals(vertices, faces)
    np.testing.assert_allclose(sharp, np.repeat(flat[:, None], 3, axis=1), atol=1e-12)
    round_off = corner_normals(vertices, faces, crease_rad=2.0)
    outwards = (vertices[faces] - 0.5) / np.sqrt(0.75)
    assert np.einsum("fcj,fcj->fc", round_off, outwards).min() > 0.9
    groups = np.arange(len(faces), dtype=np.int32) // 2
    np.testing.assert_allclose(corner_normals(vertices, faces, groups, 2.0), sharp, atol=1e-12)


def test_mesh_carries_the_topology():
    mesh = car_mesh(MEANS[BodyStyle.VAN])
    assert mesh.faces is car_topology().faces
    assert len(FLIP) == len(car_topology().keypoints)


def test_glass_does_not_shade_into_paint():
    topology, groups = car_topology(), smoothing_groups()
    vertices = car_vertices(MEANS[BodyStyle.VAN])
    normals = corner_normals(vertices, topology.faces, groups)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, atol=1e-9)
    glass = topology.parts["front_window"]
    # windows stand upright; smoothed into the ledge below them they would look up
    assert np.abs(normals[glass][..., 2]).max() < 0.6
    assert set(np.unique(groups)) == {0, 1}
