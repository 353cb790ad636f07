"""Composites in WALT's own layout (Reddy et al., CVPR 2022; its `cwalt` and `walt/datasets/walt.py`).

SPLIT/images/NAME.jpg, SPLIT/Segmentation/NAME.npz with `mask` (n, H, W, 3) uint8, 1 where an object is seen
and 2 where another covers it, and SPLIT/ann.json: like COCO, with one category "car" of id 0,
`occ_percentage`, the box of the full mask, and segmentation [{"visible": polygons, "full": polygons}].

WALT knows one category at a time and leaves out what is not seen at all. In its own ann.json the area is a
product of the box's corners; here it is the full mask's pixels.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from core.exchange.composites.composite import (
    CompositeSet,
    ExportedComposite,
    encoded,
    picture_name,
)
from core.exchange.json_writer import whole_file, write_object
from core.exchange.picture_folder import PictureFolder
from core.exchange.polygons import polygons_of
from core.geometry.masks import patch_area, patch_to_full, patch_to_rle
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Split
from core.store.project import program_version

Kind = Literal["vehicles", "people"]

FOLDERS = {Split.TRAIN: "cwalt_train", Split.VALIDATION: "cwalt_val", Split.TEST: "cwalt_test"}
"""What WALT's configurations call its splits, and one more."""

_KINDS: dict[str, frozenset[Category]] = {
    "vehicles": frozenset(Category) - {Category.PERSON, Category.BICYCLE},
    "people": frozenset({Category.PERSON}),
}
_SEEN, _COVERED = 1, 2
_WHEN = (1980, 1, 1, 0, 0, 0)  # in the archives, so that equal masks give equal files


def write_walt(
    folder: PictureFolder,
    whole: CompositeSet,
    split: Split,
    composites: Callable[[], Iterable[ExportedComposite]],
    *,
    kind: Kind = "vehicles",
) -> tuple[int, int]:
    """Write one split; ann.json comes last.

    Args:
        folder: to write into.
        whole: what all of them belong to.
        split: which part this is.
        composites: gives them.
        kind: which objects get labels; the others hide them all the same.

    Returns:
        Numbers of pictures and objects.

    Raises:
        DiskFullError, ExchangeError: what is written stays, and another call goes on.
    """
    place = FOLDERS[split]
    images: list[dict[str, Any]] = []

    def annotations() -> Iterator[dict[str, Any]]:
        number = 0
        for one in composites():
            name = picture_name(one.row.id, "jpeg")
            chosen = [label for label in one.labels if label.category in _KINDS[kind] and label.modal_box]
            folder.put(f"{place}/images/{name}", one.made_of, lambda: encoded(one.picture(), ".jpg"))  # noqa: B023
            stack = f"{place}/Segmentation/{name.removesuffix('.jpg')}.npz"
            folder.put(stack, f"{one.made_of} {kind}", lambda: mask_stack(chosen, one.width, one.height))  # noqa: B023
            images.append(_image(len(images), name, one))
            for label in chosen:
                yield _annotation(number, len(images) - 1, label, one)
                number += 1

    target = folder.path / place / "ann.json"
    folder.make(place)
    with whole_file(target) as file:
        counts = write_object(
            file,
            [
                ("info", _info(whole, split)),
                ("categories", [{"name": "car", "id": 0, "supercategory": "car"}]),
                ("licenses", [{"id": 1, "name": "unknown", "url": "unknown"}]),
                ("annotations", annotations()),
                ("images", (image for image in images)),  # known once the annotations are written
            ],
        )
    return counts["images"], counts["annotations"]


def mask_stack(labels: Sequence[ObjectLabel], width: int, height: int) -> bytes:
    """The bytes of an npz with `mask` (n, H, W, 3) uint8; an object at a time, however many there are."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(zipfile.ZipInfo("mask.npy", _WHEN), "w", force_zip64=True) as member,
    ):
        shape = (len(labels), height, width, 3)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(member, header)
        for label in labels:
            plane = np.where(patch_to_full(label.amodal, height, width), np.uint8(_COVERED), np.uint8(0))
            plane[patch_to_full(label.modal, height, width)] = _SEEN
            member.write(np.repeat(plane[..., None], 3, axis=2).tobytes())
    return buffer.getvalue()


def _info(whole: CompositeSet, split: Split) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "description": f"{whole.name}, {split.value}",
        "version": "1.0",
        "year": now.year,
        "contributor": f"Amodal Studio {program_version()}",
        "date_created": now.isoformat(timespec="seconds"),
        "amodal": {"project": whole.project, "faces_and_plates_blurred": whole.blurred},
    }


def _image(number: int, name: str, one: ExportedComposite) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"images/{name}",
        "width": one.width,
        "height": one.height,
        "license": 1,
        "date_captured": "unknown",
        "flickr_url": "unknown",
        "coco_url": "unknown",
    }


def _annotation(number: int, image: int, label: ObjectLabel, one: ExportedComposite) -> dict[str, Any]:
    full, seen = patch_area(label.amodal), patch_area(label.modal)
    box = label.amodal_box
    return {
        "id": number,
        "image_id": image,
        "category_id": 0,
        "iscrowd": 0,
        "occ_percentage": 100 - 100 * seen / full,
        "area": full,
        "bbox": [round(box.x), round(box.y), round(box.w), round(box.h)],
        "segmentation": [{"visible": _polygons(label.modal, one), "full": _polygons(label.amodal, one)}],
    }


def _polygons(patch: MaskPatch, one: ExportedComposite) -> list[list[float]]:
    return polygons_of(patch_to_rle(patch, one.height, one.width))
