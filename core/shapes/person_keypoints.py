"""The 17 keypoints of a person: order, names, skeleton and flip, which are COCO's.

Left and right are the person's own. Eyes, nose and ears lie on the skin; the other points are joints, within
the body.
"""

from __future__ import annotations

from enum import IntEnum


class PersonKeypoint(IntEnum):
    """A keypoint's place in every array of seventeen."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


COUNT = len(PersonKeypoint)

NAMES: tuple[str, ...] = tuple(point.name.lower().replace("_", " ") for point in PersonKeypoint)

COCO_NAMES: tuple[str, ...] = tuple(point.name.lower() for point in PersonKeypoint)
"""The same as COCO itself spells them."""

SKELETON: tuple[tuple[int, int], ...] = (
    # legs
    (15, 13),
    (13, 11),
    (16, 14),
    (14, 12),
    # torso
    (11, 12),
    (5, 11),
    (6, 12),
    (5, 6),
    # arms
    (5, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    # head
    (1, 2),
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
)
"""The 19 edges of COCO's category "person"."""

FLIP: tuple[int, ...] = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
"""What each keypoint becomes in a mirrored picture; its own inverse."""

FACE: tuple[int, ...] = (0, 1, 2, 3, 4)
LEFT: tuple[int, ...] = (1, 3, 5, 7, 9, 11, 13, 15)
RIGHT: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 14, 16)
ANKLES: tuple[int, ...] = (15, 16)

SIGMAS: tuple[float, ...] = (
    *(0.026, 0.025, 0.025, 0.035, 0.035),
    *(0.079, 0.079, 0.072, 0.072, 0.062, 0.062),
    *(0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)
"""How far annotators put each point from one another, over the root of the object's area (COCO's OKS)."""
