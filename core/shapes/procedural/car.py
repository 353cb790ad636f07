"""A whole procedural car: body, wheels and mirrors in one mesh, the twelve keypoints among its vertices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.shapes.meshes import CarMesh
from core.shapes.procedural import grid, wheels
from core.shapes.procedural.body import body_vertices
from core.shapes.procedural.parameters import BodyParameters

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

# front before rear, left before right: (front, left)
_WHEELS = ((True, True), (True, False), (False, True), (False, False))
_MIRROR_STATION = 11
GLASS_PARTS = ("windscreen", "front_window", "rear_window", "quarter_window", "rear_screen", "pillar")
"""The parts that make up the band of windows, pillars between them included."""


@dataclass(frozen=True, slots=True, eq=False)
class CarTopology:
    """What all procedural cars share.

    Attributes:
        count: vertices of a car.
        faces: (F, 3).
        parts: part name -> face indices.
        keypoints: (12,) vertex of each keypoint, in the order of `core.shapes.keypoints`.
        body: how many of the first vertices and faces are the closed body.
    """

    count: int
    faces: IndexArray
    parts: dict[str, IndexArray]
    keypoints: IndexArray
    body: tuple[int, int]


@lru_cache(maxsize=1)
def car_topology() -> CarTopology:
    """The topology, built once."""
    body = grid.body_grid()
    faces, names = [body.faces], [body.part]
    first = body.count
    hubs = {}
    wheel, mirror = wheels.wheel_piece(), wheels.mirror_piece()
    for front, left in _WHEELS:
        faces.append(first + (wheel.faces if left else wheel.faces[:, ::-1]))
        names.append(wheel.part)
        hubs[front, left] = first + wheels.HUB
        first += wheels.WHEEL_VERTICES
    for left in (True, False):
        faces.append(first + (mirror.faces if left else mirror.faces[:, ::-1]))
        names.append(mirror.part)
        first += wheels.MIRROR_VERTICES
    part = np.concatenate(names)
    lamp = grid.LAMP_ROW - grid.SILL
    right, left_column = grid.COLUMNS - grid.LAMP_COLUMN, grid.COLUMNS + grid.LAMP_COLUMN
    keypoints = [
        *(hubs[True, False], hubs[True, True], hubs[False, False], hubs[False, True]),
        *(body.front[lamp, right], body.front[lamp, left_column]),
        *(body.rear[lamp, right], body.rear[lamp, left_column]),
        grid.ring_index(grid.HEADER, grid.SCREEN_EDGE, -1),
        grid.ring_index(grid.HEADER, grid.SCREEN_EDGE, 1),
        grid.ring_index(grid.REAR_HEADER, grid.SCREEN_EDGE, -1),
        grid.ring_index(grid.REAR_HEADER, grid.SCREEN_EDGE, 1),
    ]
    return CarTopology(
        count=first,
        faces=np.concatenate(faces).astype(np.int32),
        parts={str(name): np.flatnonzero(part == name).astype(np.int32) for name in np.unique(part)},
        keypoints=np.array(keypoints, dtype=np.int32),
        body=(body.count, len(body.faces)),
    )


def car_vertices(p: BodyParameters) -> FloatArray:
    """(V, 3) vertices of a car in the topology's order, car frame, metres."""
    body = body_vertices(p)
    pieces = [body]
    pieces += [wheels.wheel_vertices(p, front=front, left=left) for front, left in _WHEELS]
    foot = body[grid.ring_index(_MIRROR_STATION, grid.BELT)]
    size = 0.16 + 0.06 * (p.height - 1.3)
    pieces += [wheels.mirror_vertices(foot, size, left=left) for left in (True, False)]
    return np.concatenate(pieces)


def car_mesh(p: BodyParameters) -> CarMesh:
    """A car from its measures."""
    topology = car_topology()
    return CarMesh(car_vertices(p), topology.faces, topology.parts)


def smoothing_groups() -> IndexArray:
    """(F,) for `core.shapes.meshes.corner_normals`: glass and paint never share a normal."""
    topology = car_topology()
    groups = np.zeros(len(topology.faces), dtype=np.int32)
    for part in GLASS_PARTS:
        groups[topology.parts[part]] = 1
    return groups
