"""Lines drawn on cars: where doors, lamps and plates are, the same on both sides, and gone far away."""

from __future__ import annotations

import numpy as np
import pytest

from core.records.shapes import BodyStyle
from core.shapes.procedural.car import car_topology, car_vertices
from core.shapes.procedural.detail import car_marks, detail_shade
from core.shapes.procedural.styles import MEANS

NAMES = tuple(car_topology().parts)


def surface(style, part=None, count=40_000, seed=0):
    """Random points on a car, each with its part."""
    topology, vertices = car_topology(), car_vertices(MEANS[style])
    faces = np.arange(len(topology.faces)) if part is None else topology.parts[part]
    of_face = np.zeros(len(topology.faces), dtype=int)
    for number, name in enumerate(NAMES):
        of_face[topology.parts[name]] = number
    rng = np.random.default_rng(seed)
    corners = vertices[topology.faces[faces]]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = rng.choice(len(faces), size=count, p=areas / areas.sum())
    share = rng.dirichlet(np.ones(3), size=count)
    return np.einsum("nc,ncj->nj", share, corners[chosen]), of_face[faces[chosen]]


def shade(style, points, part, pixel=0.004):
    marks = car_marks(car_vertices(MEANS[style]))
    return detail_shade(marks, points, part, NAMES, np.full(len(points), pixel))


@pytest.mark.parametrize("style", list(BodyStyle))
def test_lines_are_where_a_cars_are(style):
    marks, p = car_marks(car_vertices(MEANS[style])), MEANS[style]
    assert p.nose > marks.nose > marks.cowl > marks.door_front > marks.pillar > marks.door_rear > marks.tail
    assert p.front_axle > marks.door_front
    assert p.clearance < marks.door_low < p.wheel_radius + 0.1 < marks.belt < p.height
    assert 0.4 < marks.boot_half < marks.bonnet_half < p.width / 2
    assert p.wheel_radius < marks.arch_radius < 0.6
    assert marks.front_plate < marks.headlight[2]
    points, part = surface(style)
    drawn = shade(style, points, part)
    assert drawn.shape == (len(points),)
    assert drawn.min() >= 0
    assert drawn.max() < 2
    # lines are thin: most of the paint is left alone, but not all of it
    paint = drawn[part == NAMES.index("paint")]
    assert 0.85 < (paint == 1).mean() < 0.995
    assert (paint < 0.5).sum() > 100


def test_both_sides_have_the_same_lines():
    points, part = surface(BodyStyle.SALOON)
    np.testing.assert_allclose(
        shade(BodyStyle.SALOON, points * [1, -1, 1], part), shade(BodyStyle.SALOON, points, part)
    )


def test_the_gap_between_the_doors_is_dark_and_fades_with_distance():
    marks = car_marks(car_vertices(MEANS[BodyStyle.HATCHBACK]))
    paint = NAMES.index("paint")
    height = (marks.door_low + marks.belt) / 2
    at = np.array([[marks.pillar, 0.85, height], [marks.pillar + 0.1, 0.85, height]])
    part = np.full(2, paint)
    for pixel, darkest in ((0.001, 0.3), (0.007, 0.3), (0.07, 0.95), (1.0, 0.999)):
        on, beside = shade(BodyStyle.HATCHBACK, at, part, pixel)
        assert on < darkest
        assert pixel > 0.05 or beside == 1
    # all in all a door is darkened by as much, however large the pixels are
    door = np.linspace(marks.pillar - 0.2, marks.pillar + 0.2, 8001)
    line = np.stack([door, np.full_like(door, 0.85), np.full_like(door, height)], axis=1)
    part = np.full(len(door), paint)
    loss = [(1 - shade(BodyStyle.HATCHBACK, line, part, pixel)).sum() for pixel in (0.007, 0.03, 0.1)]
    np.testing.assert_allclose(loss, loss[0], rtol=0.02)


def test_lamps_shine_in_their_middle_and_other_parts_are_left_alone():
    points, part = surface(BodyStyle.SUV)
    drawn = shade(BodyStyle.SUV, points, part)
    marks = car_marks(car_vertices(MEANS[BodyStyle.SUV]))
    lamp = part == NAMES.index("headlight")
    away = np.hypot(np.abs(points[:, 1]) - marks.headlight[1], points[:, 2] - marks.headlight[2])
    assert drawn[lamp & (away < 0.04)].min() > 1.2
    assert drawn[lamp & (away > 0.08)].max() < 1
    for name in ("tyre", "rim", "windscreen", "underside"):
        assert (drawn[part == NAMES.index(name)] == 1).all()
    # an empty frame is no trouble, nor a mesh without some parts
    assert len(detail_shade(marks, np.zeros((0, 3)), np.zeros(0, int), ("body",), np.zeros(0))) == 0
