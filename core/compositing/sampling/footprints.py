"""Footprints: what objects cover of the ground, as convex polygons in whole millimetres.

Seen from above, on the ground's own frame: x forward, y left, the camera above the origin
(`GroundPlane.frame`). Whole numbers, so that whether two meet and which is nearer is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MM_PER_M = 1000
MARGIN_MM = 150
# half of a stride; with 300, the feet of two of the street's walkers could meet
PERSON_RADIUS_MM = 400
_DISC_CORNERS = 12

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Footprint:
    """A convex polygon on the ground.

    Attributes:
        corners: x, y in whole millimetres, counter-clockwise, no three on a line, at least three.
    """

    corners: tuple[Point, ...]

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Least x, least y, most x, most y, millimetres."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def distance_key(self) -> int:
        """How far its middle is: the squared length of the sum of its corners over their number, whole."""
        count = len(self.corners)
        x, y = sum(x for x, _ in self.corners), sum(y for _, y in self.corners)
        return (x * x + y * y) // (count * count)

    def scaled(self, reach_q16: int) -> Footprint:
        """The same one moved along its line of sight, its size and heading kept.

        Args:
            reach_q16: the distance of its middle as a share of what it was, 16 binary places.
        """
        count = len(self.corners)
        x, y = sum(x for x, _ in self.corners) // count, sum(y for _, y in self.corners) // count
        dx, dy = ((place * reach_q16) >> 16 for place in (x, y))
        return Footprint(tuple((cx + dx - x, cy + dy - y) for cx, cy in self.corners))


def polygon_footprint(points: Sequence[tuple[float, float]]) -> Footprint:
    """The convex hull of points of the ground, (n, 2) metres, to the nearest millimetre.

    Raises:
        ValueError: they span no area.
    """
    corners = _hull(sorted({(round(MM_PER_M * float(x)), round(MM_PER_M * float(y))) for x, y in points}))
    if len(corners) < 3:
        raise ValueError("a footprint needs an area")
    return Footprint(tuple(corners))


def rectangle_footprint(points: Sequence[tuple[float, float]], heading_rad: float) -> Footprint:
    """The smallest rectangle of a heading around points of the ground: a car's, from its mesh.

    Args:
        points: (n, 2) metres, seen from above.
        heading_rad: of one of its sides, from x towards y.
    """
    cos, sin = math.cos(heading_rad), math.sin(heading_rad)
    along = [float(x) * cos + float(y) * sin for x, y in points]
    across = [float(y) * cos - float(x) * sin for x, y in points]
    ends = [(a, b) for a in (min(along), max(along)) for b in (min(across), max(across))]
    return polygon_footprint([(a * cos - b * sin, a * sin + b * cos) for a, b in ends])


def disc_footprint(place_m: tuple[float, float], radius_mm: int = PERSON_RADIUS_MM) -> Footprint:
    """A disc as a regular polygon around it: a person's."""
    reach = radius_mm / MM_PER_M / math.cos(math.pi / _DISC_CORNERS)
    angles = [2 * math.pi * k / _DISC_CORNERS for k in range(_DISC_CORNERS)]
    return polygon_footprint(
        [(place_m[0] + reach * math.cos(a), place_m[1] + reach * math.sin(a)) for a in angles]
    )


def are_apart(a: Footprint, b: Footprint, margin_mm: int = MARGIN_MM) -> bool:
    """Whether there is at least a margin between two footprints, told by their edges (separating axes).

    Corner against corner, a little more than the margin may be asked for.
    """
    reach = margin_mm
    a_left, a_low, a_right, a_high = a.bounds
    b_left, b_low, b_right, b_high = b.bounds
    if max(b_left - a_right, a_left - b_right, b_low - a_high, a_low - b_high) >= max(reach, 1):
        return True
    return _apart_along(a, b, margin_mm) or _apart_along(b, a, margin_mm)


def _apart_along(a: Footprint, b: Footprint, margin_mm: int) -> bool:
    """Whether b lies beyond an edge of a by the margin, or by a hair's breadth where it is 0."""
    for (x1, y1), (x2, y2) in zip(a.corners, (*a.corners[1:], a.corners[0]), strict=True):
        nx, ny = y2 - y1, x1 - x2  # outward, since corners run counter-clockwise
        gap = min((x - x1) * nx + (y - y1) * ny for x, y in b.corners)
        if gap > 0 and gap * gap >= margin_mm * margin_mm * (nx * nx + ny * ny):
            return True
    return False


def _hull(points: Sequence[Point]) -> list[Point]:
    """The convex hull of sorted points, counter-clockwise, no three on a line (Andrew's monotone chain)."""
    if len(points) < 3:
        return list(points)

    def chain(along: Sequence[Point]) -> list[Point]:
        out: list[Point] = []
        for point in along:
            while len(out) > 1 and _turn(out[-2], out[-1], point) <= 0:
                out.pop()
            out.append(point)
        return out[:-1]

    return chain(points) + chain(points[::-1])


def _turn(a: Point, b: Point, c: Point) -> int:
    """Positive where a, b, c turn left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
