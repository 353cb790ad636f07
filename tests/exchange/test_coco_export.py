"""COCO out: what other tools find in the file, and that it is whole or not there."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DiskFullError, ExchangeError
from core.exchange.coco import export_coco
from core.exchange.polygons import polygons_of, rle_of_polygons
from core.geometry.masks import full_to_patch, patch_to_full, patch_to_rle, rle_to_patch
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import (
    LabelOrigin,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
    Verdict,
)
from core.records.project import QueueFilter
from core.store.edits.verdicts import RejectReason, set_verdict
from core.store.history import History
from core.store.writers.decisions import write_decisions, write_thinning
from core.store.writers.tracks import write_track

SQUARE = np.zeros((48, 64), dtype=bool)
SQUARE[10:20, 5:25] = True
SQUARE[14:16, 10:14] = False  # a hole
RLE = patch_to_rle(full_to_patch(SQUARE), 48, 64)


def fill(place: Any) -> list[int]:
    """A labelled car with a mask, a reviewed person in the same picture, a rejected bus in the video."""
    car = FoundInstance(Box(5, 10, 20, 10), Category.CAR, 0.75, RLE, 192)
    person = FoundInstance(Box(40.5, 20.25, 5, 12), Category.PERSON, 0.5)
    a, b = place.detect(place.folder_frames[1], [car, person])
    (c,) = place.detect(place.video_frames[3], [FoundInstance(Box(1, 1, 30, 30), Category.BUS, 1.0)])
    outcome = TestOutcome(OcclusionTest.BORDER, 3.0, 2.0, True, -0.25, b, "cut by the border")
    with place.project.bulk() as bulk:
        bulk.run(
            lambda connection: write_decisions(
                connection, [OcclusionDecision(a, OcclusionLabel.OCCLUDED, -0.25, (outcome,))]
            )
        )
        bulk.run(lambda connection: write_thinning(connection, [(a, True, True)]))
        bulk.run(lambda connection: write_track(connection, place.folder, 1, [a], taken=set()))
    set_verdict(place.history, [b], Verdict.UNOCCLUDED)
    set_verdict(History(place.project, "Bob"), [b], Verdict.OCCLUDED)
    set_verdict(place.history, [c], Verdict.REJECTED, RejectReason.BAD_PICTURE)
    return [a, b, c]


def exported(place: Any, tmp_path: Path, *args: Any, **options: Any) -> dict[str, Any]:
    path = tmp_path / "out.json"
    summary = export_coco(place.project, path, *args, **options)
    data = json.loads(path.read_text())
    assert (len(data["images"]), len(data["annotations"])) == (summary.images, summary.annotations)
    assert sorted(p.name for p in tmp_path.glob("*out.json*")) == ["out.json"]
    return dict(data)


def test_pictures_and_objects_are_coco(place: Any, tmp_path: Path) -> None:
    a, b, _ = fill(place)
    data = exported(place, tmp_path)
    (image,) = data["images"]
    assert {key: image[key] for key in ("id", "file_name", "width", "height", "date_captured")} == {
        "id": place.folder_frames[1],
        "file_name": "shots/001.jpg",
        "width": 64,
        "height": 48,
        "date_captured": "2023-11-14T22:13:21+00:00",
    }
    assert image["amodal"]["pts"] == 40
    assert bytes.fromhex(image["amodal"]["content_hash"]) == b"shots---" + (1).to_bytes(8, "big")
    car, person = data["annotations"]
    assert (car["id"], car["image_id"], car["category_id"], car["iscrowd"]) == (a, image["id"], 3, 0)
    assert (car["bbox"], car["area"], car["score"], car["track_id"]) == ([5, 10, 20, 10], 192, 0.75, 1)
    assert car["segmentation"] == {"size": [48, 64], "counts": RLE.counts.decode()}
    assert (person["id"], person["bbox"], person["area"]) == (b, [40.5, 20.25, 5, 12], 60)
    assert person["segmentation"] == []
    assert "track_id" not in person
    names = {category["id"]: category["name"] for category in data["categories"]}
    assert (names[1], names[3], names[6]) == ("person", "car", "bus")
    assert data["info"]["amodal"] == {"format": 1, "project": place.project.uuid}


def test_an_independent_reader_finds_the_masks(place: Any, tmp_path: Path) -> None:
    from faster_coco_eval import COCO

    a, b, _ = fill(place)
    exported(place, tmp_path)
    coco = COCO(str(tmp_path / "out.json"))
    assert sorted(coco.getAnnIds()) == [a, b]
    mask = np.asarray(coco.annToMask(coco.loadAnns([a])[0]), dtype=bool)
    assert (mask == SQUARE).all()


def test_labels_say_who_and_why(place: Any, tmp_path: Path) -> None:
    fill(place)
    car, person = exported(place, tmp_path)["annotations"]
    assert car["occlusion"] == {
        "label": "occluded",
        "origin": "heuristic",
        "machine_label": "occluded",
        "machine_origin": "heuristic",
        "margin": -0.25,
        "verdict": None,
        "annotator": None,
        "tests": [
            {
                "test": "border",
                "value": 3.0,
                "threshold": 2.0,
                "occluded": True,
                "margin": -0.25,
                "by": person["id"],
                "detail": "cut by the border",
            }
        ],
        "reviews": [],
    }
    said = person["occlusion"]
    assert (said["label"], said["origin"], said["annotator"]) == ("occluded", "human", "Bob")
    assert [(r["annotator"], r["verdict"]) for r in said["reviews"]] == [
        ("Ann", "unoccluded"),
        ("Bob", "occluded"),
    ]


def test_filters_choose_what_is_written(place: Any, tmp_path: Path) -> None:
    a, b, c = fill(place)

    def ids(*args: Any, **options: Any) -> list[int]:
        return [row["id"] for row in exported(place, tmp_path, *args, **options)["annotations"]]

    assert ids() == [a, b]
    assert ids(include_rejected=True) == [a, b, c]
    assert ids(QueueFilter(verdict="rejected")) == [c]
    assert ids(QueueFilter()) == [b]  # the car is thinned
    assert ids(QueueFilter(label=OcclusionLabel.OCCLUDED, include_thinned=True)) == [a, b]
    assert ids(QueueFilter(categories=(Category.CAR,), include_thinned=True)) == [a]
    data = exported(place, tmp_path, QueueFilter(verdict="rejected"))
    (image,) = data["images"]
    assert image["file_name"] == "clip.mp4/000000000120.jpg"
    assert data["annotations"][0]["occlusion"]["reviews"][0]["reason"] == "bad picture"


def test_polygons_for_tools_that_know_no_rle(place: Any, tmp_path: Path) -> None:
    fill(place)
    car = exported(place, tmp_path, segmentation="polygon")["annotations"][0]
    (outline,) = car["segmentation"]
    filled = SQUARE.copy()
    filled[14:16, 10:14] = True
    drawn = patch_to_full(rle_to_patch(rle_of_polygons([outline], 48, 64)), 48, 64)
    assert (drawn == filled).all()


def test_small_parts_keep_their_outlines() -> None:
    bits = SQUARE.copy()
    bits[30, 40] = True
    bits[40:43, 2:6] = True
    outlines = polygons_of(patch_to_rle(full_to_patch(bits), 48, 64))
    drawn = patch_to_full(rle_to_patch(rle_of_polygons(outlines, 48, 64)), 48, 64)
    assert len(outlines) == 3
    assert (drawn | ~bits).all()


def test_an_empty_project_is_an_empty_file(place: Any, tmp_path: Path) -> None:
    data = exported(place, tmp_path)
    assert (data["images"], data["annotations"]) == ([], [])
    assert len(data["categories"]) == len(Category)


def test_progress_is_told_and_may_end_it(place: Any, tmp_path: Path) -> None:
    fill(place)
    told: list[float] = []
    exported(place, tmp_path, progress=told.append)
    assert told == [0.0]

    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        raise CancelledError

    path = tmp_path / "cancelled.json"
    with pytest.raises(CancelledError):
        export_coco(place.project, path, progress=cancel)
    assert not path.exists()
    assert list(tmp_path.glob(".cancelled*")) == []


def test_an_export_that_fails_leaves_the_old_file(place: Any, tmp_path: Path, monkeypatch: Any) -> None:
    fill(place)
    path = tmp_path / "out.json"
    path.write_text("{}")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.exchange.json_writer.os.fsync", full)
    with pytest.raises(DiskFullError, match="room"):
        export_coco(place.project, path)
    assert path.read_text() == "{}"
    assert [p.name for p in tmp_path.glob("*out.json*")] == ["out.json"]


def test_places_that_cannot_be_written(place: Any, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="cannot be written"):
        export_coco(place.project, tmp_path / "absent" / "out.json")
    with pytest.raises(ExchangeError, match="is a folder"):
        export_coco(place.project, tmp_path)


def test_many_objects_are_streamed(place: Any, tmp_path: Path) -> None:
    """More than one batch, in order, each once."""
    found = [FoundInstance(Box(0.05 * n, 0, 0.04, 1), Category.CAR, 0.5) for n in range(700)]
    ids = [i for frame in (place.video_frames[0], place.folder_frames[0]) for i in place.detect(frame, found)]
    data = exported(place, tmp_path)
    assert sorted(row["id"] for row in data["annotations"]) == sorted(ids)
    order = [(row["image_id"], row["id"]) for row in data["annotations"]]
    assert order == sorted(order)
    assert LabelOrigin.HEURISTIC.value == data["annotations"][0]["amodal"]["origin"]
