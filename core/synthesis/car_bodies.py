"""Car bodies for the synthetic street: lofted quads with paint, glass, lamps and wheels.

Car frame: x forward, y left, z up, metres, origin on the ground below the middle of the wheel centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Finish(IntEnum):
    """What a face is made of."""

    PAINT = 0
    GLASS = 1
    TRIM = 2
    HEADLAMP = 3
    TAILLAMP = 4
    PLATE = 5


@dataclass(frozen=True, slots=True)
class CarStyle:
    """The side view of a body, in metres from the front bumper backwards and from the ground upwards.

    Attributes:
        name: the style.
        length, width: overall.
        top: the top line of the lower body, (distance from the front, height), front to rear.
        glass: where the windscreen starts, the roof starts, the roof ends, the rear window ends.
        roof: height of the roof.
        roof_tuck: how much narrower the roof is than the body, each side.
        pillars: distances from the front of the pillars between the side windows.
        wheels: distance of the front axle from the front, wheelbase, wheel radius.
    """

    name: str
    length: float
    width: float
    top: tuple[tuple[float, float], ...]
    glass: tuple[float, float, float, float]
    roof: float
    roof_tuck: float
    pillars: tuple[float, ...]
    wheels: tuple[float, float, float]


HATCHBACK = CarStyle(
    "hatchback", 4.05, 1.76,
    ((0.0, 0.66), (0.25, 0.80), (1.10, 0.96), (2.4, 0.98), (3.75, 1.00), (4.05, 0.92)),
    (0.95, 1.75, 3.30, 3.92), 1.48, 0.17, (2.45,), (0.80, 2.53, 0.31),
)  # fmt: skip
SALOON = CarStyle(
    "saloon", 4.65, 1.82, ((0.0, 0.64), (0.3, 0.78), (1.35, 0.94), (3.55, 0.99), (4.45, 0.98), (4.65, 0.88)),
    (1.30, 2.05, 3.15, 3.90), 1.45, 0.20, (2.62,), (0.88, 2.75, 0.33),
)  # fmt: skip
ESTATE = CarStyle(
    "estate", 4.75, 1.83, ((0.0, 0.66), (0.3, 0.80), (1.30, 0.96), (3.0, 0.99), (4.55, 1.02), (4.75, 0.92)),
    (1.25, 2.00, 4.10, 4.65), 1.50, 0.18, (2.62, 3.60), (0.90, 2.76, 0.33),
)  # fmt: skip
OFF_ROADER = CarStyle(
    "off-roader", 4.55, 1.90,
    ((0.0, 0.82), (0.15, 0.98), (1.25, 1.10), (2.8, 1.12), (4.4, 1.14), (4.55, 1.04)),
    (1.20, 1.80, 4.05, 4.48), 1.74, 0.15, (2.60, 3.55), (0.85, 2.72, 0.37),
)  # fmt: skip
VAN = CarStyle(
    "van", 5.10, 1.98, ((0.0, 0.80), (0.2, 1.00), (0.75, 1.20), (2.0, 1.28), (5.0, 1.30), (5.10, 1.20)),
    (0.70, 1.45, 4.95, 5.06), 2.05, 0.12, (2.15,), (0.95, 3.10, 0.35),
)  # fmt: skip
STYLES = (HATCHBACK, SALOON, ESTATE, OFF_ROADER, VAN)

_FLOOR_M = 0.24
_BULGE_M = 0.56
_WINDOWLESS_BEHIND_M = {"van": 2.15}  # a delivery van's load bay has sheet metal for windows


@dataclass(frozen=True, slots=True, eq=False)
class CarBody:
    """Faces of a car in its own frame, in the order to draw them.

    Attributes:
        quads: (n, 4, 3) corners, counter-clockwise seen from outside.
        normals: (n, 3) unit.
        finishes: (n,) what each is made of.
        wheels: (4, 3) the hubs' outer centres.
        wheel_radius: metres.
        wheel_width: metres.
        footprint: x back, x front, y right, y left of the body on the ground.
        outline: (k, 3) corners whose shadows span the body's.
    """

    quads: Array
    normals: Array
    finishes: NDArray[np.int8]
    wheels: Array
    wheel_radius: float
    wheel_width: float
    footprint: tuple[float, float, float, float]
    outline: Array


def build_body(style: CarStyle) -> CarBody:
    """The faces of a style of car."""
    front = style.wheels[0] + style.wheels[1] / 2.0
    half = style.width / 2.0
    faces = [
        *_lower_body(style, front, half),
        *_greenhouse(style, front, half),
        *_fittings(style, front, half),
    ]
    quads = np.array([corners for corners, _ in faces])
    finishes = np.array([finish for _, finish in faces], dtype=np.int8)
    edges_a, edges_b = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    normals = np.cross(edges_a, edges_b)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    outward = quads.mean(axis=1) - np.array([0.0, 0.0, 0.7])
    flipped = (normals * outward).sum(axis=1) < 0
    normals[flipped] *= -1.0
    axle, radius = style.wheels[1] / 2.0, style.wheels[2]
    hubs = [[x, y, radius] for x in (axle, -axle) for y in (-half + 0.01, half - 0.01)]
    return CarBody(
        quads=quads,
        normals=normals,
        finishes=finishes,
        wheels=np.array(hubs),
        wheel_radius=radius,
        wheel_width=0.2,
        footprint=(front - style.length, front, -half, half),
        outline=quads[finishes <= Finish.GLASS].reshape(-1, 3),
    )


Face = tuple[list[list[float]], Finish]


def _ring(x: float, top: float, half: float) -> list[tuple[float, float]]:
    """(half-width, height) up one side of the lower body at x, with tumblehome above its widest line."""
    return [
        (half * 0.94, _FLOOR_M),
        (half, _BULGE_M),
        (half * 0.985, _BULGE_M + 0.6 * (top - _BULGE_M)),
        (half * 0.90, top),
    ]


def _lower_body(style: CarStyle, front: float, half: float) -> list[Face]:
    """Sides in three strips, bonnet and boot, front and rear."""
    stations = [(front - distance, height) for distance, height in style.top]
    narrow = [0.90, 0.97, *([1.0] * (len(stations) - 4)), 0.98, 0.93]
    rings = [_ring(x, top, half * share) for (x, top), share in zip(stations, narrow, strict=True)]
    faces: list[Face] = []
    for (x0, _), ring0, (x1, _), ring1 in zip(stations, rings, stations[1:], rings[1:], strict=False):
        for lower, upper in pairwise(range(4)):
            strip = [[x0, *ring0[lower]], [x1, *ring1[lower]], [x1, *ring1[upper]], [x0, *ring0[upper]]]
            faces += [(_side(strip, side), Finish.PAINT) for side in (1.0, -1.0)]
        faces.append((_lid(x0, ring0[3], x1, ring1[3]), Finish.PAINT))
    for (x, _), ring in ((stations[0], rings[0]), (stations[-1], rings[-1])):
        for lower, upper in pairwise(range(4)):
            faces.append((_wall(x, ring[lower], x, ring[upper]), Finish.PAINT))
    return faces


def _lid(x0: float, edge0: tuple[float, float], x1: float, edge1: tuple[float, float]) -> list[list[float]]:
    """A face from side to side between two stations."""
    return [
        [x0, edge0[0], edge0[1]],
        [x1, edge1[0], edge1[1]],
        [x1, -edge1[0], edge1[1]],
        [x0, -edge0[0], edge0[1]],
    ]


def _wall(x0: float, low: tuple[float, float], x1: float, high: tuple[float, float]) -> list[list[float]]:
    """A face from side to side between a low and a high edge."""
    return [[x0, low[0], low[1]], [x0, -low[0], low[1]], [x1, -high[0], high[1]], [x1, high[0], high[1]]]


def _top_at(style: CarStyle, distance: float) -> float:
    places, heights = zip(*style.top, strict=True)
    return float(np.interp(distance, places, heights)) - 0.02


def _greenhouse(style: CarStyle, front: float, half: float) -> list[Face]:
    """Windscreen, roof, rear window and side windows with their pillars."""
    base_front, roof_front, roof_rear, base_rear = style.glass
    low, high = half * 0.88, half * 0.88 - style.roof_tuck
    z_front, z_rear = _top_at(style, base_front), _top_at(style, base_rear)
    roof = style.roof

    def place(distance: float, up: float) -> list[float]:
        """A point on the left side: up is 0 at the shoulder and 1 at the roof."""
        # the upper edge is shorter than the lower one: lean towards it
        share = (distance - base_front) / (base_rear - base_front)
        x_low, x_high = distance, roof_front + share * (roof_rear - roof_front)
        z_low = z_front + share * (z_rear - z_front)
        return [
            front - (x_low + up * (x_high - x_low)),
            low + up * (high - low),
            z_low + up * (roof - z_low),
        ]

    corners = ((base_front, 0.0), (base_rear, 0.0), (base_rear, 1.0), (base_front, 1.0))
    faces: list[Face] = [
        (_side([place(at, up) for at, up in corners], side), Finish.PAINT) for side in (1.0, -1.0)
    ]
    screen = _wall(front - base_front, (low, z_front), front - roof_front, (high, roof))
    rear = _wall(front - base_rear, (low, z_rear), front - roof_rear, (high, roof))
    crown = front - (roof_front + roof_rear) / 2.0
    faces += [
        (screen, Finish.PAINT),
        (rear, Finish.PAINT),
        (_lid(front - roof_front, (high, roof), crown, (high, roof + 0.03)), Finish.PAINT),
        (_lid(crown, (high, roof + 0.03), front - roof_rear, (high, roof)), Finish.PAINT),
        (_shrunk(screen, 0.90, 0.86), Finish.GLASS),
        (_shrunk(rear, 0.84, 0.70), Finish.GLASS),
    ]
    edges = [base_front + 0.22, *style.pillars, base_rear - 0.22]
    blind = _WINDOWLESS_BEHIND_M.get(style.name, np.inf)
    for start, end in pairwise(edges):
        if start >= blind:
            continue
        a, b = start + 0.05, end - 0.05
        pane = [place(at, up) for at, up in ((a, 0.10), (b, 0.10), (b, 0.88), (a, 0.88))]
        faces += [(_side(pane, side), Finish.GLASS) for side in (1.0, -1.0)]
    return faces


def _side(corners: list[list[float]], side: float) -> list[list[float]]:
    """Corners given for the left, on the left (1) or on the right (-1)."""
    return [[x, side * y, z] for x, y, z in corners]


def _shrunk(face: list[list[float]], across: float, along: float) -> list[list[float]]:
    """The same face, smaller about its middle: a pane in its frame."""
    corners = np.array(face)
    middle = corners.mean(axis=0)
    offset = corners - middle
    offset[:, 1] *= across
    offset[:, 0] *= along
    offset[:, 2] *= along
    return [[float(value) for value in corner] for corner in middle + offset]


def _fittings(style: CarStyle, front: float, half: float) -> list[Face]:
    """Lamps, bumpers' trim, number plates and a dark sill, a hair's breadth outside the body."""
    nose, tail = front + 0.012, front - style.length - 0.012
    z_nose, z_tail = style.top[0][1], style.top[-1][1]
    w_nose, w_tail = half * 0.90, half * 0.93
    faces: list[Face] = []
    for side in (1.0, -1.0):
        inner, outer = sorted((side * w_nose * 0.52, side * w_nose * 0.92))
        faces.append((_panel(nose, inner, outer, z_nose - 0.16, z_nose - 0.02), Finish.HEADLAMP))
        inner, outer = sorted((side * w_tail * 0.60, side * w_tail * 0.90))
        faces.append((_panel(tail, inner, outer, z_tail - 0.26, z_tail - 0.06), Finish.TAILLAMP))
        y, ahead, behind = half * 0.975, front - 0.3, front - style.length + 0.3
        low, high = _FLOOR_M, _FLOOR_M + 0.09
        sill = [[ahead, y, low], [behind, y, low], [behind, y * 1.02, high], [ahead, y * 1.02, high]]
        faces.append((_side(sill, side), Finish.TRIM))
    faces += [
        (_panel(nose, -w_nose * 0.45, w_nose * 0.45, z_nose - 0.17, z_nose - 0.05), Finish.TRIM),
        (_panel(nose, -w_nose * 0.80, w_nose * 0.80, _FLOOR_M + 0.02, _FLOOR_M + 0.15), Finish.TRIM),
        (_panel(tail, -w_tail * 0.80, w_tail * 0.80, _FLOOR_M + 0.02, _FLOOR_M + 0.15), Finish.TRIM),
        (_panel(nose + 0.01, -0.26, 0.26, _FLOOR_M + 0.16, _FLOOR_M + 0.27), Finish.PLATE),
        (_panel(tail - 0.01, -0.26, 0.26, _BULGE_M + 0.02, _BULGE_M + 0.14), Finish.PLATE),
    ]
    return faces


def _panel(x: float, y0: float, y1: float, z0: float, z1: float) -> list[list[float]]:
    return [[x, y0, z0], [x, y1, z0], [x, y1, z1], [x, y0, z1]]
