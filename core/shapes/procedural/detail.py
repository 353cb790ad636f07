"""What a car's mesh is too coarse for: door gaps, handles, bonnet and boot lines, lamps, grille bars.

They are drawn on the surface where it is shaded, as a factor on its colour, from places in the car frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.keypoints import Keypoint
from core.shapes.procedural import grid
from core.shapes.procedural.car import car_topology

FloatArray = NDArray[np.float64]

_GAP_M = 0.007
_GAP_SHADE = 0.22
_HANDLE = (0.17, 0.028)
_SLAT_M = 0.034
_BODY = ("paint", "lid", "cladding")


@dataclass(frozen=True, slots=True)
class CarMarks:
    """Where a car's lines run, in the car frame, metres; the right side is the left's mirror image.

    Attributes:
        door_front, pillar, door_rear: x of the front door's front edge, of the B-pillar, and of the rear
            door's rear edge.
        door_low, belt: heights of the doors' lower edge and of the windows'.
        arch_x, arch_z, arch_radius: the rear wheel arch, which the rear door's edge goes round.
        nose, cowl, bonnet_half: x of the bonnet's two ends, and half its width.
        tail, boot_half, boot_low: x and half-width of the boot's lid or gate, and the bumper's upper edge.
        roof_half: half-width between the roof's two gutters.
        headlight, taillight: (3,) centres of the left lamps.
        front_plate, rear_plate: heights of the plates' middles.
    """

    door_front: float
    pillar: float
    door_rear: float
    door_low: float
    belt: float
    arch_x: float
    arch_z: float
    arch_radius: float
    nose: float
    cowl: float
    bonnet_half: float
    tail: float
    boot_half: float
    boot_low: float
    roof_half: float
    headlight: tuple[float, float, float]
    taillight: tuple[float, float, float]
    front_plate: float
    rear_plate: float


def car_marks(vertices: FloatArray) -> CarMarks:
    """The lines of a car of the procedural topology, from its vertices (V, 3)."""
    ids, body = car_topology().keypoints, grid.body_grid()
    hub = vertices[ids[Keypoint.LEFT_BACK_WHEEL]]
    last = grid.STATIONS - 1
    arch_top = _at(vertices, sum(grid.REAR_ARCH) // 2, grid.SILL)
    window = grid.WINDOW[0]
    middle = grid.B_PILLAR[0]
    x, y, z = vertices[ids[Keypoint.LEFT_HEADLIGHT]].tolist()
    u, v, w = vertices[ids[Keypoint.LEFT_TAILLIGHT]].tolist()
    return CarMarks(
        door_front=float(_at(vertices, grid.COWL + 2, window)[0]) + 0.10,
        pillar=float(_at(vertices, middle, window)[0]),
        door_rear=float(_at(vertices, grid.C_PILLAR[0], window)[0]) - 0.02,
        door_low=float(_at(vertices, middle, grid.SILL)[2]) + 0.10,
        belt=float(_at(vertices, middle, grid.BELT)[2]),
        arch_x=float(hub[0]),
        arch_z=float(hub[2]),
        arch_radius=float(arch_top[2] - hub[2]) + 0.06,
        nose=float(_at(vertices, 0, grid.TOP)[0]),
        cowl=float(_at(vertices, grid.COWL, grid.TOP)[0]),
        bonnet_half=float(_at(vertices, 6, grid.BELT)[1]) * 0.89,
        tail=float(_at(vertices, last, grid.TOP)[0]),
        boot_half=float(_at(vertices, last, grid.LAMP_ROW)[1]) * 0.80,
        boot_low=float(_at(vertices, last, grid.SILL + 2)[2]) + 0.02,
        roof_half=float(_at(vertices, middle, grid.ROOF_EDGE)[1]) - 0.075,
        headlight=(x, y, z),
        taillight=(u, v, w),
        front_plate=float(vertices[body.front[1:3, grid.COLUMNS], 2].mean()),
        rear_plate=float(vertices[body.rear[3:5, grid.COLUMNS], 2].mean()),
    )


def detail_shade(
    marks: CarMarks, points: FloatArray, part: NDArray[np.integer], names: Sequence[str], pixel_m: FloatArray
) -> FloatArray:
    """How much darker or lighter than its part's colour a car is at points on its surface.

    Args:
        marks: the car's lines.
        points: (N, 3) car frame, metres.
        part: (N,) index into names.
        names: the parts' names.
        pixel_m: (N,) metres that a pixel spans there: thin lines fade with distance instead of flickering.

    Returns:
        (N,) factors for the colour; 1 where nothing is drawn.
    """
    shade = np.ones(len(points))
    codes = {name: number for number, name in enumerate(names)}

    def on(*wanted: str) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(part, [codes[name] for name in wanted if name in codes]))

    body = on(*_BODY)
    shade[body] = _body_lines(marks, points[body], pixel_m[body])
    bars = on("grille")
    # bars merge into their mean where a pixel spans several
    swing = 0.75 / (1 + (pixel_m[bars] / (_SLAT_M / 2)) ** 2)
    shade[bars] = 1 + swing * np.sin(2 * np.pi * points[bars, 2] / _SLAT_M)
    for name, centre in (("headlight", marks.headlight), ("taillight", marks.taillight)):
        lamp = on(name)
        shade[lamp] = _lamp(points[lamp], centre)
    plate = on("plate")
    shade[plate] = _lettering(marks, points[plate], pixel_m[plate])
    return shade


def _at(vertices: FloatArray, station: int, row: int) -> FloatArray:
    return np.asarray(vertices[grid.ring_index(station, row)])


def _body_lines(m: CarMarks, points: FloatArray, pixel: FloatArray) -> FloatArray:
    x, y, z = points.T
    y = np.abs(y)
    side = (z < m.belt + 0.02) & (z > m.door_low) & (x < m.door_front + 0.3) & (x > m.arch_x)
    # the rear door's edge goes straight down to the arch and then round it
    below = np.sqrt(np.clip(m.arch_radius**2 - np.clip(z - m.arch_z, 0, None) ** 2, 0, None))
    rear = np.maximum(m.door_rear, np.where(z < m.arch_z + m.arch_radius, m.arch_x + below, m.door_rear))
    lines = [
        (np.abs(x - m.door_front), side),
        (np.abs(x - m.pillar), side),
        (np.abs(x - rear), side),
        (np.abs(z - m.door_low), (x < m.door_front) & (x > rear)),
    ]
    bonnet = (x > m.cowl) & (x < m.nose - 0.02) & (z > m.headlight[2] + 0.05)
    lines.append((np.abs(y - m.bonnet_half * (1 - 0.10 * ((x - m.cowl) / (m.nose - m.cowl)) ** 2)), bonnet))
    behind = (x < m.tail + 0.25) & (z > m.boot_low - 0.02)
    lines.append((np.abs(y - m.boot_half), behind & (z > m.boot_low)))
    lines.append((np.abs(z - m.boot_low), behind & (y < m.boot_half)))
    bumper = m.headlight[2] - 0.085
    lines.append((np.abs(z - bumper), (x > m.nose - 0.30) & (np.abs(z - bumper) < 0.1)))
    roof = (z > m.belt + 0.25) & (y < m.roof_half + 0.05)
    lines.append((np.abs(y - m.roof_half), roof))
    shade = np.ones(len(points))
    width = np.minimum(_GAP_M, pixel)
    # a gap thinner than a pixel darkens it by the part that it covers
    most = (1 - _GAP_SHADE) * np.minimum(_GAP_M / np.maximum(pixel, 1e-6), 1)
    for distance, where in lines:
        cover = np.clip((0.5 * (_GAP_M + pixel) - distance) / np.maximum(width, 1e-6), 0, 1)
        shade = np.minimum(shade, np.where(where, 1 - most * cover, 1.0))
    for edge in (m.pillar, m.door_rear):
        along, up = x - edge - 0.05, z - (m.belt - 0.115)
        handle = (along > 0) & (along < _HANDLE[0]) & (np.abs(up) < _HANDLE[1] / 2) & side
        # lit from above: a light upper half, and shadow below
        shade = np.where(handle, np.where(up > 0, 1.25, 0.35), shade)
    wiper = (x < m.cowl + 0.045) & (x > m.cowl - 0.20) & (z > m.belt - 0.03) & (z < m.belt + 0.12)
    return np.where(wiper & (y < m.bonnet_half), 0.15, shade)


def _lamp(points: FloatArray, centre: tuple[float, float, float]) -> FloatArray:
    """A dark housing with a bright reflector in the middle and a clear strip around it."""
    across = np.abs(points[:, 1]) - centre[1]
    away = np.hypot(across, points[:, 2] - centre[2])
    rim = np.clip((np.abs(away - 0.058) - 0.006) / 0.006, 0, 1)
    shade = np.where(away < 0.058, 1.5, 0.75)
    return np.asarray(shade * (0.35 + 0.65 * rim))


def _lettering(m: CarMarks, points: FloatArray, pixel: FloatArray) -> FloatArray:
    """Seven blocks for seven characters, which fade to grey."""
    place = points[:, 1] / 0.056
    height = np.where(points[:, 0] > 0, m.front_plate, m.rear_plate)
    inside = (np.abs(place) < 3.5) & (np.abs(points[:, 2] - height) < 0.034)
    ink = inside & (np.abs((place % 1.0) - 0.5) < 0.26)
    near = 1 / (1 + (pixel / 0.03) ** 2)
    return np.where(ink, 1 - 0.7 * near, 1.0) - 0.2 * (1 - near) * inside
