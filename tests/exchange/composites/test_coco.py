"""Composites as COCO: whole objects for every tool, what is seen where amodal tools look for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster
from faster_coco_eval.core import mask as peer

from core.exchange.composites.coco import write_coco
from core.exchange.picture_folder import PictureFolder
from core.records.recipes import Split
from tests.exchange.composites import made


def export(place: Any, folder: Path, drawn: list[int] | None = None, **options: Any) -> dict[str, Any]:
    with PictureFolder(place.project, folder, blurred=True) as into:
        counts = write_coco(
            into, made.WHOLE, Split.TRAIN, lambda: [made.composite(n, drawn) for n in (7, 8)], **options
        )
    assert counts == (2, 6)
    return json.loads((folder / "annotations/train.json").read_text(encoding="utf-8"))


def bits(rle: dict[str, Any]) -> np.ndarray:
    return peer.decode(rle).astype(bool)


def test_masks_are_amodal_and_what_is_seen_stands_beside(place: Any, tmp_path: Path) -> None:
    data = export(place, tmp_path / "out")
    far, person, near, _ = data["annotations"][:4]
    assert (bits(far["segmentation"]) == made.FAR).all()
    assert (bits(far["inmodal_seg"]) == (made.FAR & ~made.NEAR)).all()
    assert far["visible_mask"] == far["inmodal_seg"]
    assert (far["bbox"], far["inmodal_bbox"]) == ([5, 5, 10, 10], [5, 5, 5, 10])
    assert (far["area"], far["inmodal_area"], far["occlude_rate"]) == (100, 50, 0.5)
    assert not bits(person["inmodal_seg"]).any()
    assert (person["inmodal_bbox"], person["occlude_rate"]) == ([0, 0, 0, 0], 1.0)
    assert near["inmodal_seg"] == near["segmentation"]


def test_who_hides_whom_is_told_by_annotations(place: Any, tmp_path: Path) -> None:
    far, person, near, _ = export(place, tmp_path / "out")["annotations"][:4]
    assert far["amodal"]["hidden_by"] == [{"annotation": near["id"], "pixels": 50}]
    assert person["amodal"]["hidden_by"] == [{"annotation": near["id"], "pixels": 16}]
    assert [one["amodal"]["depth_order"] for one in (far, person, near)] == [2, 1, 0]
    # x, y, tag, origin, score, hider
    assert far["amodal"]["keypoints"]["points"][1][5] == near["id"]
    assert far["keypoints"][:9] == [6.5, 6.5, 2, 12.5, 6.5, 1, 0, 0, 0]
    assert far["num_keypoints"] == 2
    assert near["num_keypoints"] == 0


def test_people_have_their_own_points(place: Any, tmp_path: Path) -> None:
    data = export(place, tmp_path / "out")
    named = {row["name"]: len(row["keypoints"]) for row in data["categories"] if "keypoints" in row}
    assert named == {"car": 12, "person": 17}
    _, person, near, _ = data["annotations"][:4]
    assert (person["keypoints"][:3], person["keypoints"][48:]) == ([21.5, 6.5, 1], [22.5, 8.5, 1])
    assert (len(person["keypoints"]), person["num_keypoints"]) == (51, 2)
    said = person["amodal"]["keypoints"]
    assert said["template"] == "person"
    assert [said["points"][n][2] for n in (0, 16)] == ["other_occluded", "self_occluded"]
    assert said["points"][0][5] == near["id"]
    assert len(near["keypoints"]) == 36


def test_a_fit_comes_with_its_camera(place: Any, tmp_path: Path) -> None:
    data = export(place, tmp_path / "out")
    fit = data["annotations"][0]["amodal"]["fit"]
    assert fit["translation_m"] == [1.0, 2.0, 20.0]
    assert fit["shape"] == [0.1, None]
    assert fit["shape_space"] == "cars 0123"
    (camera,) = data["calibrations"]
    assert camera["id"] == fit["calibration"]
    assert camera["matrix"][0] == 50.0


def test_pictures_lie_where_their_names_say(place: Any, tmp_path: Path) -> None:
    data = export(place, tmp_path / "out")
    for image in data["images"]:
        read = cv2.imread(str(tmp_path / "out/train" / image["file_name"]))[..., ::-1]
        assert (read == made.picture(image["id"])).all()
        assert read.shape[:2] == (image["height"], image["width"])
    jpeg = export(place, tmp_path / "jpeg", format="jpeg")
    assert (tmp_path / "jpeg/train" / jpeg["images"][0]["file_name"]).read_bytes()[:2] == b"\xff\xd8"


def test_a_peer_reads_it_and_takes_what_has_no_label_for_a_crowd(place: Any, tmp_path: Path) -> None:
    export(place, tmp_path / "out")
    truth = COCO(str(tmp_path / "out/annotations/train.json"))
    assert len(truth.getAnnIds(iscrowd=True)) == 2
    found = [
        {
            "image_id": a["image_id"],
            "category_id": a["category_id"],
            "segmentation": a["segmentation"],
            "score": 1.0,
        }
        for a in truth.anns.values()
        if not a["iscrowd"]
    ]
    run = COCOeval_faster(truth, truth.loadRes(found), iouType="segm")
    run.evaluate()
    run.accumulate()
    run.summarize()
    assert run.stats[0] == pytest.approx(1.0)


def test_polygons_cover_the_same_pixels(place: Any, tmp_path: Path) -> None:
    far = export(place, tmp_path / "out", segmentation="polygon")["annotations"][0]
    codes = peer.frPyObjects(far["inmodal_seg"], made.HEIGHT, made.WIDTH)
    assert (peer.decode(peer.merge(codes)).astype(bool) == (made.FAR & ~made.NEAR)).all()


def test_a_second_export_draws_nothing_and_writes_the_same(place: Any, tmp_path: Path) -> None:
    first = export(place, tmp_path / "out", drawn := [])
    again = export(place, tmp_path / "out", more := [])
    assert (drawn, more) == ([7, 8], [])
    assert first["annotations"] == again["annotations"]
    assert first["images"] == again["images"]
