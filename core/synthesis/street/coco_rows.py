"""The truth as COCO: modal masks and boxes where COCO has them, the rest under "amodal"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.geometry.masks import patch_area
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes import keypoints, person_keypoints
from core.synthesis.street.truth import PointsTruth, StreetObject
from core.synthesis.street.truth_rows import box_row, mask_row, object_row

_IDS = {Category.PERSON: 1, Category.CAR: 3}


class CocoRows:
    """Collects pictures and annotations. Objects of which nothing is seen are kept, with an empty box."""

    def __init__(self, about: dict[str, Any]) -> None:
        """`about` goes under "amodal" in COCO's info: the camera of a street, for instance."""
        self._about = about
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add_picture(self, name: str, width: int, height: int, objects: Sequence[StreetObject]) -> None:
        """One picture with its objects."""
        self.add_rows(name, width, height, [annotation_row(item, width, height) for item in objects])

    def add_rows(
        self,
        name: str,
        width: int,
        height: int,
        rows: Sequence[dict[str, Any]],
        camera: dict[str, Any] | None = None,
    ) -> None:
        """One picture with what `annotation_row` made of its objects; `camera` where it has its own."""
        number = len(self._images) + 1
        image: dict[str, Any] = {"id": number, "file_name": name, "width": width, "height": height}
        if camera is not None:
            image["amodal"] = {"camera": camera}
        self._images.append(image)
        for row in rows:
            self._annotations.append({"id": len(self._annotations) + 1, "image_id": number, **row})

    def document(self) -> dict[str, Any]:
        """The whole file."""
        return {
            "info": {"description": "a synthetic street", "version": "1.0", "amodal": self._about},
            "licenses": [],
            "categories": [
                {
                    "id": _IDS[Category.PERSON],
                    "name": "person",
                    "supercategory": "person",
                    "keypoints": list(person_keypoints.COCO_NAMES),
                    "skeleton": [[first + 1, second + 1] for first, second in person_keypoints.SKELETON],
                },
                {
                    "id": _IDS[Category.CAR],
                    "name": "car",
                    "supercategory": "vehicle",
                    "keypoints": list(keypoints.NAMES),
                    "skeleton": [[first + 1, second + 1] for first, second in keypoints.SKELETON],
                },
            ],
            "images": self._images,
            "annotations": self._annotations,
        }


def annotation_row(item: StreetObject, width: int, height: int) -> dict[str, Any]:
    """An object's annotation without its number and its picture's."""
    row: dict[str, Any] = {
        "category_id": _IDS[item.category],
        "track_id": item.track_id,
        "iscrowd": 0,
        "bbox": [0.0, 0.0, 0.0, 0.0] if item.box is None else box_row(item.box),
        "area": patch_area(item.modal),
        "segmentation": mask_row(item.modal, height, width),
    }
    said = item.points if item.category is Category.CAR else item.person_keypoints
    if said is not None:
        row["keypoints"], row["num_keypoints"] = _keypoints(said)
    row["amodal"] = {
        key: value
        for key, value in object_row(item, height, width).items()
        if key not in ("track_id", "category", "box", "modal")
    }
    return row


def _keypoints(points: PointsTruth) -> tuple[list[float], int]:
    """COCO's x, y, v of each point: v is 2 for visible, 1 for hidden, 0 outside the picture; and how many."""
    row: list[float] = []
    count = 0
    for (x, y), tag in zip(points.pixels.tolist(), points.tags, strict=True):
        if tag is KeypointTag.TRUNCATED:
            row += [0.0, 0.0, 0]
            continue
        # COCO's pixels begin at their corner
        row += [round(x + 0.5, 3), round(y + 0.5, 3), 2 if tag is KeypointTag.VISIBLE else 1]
        count += 1
    return row, count
