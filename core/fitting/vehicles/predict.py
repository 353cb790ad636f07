"""Where a fit puts all twelve keypoints, each with the tag that ray casting gives it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.fit_mesh import PlacedMesh, fit_keypoints, fit_mesh
from core.geometry.cameras import Camera
from core.geometry.visibility import RayMesh, ray_mesh, sight, tags
from core.records.fits import VehicleFit
from core.records.keypoints import PlacedPoint
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

_HAIR = 1e-9


def predict(
    fit: VehicleFit, camera: Camera, space: CarShapeSpace, others: Sequence[tuple[int, RayMesh]] = ()
) -> tuple[PlacedPoint, ...]:
    """All twelve keypoints as the fit says they are seen.

    What still things hide is not known here, so that a point behind a pole is visible.

    Args:
        others: instance id and mesh (`fit_ray_mesh`) of whatever else may stand in front, camera frame.

    Returns:
        one point for each keypoint, of origin FIT; with the hider's id where another hides it.
    """
    points = fit_keypoints(fit, space)
    # grazing rays at the own body ask for its whole mesh; others' stand-ins do
    body = fit_mesh(fit, space)
    own = ray_mesh(body.vertices, _faces_before(body, points))
    seen = sight(points, [own, *(mesh for _, mesh in others)], own=0)
    pixels = camera.project_or_beyond(points)
    return tuple(
        PlacedPoint(
            float(x),
            float(y),
            tag,
            LabelOrigin.FIT,
            hider=others[hider - 1][0] if tag is KeypointTag.OTHER_OCCLUDED else None,
        )
        for (x, y), tag, hider in zip(pixels, tags(camera, points, seen), seen.hider.tolist(), strict=True)
    )


def _faces_before(body: PlacedMesh, points: Array) -> NDArray[np.int32]:
    """(F, 3) the faces of a mesh that may lie on rays to points: those whose box in the picture holds one."""
    if not (body.vertices[:, 2] > 0).all():
        return body.faces
    kept = np.zeros(len(body.faces), dtype=np.bool_)
    flat, targets = body.vertices[:, :2] / body.vertices[:, 2:], points[:, :2] / points[:, 2:]
    (left, right), (top, bottom) = (_span(flat[:, axis], body.faces) for axis in (0, 1))
    for x, y in targets.tolist():
        kept |= (left <= x) & (right >= x) & (top <= y) & (bottom >= y)
    # a mesh for rays needs a face
    return body.faces[kept] if kept.any() else body.faces[:1]


def _span(numbers: Array, faces: NDArray[np.int32]) -> tuple[Array, Array]:
    """(F,) least and largest number of each face's corners, a hair wider for rays along an edge."""
    first, second, third = (numbers[faces[:, corner]] for corner in range(3))
    least = np.minimum(np.minimum(first, second), third)
    return least - _HAIR, np.maximum(np.maximum(first, second), third) + _HAIR
