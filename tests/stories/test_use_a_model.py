"""A model is trained, used and labels: the least certain first, each by its name, and never over a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from core.cli import main
from core.jobs.train import crop_tasks, device_lock, drawn, job
from core.records.keypoints import KeypointFilter, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries import keypoint_queue
from core.store.queries.keypoints import keypoints_in_force
from tests.jobs.parking import Parking
from tests.jobs.rendered_cars import Placed, add_rendered

LABELLED, FRESH = 10, 4
PROPOSED = KeypointFilter(proposed=True)


@pytest.fixture
def parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parking:
    torch.set_num_threads(1)
    monkeypatch.setattr(crop_tasks, "LEAST_OBJECTS", 5)
    for module in (device_lock, job):
        monkeypatch.setattr(module, "gpu_locks", lambda: tmp_path / "devices")
    # nothing that is simulated on this machine is found
    monkeypatch.setattr(drawn, "synthetic_folder", lambda: tmp_path / "synthetic")
    return Parking(tmp_path / "cars.amodal", frames=2)


def by_hand(car: Placed) -> KeypointSet:
    places = zip(car.pixels.tolist(), car.tags, strict=True)
    return KeypointSet(Template.CAR, tuple(PlacedPoint(x, y, tag) for (x, y), tag in places))


def shell(*words: object) -> None:
    assert main([str(word) for word in words]) == 0


def train(path: Path, name: str, seed: int) -> None:
    usual = ("--epochs", 1, "--batch", 8, "--device", "cpu", "--workers", 0)
    shell("train", path, "prelabeller", "--name", name, "--seed", seed, *usual)


def test_from_labels_to_a_model_to_labels(parking: Parking, capsys: pytest.CaptureFixture[str]) -> None:
    path = parking.path
    cars = add_rendered(parking, LABELLED)
    with Project.open(path) as project:
        history = History(project, "Ann")
        for car in cars:
            save_keypoints(history, car.instance_id, by_hand(car), "Place points")
    fresh = add_rendered(parking, FRESH, frame=1)
    ids = [car.instance_id for car in fresh]

    # the model labels at once, what nobody has labelled, and says whose labels these are and how sure
    train(path, "Night", 1)
    shell("runs", "use", path, 1, "--label")
    assert f"with keypoints: {FRESH}" in capsys.readouterr().out
    with Project.open(path) as project, project.read() as connection:
        rows = keypoints_in_force(connection, [car.instance_id for car in (*cars, *fresh)])
        queued = keypoint_queue.page_keys(connection, PROPOSED)
    assert {rows[car.instance_id].origin for car in cars} == {LabelOrigin.HUMAN}
    assert sorted(key.id for key in queued) == ids
    certain = [mean_score(rows[key.id].keypoints) for key in queued]
    assert certain == sorted(certain)
    assert [key.placed for key in queued] == pytest.approx(certain)
    assert {model.title for i in ids for model in rows[i].models} == {"run 1 (Night)"}

    # a person puts the least certain one right
    first = queued[0].id
    with Project.open(path) as project:
        right = by_hand(next(car for car in fresh if car.instance_id == first))
        save_keypoints(History(project, "Ann"), first, right, "Put points right")

    # another round by a newer model: it says everything anew but what the person has said
    train(path, "Day", 2)
    shell("runs", "use", path, 2)
    assert f"Label with it: amodal runs label {path} prelabeller" in capsys.readouterr().out
    shell("runs", "label", path, "prelabeller")
    with Project.open(path) as project, project.read() as connection:
        rows = keypoints_in_force(connection, ids)
        queued = keypoint_queue.page_keys(connection, PROPOSED)
    assert rows[first].keypoints == right
    assert (rows[first].origin, rows[first].models) == (LabelOrigin.HUMAN, ())
    assert first not in [key.id for key in queued]
    others = [i for i in ids if i != first]
    assert {model.title for i in others for model in rows[i].models} == {"run 2 (Day)"}

    # what leaves says it, too
    shell("export", path, path.parent / "out.json")
    told = {
        one["id"]: one["amodal"]
        for one in json.loads((path.parent / "out.json").read_text(encoding="utf-8"))["annotations"]
    }
    assert [(by["run"], by["name"]) for i in others for by in told[i]["points_by"]] == [(2, "Day")] * 3
    assert "points_by" not in told[first]


def mean_score(keypoints: KeypointSet) -> float:
    return sum(0.0 if point is None else point.score for point in keypoints.points) / len(keypoints.points)
