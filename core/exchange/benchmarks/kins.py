"""KINS: the cars and people of KITTI's pictures with their hidden parts (Qi et al., CVPR 2019).

COCO's layout with two masks for each object. There are two releases: in the first the whole object stands in
`segmentation` and `bbox` and the visible part in `inmodal_seg` and `inmodal_bbox`; the second of 2020 calls
them `a_segm`, `a_bbox`, `i_segm` and `i_bbox`. Both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.exchange.benchmarks.amodal_truth import (
    PURPOSE,
    AmodalTruth,
    WholeObject,
    covered,
    drawn_box,
    kinds_of,
    our_category,
    refuse_empty,
    whole_mask,
)
from core.exchange.checks import Checks, load_json
from core.exchange.coco_parse import images_of

_NAMES = (("segmentation", "bbox", "inmodal_seg"), ("a_segm", "a_bbox", "i_segm"))


def read_kins(path: Path) -> AmodalTruth:
    """Read and check `instances_*.json` or `update_*_2020.json`.

    Raises:
        ExchangeError: it cannot be read, is no KINS file, or contradicts itself; the sentence names the
            image or annotation.
    """
    return parse_kins(load_json(path, "KINS' file of annotations"), path.name)


def parse_kins(data: Any, name: str) -> AmodalTruth:
    """Check what a JSON file held. An object without a pixel in the picture, or whose box has no area, is
    left out and counted; so is what the file itself ignores.

    Raises:
        ExchangeError: as `read_kins`.
    """
    check = Checks(name, PURPOSE)
    if not isinstance(data, dict):
        check.fail("it is no KINS file: its top level is no object")
    for part in ("images", "annotations", "categories"):
        if not isinstance(data.get(part), list):
            check.fail(f"it is no KINS file: it has no list “{part}”")
    truth = AmodalTruth(name, images_of(check, data["images"]), kinds_of(check, data["categories"]))
    seen: set[int | str] = set()
    for position, value in enumerate(data["annotations"], start=1):
        row = check.row(value, f"annotation {position}")
        key = check.key(row.get("id", position), f"the id of annotation {position}")
        if key in seen:
            check.fail(f"two annotations have the id {key}")
        seen.add(key)
        _annotation(check, truth, key, row)
    refuse_empty(check, truth)
    return truth


def _annotation(check: Checks, truth: AmodalTruth, key: int | str, row: Mapping[str, Any]) -> None:
    where = f"annotation {key}"
    image = truth.images.get(check.key(row.get("image_id"), f"the image_id of {where}"))
    if image is None:
        check.fail(f"{where} is about image {row['image_id']}, which is not in the file")
    category = check.key(row.get("category_id"), f"the category_id of {where}")
    if category not in truth.kinds:
        check.fail(f"{where} is of category {category}, which is not in the file")
    if row.get("ignore") in (1, True) or row.get("iscrowd") in (1, True):
        truth.left_out["that the file ignores"] += 1
        return
    newer = "a_segm" in row or "a_bbox" in row
    mask_name, box_name, visible_name = _NAMES[newer]
    if visible_name not in row:
        check.fail(f"{where} has no {visible_name}: the part that is seen is not known")
    whole = whole_mask(check, row.get(mask_name), where, image)
    box = drawn_box(check, row.get(box_name), f"the {box_name} of {where}")
    if whole is None:
        truth.left_out["without a pixel in the picture"] += 1
        return
    if box.area <= 0:
        truth.left_out["whose box has no area"] += 1
        return
    rle, area, _ = whole
    seen = whole_mask(check, row[visible_name], f"{where}, its visible part", image)
    kind = truth.kinds[category]
    truth.objects.append(
        WholeObject(
            id=key,
            image=image.id,
            kind=kind,
            category=our_category(kind),
            box=box,
            rle=rle,
            hidden=covered(0 if seen is None else seen[1], area),
        )
    )
