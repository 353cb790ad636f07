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
