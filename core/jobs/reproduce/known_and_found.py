"""What there is in a picture of the street's test, and what a network finds there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.geometry.masks import patch_area, patch_box, rle_to_patch
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import Rle
from core.training.data.detection import MOST_HIDDEN
from core.training.data.street_frames import KnownFrame, StreetTruth

HIDDEN = 0.25
"""From such a share on an object counts as hidden."""

LEAST_SIDE_PX = 8.0
"""Objects whose whole box is narrower or lower within the picture are ignored."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An object of the test.

    Attributes:
        hidden: the share of what is within the picture that is not seen.
        ignored: it may be found or not.
    """

    category: Category
    box: Box
    whole: Rle
    seen: Rle
    hidden: float
    ignored: bool


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One find of a detector."""

    category: Category
    score: float
    box: Box
    whole: Rle
    modal: Rle


def known_of(frame: KnownFrame) -> list[Known]:
    """The objects of a picture of the test."""
    objects = []
    for one in frame.objects:
        whole, seen = rle_to_patch(one.whole), rle_to_patch(one.seen)
        area = patch_area(whole)
        if not area:
            continue
        box, hidden = patch_box(whole), 1 - patch_area(seen) / area
        ignored = hidden > MOST_HIDDEN or min(box.w, box.h) < LEAST_SIDE_PX
        objects.append(Known(one.category, box, one.whole, one.seen, hidden, ignored))
    return objects


def known_in(test: StreetTruth) -> list[list[Known]]:
    """The objects of each picture of a test."""
    return [known_of(test.frame(place)) for place in range(len(test))]


def read_finds(path: Path, known: Sequence[Sequence[Known]]) -> list[list[Found]]:
    """Finds out of a file of JSON."""
    sizes = {(one.whole.height, one.whole.width) for row in known for one in row}
    [(height, width)] = sizes
    return [
        [
            Found(
                Category(one["category"]),
                one["score"],
                Box(*one["box"]),
                Rle(height, width, one["whole"].encode()),
                Rle(height, width, one["modal"].encode()),
            )
            for one in row
        ]
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]
