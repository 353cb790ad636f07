"""A light stand-in of a few hundred faces on the car's own vertices, for visibility while a person drags.

It keeps the body's silhouette, the wheels and every keypoint within the 5 cm that visibility allows.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.shapes.procedural import grid, wheels
from core.shapes.proxy import Proxy, compact

IndexArray = NDArray[np.int32]

_STATIONS = (0, 2, 4, 5, 7, 9, 11, 12, 13, 17, 21, 22, 24, 25, 26, 28, 29, 32, 34, 35)
_ROWS = (0, 5, 8, 12, 14, 18, 19, 22)
# columns of the front and rear face at each kept level; the outermost and the first and last level are the
# ring's own
_LEVELS: dict[int, tuple[int, ...]] = {
    0: (-8, -5, 0, 5, 8),
    2: (-4, 0, 4),
    4: (-8, -6, 0, 6, 8),
    6: (-8, -4, -3, 0, 3, 4, 8),
}


@lru_cache(maxsize=1)
def procedural_proxy() -> Proxy:
    """The stand-in of every procedural car."""
    body = grid.body_grid()
    faces = [*_rings(), *_face(body.front, outwards=1), *_face(body.rear, outwards=-1)]
    first = body.count
    for place in range(4):
        left = place % 2 == 0
        faces += [face if left else face[::-1] for face in _wheel(first)]
        first += wheels.WHEEL_VERTICES
    return compact(np.array(faces, dtype=np.int32))


def _rings() -> list[tuple[int, int, int]]:
    rows = [(row, 1) for row in _ROWS] + [(row, -1) for row in _ROWS[-2:0:-1]]
    faces = []
    for station, following in pairwise(_STATIONS):
        for place, (row, side) in enumerate(rows):
            next_row, next_side = rows[(place + 1) % len(rows)]
            a = grid.ring_index(station, row, side)
            b = grid.ring_index(following, row, side)
            c = grid.ring_index(following, next_row, next_side)
            d = grid.ring_index(station, next_row, next_side)
            faces += [(a, b, c), (a, c, d)] if place < len(_ROWS) - 1 else [(a, b, d), (b, c, d)]
    return faces


def _face(patch: IndexArray, *, outwards: int) -> list[tuple[int, int, int]]:
    """A front or rear face in a few strips."""
    lines = {
        level: [int(patch[level, column + grid.COLUMNS]) for column in columns]
        for level, columns in _LEVELS.items()
    }
    faces = _stitch(_LEVELS[0][1:-1], lines[0][1:-1], _LEVELS[2], lines[2])
    faces += _stitch(_LEVELS[2], lines[2], _LEVELS[4][1:-1], lines[4][1:-1])
    # the sides of the two lower strips hang on the ring
    faces += [
        *((lines[0][0], lines[0][1], lines[2][0]), (lines[0][0], lines[2][0], lines[4][0])),
        *((lines[2][0], lines[4][1], lines[4][0]), (lines[0][-2], lines[0][-1], lines[2][-1])),
        *((lines[0][-1], lines[4][-1], lines[2][-1]), (lines[2][-1], lines[4][-1], lines[4][-2])),
    ]
    faces += _stitch(_LEVELS[4], lines[4], _LEVELS[6], lines[6])
    return [face if outwards > 0 else face[::-1] for face in faces]


def _stitch(
    low_places: tuple[int, ...], low: list[int], high_places: tuple[int, ...], high: list[int]
) -> list[tuple[int, int, int]]:
    """Triangles between two lines of vertices, whichever of them lags behind taking the next step."""
    faces = []
    i = j = 0
    while i < len(low) - 1 or j < len(high) - 1:
        step_low = j == len(high) - 1 or (
            i < len(low) - 1 and low_places[i + 1] + low_places[i] <= high_places[j + 1] + high_places[j]
        )
        if step_low:
            faces.append((low[i], low[i + 1], high[j]))
            i += 1
        else:
            faces.append((low[i], high[j + 1], high[j]))
            j += 1
    return faces


def _wheel(first: int) -> list[tuple[int, int, int]]:
    """A wheel of nine sides, as on the left of the car."""
    inner, outer = (first + ring * wheels.SEGMENTS for ring in wheels.TREAD)
    faces = []
    for segment in range(0, wheels.SEGMENTS, 2):
        after = (segment + 2) % wheels.SEGMENTS
        a, b, c, d = inner + segment, inner + after, outer + after, outer + segment
        faces += [
            *((first + wheels.INNER, a, b), (a, d, b), (b, d, c)),
            (first + wheels.HUB, c, d),
        ]
    return faces
