"""The twelve keypoints of a car: order, names, skeleton, flip, tags, and ApolloCar3D's 66 mapped to them.

Left and right are the driver's, facing forward. The order is that of Occlusion-Net without its exhaust and
centre (Reddy et al., CVPR 2019), which is PASCAL3D+'s set too.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.records.shapes import KeypointTag, keypoint_tag


class Keypoint(IntEnum):
    """A keypoint's place in every array of twelve."""

    RIGHT_FRONT_WHEEL = 0
    LEFT_FRONT_WHEEL = 1
    RIGHT_BACK_WHEEL = 2
    LEFT_BACK_WHEEL = 3
    RIGHT_HEADLIGHT = 4
    LEFT_HEADLIGHT = 5
    RIGHT_TAILLIGHT = 6
    LEFT_TAILLIGHT = 7
    RIGHT_FRONT_ROOF = 8
    LEFT_FRONT_ROOF = 9
    RIGHT_BACK_ROOF = 10
    LEFT_BACK_ROOF = 11


COUNT = len(Keypoint)

NAMES: tuple[str, ...] = (
    "right front wheel",
    "left front wheel",
    "right back wheel",
    "left back wheel",
    "right headlight",
    "left headlight",
    "right taillight",
    "left taillight",
    "right front roof corner",
    "left front roof corner",
    "right back roof corner",
    "left back roof corner",
)

SKELETON: tuple[tuple[int, int], ...] = (
    # wheels
    (0, 2),
    (1, 3),
    (0, 1),
    (2, 3),
    # roof
    (8, 10),
    (9, 11),
    (8, 9),
    (10, 11),
    # front
    (4, 0),
    (4, 8),
    (4, 5),
    (5, 1),
    (5, 9),
    # rear
    (6, 2),
    (6, 10),
    (7, 3),
    (7, 11),
    (6, 7),
)
"""The 18 edges that are drawn and that the graph networks know (Occlusion-Net, released keypoint list)."""

FLIP: tuple[int, ...] = (1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10)
"""What each keypoint becomes in a mirrored picture; its own inverse."""

RIGHT: tuple[int, ...] = (0, 2, 4, 6, 8, 10)
LEFT: tuple[int, ...] = (1, 3, 5, 7, 9, 11)
WHEELS: tuple[int, ...] = (0, 1, 2, 3)

APOLLO_66: tuple[int, ...] = (50, 7, 37, 20, 57, 0, 32, 25, 49, 8, 33, 24)
"""For each of the twelve, its index among ApolloCar3D's 66 (after OpenPifPaf's plugin for that set)."""

APOLLO_COUNT = 66


def keypoint_tags(truncated: ArrayLike, self_hidden: ArrayLike, other_hidden: ArrayLike) -> list[KeypointTag]:
    """`keypoint_tag` for (N,) arrays of booleans."""
    columns = [np.asarray(column, dtype=bool).tolist() for column in (truncated, self_hidden, other_hidden)]
    return [
        keypoint_tag(truncated=cut, self_hidden=own, other_hidden=other)
        for cut, own, other in zip(*columns, strict=True)
    ]


def from_apollo(points: ArrayLike) -> NDArray[np.float64]:
    """The twelve keypoints among ApolloCar3D's 66.

    Args:
        points: (..., 66, C), one row for each of ApolloCar3D's keypoints, such as x, y, v.

    Returns:
        (..., 12, C) in the order of `Keypoint`, with v as it was.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim < 2 or array.shape[-2] != APOLLO_COUNT:
        raise ValueError(f"66 keypoints expected, got an array of shape {array.shape}")
    return array[..., list(APOLLO_66), :]


def mirrored(points: ArrayLike) -> NDArray[np.float64]:
    """The same car seen in a mirror along its length: y negated and left swapped with right.

    Args:
        points: (..., 12, 3), car frame (x forward, y left, z up), metres.

    Returns:
        (..., 12, 3); a symmetric car is unchanged.
    """
    array = np.asarray(points, dtype=np.float64)
    return array[..., list(FLIP), :] * np.array([1.0, -1.0, 1.0])
