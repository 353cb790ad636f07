"""Where a fit puts a person's seventeen points, each with its tag: seen, or what hides it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.visibility import RayMesh, first_surface, ray_mesh
from core.records.fits import BodyFit
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag, keypoint_tag
from core.shapes.body.coco import SKIN_M, coco_keypoints
from core.shapes.body.placed import NamedBody, placed_body
from core.shapes.person_keypoints import COUNT

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_HAIR = 1e-9


def predict_person(
    fit: BodyFit, camera: Camera, body: NamedBody, others: Sequence[RayMesh | MaskPatch] = ()
) -> tuple[tuple[float, float, KeypointTag], ...]:
    """All seventeen points as the fit says they are seen.

    A point is visible where the first surface along its ray lies no farther before it than `SKIN_M` says, as
    in the simulated street's truth: joints lie within the body, and their tags say what hides the nearest
    skin.

    Args:
        others: whatever else may stand in front: meshes in the camera frame (`ray_mesh` of bodies,
            `fit_ray_mesh` of cars), or masks of what is known to stand nearer.

    Returns:
        x and y in pixels, and the tag, for each point; where a point has no pixel, one beyond the picture.
    """
    placed = placed_body(fit, body.model)
    points = coco_keypoints(placed, body.face)
    tags = point_tags(placed.vertices, body.model.faces, points, camera, others)
    pixels = camera.project_or_beyond(points)
    return tuple((x, y, tag) for (x, y), tag in zip(pixels.tolist(), tags, strict=True))


def point_tags(
    vertices: Array,
    faces: NDArray[np.int32],
    points: Array,
    camera: Camera,
    others: Sequence[RayMesh | MaskPatch] = (),
) -> tuple[KeypointTag, ...]:
    """The tags of a body's seventeen points (17, 3); see `predict_person`. All in the camera's frame."""
    away = np.linalg.norm(points, axis=1)
    nearest = 1.0 - np.array(SKIN_M) / np.maximum(away, 1e-12)
    by_own = first_surface(ray_mesh(vertices, _faces_before(vertices, faces, points)), points) < nearest
    pixels = camera.project_or_beyond(points)
    by_other = np.zeros(COUNT, dtype=np.bool_)
    for other in others:
        if isinstance(other, MaskPatch):
            by_other |= covered(other, pixels)
        else:
            by_other |= first_surface(other, points) < nearest
    inside = camera.contains(pixels) & (points[:, 2] > 0)
    return tuple(
        keypoint_tag(truncated=not within, self_hidden=bool(mine), other_hidden=bool(theirs))
        for within, mine, theirs in zip(inside, by_own, by_other, strict=True)
    )


def body_ray_mesh(fit: BodyFit, body: NamedBody) -> RayMesh:
    """A fit's body as something that may hide others."""
    return ray_mesh(placed_body(fit, body.model).vertices, body.model.faces)


def covered(mask: MaskPatch, pixels: Array) -> Bits:
    """(n,) whether pixels (n, 2) lie on a mask."""
    height, width = mask.bits.shape
    out = np.zeros(len(pixels), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        column, row = np.rint(pixels[:, 0] - mask.x), np.rint(pixels[:, 1] - mask.y)
        within = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    out[within] = mask.bits[row[within].astype(np.intp), column[within].astype(np.intp)]
    return out


def _faces_before(vertices: Array, faces: NDArray[np.int32], points: Array) -> NDArray[np.int32]:
    """(F, 3) the faces that may lie on rays to points: those whose box in the picture holds one."""
    if not (vertices[:, 2] > 0).all():
        return faces
    flat, targets = vertices[:, :2] / vertices[:, 2:], points[:, :2] / points[:, 2:]
    corners = flat[faces]
    low, high = corners.min(axis=1) - _HAIR, corners.max(axis=1) + _HAIR
    holds = (low[None] <= targets[:, None]) & (high[None] >= targets[:, None])
    kept = holds.all(axis=2).any(axis=0)
    # a mesh for rays needs a face
    return faces[kept] if kept.any() else faces[:1]
