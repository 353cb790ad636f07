"""COCO's results file: what a network found in the pictures of a truth, whoever's network it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.exchange.benchmarks.amodal_truth import PURPOSE, drawn_box, whole_mask
from core.exchange.checks import Checks, load_json
from core.exchange.coco_file import CocoImage
from core.geometry.masks import rle_from_counts
from core.records.boxes import Box
from core.records.masks import Rle


@dataclass(frozen=True, slots=True, eq=False)
class CocoResult:
    """One object that was found.

    Attributes:
        position: its place in the file, from 1.
        image, category: ids as the file has them.
        box: pixels; it may have no area, and then goes with nothing.
        score: only the order counts.
        rle: its mask, or None where only boxes are given.
        keypoints: (k, 3) x, y and score, pixels, as the file has them; or None.
    """

    position: int
    image: int | str
    category: int | str
    box: Box
    score: float
    rle: Rle | None
    keypoints: NDArray[np.float64] | None


def read_results(
    path: Path, images: Mapping[int | str, CocoImage], categories: Collection[int | str]
) -> list[CocoResult]:
    """Read and check a results file against the truth that it is about.

    Args:
        path: a JSON list of {image_id, category_id, score, bbox, segmentation, keypoints}; of the last three
            one at least.
        images: the truth's pictures, by id.
        categories: the ids that results may have; any where there is none.

    Raises:
        ExchangeError: it cannot be read, is none, is empty, or a result is about another picture or
            category, has no score, or a mask of another size; the sentence names the result.
    """
    return parse_results(load_json(path, "a COCO results file"), path.name, images, categories)


def parse_results(
    data: Any, name: str, images: Mapping[int | str, CocoImage], categories: Collection[int | str]
) -> list[CocoResult]:
    """Check what a JSON file held.

    Raises:
        ExchangeError: as `read_results`.
    """
    check = Checks(name, PURPOSE)
    if not isinstance(data, list):
        check.fail("it is no COCO results file: its top level is no list")
    if not data:
        check.fail("it has no results")
    seen: set[int | str] = set()
    found = []
    for position, value in enumerate(data, start=1):
        where = f"result {position}"
        row = check.row(value, where)
        if row.get("id") is not None:
            key = check.key(row["id"], f"the id of {where}")
            if key in seen:
                check.fail(f"two results have the id {key}")
            seen.add(key)
        found.append(_result(check, position, row, images, categories))
    return found


def _result(
    check: Checks,
    position: int,
    row: Mapping[str, Any],
    images: Mapping[int | str, CocoImage],
    categories: Collection[int | str],
) -> CocoResult:
    where = f"result {position}"
    image = images.get(check.key(row.get("image_id"), f"the image_id of {where}"))
    if image is None:
        check.fail(f"{where} is about image {row['image_id']}, which is not in the truth")
    where += f", of image {image.id},"
    category = check.key(row.get("category_id"), f"the category_id of {where}")
    if categories and category not in categories:
        check.fail(f"{where} is of category {category}, which is not in the truth")
    mask = whole_mask(check, row["segmentation"], where, image) if row.get("segmentation") else None
    points = _keypoints(check, row["keypoints"], where) if row.get("keypoints") else None
    if row.get("bbox"):
        box = drawn_box(check, row["bbox"], f"the bbox of {where}")
    elif mask is not None:
        box = mask[2]
    elif points is not None:
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        box = Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
    elif row.get("segmentation"):
        box = Box(0.0, 0.0, 0.0, 0.0)
    else:
        check.fail(f"{where} has neither bbox nor segmentation")
    score = check.number(row.get("score"), f"the score of {where}")
    empty = mask is None and bool(row.get("segmentation"))
    rle = _nothing(image) if empty else None if mask is None else mask[0]
    return CocoResult(position, image.id, category, box, score, rle, points)


def _nothing(image: CocoImage) -> Rle:
    """The mask of no pixel: it was given, and goes with nothing."""
    return rle_from_counts([image.height * image.width], image.height, image.width)


def _keypoints(check: Checks, value: Any, where: str) -> NDArray[np.float64]:
    if not isinstance(value, list) or len(value) % 3:
        check.fail(f"the keypoints of {where} are no list of x, y and score")
    numbers = [check.number(part, f"a keypoint of {where}") for part in value]
    return np.array(numbers, dtype=np.float64).reshape(-1, 3)
