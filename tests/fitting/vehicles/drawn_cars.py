"""Masks of cars drawn from their meshes, for tests of outlines and coarse fits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike

from benchmarks._seen_cars import Scene
from core.geometry.ground_plane import pose_on_ground
from core.geometry.masks import full_to_patch
from core.records.masks import MaskPatch
from core.shapes.space_file import default_space

SPACE = default_space()
_FINE = 4  # bits of OpenCV's subpixels


def draw(where: Scene, place: ArrayLike, heading: float, shape: ArrayLike) -> MaskPatch:
    """The mask of a whole car, cut to the picture: every face filled."""
    assert SPACE.mesh is not None
    vertices = pose_on_ground(where.plane, place, heading).apply(SPACE.vertices(shape))
    pixels = np.round(where.camera.project(vertices) * 2**_FINE).astype(np.int32)
    picture = np.zeros((where.camera.height, where.camera.width), dtype=np.uint8)
    for corners in pixels[SPACE.mesh.faces]:
        cv2.fillConvexPoly(picture, corners, 1, shift=_FINE)
    return full_to_patch(picture)
