"""Keypoints as they are placed on one object in one frame: what people, files, networks and fits say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag


class Template(StrEnum):
    """Which named points an object has."""

    CAR = "car"  # core.shapes.keypoints: twelve


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """One keypoint that somebody or something has placed.

    Attributes:
        x, y: pixels, the first pixel's centre at (0, 0); outside the picture where truncated.
        tag: never UNLABELLED: a point that nobody has placed is None in its set.
        origin: HUMAN where a person put it here; FIT where a person or a job took it over from a fit, which
            then is no evidence for a fit.
        score: 0 to 1, how sure its origin is; 1 for people.
        hider: id of the instance that hides it, where it is other-occluded and that is known.
    """

    x: float
    y: float
    tag: KeypointTag
    origin: LabelOrigin = LabelOrigin.HUMAN
    score: float = 1.0
    hider: int | None = None


@dataclass(frozen=True, slots=True)
class KeypointSet:
    """All the keypoints of one object in one frame.

    Attributes:
        points: one entry for each of the template's points, None where unlabelled.
    """

    template: Template
    points: tuple[PlacedPoint | None, ...]

    @property
    def placed(self) -> int:
        """How many points are placed."""
        return sum(point is not None for point in self.points)


@dataclass(frozen=True, slots=True)
class KeypointRow:
    """A set of keypoints as it stands in a project: one version of an instance's.

    Attributes:
        id, instance_id: which, and whose.
        version: counted from 1 for each instance.
        keypoints: the points.
        origin: of the set: HUMAN as soon as a person touched it.
        annotator: who, or None for a machine.
        created_at: when, seconds UTC epoch.
        in_force: whether it is the one that the instance has now.
    """

    id: int
    instance_id: int
    version: int
    keypoints: KeypointSet
    origin: LabelOrigin
    annotator: str | None
    created_at: float
    in_force: bool
