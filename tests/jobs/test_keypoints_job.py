"""The job that lets a network place keypoints: on cars or people that have none, in the picture's pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.errors import DetectorUnavailableError, SettingsError
from core.geometry.masks import patch_to_rle
from core.jobs import keypoints as keypoints_job
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.jobs import JobState
from core.records.keypoints import KeypointRow, Template
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin, Verdict
from core.records.shapes import KeypointTag
from core.store import job_rows
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.keypoints import keypoint_history, keypoints_in_force
from core.store.writers.decisions import write_thinning
from core.store.writers.detections import add_instances
from tests.jobs.doing import do_job
from tests.jobs.parking import HEIGHT, WIDTH, Parking
from tests.mining.detectors.onnx_maker import write_network
from tests.store.doing_cars import points

SHARES = np.stack([np.linspace(0.1, 0.9, 12), np.linspace(0.9, 0.1, 12)], axis=1).astype(np.float32)


def picture(width: int, height: int) -> bytes:
    encoded, data = cv2.imencode(".jpg", np.full((height, width, 3), 120, dtype=np.uint8))
    assert encoded
    return data.tobytes()


def car(x: float, y: float, w: float, h: float, crop: Crop | None) -> FoundInstance:
    return FoundInstance(Box(x, y, w, h), Category.CAR, 0.9, crop=crop)


@pytest.fixture
def network(tmp_path: Path) -> str:
    return str(write_network(tmp_path / "net.onnx", {"points": SHARES[None]}, picture=(1, 3, 64, 64)))


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    return Parking(tmp_path / "cars.amodal", frames=2)


def add(parking: Parking, *found: FoundInstance) -> list[int]:
    with Project.open(parking.path) as project, project.bulk() as bulk:
        fresh = [(parking.frame_ids[0], one) for one in found]
        ids: list[int] = bulk.run(lambda c: add_instances(c, fresh, "made", LabelOrigin.NETWORK, None))
    return ids


def keypoints_of(parking: Parking, ids: list[int]) -> dict[int, KeypointRow]:
    with Project.open(parking.path) as project, project.read() as connection:
        return keypoints_in_force(connection, ids)


def result_of(parking: Parking, job_id: int) -> dict[str, Any]:
    with Project.open(parking.path) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return dict(row.result or {})


def square(x: int, y: int, side: int, stored: int) -> Crop:
    return Crop(x, y, side, side, picture(stored, stored))


def test_points_of_a_shrunk_crop_lie_in_the_picture(parking: Parking, network: str) -> None:
    [whole, shrunk, at_border] = add(
        parking,
        car(310, 210, 80, 80, square(300, 200, 100, 100)),
        car(550, 450, 300, 300, square(500, 400, 400, 200)),
        car(WIDTH - 90, 10, 90, 90, square(WIDTH - 80, 0, 100, 100)),
    )
    job = do_job(parking.path, "keypoints", **{"onnx.model": network})
    found = keypoints_of(parking, [whole, shrunk, at_border])
    for i, (x, y, side) in {whole: (300, 200, 100), shrunk: (500, 400, 400)}.items():
        row = found[i]
        assert (row.origin, row.annotator) == (LabelOrigin.NETWORK, None)
        places = [(p.x, p.y) for p in row.keypoints.points if p]
        assert np.allclose(places, np.array([x, y]) + SHARES * side - 0.5, atol=1e-3)
        assert {(p.tag, p.origin, p.score) for p in row.keypoints.points if p} == {
            (KeypointTag.VISIBLE, LabelOrigin.NETWORK, 1.0)
        }
    tags = [p.tag for p in found[at_border].keypoints.points if p]
    outside = WIDTH - 80 + SHARES[:, 0] * 100 > WIDTH
    assert outside.any()
    assert [tag is KeypointTag.TRUNCATED for tag in tags] == outside.tolist()
    assert result_of(parking, job) == {"with keypoints": 3, "not seen by the network": 0, "without a crop": 0}


def test_only_cars_that_nobody_has_placed_points_on(parking: Parking, network: str) -> None:
    crop = square(0, 0, 100, 100)
    placed, rejected, thinned, small, bare, left = add(
        parking,
        *(car(200 * n, 0, 100, 100, crop) for n in range(3)),
        car(700, 0, 20, 20, crop),
        car(900, 0, 100, 100, None),
        car(1100, 0, 100, 100, crop),
    )
    mine = points((1.0, 2.0))
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        save_keypoints(history, placed, mine, "Place one")
        set_verdict(history, [rejected], Verdict.REJECTED)
        with project.bulk() as bulk:
            bulk.run(lambda c: write_thinning(c, [(thinned, False, True)]))
    job = do_job(parking.path, "keypoints", **{"onnx.model": network})
    assert result_of(parking, job) == {"with keypoints": 1, "not seen by the network": 0, "without a crop": 1}
    found = keypoints_of(parking, [placed, rejected, thinned, small, bare, left])
    assert sorted(found) == [placed, left]
    assert found[placed].keypoints == mine
    # once more there is nothing to do, until it is asked for
    settings = {"onnx.model": network}
    assert result_of(parking, do_job(parking.path, "keypoints", **settings))["with keypoints"] == 0
    again = do_job(parking.path, "keypoints", redo=True, include_thinned=True, min_size_px=10, **settings)
    assert result_of(parking, again)["with keypoints"] == 2  # the same answer again is no new version


def test_one_that_is_stopped_goes_on_where_it_was(
    parking: Parking, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keypoints_job, "_BATCH", 2)
    crop = square(0, 0, 100, 100)
    ids = add(parking, *(car(100 * n, HEIGHT - 100, 100, 100, crop) for n in range(7)))
    with Project.open(parking.path) as project:
        job_id = create(project, "keypoints", {"onnx.model": network, "redo": True})
    lives = 0
    state = JobState.CANCELLED
    while state is JobState.CANCELLED:
        lives += 1

        def stop_soon(context: Any) -> None:
            save = context.save

            def save_and_stop(connection: Any) -> None:
                save(connection)
                context.request_stop()

            context.save = save_and_stop

        state = run_job(parking.path, job_id, on_start=stop_soon)
    assert lives >= 4
    assert result_of(parking, job_id) == {
        "with keypoints": 7,
        "not seen by the network": 0,
        "without a crop": 0,
    }
    with Project.open(parking.path) as project, project.read() as connection:
        assert all([row.version for row in keypoint_history(connection, i)] == [1] for i in ids)


def test_without_a_file_it_says_what_is_missing(parking: Parking) -> None:
    with pytest.raises(DetectorUnavailableError, match="No ONNX file is named"):
        do_job(parking.path, "keypoints", network="onnx")


def person(x: int, y: int, w: int, h: int, crop: Crop, *, seen: int = 0) -> FoundInstance:
    """A person whose mask is the box, or its upper part."""
    rle = patch_to_rle(MaskPatch(x, y, np.ones((seen or h, w), dtype=np.bool_)), HEIGHT, WIDTH)
    return FoundInstance(Box(x, y, w, h), Category.PERSON, 0.9, rle=rle, mask_area=(seen or h) * w, crop=crop)


def poses(path: Path, *people: tuple[float, float]) -> str:
    """YOLO-pose on crops of 200 by 200: a person of 40 by 100 with the middle at each place."""
    table = np.zeros((1, 56, len(people)), dtype=np.float32)
    for place, (x, y) in enumerate(people):
        table[0, :5, place] = (x, y, 40, 100, 0.9)
        points = np.stack([np.full(17, x), np.linspace(y - 45, y + 45, 17), np.full(17, 0.8)], axis=1)
        table[0, 5:, place] = points.ravel()
    return str(write_network(path, {"out": table}, picture=(1, 3, 200, 200)))


def test_people_get_cocos_points_and_keep_their_own(parking: Parking, tmp_path: Path) -> None:
    """Two side by side are in each other's crops; the network sees both in both."""
    left, right = add(
        parking,
        person(280, 250, 40, 100, square(200, 200, 200, 200)),
        person(315, 250, 40, 100, square(200, 200, 200, 200)),
    )
    network = poses(tmp_path / "pose.onnx", (100, 100), (135, 100))
    job = do_job(parking.path, "keypoints", objects="people", **{"onnx.model": network})
    assert result_of(parking, job) == {"with keypoints": 2, "not seen by the network": 0, "without a crop": 0}
    found = keypoints_of(parking, [left, right])
    for i, x in ((left, 300), (right, 335)):
        assert found[i].keypoints.template is Template.PERSON
        assert found[i].origin is LabelOrigin.NETWORK
        assert {point.x for point in found[i].keypoints.points if point} == {x - 0.5}
        assert {point.tag for point in found[i].keypoints.points if point} == {KeypointTag.VISIBLE}


def test_a_person_whom_the_network_misses_gets_no_others_points(parking: Parking, tmp_path: Path) -> None:
    front, behind = add(
        parking,
        person(280, 250, 40, 100, square(200, 200, 200, 200)),
        person(320, 250, 15, 100, square(200, 200, 200, 200)),
    )
    network = poses(tmp_path / "pose.onnx", (100, 100))
    job = do_job(parking.path, "keypoints", objects="people", **{"onnx.model": network})
    assert result_of(parking, job) == {"with keypoints": 1, "not seen by the network": 1, "without a crop": 0}
    assert set(keypoints_of(parking, [front, behind])) == {front}


def test_what_stands_before_a_person_is_told_by_its_mask(parking: Parking, tmp_path: Path) -> None:
    """The network says nothing of what hides a point: below the waist is a car, or a wall without a mask."""
    [by_car, by_wall] = add(
        parking,
        person(280, 250, 40, 100, square(200, 200, 200, 200), seen=60),
        person(880, 250, 40, 100, square(800, 200, 200, 200), seen=60),
    )
    rle = patch_to_rle(MaskPatch(240, 310, np.ones((60, 160), dtype=np.bool_)), HEIGHT, WIDTH)
    [hider] = add(parking, FoundInstance(Box(240, 310, 160, 60), Category.CAR, 0.9, rle=rle, mask_area=9600))
    network = poses(tmp_path / "pose.onnx", (100, 100))
    do_job(parking.path, "keypoints", objects="people", **{"onnx.model": network})
    found = keypoints_of(parking, [by_car, by_wall])
    for i, who in ((by_car, hider), (by_wall, None)):
        for point in found[i].keypoints.points:
            assert point is not None
            if point.y < 310:
                assert (point.tag, point.hider) == (KeypointTag.VISIBLE, None)
            elif point.y > 314:  # the outline is known no better than 4 % of the person
                assert (point.tag, point.hider) == (KeypointTag.OTHER_OCCLUDED, who)


def test_cars_and_people_are_a_job_each(parking: Parking, network: str, tmp_path: Path) -> None:
    crop = square(200, 200, 200, 200)
    [one_car, one_person] = add(parking, car(280, 250, 80, 60, crop), person(280, 250, 40, 100, crop))
    do_job(parking.path, "keypoints", **{"onnx.model": network})
    assert set(keypoints_of(parking, [one_car, one_person])) == {one_car}
    pose = poses(tmp_path / "pose.onnx", (100, 100))
    do_job(parking.path, "keypoints", objects="people", **{"onnx.model": pose})
    assert set(keypoints_of(parking, [one_car, one_person])) == {one_car, one_person}


def test_keypoint_rcnn_knows_no_cars(parking: Parking) -> None:
    with Project.open(parking.path) as project, pytest.raises(SettingsError, match="people only"):
        create(project, "keypoints", {"network": "torchvision"})
