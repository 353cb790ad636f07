"""A body that is put into the street: its mesh, what lights it by itself, and the shadows it throws."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.caster import Caster

Floats = NDArray[np.float32]
IndexArray = NDArray[np.integer]

_CELL = 0.1
_PER_METRE = np.float32(1 / _CELL)
_SKY_REACH = 1.2
_SKY_RAYS = 48
_SUN_RAYS = 10
_HEADINGS = 96


class GroundMap:
    """A share over the ground around a body, on a grid in its own frame."""

    def __init__(self, low: NDArray[np.float64], share: Floats) -> None:
        """`low` (2,) is the place of the first cell; `share` (rows along x, columns along y)."""
        self._low = low.astype(np.float32)
        self._share = np.ascontiguousarray(share, dtype=np.float32)
        self.high = low + _CELL * (np.array(share.shape) - 1)
        self.low = low

    def at(self, x: Floats, y: Floats) -> Floats:
        """The share at places (H, W) in the body's frame, 0 beyond the grid."""
        column, row = (y - self._low[1]) * _PER_METRE, (x - self._low[0]) * _PER_METRE
        return np.asarray(
            cv2.remap(self._share, column, row, cv2.INTER_LINEAR, borderValue=0), dtype=np.float32
        )


class Solid:
    """A closed body in its own frame: x forward, y left, z up, standing on z = 0.

    Attributes:
        vertices, faces: (V, 3) and (F, 3).
        part: (F,) uint8, index into `names` of each face's part.
        names: the parts' names.
        corners: (3, 6, F) of each corner of each face: smooth unit normal, shares of the sky's and of the
            ground's light that reach it, height.
        low, high: (3,) corners of the bounding box.
    """

    def __init__(
        self,
        vertices: NDArray[np.floating],
        faces: IndexArray,
        parts: Mapping[str, IndexArray],
        corner_normals: NDArray[np.floating],
    ) -> None:
        self.vertices = np.ascontiguousarray(vertices, dtype=np.float32)
        self.faces = np.ascontiguousarray(faces, dtype=np.int32)
        self.names = tuple(sorted(parts))
        self.part = np.zeros(len(faces), dtype=np.uint8)
        for number, name in enumerate(self.names):
            self.part[parts[name]] = number
        self.caster = Caster(self.vertices, self.faces)
        self.low, self.high = self.vertices.min(axis=0), self.vertices.max(axis=0)
        self._corner_normals = np.asarray(corner_normals, dtype=np.float32)
        self._sky_map: GroundMap | None = None
        self._sun_maps: dict[tuple[int, int], GroundMap] = {}

    @cached_property
    def corners(self) -> Floats:
        """As above; a model that nobody sees never needs it."""
        normals = self._corner_normals
        rest = np.stack([*self._open_shares(normals), self.vertices[:, 2]], axis=1)[self.faces]
        return np.ascontiguousarray(np.concatenate([normals, rest], axis=2).transpose(1, 2, 0))

    def sky_map(self) -> GroundMap:
        """How much of the sky the body hides from the ground around and below it."""
        if self._sky_map is None:
            rng = np.random.default_rng(7)
            rays = rng.normal(0, 1, (_SKY_RAYS, 3))
            rays = rays / np.linalg.norm(rays, axis=1, keepdims=True) + [0, 0, 1.001]
            reach = np.array([_SKY_REACH, _SKY_REACH])
            self._sky_map = self._ground_map(self.low[:2] - reach, self.high[:2] + reach, rays)
        return self._sky_map

    def sun_map(self, sun: Floats, spread: float) -> GroundMap:
        """The shadow on the ground.

        Args:
            sun: (3,) unit direction to the sun in the body's frame; its azimuth is rounded to 3.75 degrees.
            spread: the sun's radius, radians.
        """
        azimuth = int(np.rint(np.arctan2(sun[1], sun[0]) / (2 * np.pi) * _HEADINGS)) % _HEADINGS
        key = (azimuth, round(float(sun[2]) * 1000))
        if key not in self._sun_maps:
            level, turn = float(np.hypot(sun[0], sun[1])), azimuth * 2 * np.pi / _HEADINGS
            middle = np.array([level * np.cos(turn), level * np.sin(turn), float(sun[2])])
            rng = np.random.default_rng(9)
            rays = middle + rng.normal(0, spread * 0.7, (_SUN_RAYS if spread < 0.1 else 40, 3))
            rays[:, 2] = np.maximum(rays[:, 2], 0.05)
            throw = -middle[:2] / max(middle[2], 0.12) * self.high[2]
            margin = 0.3 + 2.0 * spread * self.high[2]
            low = np.minimum(self.low[:2], self.low[:2] + throw) - margin
            high = np.maximum(self.high[:2], self.high[:2] + throw) + margin
            self._sun_maps[key] = self._ground_map(low, high, rays)
        return self._sun_maps[key]

    def _ground_map(
        self, low: NDArray[np.floating], high: NDArray[np.floating], rays: NDArray[np.floating]
    ) -> GroundMap:
        """Share of some rays from each cell of the ground that the body stops."""
        rows, columns = (int(np.ceil(reach / _CELL)) + 1 for reach in high - low)
        x, y = np.meshgrid(
            low[0] + _CELL * np.arange(rows), low[1] + _CELL * np.arange(columns), indexing="ij"
        )
        cells = np.stack([x, y, np.full_like(x, 0.004)], axis=-1).reshape(-1, 3).astype(np.float32)
        stopped = np.zeros(len(cells), dtype=np.float32)
        # each ray starts elsewhere in the cells, so that a sharp edge across them has no steps
        starts = np.random.default_rng(13).uniform(-_CELL / 2, _CELL / 2, (len(rays), 3)) * [1, 1, 0]
        for start, ray in zip(starts.astype(np.float32), np.asarray(rays, dtype=np.float32), strict=True):
            stopped += self.caster.blocked(cells + start, np.broadcast_to(ray, cells.shape))
        share: Floats = np.asarray(stopped.reshape(rows, columns) / len(rays), dtype=np.float32)
        share[[0, -1]] = 0
        share[:, [0, -1]] = 0
        return GroundMap(np.asarray(low, dtype=np.float64), share)

    def _open_shares(self, corner_normals: Floats) -> tuple[Floats, Floats]:
        """How much of the sky and of the ground each vertex sees past the body itself."""
        flat = corner_normals.reshape(-1, 3)
        sums = [np.bincount(self.faces.ravel(), flat[:, axis], len(self.vertices)) for axis in range(3)]
        normals = np.stack(sums, axis=1).astype(np.float32)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        start = self.vertices + normals * 0.012
        rng = np.random.default_rng(11)
        up, up_all, down, down_all = (np.zeros(len(start), dtype=np.float32) for _ in range(4))
        for _ in range(24):
            way = rng.standard_normal(start.shape, dtype=np.float32)
            way = way / np.linalg.norm(way, axis=1, keepdims=True) + normals
            free = ~self.caster.blocked(start, way)
            rises = way[:, 2] > 0
            # ground under the body is dark: what it gives back falls off towards its middle
            reach = start[:, :2] - way[:, :2] / np.minimum(way[:, 2:3], -1e-3) * start[:, 2:3]
            below = np.all((reach > self.low[:2] + 0.1) & (reach < self.high[:2] - 0.1), axis=1)
            up += free & rises
            up_all += rises
            down += (free & ~rises) * np.where(below, 0.12, 1.0).astype(np.float32)
            down_all += ~rises
        sky, ground = up / np.maximum(up_all, 1), down / np.maximum(down_all, 1)
        return sky.astype(np.float32), ground.astype(np.float32)
