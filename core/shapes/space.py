"""The car shape space: twelve keypoints and a mesh that deform together with a few unit-Gaussian numbers.

W(beta) = b0 + sum_k beta_k sigma_k b_k (Occlusion-Net's form of the shape model), with beta shared by the
keypoints and the mesh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.keypoints import COUNT
from core.shapes.meshes import CarMesh

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class MeshBasis:
    """The mesh that goes with a space's keypoints.

    Attributes:
        mean: (V, 3), car frame, metres.
        directions: (K, V, 3); what one unit of sigma_k does to each vertex.
        faces: (F, 3), counter-clockwise from outside.
        parts: part name -> face indices.
        keypoint_ids: (12,) the vertex of each keypoint.
        proxy_ids: (P,) the vertices that the light stand-in uses.
        proxy_faces: (Q, 3) indices into proxy_ids.
    """

    mean: FloatArray
    directions: FloatArray
    faces: IndexArray
    parts: Mapping[str, IndexArray]
    keypoint_ids: IndexArray
    proxy_ids: IndexArray
    proxy_faces: IndexArray


@dataclass(frozen=True, slots=True, eq=False)
class CarShapeSpace:
    """Cars as W(beta) = b0 + sum_k beta_k sigma_k b_k, with beta from a unit Gaussian.

    Points are in the car frame: x forward, y left, z up, origin on the ground below the middle of the four
    wheel centres; metres; right-handed.

    Attributes:
        name: what the space was made from, in a few words.
        mean: b0, (12, 3).
        directions: b_k, (K, 12, 3), each of unit length as a vector of 36 numbers.
        sigmas: (K,) metres, largest share first.
        explained: (K,) the part of the keypoints' variance that each component explains.
        mesh: the mesh that shares beta, or None where only keypoints are known.
    """

    name: str
    mean: FloatArray
    directions: FloatArray
    sigmas: FloatArray
    explained: FloatArray
    mesh: MeshBasis | None = field(default=None)

    @property
    def components(self) -> int:
        """K, how many numbers describe a shape."""
        return len(self.sigmas)

    @property
    def label(self) -> str:
        """Its name and a hash of its numbers as its file keeps them: what fits name their space by."""
        digest = hashlib.blake2b(digest_size=6)
        for array in (self.mean, self.directions, self.sigmas):
            digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        return f"{self.name} {digest.hexdigest()}"

    def keypoints(self, beta: ArrayLike) -> FloatArray:
        """The twelve keypoints of shapes.

        Args:
            beta: (..., k) with k up to K; components left out are zero.

        Returns:
            (..., 12, 3), car frame, metres.
        """
        return self.mean + np.einsum("...k,kij->...ij", self._steps(beta), self._first(self.directions, beta))

    def vertices(self, beta: ArrayLike) -> FloatArray:
        """The mesh's vertices of shapes, (..., V, 3); ValueError where the space has no mesh."""
        mesh = self._need_mesh()
        return mesh.mean + np.einsum("...k,kij->...ij", self._steps(beta), self._first(mesh.directions, beta))

    def proxy_vertices(self, beta: ArrayLike) -> FloatArray:
        """The light stand-in's vertices of shapes, (..., P, 3), for `mesh.proxy_faces`."""
        mesh = self._need_mesh()
        directions = self._first(mesh.directions, beta)[:, mesh.proxy_ids]
        return mesh.mean[mesh.proxy_ids] + np.einsum("...k,kij->...ij", self._steps(beta), directions)

    def car_mesh(self, beta: ArrayLike) -> CarMesh:
        """One shape, beta (k,), as a mesh with parts."""
        mesh = self._need_mesh()
        return CarMesh(self.vertices(beta), mesh.faces, mesh.parts)

    def jacobian(self, components: int | None = None) -> FloatArray:
        """(12, 3, k) derivative of the keypoints by beta: constant, sigma_k b_k."""
        count = self.components if components is None else components
        return np.moveaxis(self.directions[:count] * self.sigmas[:count, None, None], 0, -1)

    def coefficients(
        self, points: ArrayLike, components: int | None = None, prior: float = 0.0
    ) -> FloatArray:
        """The beta whose keypoints are nearest to given ones, in the car frame.

        Args:
            points: (..., 12, 3), metres.
            components: how many numbers to use; all where None.
            prior: weight of |beta|^2 beside the squared distances in square metres; 0 for none.

        Returns:
            (..., k) float64.
        """
        count = self.components if components is None else components
        array = np.asarray(points, dtype=np.float64)
        if array.shape[-2:] != (COUNT, 3):
            raise ValueError(f"points of shape (..., 12, 3) expected, not {array.shape}")
        columns = self.jacobian(count).reshape(-1, count)
        offsets = (array - self.mean).reshape(*array.shape[:-2], -1)
        normal = columns.T @ columns + prior * np.eye(count)
        solved = np.linalg.solve(normal, (offsets @ columns)[..., None])
        return np.asarray(solved[..., 0], dtype=np.float64)

    def _steps(self, beta: ArrayLike) -> FloatArray:
        numbers = np.asarray(beta, dtype=np.float64)
        if numbers.ndim == 0 or numbers.shape[-1] > self.components:
            raise ValueError(f"beta has {numbers.shape[-1:]} numbers where the space has {self.components}")
        return numbers * self.sigmas[: numbers.shape[-1]]

    def _first(self, directions: FloatArray, beta: ArrayLike) -> FloatArray:
        return directions[: np.shape(beta)[-1]]

    def _need_mesh(self) -> MeshBasis:
        if self.mesh is None:
            raise ValueError(f"the shape space {self.name!r} has keypoints only, no mesh")
        return self.mesh
