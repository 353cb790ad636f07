"""The lines that draw a mesh where surfaces cannot be drawn: its outline and edges that face the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

IndexArray = NDArray[np.int32]


def visible_edges(points: ArrayLike, faces: ArrayLike, eye: ArrayLike) -> IndexArray:
    """Edges that belong to just one of the faces that are turned to the eye.

    Those are the outline, and the edges at which a mesh is split, as where its material changes or its
    surface has a crease (see `core.shapes.drawable`). What lies before them is not looked at.

    Args:
        points: (S, 3), metres. faces: (F, 3), counter-clockwise from outside.
        eye: (3,) in the same frame.

    Returns:
        (n, 2) indices into the points.
    """
    place = np.asarray(points, dtype=np.float64)
    corners = np.asarray(faces, dtype=np.int32)
    first, second, third = (place[corners[:, k]] for k in range(3))
    normals = np.cross(second - first, third - first)
    turned = np.einsum("ij,ij->i", normals, np.asarray(eye, dtype=np.float64) - first) > 0
    seen = corners[turned]
    edges = np.sort(np.concatenate([seen[:, [0, 1]], seen[:, [1, 2]], seen[:, [2, 0]]]), axis=1)
    keys, counts = np.unique(edges.astype(np.int64) @ np.array([1 << 32, 1]), return_counts=True)
    alone = keys[counts == 1]
    found: IndexArray = np.stack([alone >> 32, alone & 0xFFFFFFFF], axis=1).astype(np.int32)
    return found
