"""Tiny files in the layouts of KINS, COCO-A and COCO's results: two pictures, three objects, squares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.geometry.masks import box_to_patch, patch_to_rle
from core.records.boxes import Box

WIDTH, HEIGHT = 80, 60

CAR = (10, 10, 20, 20)
HALF_HIDDEN = (40, 10, 20, 20)
PERSON = (5, 30, 10, 20)
"""x, y, w, h. Of the second only the left half is seen."""

KINS_KINDS = ["cyclist", "pedestrian", "person-sitting", "car", "tram", "truck", "van", "misc"]


def _images() -> list[dict[str, Any]]:
    return [{"id": n, "file_name": f"{n:06d}.png", "width": WIDTH, "height": HEIGHT} for n in (1, 2)]


def polygon(box: tuple[float, ...]) -> list[float]:
    x, y, w, h = box
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def runs(box: tuple[float, ...]) -> dict[str, Any]:
    code = patch_to_rle(box_to_patch(Box(*box), HEIGHT, WIDTH), HEIGHT, WIDTH)
    return {"size": [HEIGHT, WIDTH], "counts": code.counts.decode()}


def left_half(box: tuple[float, ...]) -> tuple[float, ...]:
    x, y, w, h = box
    return x, y, w / 2, h


def kins(newer: bool = True) -> dict[str, Any]:
    """A car and a half hidden van in the first picture, a pedestrian and a tram in the second."""
    objects = [(1, 4, CAR, CAR), (1, 7, HALF_HIDDEN, left_half(HALF_HIDDEN)), (2, 2, PERSON, PERSON)]
    objects.append((2, 5, HALF_HIDDEN, HALF_HIDDEN))
    rows = []
    for number, (image, kind, whole, seen) in enumerate(objects, start=1):
        row: dict[str, Any] = {"id": number, "image_id": image, "category_id": kind, "iscrowd": 0}
        if newer:
            row |= {"a_segm": [polygon(whole)], "a_bbox": list(whole), "a_area": whole[2] * whole[3]}
            row |= {"i_segm": [polygon(seen)], "i_bbox": list(seen), "i_area": seen[2] * seen[3]}
        else:
            row |= {"segmentation": [polygon(whole)], "bbox": list(whole), "area": whole[2] * whole[3]}
            row |= {"inmodal_seg": runs(seen), "inmodal_bbox": list(seen)}
        rows.append(row)
    kinds = [{"id": n, "name": name} for n, name in enumerate(KINS_KINDS, start=1)]
    return {"images": _images(), "annotations": rows, "categories": kinds}


def cocoa() -> dict[str, Any]:
    """The first release: the same car and half hidden thing before a sky, and a person."""
    behind = {"invisible_mask": runs((50, 10, 10, 20)), "visible_mask": runs(left_half(HALF_HIDDEN))}
    first = [
        _region(CAR, "car", 1, 0.0),
        _region(HALF_HIDDEN, "a red van", 2, 0.5) | behind,
        _region((0, 0, 80, 9), "sky", 3, 0.0) | {"isStuff": 1},
    ]
    second = [_region(PERSON, "man", 1, 0.0)]
    facts = {"author": "a1", "url": "http://x", "depth_constraint": "1-2", "size": 3}
    rows = [
        facts | {"id": 1, "image_id": 1, "regions": first},
        facts | {"id": 2, "image_id": 2, "regions": second},
        facts | {"id": 3, "image_id": 2, "regions": second, "author": "a2"},
    ]
    return {"images": _images(), "annotations": rows}


def _region(box: tuple[float, ...], name: str, order: int, hidden: float) -> dict[str, Any]:
    facts = {"name": name, "order": order, "isStuff": 0, "occlude_rate": hidden, "area": box[2] * box[3]}
    return facts | {"segmentation": polygon(box)}


def cocoa_cls() -> dict[str, Any]:
    """The second release: the same objects with COCO's categories."""
    objects = [(1, 3, CAR, None), (1, 3, HALF_HIDDEN, left_half(HALF_HIDDEN)), (2, 1, PERSON, None)]
    rows = []
    for number, (image, kind, whole, seen) in enumerate(objects, start=1):
        row = {"id": number, "image_id": image, "category_id": kind, "iscrowd": 0, "bbox": list(whole)}
        row |= {"segmentation": [polygon(whole)], "area": whole[2] * whole[3], "occlude_rate": 0.0}
        row |= {} if seen is None else {"visible_mask": runs(seen), "occlude_rate": 0.5}
        rows.append(row)
    kinds = [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}, {"id": 64, "name": "potted plant"}]
    return {"images": _images(), "annotations": rows, "categories": kinds}


def result(image: int, kind: int, box: tuple[float, ...], score: float = 0.9) -> dict[str, Any]:
    facts = {"image_id": image, "category_id": kind, "score": score}
    return facts | {"bbox": list(box), "segmentation": runs(box)}


def write(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data))
    return path
