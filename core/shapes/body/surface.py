"""A closed mesh around a distance field: one vertex in each cell that the surface crosses (surface nets)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]

Field = Callable[[FloatArray], FloatArray]
"""(N, 3) points -> (N,) signed distances, negative inside."""


def surface_nets(
    field: Field, low: FloatArray, high: FloatArray, cell: float
) -> tuple[FloatArray, IndexArray]:
    """Vertices and triangles of a field's zero surface (Gibson, 1998), pulled onto it.

    Args:
        field: the distance field.
        low, high: (3,) a box around the surface, with room for a cell on every side.
        cell: side of a cell.

    Returns:
        (V, 3) and (F, 3), counter-clockwise from outside.
    """
    axes = [np.arange(a, b + cell, cell) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = field(grid.reshape(-1, 3)).reshape(grid.shape[:3])
    inside = values < 0
    shape = tuple(size - 1 for size in inside.shape)
    corners = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    filled = np.zeros(shape, dtype=np.int8)
    for i, j, k in corners:
        filled += inside[i : shape[0] + i, j : shape[1] + j, k : shape[2] + k]
    active = (filled > 0) & (filled < 8)
    number = np.full(shape, -1, dtype=np.int32)
    number[active] = np.arange(int(active.sum()))
    vertices = grid[:-1, :-1, :-1][active] + cell / 2
    faces = np.concatenate([_quads(inside, number, axis) for axis in range(3)])
    return _settle(field, vertices, cell), faces


def _quads(inside: NDArray[np.bool_], number: IndexArray, axis: int) -> IndexArray:
    """Two triangles for every grid edge along an axis that the surface crosses."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    solid = np.moveaxis(inside, (axis, first, second), (0, 1, 2))
    cells = np.moveaxis(number, (axis, first, second), (0, 1, 2))
    before, after = solid[:-1, 1:-1, 1:-1], solid[1:, 1:-1, 1:-1]
    ring = np.stack([cells[:, :-1, :-1], cells[:, 1:, :-1], cells[:, 1:, 1:], cells[:, :-1, 1:]], axis=-1)
    outwards = ring[before & ~after]
    inwards = ring[~before & after][:, ::-1]
    quads = np.concatenate([outwards, inwards])
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _settle(field: Field, vertices: FloatArray, cell: float, rounds: int = 6) -> FloatArray:
    """Moves vertices down the field's slope until they lie on the surface."""
    step = 1e-4
    for _ in range(rounds):
        value = field(vertices)
        slope = np.stack(
            [
                (field(vertices + step * axis) - field(vertices - step * axis)) / (2 * step)
                for axis in np.eye(3)
            ],
            axis=1,
        )
        size = np.maximum((slope**2).sum(axis=1), 0.25)
        move = slope * (value / size)[:, None]
        longest = np.maximum(np.linalg.norm(move, axis=1) / (0.7 * cell), 1)
        vertices = vertices - move / longest[:, None]
    return vertices
