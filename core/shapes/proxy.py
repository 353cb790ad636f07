"""Light stand-ins for meshes, on some of the mesh's own vertices, for visibility tests in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Proxy:
    """Which of a mesh's vertices the stand-in uses, and its faces.

    Attributes:
        vertex_ids: (P,) indices into the mesh's vertices.
        faces: (F, 3) indices into vertex_ids, counter-clockwise from outside.
    """

    vertex_ids: IndexArray
    faces: IndexArray


def compact(faces: IndexArray) -> Proxy:
    """A proxy from faces that index the whole mesh."""
    used, places = np.unique(faces, return_inverse=True)
    return Proxy(used.astype(np.int32), places.reshape(-1, 3).astype(np.int32))


def cluster_proxy(vertices: FloatArray, faces: IndexArray, keep: IndexArray, cell_m: float = 0.25) -> Proxy:
    """A proxy of a mesh (Rossignac and Borrel's vertex clustering).

    Args:
        vertices: (V, 3), metres.
        faces: (F, 3).
        keep: vertices that stand for their cell, such as the keypoints.
        cell_m: side of a cell, metres.
    """
    cells = np.floor(vertices / cell_m).astype(np.int64)
    _, cluster = np.unique(cells, axis=0, return_inverse=True)
    cluster = cluster.ravel()
    count = int(cluster.max()) + 1
    sizes = np.bincount(cluster, minlength=count)
    centres = np.stack([np.bincount(cluster, vertices[:, k], count) / sizes for k in range(3)], axis=1)
    away = np.linalg.norm(vertices - centres[cluster], axis=1)
    away[keep] = -1.0
    chosen = np.full(count, -1, dtype=np.int64)
    for vertex in np.argsort(-away, kind="stable"):
        chosen[cluster[vertex]] = vertex
    mapped = chosen[cluster[faces]]
    mapped[np.isin(faces, keep)] = faces[np.isin(faces, keep)]
    whole = (mapped[:, 0] != mapped[:, 1]) & (mapped[:, 1] != mapped[:, 2]) & (mapped[:, 2] != mapped[:, 0])
    return compact(mapped[whole].astype(np.int32))
