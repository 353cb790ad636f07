"""COCO instances JSON read and checked, whatever tool wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ExchangeError
from core.exchange.checks import Checks, load_json
from core.exchange.coco_file import CocoFile, CocoImage, CocoObject
from core.exchange.coco_hidden import told_apart
from core.exchange.coco_keypoints import PointOrder, keypoints_of, point_order, template_of
from core.exchange.coco_segmentation import mask_of
from core.exchange.coco_sides import SideCheck, check_sides
from core.exchange.coco_words import category_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.occlusion import OcclusionLabel, Verdict
from core.store.writers.imports import ImportedReview

_LARGEST_ID = 1 << 62
_LATEST = 1e11  # seconds UTC epoch: the year 5138


def read_coco(path: Path, *, reviews: bool = True, mirrored: bool = False) -> CocoFile:
    """Read and check a file.

    Args:
        path: the file.
        reviews, mirrored: as for `parse_coco`.

    Raises:
        ExchangeError: it cannot be read, is no COCO instances file, or contradicts itself; the sentence
            names the image or annotation.
    """
    return parse_coco(load_json(path, "a COCO instances file"), path.name, reviews=reviews, mirrored=mirrored)


def parse_coco(data: Any, name: str, *, reviews: bool = True, mirrored: bool = False) -> CocoFile:
    """Check what a JSON file held.

    Args:
        data: as `json` gave it.
        name: of the file, for errors.
        reviews: whether to take along what annotators said; without it a rejected object is left out, and
            keypoints have no annotator.
        mirrored: whether the file calls left what is a driver's right, in its keypoints.

    Raises:
        ExchangeError: as `read_coco`.
    """
    check = Checks(name)
    if not isinstance(data, dict):
        check.fail("it is no COCO file: its top level is no object")
    for key in ("images", "annotations", "categories"):
        if not isinstance(data.get(key), list):
            check.fail(f"it is no COCO instances file: it has no list “{key}”")
    categories = _categories(check, data["categories"])
    orders = _orders(check, data["categories"], categories)
    images = images_of(check, data["images"])
    found = CocoFile(name, _project(data), images, {}, len(images))
    for position, row in enumerate(data["annotations"]):
        _annotation(check, found, categories, orders, position, row, reviews, mirrored)
    found.objects = {image: told_apart(objects) for image, objects in found.objects.items()}
    found.images = {key: image for key, image in images.items() if key in found.objects}
    found.sides = _sides(found, mirrored)
    return found


def _project(data: Mapping[str, Any]) -> str | None:
    info = data.get("info")
    ours = info.get("amodal") if isinstance(info, dict) else None
    project = ours.get("project") if isinstance(ours, dict) else None
    return project if isinstance(project, str) else None


def _categories(check: Checks, rows: Sequence[Any]) -> dict[int | str, Category | None]:
    found: dict[int | str, Category | None] = {}
    for position, value in enumerate(rows):
        where = f"category {position + 1}"
        row = check.row(value, where)
        key = check.key(row.get("id"), f"the id of {where}")
        if not isinstance(row.get("name"), str):
            check.fail(f"{where} has no name")
        if key in found:
            check.fail(f"two categories have the id {key}")
        found[key] = category_of(row["name"])
    if rows and not any(found.values()):
        check.fail("none of its categories is a car, a person or another kind that this program knows")
    return found


def _orders(
    check: Checks, rows: Sequence[Any], categories: Mapping[int | str, Category | None]
) -> dict[int | str, PointOrder | None]:
    """category id -> where our points are among its own; None where none of them is ours."""
    found: dict[int | str, PointOrder | None] = {}
    for row in rows:
        try:
            category = categories[row["id"]]
            template = Template.CAR if category is None else template_of(category)
            found[row["id"]] = point_order(row.get("keypoints"), template)
        except ValueError as error:
            check.fail(f"the keypoints of category {row['id']} do not fit: {error}")
    return found


def _sides(found: CocoFile, mirrored: bool) -> SideCheck:
    """What the cars say of left and right.

    Raises:
        ExchangeError: that they are exchanged.
    """
    with_points = [
        (one.keypoints, one.box)
        for objects in found.objects.values()
        for one in objects
        if one.keypoints is not None and one.keypoints.keypoints.template is Template.CAR
    ]
    others = [(said.keypoints, box) for said, box in with_points if not said.own]
    sides = check_sides(len(with_points) - len(others), others)
    if sides.wrong:
        way = "without" if mirrored else "with"
        raise ExchangeError(
            f"Left and right seem to be exchanged in {found.name}: the wheels of {sides.against} of its "
            f"{sides.asked} largest cars go round the wrong way, seen from above "
            f"({sides.confidence_percent:.1f} % sure).",
            f"Import it {way} “Left and right exchanged”.",
        )
    return sides


def images_of(check: Checks, rows: Sequence[Any]) -> dict[int | str, CocoImage]:
    """The pictures of a file, by id.

    Raises:
        ExchangeError: one has no size or name, or two have one id.
    """
    found: dict[int | str, CocoImage] = {}
    for position, value in enumerate(rows):
        where = f"image {position + 1}"
        row = check.row(value, where)
        key = check.key(row.get("id"), f"the id of {where}")
        where = f"image {key}"
        if key in found:
            check.fail(f"two images have the id {key}")
        if not isinstance(row.get("file_name"), str):
            check.fail(f"{where} has no file_name")
        ours = _object(row.get("amodal"))
        found[key] = CocoImage(
            id=key,
            file_name=row["file_name"],
            width=check.side(row.get("width"), f"the width of {where}"),
            height=check.side(row.get("height"), f"the height of {where}"),
            source_hash=_hash(ours.get("source_hash")),
            content_hash=_hash(ours.get("content_hash")),
            pts=_whole_number(ours.get("pts")),
        )
    return found


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _hash(value: Any) -> bytes | None:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_ID:
        return None
    return value


def _annotation(
    check: Checks,
    found: CocoFile,
    categories: Mapping[int | str, Category | None],
    orders: Mapping[int | str, PointOrder | None],
    position: int,
    value: Any,
    with_reviews: bool,
    mirrored: bool,
) -> None:
    row = check.row(value, f"annotation {position + 1}")
    key = row.get("id")
    where = f"annotation {key if isinstance(key, int | str) else position + 1}"
    image = found.images.get(check.key(row.get("image_id"), f"the image_id of {where}"))
    if image is None:
        check.fail(f"{where} is about image {row['image_id']}, which is not in the file")
    category_id = check.key(row.get("category_id"), f"the category_id of {where}")
    if category_id not in categories:
        check.fail(f"{where} is of category {category_id}, which is not in the file")
    category = categories[category_id]
    if category is None:
        found.left_out["of a kind that this program does not know"] += 1
        return
    if row.get("iscrowd") in (1, True):
        found.left_out["crowds: regions of many objects"] += 1
        return
    occlusion = _object(row.get("occlusion"))
    said = tuple(_reviews(occlusion.get("reviews"))) if with_reviews else ()
    if occlusion.get("verdict") == Verdict.REJECTED and not said:
        found.left_out["rejected by a person"] += 1
        return
    try:
        rle, area, mask_box = mask_of(row.get("segmentation"), image.height, image.width)
    except ValueError as error:
        check.fail(f"the mask of {where} does not fit: {error}")
    box = _box(check, row.get("bbox"), where, image) if row.get("bbox") else mask_box
    if box is None:
        found.left_out["without a box inside the picture"] += 1
        return
    try:
        keypoints = keypoints_of(
            row,
            orders[category_id],
            image.width,
            image.height,
            template=template_of(category),
            with_people=with_reviews,
            mirrored=mirrored,
        )
    except ValueError as error:
        check.fail(f"the keypoints of {where} do not fit: {error}")
    if keypoints is None and row.get("num_keypoints"):
        kind = "person's, by COCO's names" if category is Category.PERSON else "car's"
        found.left_out[f"only their keypoints, which are no {kind}"] += 1
    score = row.get("score")
    object_ = CocoObject(
        id=_whole_number(key),
        category=category,
        box=box,
        score=1.0 if score is None else min(1.0, max(0.0, check.number(score, f"the score of {where}"))),
        rle=rle,
        area=area,
        track=row.get("track_id") if _whole_number(row.get("track_id")) is not None else None,
        label=_label(row, occlusion, "machine_label" if said else "label"),
        reviews=said,
        keypoints=keypoints,
    )
    found.objects.setdefault(image.id, []).append(object_)


def _box(check: Checks, value: Any, where: str, image: CocoImage) -> Box | None:
    if not isinstance(value, list) or len(value) != 4:
        check.fail(f"the bbox of {where} is no list of four numbers")
    x, y, w, h = (check.number(part, f"the bbox of {where}") for part in value)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, float(image.width)), min(y + h, float(image.height))
    if right - left <= 0 or bottom - top <= 0:
        return None
    inside = (left, top, right, bottom) == (x, y, x + w, y + h)
    return Box(x, y, w, h) if inside else Box(left, top, right - left, bottom - top)


def _label(row: Mapping[str, Any], occlusion: Mapping[str, Any], name: str) -> OcclusionLabel | None:
    if occlusion.get(name) in (OcclusionLabel.UNOCCLUDED, OcclusionLabel.OCCLUDED):
        return OcclusionLabel(occlusion[name])
    attributes = row.get("attributes")  # CVAT's; false is also its default, so it says nothing
    if isinstance(attributes, dict) and attributes.get("occluded") is True:
        return OcclusionLabel.OCCLUDED
    return None


def _reviews(rows: Any) -> list[ImportedReview]:
    found: list[ImportedReview] = []
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict):
            continue
        name, verdict, at, reason = (row.get(k) for k in ("annotator", "verdict", "decided_at", "reason"))
        if not isinstance(name, str) or not name.strip():
            continue
        if not isinstance(verdict, str) or verdict not in set(Verdict):
            continue
        if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < _LATEST:
            continue
        why = reason if isinstance(reason, str) else None
        found.append(ImportedReview(name.strip(), Verdict(verdict), why, float(at)))
    return found
