"""What is known of a car's keypoint, and how cars are told apart by body."""

from __future__ import annotations

from enum import StrEnum


class KeypointTag(StrEnum):
    """Whether a keypoint is seen, and what hides it if not.

    Self-occluded: hidden by its own body. Other-occluded: hidden by anything else. Truncated: outside the
    picture. Unlabelled: nobody has placed it.
    """

    VISIBLE = "visible"
    SELF_OCCLUDED = "self_occluded"
    OTHER_OCCLUDED = "other_occluded"
    TRUNCATED = "truncated"
    UNLABELLED = "unlabelled"


def keypoint_tag(*, truncated: bool, self_hidden: bool, other_hidden: bool) -> KeypointTag:
    """The tag of a placed keypoint of which several things may be true at once.

    Truncated wins over self-occluded, and that over other-occluded: what the car's own pose hides stays
    hidden whatever stands in front of it.
    """
    if truncated:
        return KeypointTag.TRUNCATED
    if self_hidden:
        return KeypointTag.SELF_OCCLUDED
    return KeypointTag.OTHER_OCCLUDED if other_hidden else KeypointTag.VISIBLE


class BodyStyle(StrEnum):
    """The kinds of car that the procedural family draws."""

    HATCHBACK = "hatchback"
    SALOON = "saloon"
    ESTATE = "estate"
    COUPE = "coupe"
    SUV = "suv"
    MINIVAN = "minivan"
    VAN = "van"
    PICKUP = "pickup"
