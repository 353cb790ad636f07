"""The one topology of all bodies: rings around the car, closed by a front and a rear face.

A ring has rows from the middle of the underside (row 0) outwards to the sill (8), up the side to the belt
line (14), and over window and roof to the middle of the roof or bonnet (22), and the same on the right.
Rings run from the nose (station 0) to the tail. Stations have a meaning that no parameter changes: below,
they follow the wheel arches, above, the bonnet, screens, pillars and deck.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

IndexArray = NDArray[np.int32]

STATIONS = 36
SILL, BELT, TOP = 8, 14, 22
HALF = TOP + 1
RING = 2 * TOP
COLUMNS = SILL
"""Columns of half a front or rear face: as many as rows of the underside and of the top."""
LEVELS = BELT - SILL
"""Rows of cells of the front and rear face."""

FRONT_ARCH = (4, 12)
REAR_ARCH = (21, 29)
COWL, HEADER = 9, 13
B_PILLAR, C_PILLAR, D_PILLAR = (17, 18), (21, 22), 24
REAR_HEADER, DECK = 25, 28
WINDOW = (15, 17)
ROOF_EDGE, SCREEN_EDGE = 18, 19
LAMP_ROW = 12
"""The row that runs through the middle of the lamps."""
LAMP_COLUMN = 6


def ring_index(station: int, row: int, side: int = 1) -> int:
    """The vertex of a station's ring: rows 0 to 22, side 1 for left and -1 for right."""
    place = row if side > 0 or row in (0, TOP) else RING - row
    return station * RING + place


@dataclass(frozen=True, slots=True, eq=False)
class BodyGrid:
    """Indices of the body's vertices and faces.

    Attributes:
        count: number of vertices.
        front, rear: (7, 17) vertex of each level and column of the two faces; column 8 is the middle,
            columns after it lie to the left.
        faces: (F, 3), counter-clockwise from outside.
        part: (F,) name of each face's part.
    """

    count: int
    front: IndexArray
    rear: IndexArray
    faces: IndexArray
    part: NDArray[np.str_]


@lru_cache(maxsize=1)
def body_grid() -> BodyGrid:
    """The topology, built once."""
    inner = (LEVELS - 1) * (2 * COLUMNS - 1)
    rings = STATIONS * RING
    front = _face_patch(0, rings)
    rear = _face_patch(STATIONS - 1, rings + inner)
    faces: list[tuple[int, int, int]] = []
    part: list[str] = []
    for station in range(STATIONS - 1):
        for place in range(RING):
            left = place < TOP
            row = place if left else RING - 1 - place
            after = (place + 1) % RING
            quad = (
                station * RING + place,
                (station + 1) * RING + place,
                (station + 1) * RING + after,
                station * RING + after,
            )
            _add_quad(faces, quad, mirrored=not left)
            part += 2 * [_ring_part(station, row)]
    for patch, outwards, name in ((front, 1, _front_part), (rear, -1, _rear_part)):
        for level in range(LEVELS):
            for column in range(2 * COLUMNS):
                corners = (
                    patch[level, column],
                    patch[level, column + 1],
                    patch[level + 1, column + 1],
                    patch[level + 1, column],
                )
                quad = corners if outwards > 0 else (corners[1], corners[0], corners[3], corners[2])
                left = column >= COLUMNS
                _add_quad(faces, quad, mirrored=left == (outwards > 0))
                part += 2 * [name(level, column - COLUMNS if left else COLUMNS - 1 - column)]
    return BodyGrid(rings + 2 * inner, front, rear, np.array(faces, dtype=np.int32), np.array(part))


def _add_quad(faces: list[tuple[int, int, int]], quad: tuple[int, ...], *, mirrored: bool) -> None:
    """Two triangles, cut so that the left half is the right half's mirror image."""
    a, b, c, d = (int(corner) for corner in quad)
    faces += [(a, b, d), (b, c, d)] if mirrored else [(a, b, c), (a, c, d)]


def _face_patch(station: int, first: int) -> IndexArray:
    """Vertices of a front or rear face: the station's ring around, new ones from `first` on inside."""
    patch = np.empty((LEVELS + 1, 2 * COLUMNS + 1), dtype=np.int32)
    patch[1:-1, 1:-1] = first + np.arange((LEVELS - 1) * (2 * COLUMNS - 1)).reshape(LEVELS - 1, -1)
    for column in range(-COLUMNS, COLUMNS + 1):
        side = 1 if column >= 0 else -1
        patch[0, column + COLUMNS] = ring_index(station, abs(column), side)
        patch[-1, column + COLUMNS] = ring_index(station, TOP - abs(column), side)
    for level in range(LEVELS + 1):
        patch[level, 0] = ring_index(station, SILL + level, -1)
        patch[level, -1] = ring_index(station, SILL + level, 1)
    return patch


def _ring_part(station: int, row: int) -> str:
    """The part of the cell between a station and the next, and a row and the next."""
    if row < SILL:
        return "underside"
    if row == SILL:
        return "cladding"
    if row in (LAMP_ROW - 1, LAMP_ROW):
        if station < 2:
            return "headlight"
        if station >= STATIONS - 4:
            return "taillight"
    if WINDOW[0] <= row < WINDOW[1]:
        return _window_part(station)
    if row >= SCREEN_EDGE:
        if COWL <= station < HEADER:
            return "windscreen"
        if REAR_HEADER <= station < DECK:
            return "rear_screen"
    return "lid" if station >= DECK and row > SCREEN_EDGE and station < STATIONS - 3 else "paint"


def _window_part(station: int) -> str:
    if station in (COWL + 1, B_PILLAR[0], C_PILLAR[0]):
        return "pillar"
    if COWL + 2 <= station < B_PILLAR[0]:
        return "front_window"
    if B_PILLAR[1] <= station < C_PILLAR[0]:
        return "rear_window"
    if C_PILLAR[1] <= station < D_PILLAR:
        return "quarter_window"
    return "paint"


def _front_part(level: int, column: int) -> str:
    if level in (3, 4) and column >= LAMP_COLUMN - 2:
        return "headlight"
    if level == 3:
        return "grille"
    if level == 1 and column < 6:
        return "plate" if column < 2 else "grille"
    return "cladding" if level == 0 else "paint"


def _rear_part(level: int, column: int) -> str:
    if level in (3, 4) and column >= LAMP_COLUMN - 2:
        return "taillight"
    if level == 3 and column < 2:
        return "plate"
    return "cladding" if level == 0 else "paint"
