"""Keypoints as they are placed on one object in one frame: what people, files, networks and fits say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.detections import Category
from core.records.occlusion import LabelOrigin, OcclusionLabel
from core.records.runs import ModelUsed
from core.records.shapes import KeypointTag


class Template(StrEnum):
    """Which named points an object has."""

    CAR = "car"  # core.shapes.keypoints: twelve
    PERSON = "person"  # core.shapes.person_keypoints: COCO's seventeen

    @property
    def size(self) -> int:
        """How many points it has."""
        return _SIZES[self]

    @staticmethod
    def of(category: Category) -> Template | None:
        """What an object of a category is annotated with; None for those that nobody annotates."""
        return _OF_CATEGORY.get(category)


_SIZES = {Template.CAR: 12, Template.PERSON: 17}
_OF_CATEGORY = {Category.CAR: Template.CAR, Category.PERSON: Template.PERSON}


GUESSED = (LabelOrigin.HEURISTIC, LabelOrigin.INFERRED)
"""Origins of points of which nobody has looked where they are."""

NO_LABELS = (*GUESSED, LabelOrigin.NETWORK)
"""Origins of points that nobody stands behind, so that no network learns from them or is measured by them."""


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """One keypoint that somebody or something has placed.

    Attributes:
        x, y: pixels, the first pixel's centre at (0, 0); outside the picture where truncated.
        tag: never UNLABELLED: a point that nobody has placed is None in its set.
        origin: HUMAN where a person put it here; FIT where a person or a job took it over from a fit, which
            then is no evidence for a fit; HEURISTIC where it was carried or guessed, and INFERRED where a
            network put it by the other points, which are none either.
        score: 0 to 1, how sure its origin is; 1 for people.
        hider: id of the instance that hides it, where it is other-occluded and that is known.
    """

    x: float
    y: float
    tag: KeypointTag
    origin: LabelOrigin = LabelOrigin.HUMAN
    score: float = 1.0
    hider: int | None = None

    @property
    def guessed(self) -> bool:
        """Whether nobody has looked where it is.

        A person said that it is not seen, or filled a track, or a network inferred it.
        """
        return self.origin in GUESSED

    @property
    def is_label(self) -> bool:
        """Whether somebody stands behind it: no guess, and no network's word that nobody has confirmed."""
        return self.origin not in NO_LABELS


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
        models: the models that placed the points: the detector's or the pre-labeller's, then the one's that
            placed hidden ones; empty where no model of a project or of the program did.
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
    models: tuple[ModelUsed, ...] = ()


@dataclass(frozen=True, slots=True)
class KeypointFilter:
    """Which objects the keypoint queue shows; None and empty mean any.

    Attributes:
        categories: what they are.
        done: True for those whose points are all placed, False for those that lack some.
        label: the occlusion label in force.
        min_size_px: L of the box.
        include_thinned: also the views for which another stands.
        proposed: only those whose points a network placed and nobody has confirmed, the least certain first.
    """

    camera_id: int | None = None
    source_id: int | None = None
    track_id: int | None = None
    categories: tuple[Category, ...] = (Category.CAR,)
    done: bool | None = None
    label: OcclusionLabel | None = None
    min_size_px: float | None = None
    include_thinned: bool = False
    proposed: bool = False
