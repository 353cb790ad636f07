"""COCO-A: things of COCO's pictures with their hidden parts (Zhu et al., CVPR 2017).

Two releases are read. The first has one annotation for a picture, with `regions` in order of depth:
polygon, free name, `isStuff`, `occlude_rate`, and `visible_mask` where something covers it. It knows no
categories. The second, COCOA-cls (Follmann et al. 2018, `COCO_amodal_*_with_classes.json`), has one
annotation for an object, with COCO's categories and without stuff.
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
    hidden_share,
    kinds_of,
    our_category,
    refuse_empty,
    whole_mask,
)
from core.exchange.checks import Checks, load_json
from core.exchange.coco_file import CocoImage
from core.exchange.coco_parse import images_of


def read_cocoa(path: Path) -> AmodalTruth:
    """Read and check `COCO_amodal_*.json`.

    Raises:
        ExchangeError: it cannot be read, is no COCO-A file, or contradicts itself; the sentence names the
            image, annotation or region.
    """
    return parse_cocoa(load_json(path, "COCO-A's file of annotations"), path.name)


def parse_cocoa(data: Any, name: str) -> AmodalTruth:
    """Check what a JSON file held.

    Left out and counted: stuff, objects without a pixel in the picture or whose box has no area, and what
    further annotators said of a picture.

    Raises:
        ExchangeError: as `read_cocoa`.
    """
    check = Checks(name, PURPOSE)
    if not isinstance(data, dict):
        check.fail("it is no COCO-A file: its top level is no object")
    for part in ("images", "annotations"):
        if not isinstance(data.get(part), list):
            check.fail(f"it is no COCO-A file: it has no list “{part}”")
    categories = data.get("categories")
    with_regions = any(isinstance(row, dict) and "regions" in row for row in data["annotations"])
    if not with_regions and not isinstance(categories, list):
        check.fail("it is no COCO-A file: its annotations have neither regions nor categories")
    kinds = {} if with_regions else kinds_of(check, categories or [])
    truth = AmodalTruth(name, images_of(check, data["images"]), kinds)
    if with_regions:
        _pictures(check, truth, data["annotations"])
    else:
        _objects(check, truth, data["annotations"])
    refuse_empty(check, truth)
    return truth


def _pictures(check: Checks, truth: AmodalTruth, rows: list[Any]) -> None:
    done: set[int | str] = set()
    for position, value in enumerate(rows, start=1):
        where = f"annotation {position}"
        row = check.row(value, where)
        image = _image(check, truth, row, where)
        regions = row.get("regions")
        if not isinstance(regions, list):
            check.fail(f"{where} has no list of regions")
        if image.id in done:
            truth.left_out["by a picture's further annotators"] += len(regions)
            continue
        done.add(image.id)
        for number, region in enumerate(regions, start=1):
            key = f"{image.id}/{number}"
            called = f"region {number} of image {image.id}"
            one = check.row(region, called)
            if one.get("isStuff") in (1, True):
                truth.left_out["that are stuff"] += 1
                continue
            kind = one.get("name")
            _whole(check, truth, key, image, one, kind if isinstance(kind, str) else "", called)


def _objects(check: Checks, truth: AmodalTruth, rows: list[Any]) -> None:
    seen: set[int | str] = set()
    for position, value in enumerate(rows, start=1):
        row = check.row(value, f"annotation {position}")
        key = check.key(row.get("id", position), f"the id of annotation {position}")
        where = f"annotation {key}"
        if key in seen:
            check.fail(f"two annotations have the id {key}")
        seen.add(key)
        image = _image(check, truth, row, where)
        category = check.key(row.get("category_id"), f"the category_id of {where}")
        if category not in truth.kinds:
            check.fail(f"{where} is of category {category}, which is not in the file")
        if row.get("iscrowd") in (1, True):
            truth.left_out["crowds: regions of many objects"] += 1
            continue
        _whole(check, truth, key, image, row, truth.kinds[category], where)


def _image(check: Checks, truth: AmodalTruth, row: Mapping[str, Any], where: str) -> CocoImage:
    image = truth.images.get(check.key(row.get("image_id"), f"the image_id of {where}"))
    if image is None:
        check.fail(f"{where} is about image {row['image_id']}, which is not in the file")
    return image


def _whole(
    check: Checks,
    truth: AmodalTruth,
    key: int | str,
    image: CocoImage,
    row: Mapping[str, Any],
    kind: str,
    where: str,
) -> None:
    whole = whole_mask(check, row.get("segmentation"), where, image)
    if whole is None:
        truth.left_out["without a pixel in the picture"] += 1
        return
    rle, area, box = whole
    if row.get("bbox"):
        box = drawn_box(check, row["bbox"], f"the bbox of {where}")
    if box.area <= 0:
        truth.left_out["whose box has no area"] += 1
        return
    category = our_category(kind) if truth.kinds else None
    hidden = _hidden(check, row, where, image, area)
    truth.objects.append(WholeObject(key, image.id, kind, category, box, rle, hidden))


def _hidden(check: Checks, row: Mapping[str, Any], where: str, image: CocoImage, area: int) -> float:
    """As its masks say, else as the file does; nothing covers what has no mask of its visible part."""
    if row.get("visible_mask"):
        seen = whole_mask(check, row["visible_mask"], f"{where}, its visible part", image)
        return covered(0 if seen is None else seen[1], area)
    if row.get("occlude_rate") is None:
        return 0.0
    return hidden_share(check, row["occlude_rate"], f"the occlude_rate of {where}")
