"""A body model made ready to draw: levels of detail on the model's own vertices, made once for each model.

Skin has no creases, so that one normal serves each vertex; only where skin, clothes, hair and shoes meet is a
vertex split. Shirt and trousers meet within faces, along a line that the skinning weights tell. The coarser
levels take some of the vertices (`core.shapes.proxy`), so that any pose of the body poses them too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.clothing import clothing_regions
from core.shapes.body.model import BodyModel
from core.shapes.body.skeleton import Joint
from core.shapes.drawable import Material
from core.shapes.meshes import face_normals
from core.shapes.proxy import cluster_proxy

FloatArray = NDArray[np.float64]
Floats = NDArray[np.float32]
IndexArray = NDArray[np.int32]

CELLS_M = (0.06, 0.12)
"""Of the light and the coarse level: about 1,300 and 330 faces of the stand-in."""
_OF_REGION = {
    "skin": Material.SKIN,
    "hair": Material.HAIR,
    "shirt": Material.CLOTHES,
    "sleeves": Material.CLOTHES,
    "trousers": Material.CLOTHES,
    "shoes": Material.DARK,
}
_OF_TROUSERS = [Joint.PELVIS, Joint.LEFT_HIP, Joint.RIGHT_HIP, Joint.LEFT_KNEE, Joint.RIGHT_KNEE]
_OF_SHOES = [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE, Joint.LEFT_FOOT, Joint.RIGHT_FOOT]
_KINDS = 256


@dataclass(frozen=True, slots=True, eq=False)
class BodyLevel:
    """One level of detail.

    Attributes:
        vertex_ids: (P,) the model's vertices that it stands on.
        vertex_faces: (F, 3) indices into vertex_ids, counter-clockwise from outside.
        corners: (S,) indices into vertex_ids: what is drawn, a vertex between two materials twice.
        faces: (F, 3) indices into corners.
        materials: (S,) of each corner, see Material.
    """

    vertex_ids: IndexArray
    vertex_faces: IndexArray
    corners: IndexArray
    faces: IndexArray
    materials: NDArray[np.uint8]

    def bake(self, vertices: FloatArray) -> Floats:
        """(S, 6) positions and unit normals of the corners.

        Args:
            vertices: (V, 3) all of the posed body, metres.
        """
        places = vertices[self.vertex_ids]
        across = face_normals(places, self.vertex_faces)
        normals = np.zeros_like(places)
        for corner in range(3):
            for axis in range(3):
                at = self.vertex_faces[:, corner]
                normals[:, axis] += np.bincount(at, across[:, axis], len(places))
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return np.concatenate([places, normals], axis=1)[self.corners].astype(np.float32)


def body_levels(model: BodyModel) -> tuple[BodyLevel, ...]:
    """The levels of a model, the finest first: its mesh, and two with larger faces."""
    materials = np.zeros(len(model.faces), dtype=np.uint8)
    for name, faces in clothing_regions(model).items():
        materials[faces] = _OF_REGION[name]
    whole = np.arange(len(model.template), dtype=np.int32)
    trousers = model.weights[:, [*_OF_TROUSERS, *_OF_SHOES]].sum(axis=1)
    levels = [_level(whole, model.faces, materials, trousers)]
    middles = model.template[model.faces].mean(axis=1)
    for cell in CELLS_M:
        proxy = cluster_proxy(model.template, model.faces, np.zeros(0, dtype=np.int32), cell)
        places = model.template[proxy.vertex_ids][proxy.faces].mean(axis=1)
        worn = materials[_nearest(places, middles)]
        levels.append(_level(proxy.vertex_ids, proxy.faces, worn, trousers))
    return tuple(levels)


def _level(
    ids: IndexArray, faces: IndexArray, materials: NDArray[np.uint8], trousers: FloatArray
) -> BodyLevel:
    """Splits vertices where the material changes; trousers: (V,) how far each of the model's is in them."""
    keys = faces.astype(np.int64) * _KINDS + materials[:, None]
    found, places = np.unique(keys, return_inverse=True)
    corners, kinds = found // _KINDS, found % _KINDS
    worn = np.round(100 * np.clip(trousers[ids[corners]], 0.0, 1.0)).astype(np.int64)
    kinds = np.where(kinds == Material.CLOTHES, Material.CLOTHES + worn, kinds)
    return BodyLevel(
        vertex_ids=ids,
        vertex_faces=faces,
        corners=corners.astype(np.int32),
        faces=places.reshape(-1, 3).astype(np.int32),
        materials=kinds.astype(np.uint8),
    )


def _nearest(points: FloatArray, others: FloatArray) -> NDArray[np.intp]:
    """(N,) which of the others (M, 3) is nearest to each point (N, 3)."""
    away = (others**2).sum(axis=1) - 2 * points @ others.T
    return np.asarray(away.argmin(axis=1))
