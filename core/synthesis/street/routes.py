"""The ways that cars drive along: lanes, and turns from the main road to the side street and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.layout import END, SIDE_REACH, START, Layout

Floats = NDArray[np.float64]

STEP = 0.5
"""Distance of a route's points, metres."""
MAIN, FROM_RIGHT, FROM_LEFT, ON_FOOT = 0, 1, 2, 3
"""Who has green: the main road, the side street's right or left arm, or people on the crossing."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way through the street.

    Attributes:
        points: (N, 2), half a metre apart.
        stop: distance of the stop line from the route's beginning, metres.
        phase: which signal holds there.
        turns: whether it leaves its road.
        weight: how many take it, relative to the others.
    """

    points: Floats
    stop: float
    phase: int
    turns: bool
    weight: float

    @property
    def length(self) -> float:
        """From beginning to end, metres."""
        return STEP * (len(self.points) - 1)

    def at(self, distance: float | Floats) -> Floats:
        """(..., 2) the points so far along; straight on beyond the ends."""
        place = np.asarray(distance, dtype=np.float64) / STEP
        low = np.minimum(np.maximum(place.astype(int), 0), len(self.points) - 2)
        part = (place - low)[..., None]
        return self.points[low] * (1 - part) + self.points[low + 1] * part

    def place(self, distance: float) -> tuple[float, float]:
        """The same numbers as `at` gives for one distance, much sooner."""
        place = distance / STEP
        low = min(max(int(place), 0), len(self.points) - 2)
        part, item = place - low, self.points.item
        return (
            item(low, 0) * (1 - part) + item(low + 1, 0) * part,
            item(low, 1) * (1 - part) + item(low + 1, 1) * part,
        )


def plan_routes(layout: Layout) -> tuple[Route, ...]:
    """All routes of a street."""
    routes: list[Route] = []
    inner, outer = 0, layout.lanes - 1
    quarter = layout.side_half / 2
    for direction in (1, -1):
        begin, end = (START, END) if direction > 0 else (END, START)
        stop = abs(layout.stop_x(direction) - begin)
        for lane in range(layout.lanes):
            y = layout.lane_y(lane, direction)
            routes.append(_route([(begin, y), (end, y)], stop, MAIN, 3.0, turns=False))
        # right turn into the side street; its cars keep right too
        y, x = layout.lane_y(outer, direction), layout.side_x - direction * quarter
        routes.append(_turn((begin, y), (x, y), (x, -direction * SIDE_REACH), 6.5, stop, MAIN, 1.3))
    for side, phase in ((-1, FROM_RIGHT), (1, FROM_LEFT)):
        x, begin = layout.side_x - side * quarter, side * SIDE_REACH
        stop = SIDE_REACH - layout.side_stop
        routes.append(_route([(x, begin), (x, -begin)], stop, phase, 0.5, turns=False))
        for direction in (1, -1):
            right = direction == -side
            y = layout.lane_y(outer if right else inner, direction)
            end = END if direction > 0 else START
            radius = 6.5 if right else 8.0
            routes.append(_turn((x, begin), (x, y), (end, y), radius, stop, phase, 0.7 if right else 0.5))
    return tuple(routes)


def _route(
    points: list[tuple[float, float]], stop: float, phase: int, weight: float, *, turns: bool
) -> Route:
    way = np.array(points)
    steps = np.hypot(*np.diff(way, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.arange(0.0, along[-1], STEP)
    dense = np.stack([np.interp(places, along, way[:, axis]) for axis in (0, 1)], axis=1)
    return Route(dense, stop, phase, turns, weight)


def _turn(
    begin: tuple[float, float],
    corner: tuple[float, float],
    end: tuple[float, float],
    radius: float,
    stop: float,
    phase: int,
    weight: float,
) -> Route:
    """Two straight parts at a right angle, joined by an arc that both touch."""
    first, middle, last = np.array(begin), np.array(corner), np.array(end)
    into, out = middle - first, last - middle
    into, out = into / np.linalg.norm(into), out / np.linalg.norm(out)
    centre = middle - radius * into + radius * out
    angles = np.linspace(0.0, np.pi / 2, 24)
    arc = centre - radius * out * np.cos(angles)[:, None] + radius * into * np.sin(angles)[:, None]
    points = [begin, *((float(x), float(y)) for x, y in arc), end]
    return _route(points, stop, phase, weight, turns=True)
