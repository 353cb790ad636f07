"""SMPL's skeleton: 24 joints, their parents and names; and the parents of SMPL-X's 55."""

from __future__ import annotations

from enum import IntEnum


class Joint(IntEnum):
    """A joint's place in every array of 24. Left and right are the person's."""

    PELVIS = 0
    LEFT_HIP = 1
    RIGHT_HIP = 2
    SPINE1 = 3
    LEFT_KNEE = 4
    RIGHT_KNEE = 5
    SPINE2 = 6
    LEFT_ANKLE = 7
    RIGHT_ANKLE = 8
    SPINE3 = 9
    LEFT_FOOT = 10
    RIGHT_FOOT = 11
    NECK = 12
    LEFT_COLLAR = 13
    RIGHT_COLLAR = 14
    HEAD = 15
    LEFT_SHOULDER = 16
    RIGHT_SHOULDER = 17
    LEFT_ELBOW = 18
    RIGHT_ELBOW = 19
    LEFT_WRIST = 20
    RIGHT_WRIST = 21
    LEFT_HAND = 22
    RIGHT_HAND = 23


COUNT = len(Joint)

PARENTS: tuple[int, ...] = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
"""The parent of each joint; -1 for the root. A parent always comes before its children."""

_HAND = (20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38)
SMPLX_PARENTS = (*PARENTS[:22], 15, 15, 15, *_HAND, *(21 if p == 20 else p + 15 for p in _HAND))
"""SMPL's first 22, jaw and eyes on the head, and five fingers of three joints on each wrist."""
SMPLX_COUNT = len(SMPLX_PARENTS)


def twin(joint: int) -> int:
    """The same joint on the other side; itself on the middle line."""
    name = Joint(joint).name
    if name.startswith("LEFT_"):
        return Joint["RIGHT_" + name.removeprefix("LEFT_")]
    if name.startswith("RIGHT_"):
        return Joint["LEFT_" + name.removeprefix("RIGHT_")]
    return joint
