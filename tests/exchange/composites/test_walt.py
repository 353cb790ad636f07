"""WALT's layout, read as WALT's own code reads it: by its mask stacks, and by its polygons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faster_coco_eval.core import mask as peer

from core.exchange.composites.walt import write_walt
from core.exchange.picture_folder import PictureFolder
from core.records.recipes import Split
from tests.exchange.composites import made


def export(place: Any, folder: Path, **options: Any) -> tuple[tuple[int, int], dict[str, Any]]:
    with PictureFolder(place.project, folder, blurred=True) as into:
        counts = write_walt(
            into, made.WHOLE, Split.TRAIN, lambda: [made.composite(n) for n in (7, 8)], **options
        )
    return counts, json.loads((folder / "cwalt_train/ann.json").read_text(encoding="utf-8"))


def drawn(polygons: list[list[float]]) -> np.ndarray:
    codes = peer.frPyObjects(polygons, made.HEIGHT, made.WIDTH)
    return peer.decode(peer.merge(codes)).astype(bool)


def test_the_stack_is_1_where_seen_and_2_where_covered(place: Any, tmp_path: Path) -> None:
    export(place, tmp_path / "out")
    with np.load(tmp_path / "out/cwalt_train/Segmentation/000000007.npz") as file:
        mask = file["mask"]
    assert (mask.dtype, mask.shape) == (np.uint8, (2, made.HEIGHT, made.WIDTH, 3))
    expected = np.where(made.FAR & made.NEAR, 2, made.FAR.astype(int))
    for channel in range(3):
        assert (mask[0, ..., channel] == expected).all()
        assert (mask[1, ..., channel] == made.NEAR).all()


def test_annotations_are_of_cars_that_are_seen(place: Any, tmp_path: Path) -> None:
    counts, data = export(place, tmp_path / "out")
    assert counts == (2, 4)
    assert data["categories"] == [{"name": "car", "id": 0, "supercategory": "car"}]
    assert [image["id"] for image in data["images"]] == [0, 1]
    assert data["images"][0]["file_name"] == "images/000000007.jpg"
    assert (tmp_path / "out/cwalt_train/images/000000007.jpg").read_bytes()[:2] == b"\xff\xd8"
    far, near = data["annotations"][:2]
    assert {a["category_id"] for a in data["annotations"]} == {0}
    assert far["occ_percentage"] == pytest.approx(100 - 100 * 50 / 100)
    assert near["occ_percentage"] == 0
    assert far["bbox"] == [5, 5, 10, 10]
    (segmentation,) = far["segmentation"]
    assert (drawn(segmentation["full"]) == made.FAR).all()
    assert (drawn(segmentation["visible"]) == (made.FAR & ~made.NEAR)).all()


def test_people_are_a_set_of_their_own(place: Any, tmp_path: Path) -> None:
    # the one person is hidden wholly, and WALT leaves such objects out
    counts, _ = export(place, tmp_path / "out", kind="people")
    assert counts == (2, 0)
    with np.load(tmp_path / "out/cwalt_train/Segmentation/000000007.npz") as file:
        assert file["mask"].shape == (0, made.HEIGHT, made.WIDTH, 3)


def test_equal_masks_give_equal_files(place: Any, tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        export(place, tmp_path / name)
        files.append((tmp_path / name / "cwalt_train/Segmentation/000000007.npz").read_bytes())
    assert files[0] == files[1]
