"""The same question as `visibility` for whole scenes, through open3d (Embree). Only jobs get here.

open3d is loaded on first use. It works in float32, so it may differ from `visibility` for a point whose ray
passes within about a micrometre of an edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.geometry.visibility import NEAR_SURFACE_M, NOBODY, Sight

Array = NDArray[np.float64]


class VisibilityScene:
    """Meshes in the camera frame, metres, that may hide points from the camera."""

    def __init__(self, meshes: Sequence[tuple[ArrayLike, ArrayLike]]) -> None:
        """Builds the search tree.

        Args:
            meshes: vertices (V, 3) and faces (F, 3) of each.
        """
        import open3d

        self._tensor = open3d.core.Tensor.from_numpy
        self._scene: Any = open3d.t.geometry.RaycastingScene()
        for vertices, faces in meshes:
            self._scene.add_triangles(
                self._tensor(np.ascontiguousarray(vertices, dtype=np.float32)),
                self._tensor(np.ascontiguousarray(faces, dtype=np.uint32)),
            )

    def sight(
        self, points: ArrayLike, own: NDArray[np.integer], tolerance_m: float = NEAR_SURFACE_M
    ) -> Sight:
        """What hides each point.

        Args:
            points: (n, 3), camera frame, metres.
            own: (n,) index of the mesh that the point belongs to, NOBODY where none.
        """
        place = np.asarray(points, dtype=np.float64)
        rays = np.zeros((len(place), 6), dtype=np.float32)
        rays[:, 3:] = place
        found = self._scene.list_intersections(self._tensor(rays))
        ray = found["ray_ids"].numpy().astype(np.intp)
        mesh = found["geometry_ids"].numpy().astype(np.intp)
        reach = found["t_hit"].numpy().astype(np.float64)
        nearest = 1.0 - tolerance_m / np.maximum(np.linalg.norm(place, axis=-1), 1e-12)
        before = reach < nearest[ray]
        mine = mesh == np.asarray(own)[ray]
        by_own = np.zeros(len(place), dtype=np.bool_)
        by_own[ray[before & mine]] = True
        return Sight(by_own, _first_hider(ray, mesh, reach, before & ~mine, len(place)))


def _first_hider(
    ray: NDArray[np.intp], mesh: NDArray[np.intp], reach: Array, hides: NDArray[np.bool_], count: int
) -> NDArray[np.intp]:
    hider = np.full(count, NOBODY, dtype=np.intp)
    order = np.flatnonzero(hides)
    # the nearest is written last, and stays
    order = order[np.argsort(-reach[order], kind="stable")]
    hider[ray[order]] = mesh[order]
    return hider
