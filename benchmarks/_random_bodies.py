"""Random bodies in SMPL's and SMPL-X's official layouts: the sizes of the real ones, or smaller."""

from __future__ import annotations

import numpy as np

from core.shapes.body.model import BodyModel, HandPoses
from core.shapes.body.skeleton import COUNT, PARENTS, SMPLX_COUNT, SMPLX_PARENTS

SMPL_VERTICES, SMPLX_VERTICES = 6890, 10475


def random_body(seed: int, vertices: int, joints: int = COUNT, shapes: int = 10) -> BodyModel:
    """A body that looks like none: every array is random, within what a body's file may hold.

    Args:
        vertices: how many. joints: 24 or 55.
        shapes: numbers of the shape; SMPL-X has as many again of the face.
    """
    rng = np.random.default_rng(seed)
    of_face = shapes if joints == SMPLX_COUNT else None
    parents = SMPLX_PARENTS if joints == SMPLX_COUNT else PARENTS
    return BodyModel(
        template=rng.normal(size=(vertices, 3)) * [0.3, 0.6, 0.15],
        faces=rng.integers(0, vertices, (2 * vertices - 4, 3)).astype(np.int32),
        shape_directions=rng.normal(size=(vertices, 3, shapes)) * 0.01,
        pose_directions=rng.normal(size=(vertices, 3, 9 * (joints - 1))) * 0.002,
        joint_regressor=rng.dirichlet(np.full(vertices, 0.05), size=joints),
        parents=np.array(parents, dtype=np.int32),
        weights=rng.dirichlet(np.full(joints, 0.1), size=vertices),
        expression_directions=None if of_face is None else rng.normal(size=(vertices, 3, of_face)) * 0.005,
        hands=None
        if of_face is None
        else HandPoses(rng.normal(size=(2, 45)) * 0.2, rng.normal(size=(2, 45, 45)) * 0.1),
    )
