"""What a COCO instances file holds, once it is read and checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from core.exchange.coco_keypoints import CocoKeypoints
from core.exchange.coco_sides import SideCheck
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.records.occlusion import OcclusionLabel
from core.store.writers.imports import ImportedReview


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One picture: its size in pixels, and where our own exports say that it comes from."""

    id: int | str
    file_name: str
    width: int
    height: int
    source_hash: bytes | None
    content_hash: bytes | None
    pts: int | None


@dataclass(frozen=True, slots=True)
class CocoObject:
    """One object: box clipped to the picture, mask or None, label or None, what reviewers said, keypoints.

    The label is the one in force, or what a machine said where reviews come along: those then decide.
    A point's hider is the id of an annotation of the file.
    """

    id: int | None
    category: Category
    box: Box
    score: float
    rle: Rle | None
    area: int
    track: int | str | None
    label: OcclusionLabel | None
    reviews: tuple[ImportedReview, ...]
    keypoints: CocoKeypoints | None


@dataclass(slots=True)
class CocoFile:
    """A whole file.

    Attributes:
        name: of the file.
        project: uuid of the project that wrote it, or None.
        images: those with at least one object of ours, by id.
        objects: image id -> its objects.
        image_count: pictures in the file.
        left_out: plain words -> how many annotations were left out for that reason.
        sides: what its cars say of left and right; never that they are surely wrong.
    """

    name: str
    project: str | None
    images: dict[int | str, CocoImage]
    objects: dict[int | str, list[CocoObject]]
    image_count: int
    left_out: Counter[str] = field(default_factory=Counter)
    sides: SideCheck = field(default_factory=SideCheck)
