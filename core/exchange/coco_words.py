"""COCO's category ids and names for ours, and the words that other tools use for the same things."""

from __future__ import annotations

from collections.abc import Collection

from core.exchange.coco_keypoints import template_of, template_words
from core.records.detections import Category

COCO_IDS: dict[Category, int] = {
    Category.PERSON: 1,
    Category.BICYCLE: 2,
    Category.CAR: 3,
    Category.MOTORCYCLE: 4,
    Category.BUS: 6,
    Category.TRUCK: 8,
}
"""Ids as in COCO 2017, so that evaluators and trained networks agree."""

_OTHER_WORDS = {
    "pedestrian": Category.PERSON,
    "people": Category.PERSON,
    "bike": Category.BICYCLE,
    "cyclist": Category.BICYCLE,
    "motorbike": Category.MOTORCYCLE,
    "motor": Category.MOTORCYCLE,
    "automobile": Category.CAR,
    "van": Category.CAR,
    "lorry": Category.TRUCK,
}


def category_of(name: str) -> Category | None:
    """Our category for a name that a file uses, or None where we have none."""
    word = name.strip().lower()
    try:
        return Category(word)
    except ValueError:
        return _OTHER_WORDS.get(word)


def category_table(with_keypoints: Collection[Category] = ()) -> list[dict[str, object]]:
    """COCO's list of categories; those with keypoints also name their points and skeleton."""
    rows = []
    for category, coco_id in sorted(COCO_IDS.items(), key=lambda item: item[1]):
        row: dict[str, object] = {
            "id": coco_id,
            "name": category.value,
            "supercategory": "person" if category is Category.PERSON else "vehicle",
        }
        pointed = category in with_keypoints
        rows.append(row | template_words(template_of(category)) if pointed else row)
    return rows
