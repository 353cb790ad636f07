"""Composites as COCO: `segmentation`, `bbox` and `area` are amodal, what is seen stands beside them.

Tools that know COCO alone read whole objects. Amodal ones find the part that is seen where they look for it:
as `inmodal_seg` and `inmodal_bbox` (KINS and what is built on it), and as `visible_mask` and `occlude_rate`
(COCO-A, D2S). Regions without a label are COCO's crowds, which every tool ignores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core.exchange.coco_fit import plain_fit
from core.exchange.coco_keypoints import no_points, plain_points, template_of
from core.exchange.coco_words import COCO_IDS, category_table
from core.exchange.composites.composite import (
    CompositeSet,
    ExportedComposite,
    PictureFormat,
    encoded,
    picture_name,
)
from core.exchange.json_writer import whole_file, write_object
from core.exchange.picture_folder import PictureFolder
from core.exchange.polygons import polygons_of
from core.geometry.masks import empty_patch, patch_area, patch_box, patch_to_rle
from core.records.boxes import Box
from core.records.cameras import CalibrationRecord
from core.records.detections import Category
from core.records.keypoints import KeypointSet
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Split
from core.store.keypoint_columns import point_entries
from core.store.project import program_version

FORMAT = 1
"""Version of what we add to COCO under "amodal" for composites."""

MOST_OBJECTS = 1000
"""An annotation's id is its recipe's, times this, and its place from the far end."""

_POINTED = (Category.CAR, Category.PERSON)


def write_coco(
    folder: PictureFolder,
    whole: CompositeSet,
    split: Split,
    composites: Callable[[], Iterable[ExportedComposite]],
    *,
    format: PictureFormat = "png",
    segmentation: Literal["rle", "polygon"] = "rle",
) -> tuple[int, int]:
    """Write one split: SPLIT/RECIPE.png, then annotations/SPLIT.json once all pictures are there.

    Args:
        folder: to write into.
        whole: what all of them belong to.
        split: which part this is.
        composites: gives them.
        format: of the pictures.
        segmentation: masks as compressed run lengths (exact) or polygons (holes are filled).

    Returns:
        Numbers of pictures and objects.

    Raises:
        DiskFullError, ExchangeError: what is written stays, and another call goes on.
    """
    images: list[dict[str, Any]] = []
    objects = 0

    def annotations() -> Iterator[dict[str, Any]]:
        nonlocal objects
        for one in composites():
            name = picture_name(one.row.id, format)
            ending = Path(name).suffix
            folder.put(f"{split.value}/{name}", one.made_of, lambda: encoded(one.picture(), ending))  # noqa: B023
            images.append(_image(one, name))
            objects += len(one.labels)
            yield from _annotations(one, segmentation)

    target = folder.path / "annotations" / f"{split.value}.json"
    folder.make("annotations")
    with whole_file(target) as file:
        counts = write_object(
            file,
            [
                ("info", _info(whole, split)),
                ("licenses", []),
                ("categories", category_table(_POINTED)),
                ("annotations", annotations()),
                # known once the annotations are written
                ("images", (image for image in images)),
                ("calibrations", (_calibration(*item) for item in _late(whole))),
            ],
        )
    return counts["images"], objects


def _late(whole: CompositeSet) -> Iterator[tuple[int, CalibrationRecord]]:
    yield from sorted(whole.calibrations().items())


def _info(whole: CompositeSet, split: Split) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "description": f"{whole.name}, {split.value}",
        "version": "1.0",
        "year": now.year,
        "contributor": f"Amodal Studio {program_version()}",
        "date_created": now.isoformat(timespec="seconds"),
        "amodal": {
            "format": FORMAT,
            "composites": whole.name,
            "project": whole.project,
            "split": split.value,
            "faces_and_plates_blurred": whole.blurred,
        },
    }


def _image(one: ExportedComposite, name: str) -> dict[str, Any]:
    recipe = one.row.recipe
    return {
        "id": one.row.id,
        "file_name": name,
        "width": one.width,
        "height": one.height,
        "amodal": {
            "camera": one.camera,
            "hour": one.hour,
            "background": recipe.background_id,
            "sampler": recipe.sampler.value,
            "seed": recipe.seed,
            "composer_version": recipe.composer_version,
            "edited_from": one.row.edited_from,
            "annotator": one.row.annotator,
        },
    }


def _id(one: ExportedComposite, place: int) -> int:
    return one.row.id * MOST_OBJECTS + place


def _annotations(one: ExportedComposite, kind: str) -> Iterator[dict[str, Any]]:
    by_instance = {label.instance_id: _id(one, place) for place, label in enumerate(one.labels)}
    for place, label in enumerate(one.labels):
        yield _annotation(one, place, label, by_instance, kind)
    for number, (category, patch) in enumerate(one.ignored):
        if patch.bits.any():
            yield _crowd(one, len(one.labels) + number, category, patch)


def _annotation(
    one: ExportedComposite, place: int, label: ObjectLabel, by_instance: dict[int, int], kind: str
) -> dict[str, Any]:
    seen = _mask(label.modal, one, kind)
    row: dict[str, Any] = {
        "id": _id(one, place),
        "image_id": one.row.id,
        "category_id": COCO_IDS[label.category],
        "bbox": _box(label.amodal_box),
        "area": patch_area(label.amodal),
        "segmentation": _mask(label.amodal, one, kind),
        "iscrowd": 0,
        "inmodal_bbox": _box(label.modal_box),
        "inmodal_area": patch_area(label.modal),
        "inmodal_seg": seen,
        "visible_mask": seen,
        "occlude_rate": label.occlusion_permille / 1000,
        "amodal": {
            "piece": label.piece_id,
            "instance": label.instance_id,
            "depth_order": label.depth_rank,
            "hidden_by": [
                {"annotation": _id(one, hider), "pixels": pixels} for hider, pixels in label.hidden_by
            ],
        },
    }
    if label.keypoints is not None and label.keypoints.template is template_of(label.category):
        row |= plain_points(label.keypoints)
        row["amodal"]["keypoints"] = {
            "template": label.keypoints.template.value,
            "points": point_entries(_named(label.keypoints, by_instance)),
        }
    elif label.category in _POINTED:
        row |= no_points(template_of(label.category))
    if label.fit is not None:
        row["amodal"]["fit"] = plain_fit(label.fit) | {
            "shape_space": one.shape_spaces[place],
            "calibration": one.calibrations[place],
        }
    return row


def _named(keypoints: KeypointSet, by_instance: dict[int, int]) -> KeypointSet:
    """The same points, with what hides them as the file's annotations."""
    points = tuple(
        None if point is None else replace(point, hider=by_instance.get(point.hider or 0))
        for point in keypoints.points
    )
    return replace(keypoints, points=points)


def _crowd(one: ExportedComposite, place: int, category: Category, patch: MaskPatch) -> dict[str, Any]:
    return {
        "id": _id(one, place),
        "image_id": one.row.id,
        "category_id": COCO_IDS[category],
        "bbox": _box(patch_box(patch)),
        "area": patch_area(patch),
        "segmentation": _mask(patch, one, "rle"),
        "iscrowd": 1,
    }


def _mask(patch: MaskPatch, one: ExportedComposite, kind: str) -> Any:
    rle = patch_to_rle(patch if patch.bits.any() else empty_patch(), one.height, one.width)
    if kind == "polygon":
        return polygons_of(rle)
    return {"size": [rle.height, rle.width], "counts": rle.counts.decode("ascii")}


def _box(box: Box | None) -> list[float]:
    """COCO's; four zeros where nothing is seen."""
    return [0, 0, 0, 0] if box is None else [box.x, box.y, box.w, box.h]


def _calibration(calibration_id: int, record: CalibrationRecord) -> dict[str, Any]:
    return {
        "id": calibration_id,
        "width": record.width,
        "height": record.height,
        "matrix": list(record.matrix),
        "distortion": list(record.distortion),
        "normal": None if record.normal is None else list(record.normal),
        "height_m": record.height_m,
    }
