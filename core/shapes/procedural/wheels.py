"""Wheels and mirrors: closed bodies of their own, the same for every car but for place and size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.shapes.procedural.parameters import BodyParameters

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

SEGMENTS = 18
_SPOKES = 6
# across the tyre from its inner wall (0) to its outer (1), part of the radius, and the part outwards of it
_RINGS = (
    (0.04, 0.62, "tyre"),
    (0.0, 0.84, "tyre"),
    (0.10, 0.985, "tyre"),
    (0.90, 0.985, "tyre"),
    (1.0, 0.86, "tyre"),
    (0.985, 0.70, "rim"),
    (0.92, 0.66, "spokes"),
    (0.90, 0.20, "rim"),
)
WHEEL_VERTICES = len(_RINGS) * SEGMENTS + 2
INNER, HUB = WHEEL_VERTICES - 2, WHEEL_VERTICES - 1
"""The wheel's vertices in the middle of its inner and of its outer side."""
TREAD = (2, 3)
"""The two rings along the tread."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Faces of a closed piece, counter-clockwise from outside, with each face's part."""

    faces: IndexArray
    part: NDArray[np.str_]


@lru_cache(maxsize=1)
def wheel_piece() -> Piece:
    """The faces of a wheel on the left of the car; a wheel on the right has them turned round."""
    faces: list[tuple[int, int, int]] = []
    part: list[str] = []
    last = (len(_RINGS) - 1) * SEGMENTS
    for segment in range(SEGMENTS):
        after = (segment + 1) % SEGMENTS
        faces.append((INNER, segment, after))
        part.append("tyre")
        for ring, (_, _, name) in enumerate(_RINGS[:-1]):
            a, b = ring * SEGMENTS + segment, ring * SEGMENTS + after
            c, d = b + SEGMENTS, a + SEGMENTS
            faces += [(a, d, b), (b, d, c)]
            open_gap = name == "spokes" and segment % (SEGMENTS // _SPOKES) == 0
            part += 2 * ["gap" if open_gap else ("rim" if name == "spokes" else name)]
        faces.append((HUB, last + after, last + segment))
        part.append("rim")
    return Piece(np.array(faces, dtype=np.int32), np.array(part))


def wheel_vertices(p: BodyParameters, *, front: bool, left: bool) -> FloatArray:
    """(WHEEL_VERTICES, 3) of one wheel, car frame, metres. The hub's outer centre is vertex `HUB`."""
    # half a step on, so that a vertex stands on the road
    angles = (np.arange(SEGMENTS) + 0.5) * 2 * np.pi / SEGMENTS
    inner, outer = p.hub_side - p.tyre_width, p.hub_side + 0.012
    rings = []
    for across, part, _ in _RINGS:
        radius = p.wheel_radius * part / _RINGS[TREAD[0]][1]
        rings.append(
            np.stack(
                [
                    radius * np.cos(angles),
                    np.full(SEGMENTS, inner + across * (outer - inner)),
                    radius * np.sin(angles),
                ],
                axis=1,
            )
        )
    ends = np.array([[0, inner + 0.01, 0], [0, p.hub_side, 0]])
    wheel = np.concatenate([*rings, ends])
    wheel += [p.front_axle if front else p.rear_axle, 0, p.wheel_radius]
    return wheel if left else wheel * [1, -1, 1]


_MIRROR_RINGS, _MIRROR_SEGMENTS = 3, 8
MIRROR_VERTICES = _MIRROR_RINGS * _MIRROR_SEGMENTS + 2


@lru_cache(maxsize=1)
def mirror_piece() -> Piece:
    """The faces of the left door mirror: a rounded box, its glass towards the rear."""
    faces: list[tuple[int, int, int]] = []
    part: list[str] = []
    front, back = MIRROR_VERTICES - 2, MIRROR_VERTICES - 1
    last = (_MIRROR_RINGS - 1) * _MIRROR_SEGMENTS
    for segment in range(_MIRROR_SEGMENTS):
        after = (segment + 1) % _MIRROR_SEGMENTS
        faces.append((front, segment, after))
        for ring in range(_MIRROR_RINGS - 1):
            a, b = ring * _MIRROR_SEGMENTS + segment, ring * _MIRROR_SEGMENTS + after
            faces += [
                (a, a + _MIRROR_SEGMENTS, b),
                (b, a + _MIRROR_SEGMENTS, b + _MIRROR_SEGMENTS),
            ]
        faces.append((back, last + after, last + segment))
        part += ["mirror"] * 5 + ["mirror_glass"]
    return Piece(np.array(faces, dtype=np.int32), np.array(part))


def mirror_vertices(foot: FloatArray, size: float, *, left: bool) -> FloatArray:
    """(MIRROR_VERTICES, 3) of a door mirror.

    Args:
        foot: (3,) the point of the left door that it hangs on, car frame, metres.
        size: its width, metres.
        left: whether it is the left one.
    """
    angles = np.arange(_MIRROR_SEGMENTS) * 2 * np.pi / _MIRROR_SEGMENTS + np.pi / _MIRROR_SEGMENTS
    # a rounded oblong seen from the front
    across = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.6 * size / 2
    up = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 0.6 * size * 0.36
    rings = [
        np.stack([np.full(_MIRROR_SEGMENTS, forward), across * part, up * part], axis=1)
        for forward, part in ((0.06, 0.75), (0.0, 1.0), (-0.05, 0.96))
    ]
    mirror = np.concatenate([*rings, [[0.085, 0, 0], [-0.05, 0, 0]]])
    mirror += foot + np.array([0, size * 0.42, size * 0.30])
    return mirror if left else mirror * [1, -1, 1]
