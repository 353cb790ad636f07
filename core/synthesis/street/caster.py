"""Rays against one mesh, through open3d (Embree). Only jobs get here: open3d is loaded on first use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RayCastingUnavailableError

Floats = NDArray[np.float32]
Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The first surfaces along some rays.

    Attributes:
        distance: (N,) in lengths of the ray's direction; inf where nothing is hit.
        face: (N,) int32 index of the face, -1 where nothing is hit.
        uv: (N, 2) weights of the face's second and third corner.
    """

    distance: Floats
    face: NDArray[np.int32]
    uv: Floats

    @property
    def found(self) -> Bits:
        """(N,) whether anything is hit."""
        return self.face >= 0


class Caster:
    """A mesh that rays can be cast against; units and frame are the mesh's own."""

    def __init__(self, vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> None:
        """Builds the search tree.

        Args:
            vertices: (V, 3).
            faces: (F, 3), at least one.

        Raises:
            RayCastingUnavailableError: open3d is not in this build, or a library that it needs is missing.
        """
        try:
            import open3d
        except (ImportError, OSError) as problem:
            raise RayCastingUnavailableError(
                f"Rays cannot be cast here: open3d does not load ({problem}).",
                "Use an installation with open3d and the libraries in scripts/system-packages.txt.",
            ) from problem
        self._tensor = open3d.core.Tensor.from_numpy
        self._scene = open3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(
            self._tensor(np.ascontiguousarray(vertices, dtype=np.float32)),
            self._tensor(np.ascontiguousarray(faces, dtype=np.uint32)),
        )

    def cast(self, origins: Floats, directions: Floats) -> Hits:
        """The first surface along each ray.

        Args:
            origins: (3,) or (N, 3).
            directions: (N, 3), any length.
        """
        answer = self._scene.cast_rays(self._rays(origins, directions))
        face = answer["primitive_ids"].numpy().view(np.int32)
        return Hits(answer["t_hit"].numpy(), face, answer["primitive_uvs"].numpy())

    def blocked(self, origins: Floats, directions: Floats, far: float = np.inf) -> Bits:
        """(N,) whether anything lies along each ray before `far` lengths of its direction."""
        rays = self._rays(origins, directions)
        return np.asarray(self._scene.test_occlusions(rays, 0.0, float(far)).numpy())

    def _rays(self, origins: Floats, directions: Floats) -> Any:
        rays = np.empty((len(directions), 6), dtype=np.float32)
        rays[:, :3] = origins
        rays[:, 3:] = directions
        return self._tensor(rays)
