"""Footprints for tests, and what they mean by brute force: by rays, points and plain geometry."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

from hypothesis import strategies as st

from core.compositing.sampling.footprints import Footprint, disc_footprint, rectangle_footprint


def car(x_m: float, y_m: float, heading: float, length_m: float = 4.2, width_m: float = 1.8) -> Footprint:
    """A car's rectangle around its middle."""
    ends = [(a * length_m / 2, b * width_m / 2) for a in (-1, 1) for b in (-1, 1)]
    cos, sin = math.cos(heading), math.sin(heading)
    return rectangle_footprint([(x_m + a * cos - b * sin, y_m + a * sin + b * cos) for a, b in ends], heading)


cars = st.builds(car, st.floats(6, 40), st.floats(-15, 15), st.floats(-3.14, 3.14))
people = st.builds(lambda x, y: disc_footprint((x, y)), st.floats(6, 40), st.floats(-15, 15))
footprints = st.one_of(cars, people)


def first_meets(footprint: Footprint, direction: tuple[int, int]) -> Fraction | None:
    """How far along a ray from the origin it first meets a footprint, in lengths of the direction; exact."""
    dx, dy = direction
    found: list[Fraction] = []
    for (x1, y1), (x2, y2) in zip(
        footprint.corners, (*footprint.corners[1:], footprint.corners[0]), strict=True
    ):
        ex, ey = x2 - x1, y2 - y1
        across = dx * ey - dy * ex
        if not across:
            continue
        along = Fraction(x1 * ey - y1 * ex, across)
        on_edge = Fraction(x1 * dy - y1 * dx, across)
        if along > 0 and 0 <= on_edge <= 1:
            found.append(along)
    return min(found) if found else None


def directions(a: Footprint, b: Footprint) -> list[tuple[int, int]]:
    """Rays to all corners of two footprints, and between neighbouring ones."""
    corners = sorted({*a.corners, *b.corners}, key=lambda one: math.atan2(one[1], one[0]))
    return [*corners, *((x1 + x2, y1 + y2) for (x1, y1), (x2, y2) in itertools.pairwise(corners))]


def nearer_by_rays(a: Footprint, b: Footprint) -> int:
    """-1 where a is met first on every ray that meets both, 1 where b is, 0 where none meets both."""
    signs = set()
    for direction in directions(a, b):
        here, there = first_meets(a, direction), first_meets(b, direction)
        if here is not None and there is not None:
            signs.add(-1 if here < there else 1)
    assert len(signs) < 2, "footprints that do not meet cannot each be in front of the other"
    return signs.pop() if signs else 0


def distance_mm(a: Footprint, b: Footprint) -> float:
    """The least distance between two footprints, 0 where they meet."""
    if any(inside(a, p) for p in b.corners) or any(inside(b, p) for p in a.corners) or cross(a, b):
        return 0.0
    return min(
        point_to_edge(p, *edge)
        for one, other in ((a, b), (b, a))
        for p in one.corners
        for edge in edges(other)
    )


def edges(one: Footprint) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(zip(one.corners, (*one.corners[1:], one.corners[0]), strict=True))


def inside(one: Footprint, point: tuple[int, int]) -> bool:
    return all(
        (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1) >= 0 for (x1, y1), (x2, y2) in edges(one)
    )


def cross(a: Footprint, b: Footprint) -> bool:
    def side(p: tuple[int, int], q: tuple[int, int], r: tuple[int, int]) -> int:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return any(
        side(p, q, r) * side(p, q, s) < 0 and side(r, s, p) * side(r, s, q) < 0
        for p, q in edges(a)
        for r, s in edges(b)
    )


def point_to_edge(p: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> float:
    ex, ey = b[0] - a[0], b[1] - a[1]
    share = ((p[0] - a[0]) * ex + (p[1] - a[1]) * ey) / (ex * ex + ey * ey)
    share = min(max(share, 0.0), 1.0)
    return math.hypot(p[0] - a[0] - share * ex, p[1] - a[1] - share * ey)
