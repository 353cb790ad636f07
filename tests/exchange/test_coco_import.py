"""COCO in: files of any tool, matched to the project's frames, never over a person's word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from core.errors import ExchangeError
from core.exchange.coco import ImportSummary, export_coco, import_coco
from core.geometry.masks import full_to_patch, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.media import SourceKind
from core.records.occlusion import LabelOrigin, OcclusionDecision, OcclusionLabel, Verdict
from core.store import tables
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.queries import instances
from core.store.writers.decisions import write_decisions

CATEGORIES = [{"id": 3, "name": "car"}, {"id": 1, "name": "Pedestrian"}, {"id": 77, "name": "toaster"}]


def image(image_id: Any = 1, file_name: str = "002.jpg", **more: Any) -> dict[str, Any]:
    return {"id": image_id, "file_name": file_name, "width": 64, "height": 48, **more}


def thing(
    annotation_id: Any = 1, image_id: Any = 1, bbox: Any = (10, 10, 20, 10), **more: Any
) -> dict[str, Any]:
    return {"id": annotation_id, "image_id": image_id, "category_id": 3, "bbox": list(bbox), **more}


def document(*annotations: Any, images: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "images": [image()] if images is None else images,
        "annotations": list(annotations),
        "categories": CATEGORIES,
        **more,
    }


@pytest.fixture
def read(place: Any, tmp_path: Path) -> Callable[..., ImportSummary]:
    def read_(data: Any, **options: Any) -> ImportSummary:
        path = tmp_path / "in.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return import_coco(place.project, path, **options)

    return read_


def rows(place: Any) -> list[Any]:
    with place.project.read() as connection:
        return list(connection.execute(select(tables.instance).order_by(tables.instance.c.id)))


def everything(place: Any) -> dict[str, Any]:
    with place.project.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(select(table)).all()))
            for name, table in tables.metadata.tables.items()
            if name != "meta"
        }


def test_an_object_of_another_tool(place: Any, read: Any) -> None:
    summary = read(document(thing(score=0.25, segmentation=[[10, 10, 30, 10, 30, 20, 10, 20]])))
    assert (summary.images, summary.matched_images, summary.added, summary.labelled) == (1, 1, 1, 0)
    (row,) = rows(place)
    assert row.frame_id == place.folder_frames[2]
    assert (row.x, row.y, row.w, row.h, row.score) == (10, 10, 20, 10, 0.25)
    assert (row.category, row.origin, row.detector, row.label) == ("car", "import", "import", None)
    square = np.zeros((48, 64), bool)
    square[10:20, 10:30] = True
    with place.project.read() as connection:
        assert instances.masks(connection, [row.id])[row.id] == patch_to_rle(full_to_patch(square), 48, 64)


def test_masks_as_run_lengths(place: Any, read: Any) -> None:
    square = np.zeros((48, 64), bool)
    square[10:12, 3:5] = True  # columns first: 3 * 48 + 10 off, 2 on, 46 off, 2 on, the rest off
    rle = patch_to_rle(full_to_patch(square), 48, 64)
    plain = {"size": [48, 64], "counts": [154, 2, 46, 2, 48 * 64 - 204]}
    packed = {"size": [48, 64], "counts": rle.counts.decode()}
    read(
        document(
            thing(1, 1, (3, 10, 2, 2), segmentation=plain),
            thing(2, 2, (3, 10, 2, 2), segmentation=packed),
            {
                "id": 3,
                "image_id": 3,
                "category_id": 3,
                "segmentation": packed,
            },
            images=[image(1, "001.jpg"), image(2, "002.jpg"), image(3, "003.jpg")],
        )
    )
    found = rows(place)
    assert [(r.x, r.y, r.w, r.h) for r in found] == [(3, 10, 2, 2)] * 3
    with place.project.read() as connection:
        assert set(instances.masks(connection, [r.id for r in found]).values()) == {rle}


def test_pictures_are_matched_by_the_ending_of_their_path(place: Any, read: Any) -> None:
    names = [
        "data/train/000.jpg",
        r"C:\shots\001.jpg",
        "shots/002.jpg",
        "clip.mp4/000000000120.jpg",
        "x/clip.mp4/160.png",
    ]
    summary = read(
        document(*(thing(n, n) for n in range(5)), images=[image(n, name) for n, name in enumerate(names)])
    )
    assert summary.matched_images == 5
    assert [row.frame_id for row in rows(place)] == [*place.folder_frames[:3], *place.video_frames[3:5]]


def test_a_name_in_two_folders_needs_the_folder_or_the_source(place: Any, read: Any) -> None:
    other = place.add(SourceKind.FOLDER, "night")
    with pytest.raises(ExchangeError, match="None of the 1 pictures"):
        read(document(thing()))
    assert read(document(thing(), images=[image(1, "night/002.jpg")])).matched_images == 1
    assert [row.source_id for row in rows(place)] == [other]
    assert read(document(thing()), source_id=place.folder).matched_images == 1
    assert [row.source_id for row in rows(place)] == [other, place.folder]


def test_pictures_are_matched_by_their_content(place: Any, read: Any) -> None:
    ours = {"content_hash": (b"shots---" + (4).to_bytes(8, "big")).hex(), "pts": 160}
    read(document(thing(), images=[image(1, "renamed.jpg", amodal=ours)]))
    assert [row.frame_id for row in rows(place)] == [place.folder_frames[4]]


def test_frames_that_look_the_same_are_told_apart_by_source_and_time(place: Any, read: Any) -> None:
    """A picture that stands still may give the same bytes again and again."""
    with place.project.write() as connection:
        connection.execute(tables.frame.update().values(content_hash=b"same"))
    ours = {"content_hash": b"same".hex(), "pts": 80, "source_hash": b"clip.mp4source--".hex()}
    read(document(thing(), images=[image(1, "x.jpg", amodal=ours)]))
    assert [row.frame_id for row in rows(place)] == [place.video_frames[2]]
    with pytest.raises(ExchangeError, match="None of the"):
        read(document(thing(), images=[image(1, "x.jpg", amodal={**ours, "pts": 81})]))


def test_labels_of_other_tools(place: Any, read: Any) -> None:
    summary = read(
        document(
            thing(1, 1, (0, 0, 5, 5), occlusion={"label": "unoccluded", "origin": "human"}),
            thing(2, 1, (10, 0, 5, 5), attributes={"occluded": True}),
            thing(3, 1, (20, 0, 5, 5), attributes={"occluded": False}),
            thing(4, 1, (30, 0, 5, 5), occlusion={"label": "perhaps"}),
        )
    )
    assert summary.labelled == 2
    assert [(r.label, r.label_origin) for r in rows(place)] == [
        ("unoccluded", "import"),
        ("occluded", "import"),
        (None, None),
        (None, None),
    ]


def test_what_is_left_out_is_counted(place: Any, read: Any) -> None:
    summary = read(
        document(
            thing(1),
            {**thing(2), "category_id": 77},
            {**thing(3), "iscrowd": 1, "segmentation": {"size": [48, 64], "counts": [48 * 64]}},
            thing(4, 1, (100, 10, 20, 20)),
            thing(5, 1, (1, 1, 0, 5)),
            thing(6, 9),
            thing(7, occlusion={"verdict": "rejected"}),
            images=[image(), image(9, "unknown.jpg")],
        )
    )
    assert summary.added == 1
    assert summary.images == 2
    assert summary.left_out == {
        "of a kind that this program does not know": 1,
        "crowds: regions of many objects": 1,
        "without a box inside the picture": 2,
        "rejected by a person": 1,
        "in pictures that are not in the project": 1,
    }


def test_a_box_is_cut_to_the_picture(place: Any, read: Any) -> None:
    read(document(thing(1, 1, (-5, 40, 20, 20))))
    (row,) = rows(place)
    assert (row.x, row.y, row.w, row.h) == (0, 40, 15, 8)


def test_imported_twice_changes_nothing_more(place: Any, read: Any) -> None:
    data = document(
        thing(1, 1, (3, 10, 9, 9), track_id=5, segmentation=[[3, 10, 12, 10, 12, 19, 3, 19]]),
        thing(2, 2, (4, 10, 9, 9), track_id=5, occlusion={"label": "occluded"}),
        images=[image(1, "001.jpg"), image(2, "002.jpg")],
    )
    assert read(data).added == 2
    before = everything(place)
    again = read(data)
    assert (again.added, again.found_again) == (0, 2)
    assert everything(place) == before


def test_tracks_are_kept_within_a_sequence(place: Any, read: Any) -> None:
    read(
        document(
            *(thing(n, n, (10 + n, 10, 20, 10), track_id=7) for n in range(3)),
            thing(9, 9, track_id=7),
            thing(10, 9, (40, 30, 5, 5), track_id=8),
            thing(11, 9, (1, 30, 5, 5)),
            images=[*(image(n, f"{n:03}.jpg") for n in range(3)), image(9, "clip.mp4/40.jpg")],
        )
    )
    tracks = [row.track_id for row in rows(place)]
    assert tracks[0] == tracks[1] == tracks[2]
    assert len({tracks[0], tracks[3], tracks[4]}) == 3
    assert tracks[5] is None


def test_the_file_goes_before_a_machine_and_after_a_person(place: Any, read: Any) -> None:
    frame = place.folder_frames[2]
    machine, person = place.detect(
        frame,
        [
            FoundInstance(Box(10, 10, 20, 10), Category.CAR, 0.5),
            FoundInstance(Box(40, 10, 20, 10), Category.CAR, 0.5),
        ],
    )
    set_verdict(place.history, [person], Verdict.UNOCCLUDED)
    with place.project.bulk() as bulk:
        bulk.run(
            lambda c: write_decisions(c, [OcclusionDecision(machine, OcclusionLabel.UNOCCLUDED, 0.5, ())])
        )
    label = {"label": "occluded"}
    summary = read(
        document(
            thing(1, 1, (12, 10, 20, 10), occlusion=label), thing(2, 1, (42, 10, 20, 10), occlusion=label)
        )
    )
    assert (summary.added, summary.found_again) == (0, 2)
    first, second = rows(place)
    assert (first.x, first.origin, first.label, first.label_origin) == (12, "import", "occluded", "import")
    assert (second.x, second.origin, second.label, second.label_origin) == (
        40,
        "heuristic",
        "unoccluded",
        "human",
    )
    # mining again leaves what was imported alone
    place.detect(frame, [FoundInstance(Box(9, 10, 20, 10), Category.CAR, 0.5)])
    assert rows(place)[0].x == 12


def test_a_copy_of_the_project_brings_its_reviews(place: Any, make_place: Any, tmp_path: Path) -> None:
    """Two people work on copies of one project; the file of the one adds what the other lacks."""
    cars = [FoundInstance(Box(1 + 15.0 * n, 5, 10, 10), Category.CAR, 0.5) for n in range(4)]
    a, b, c, _ = place.detect(place.folder_frames[0], cars)
    copy = make_place("copy")
    assert copy.detect(copy.folder_frames[0], cars)[0] == a
    with copy.project.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = ? WHERE key = 'uuid'", (place.project.uuid,))
    copy.project.uuid = place.project.uuid
    set_verdict(place.history, [a, b], Verdict.UNOCCLUDED)
    bob = History(copy.project, "Bob")
    set_verdict(bob, [b, c], Verdict.OCCLUDED)
    path = tmp_path / "copy.json"
    export_coco(copy.project, path)
    summary = import_coco(place.project, path)
    assert (summary.added, summary.labelled) == (0, 2)
    found = {row.id: row for row in rows(place)}
    assert [found[i].label for i in (a, b, c)] == ["unoccluded", "occluded", "occluded"]
    with place.project.read() as connection:
        said = set(
            connection.execute(
                select(tables.review.c.instance_id, tables.annotator.c.name, tables.review.c.verdict).join(
                    tables.annotator
                )
            )
        )
    assert said == {
        (a, "Ann", "unoccluded"),
        (b, "Ann", "unoccluded"),
        (b, "Bob", "occluded"),
        (c, "Bob", "occluded"),
    }
    before = everything(place)
    import_coco(place.project, path)
    assert everything(place) == before


def test_our_own_file_changes_nothing_in_its_project(place: Any, tmp_path: Path) -> None:
    a, b = place.detect(
        place.folder_frames[0],
        [
            FoundInstance(Box(1, 5, 10, 10), Category.CAR, 0.5),
            FoundInstance(Box(3.3, 5, 10, 10), Category.CAR, 0.123456789),
        ],
    )
    set_verdict(place.history, [a], Verdict.OCCLUDED)
    with place.project.bulk() as bulk:
        bulk.run(lambda c: write_decisions(c, [OcclusionDecision(b, OcclusionLabel.OCCLUDED, -0.5, ())]))
    export_coco(place.project, tmp_path / "own.json")
    before = everything(place)
    import_coco(place.project, tmp_path / "own.json")
    assert everything(place) == before


def test_progress_may_end_it_and_it_can_be_done_again(place: Any, read: Any) -> None:
    data = document(*(thing(n, n) for n in range(6)), images=[image(n, f"{n:03}.jpg") for n in range(6)])

    class CancelledError(Exception):
        pass

    def cancel(share: float) -> None:
        if share > 0.3:
            raise CancelledError

    with pytest.raises(CancelledError):
        read(data, progress=cancel)
    assert len(rows(place)) < 6
    read(data)
    assert len(rows(place)) == 6
    assert LabelOrigin.IMPORT.value == rows(place)[0].origin
