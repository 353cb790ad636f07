"""Builds one mesh of everything on a street that never moves, with a material for each face."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]


class Material(IntEnum):
    """What a face of the street is made of."""

    ROAD = 0
    PAVEMENT = 1
    KERB = 2
    GRASS = 3
    PLASTER = 4
    BRICK = 5
    CONCRETE = 6
    WINDOW = 7
    SHOP_WINDOW = 8
    FRAME = 9
    METAL = 10
    BARK = 11
    LEAF = 12
    ROOF = 13
    CLOTH = 14
    SIGN = 15
    LAMP = 16
    DISTANCE = 17


@dataclass(frozen=True, slots=True, eq=False)
class StillMesh:
    """Everything that never moves, in the street frame (x along the road, y left, z up, metres).

    Attributes:
        vertices: (V, 3).
        faces: (F, 3) int32.
        material: (F,) uint8, values of `Material`.
        tint: (F, 3) linear albedo of the face before its texture.
        thing: (F,) int16, index into `things`.
        things: what stands there, such as "sign" or "tree", by number.
        signal: (F,) which lamp of the traffic lights the face is (see `signals.lamp_code`), -1 for none.
    """

    vertices: Floats
    faces: NDArray[np.int32]
    material: NDArray[np.uint8]
    tint: Floats
    thing: NDArray[np.int16]
    things: tuple[str, ...]
    signal: NDArray[np.int8]


class Soup:
    """Collects quadrilaterals. Sides do not matter: shading turns normals towards the camera."""

    def __init__(self) -> None:
        self._quads: list[Floats] = []
        self._material: list[NDArray[np.uint8]] = []
        self._tint: list[Floats] = []
        self._thing: list[NDArray[np.int16]] = []
        self._things: list[str] = []
        self._signal: list[NDArray[np.int8]] = []

    def begin(self, thing: str) -> None:
        """What is added from here on belongs to a new thing of this name."""
        self._things.append(thing)

    def quads(self, corners: ArrayLike, material: Material, tint: ArrayLike, signal: int = -1) -> None:
        """Adds (N, 4, 3) quadrilaterals, corners in order around each."""
        array = np.asarray(corners, dtype=np.float32).reshape(-1, 4, 3)
        count = len(array)
        self._quads.append(array)
        self._material.append(np.full(count, material, dtype=np.uint8))
        self._tint.append(np.broadcast_to(np.asarray(tint, dtype=np.float32), (count, 3)))
        self._signal.append(np.full(count, signal, dtype=np.int8))
        self._thing.append(np.full(count, len(self._things) - 1, dtype=np.int16))

    def box(self, low: ArrayLike, high: ArrayLike, material: Material, tint: ArrayLike) -> None:
        """Adds a box along the axes, without its underside."""
        (x0, y0, z0), (x1, y1, z1) = np.asarray(low, float), np.asarray(high, float)
        self.quads(
            [
                [(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)],
                [(x1, y1, z0), (x0, y1, z0), (x0, y1, z1), (x1, y1, z1)],
                [(x0, y1, z0), (x0, y0, z0), (x0, y0, z1), (x0, y1, z1)],
                [(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)],
                [(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)],
            ],
            material,
            tint,
        )

    def tube(
        self,
        start: ArrayLike,
        end: ArrayLike,
        radii: tuple[float, float],
        material: Material,
        tint: ArrayLike,
    ) -> None:
        """Adds a round bar of seven sides from one point to another, with a radius at each."""
        first, last = np.asarray(start, float), np.asarray(end, float)
        axis = (last - first) / np.linalg.norm(last - first)
        side = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
        side /= np.linalg.norm(side)
        angles = np.linspace(0.0, 2.0 * np.pi, 8)
        ring = np.cos(angles)[:, None] * side + np.sin(angles)[:, None] * np.cross(axis, side)
        low, high = first + radii[0] * ring, last + radii[1] * ring
        self.quads(np.stack([low[:-1], low[1:], high[1:], high[:-1]], axis=1), material, tint)

    def mesh(self) -> StillMesh:
        """Everything added so far."""
        quads = np.concatenate(self._quads)
        first = np.arange(len(quads), dtype=np.int32)[:, None] * 4
        faces = (first + np.array([[0, 1, 2, 0, 2, 3]], dtype=np.int32)).reshape(-1, 3)
        return StillMesh(
            vertices=quads.reshape(-1, 3),
            faces=faces,
            material=np.concatenate(self._material).repeat(2),
            tint=np.concatenate(self._tint).repeat(2, axis=0),
            thing=np.concatenate(self._thing).repeat(2),
            things=tuple(self._things),
            signal=np.concatenate(self._signal).repeat(2),
        )
