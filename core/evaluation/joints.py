"""How far a person's joints are off: about the root (MPJPE), and after a similarity (PA-MPJPE).

Source: Ionescu et al., PAMI 2014 (MPJPE); Zhou et al., PAMI 2018, and Kanazawa et al., CVPR 2018 (after a
similarity, "reconstruction error"); ALGORITHMS 8. Papers give millimetres; all is in metres here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.shapes.alignment import similarity

Array = NDArray[np.float64]

PCK_LIMIT_M = 0.15
"""Joints off by less are right."""


def joint_errors(found: ArrayLike, truth: ArrayLike, root: int = 0) -> Array:
    """MPJPE: mean over all joints, the root's 0 with them, of |(x - x_root) - (x* - x*_root)|.

    Args:
        found, truth: (n, J, 3) the same joints, metres, both in one frame but for where they lie.
        root: which joint lies in the origin of both.

    Returns:
        (n,) metres.
    """
    said, known = _pair(found, truth)
    off = (said - said[:, root, None]) - (known - known[:, root, None])
    return np.linalg.norm(off, axis=2).mean(axis=1)


def aligned_joint_errors(found: ArrayLike, truth: ArrayLike) -> Array:
    """PA-MPJPE: mean over joints of |s R x + t - x*|, with the similarity of least squares for each person.

    So neither size nor place nor which way somebody faces counts, only the pose. The similarity is Umeyama's
    (PAMI 1991): it never mirrors.

    Args:
        found, truth: (n, J, 3) the same joints, metres; at least three, not on one line.

    Returns:
        (n,) metres.
    """
    said, known = _pair(found, truth)
    moved = [similarity(one, other).apply(one) for one, other in zip(said, known, strict=True)]
    return np.array(
        [np.linalg.norm(one - other, axis=1).mean() for one, other in zip(moved, known, strict=True)]
    )


def correct_joints(found: ArrayLike, truth: ArrayLike, limits: ArrayLike, root: int | None = 0) -> Array:
    """3D PCK: the share of all points that are off by less than a limit of their object.

    People: joints about the root, less than `PCK_LIMIT_M` off (Mehta et al., 3DV 2017). Cars: the twelve
    keypoints where they are in the camera's frame, so no root; the limit is a tenth of the car's length,
    which is our choice (ALGORITHMS 8 leaves it open).

    Args:
        found, truth: (n, J, 3), metres.
        limits: (n,) or one number, metres. A point off by just so much is wrong.
        root: which point lies in the origin of both and is not counted; None: as they lie.

    Returns:
        (n,) shares of each object's points, 0 to 1.
    """
    off = _off(found, truth, root)
    least = np.broadcast_to(np.asarray(limits, dtype=np.float64), len(off))
    return (off < least[:, None]).mean(axis=1)


def _off(found: ArrayLike, truth: ArrayLike, root: int | None) -> Array:
    """(n, J) how far points are off, (n, J - 1) about a root."""
    said, known = _pair(found, truth)
    off = said - known
    if root is not None:
        off = np.delete(off - off[:, root, None], root, axis=1)
    return np.linalg.norm(off, axis=2)


def _pair(found: ArrayLike, truth: ArrayLike) -> tuple[Array, Array]:
    said, known = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if said.shape != known.shape or said.ndim != 3 or said.shape[2] != 3 or said.shape[1] == 0:
        raise ValueError(f"joints of {said.shape} and {known.shape}")
    return said, known
