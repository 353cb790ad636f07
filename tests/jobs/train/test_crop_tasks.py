"""The two small networks are trained on what people have said of a project's objects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import TooFewLabelsError
from core.jobs.train import crop_tasks, device_lock, drawn, job
from core.jobs.train.crops import classifier_crops, count_points, count_verdicts, prelabeller_crops
from core.jobs.train.settings import TrainSettings
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin, Verdict
from core.records.runs import Purpose, RunState
from core.records.shapes import KeypointTag
from core.store.edits.keypoints import save_keypoints
from core.store.edits.runs import use_run
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.runs import runs
from core.training.data.crops import write_shard
from core.training.data.mixing import shares
from core.training.tasks.prelabeller import make_task
from tests.jobs.doing import do_job
from tests.jobs.parking import Parking
from tests.jobs.rendered_cars import Placed, add_rendered
from tests.training.data.made_crops import drawn_set

CARS = 12


@pytest.fixture
def parking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parking:
    torch.set_num_threads(1)
    monkeypatch.setattr(crop_tasks, "LEAST_OBJECTS", 5)
    for module in (device_lock, job):
        monkeypatch.setattr(module, "gpu_locks", lambda: tmp_path / "devices")
    return Parking(tmp_path / "cars.amodal", frames=2)


def labelled(car: Placed, origin: LabelOrigin = LabelOrigin.HUMAN) -> KeypointSet:
    return KeypointSet(
        Template.CAR,
        tuple(
            PlacedPoint(x, y, tag, origin if n else LabelOrigin.NETWORK)
            for n, ((x, y), tag) in enumerate(zip(car.pixels.tolist(), car.tags, strict=True))
        ),
    )


def label_all(parking: Parking) -> list[Placed]:
    """Points on all cars; the first half of them is called unoccluded, the rest occluded."""
    cars = add_rendered(parking, CARS)
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        for number, car in enumerate(cars):
            save_keypoints(history, car.instance_id, labelled(car), "Place points")
            said = Verdict.UNOCCLUDED if number < CARS // 2 else Verdict.OCCLUDED
            set_verdict(history, [car.instance_id], said)
    return cars


def test_what_people_said_becomes_crops(parking: Parking) -> None:
    cars = label_all(parking)
    with Project.open(parking.path) as project:
        assert count_points(project) == CARS
        assert count_verdicts(project) == {Verdict.UNOCCLUDED: 6, Verdict.OCCLUDED: 6}
        points, labels = prelabeller_crops(project), classifier_crops(project)
    for supply in (points, labels):
        names = [{one.name for one in part} for part in (supply.training, supply.validation)]
        assert not names[0] & names[1]
        assert len(names[0]) + len(names[1]) == CARS
        assert len(names[1]) in (3, 4)  # every fifth of each kind, six of each
    assert {one.hidden for one in labels.training} == {one.hidden for one in labels.validation} == {0.0, 1.0}
    one = next(one for one in points.training if one.name == f"object {cars[1].instance_id}")
    assert one.tags[0] == -1  # a network's word that nobody moved teaches nothing
    assert (one.tags[1:] >= 0).all()
    # far from the picture's size, the crop shows the car as it was rendered: points a fixed step apart
    away = one.points[1:] - (cars[1].pixels[1:] - cars[1].pixels[1] + one.points[1])
    assert np.abs(away).max() < 1e-6


def test_guesses_teach_nothing_and_make_no_car_a_labelled_one(parking: Parking) -> None:
    """A person says that the rest is hidden, or fills a track: nobody has looked where those points are."""
    guesses = (LabelOrigin.HEURISTIC, LabelOrigin.INFERRED, LabelOrigin.NETWORK)
    placed, *guessed = add_rendered(parking, 1 + len(guesses))
    hidden = labelled(placed, LabelOrigin.HEURISTIC).points
    one = replace(hidden[5], origin=LabelOrigin.HUMAN) if hidden[5] is not None else None
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        points = KeypointSet(Template.CAR, (*hidden[:5], one, *hidden[6:]))
        save_keypoints(history, placed.instance_id, points, "Place points")
        for car, origin in zip(guessed, guesses, strict=True):
            save_keypoints(history, car.instance_id, labelled(car, origin), "Place points")
        assert count_points(project) == 1
        crops = prelabeller_crops(project)
    assert crops.about["labelled"] == 1
    [crop] = [*crops.training, *crops.validation]
    assert list(np.flatnonzero(crop.tags >= 0)) == [5]
    assert list(np.flatnonzero(np.isfinite(crop.points).all(axis=1))) == [5]


def test_labels_are_split_by_time_and_track(tmp_path: Path) -> None:
    """One car in each of many pictures: the later ones are measured by, the last are for the test."""
    parking = Parking(tmp_path / "long.amodal", frames=44)
    ids = []
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        for frame in range(44):
            [car] = add_rendered(parking, 1, frame=frame)
            save_keypoints(history, car.instance_id, labelled(car), "Place points")
            ids.append(car.instance_id)
        parking.join([ids[3], ids[34]])  # a car that is seen on both sides
        crops = prelabeller_crops(project)
    teaching, measuring = (
        {ids.index(int(one.name.removeprefix("object "))) for one in part}
        for part in (crops.training, crops.validation)
    )
    assert max(teaching) < min(measuring)
    assert 3 in teaching
    assert 34 not in teaching | measuring
    assert not set(range(39, 44)) & (teaching | measuring)
    assert len(teaching) >= 26
    assert len(measuring) >= 3
    assert crops.about["split"] == "by time and track"
    assert crops.about["on no side"] == 44 - len(teaching) - len(measuring)


def test_drawn_crops_are_mixed_by_their_weight(parking: Parking) -> None:
    label_all(parking)
    with Project.open(parking.path) as project:
        assert "Simulated crops are left out: they are not drawn" in prelabeller_crops(project).about["mixed"]
        write_shard(drawn.crops_folder() / "cars-train-000000.npz", drawn_set(6))
        (drawn.crops_folder() / drawn._DONE).touch()
        crops = prelabeller_crops(project, TrainSettings(what="prelabeller", weight_synthetic=3.0))
        without = prelabeller_crops(project, TrainSettings(what="prelabeller", weight_synthetic=0.0))
        usual = prelabeller_crops(project)
        alone = prelabeller_crops(project, TrainSettings(what="prelabeller", weight_reviewed=0.0))
    own = len(without.training)
    assert {one.name for one in crops.training} >= {"made/0", "made/5"}
    assert len(crops.training) == len(usual.training) == own + 6
    assert usual.about["data"]["simulated crops"] == {
        "to learn from": 6,
        "weight": 1.0,
        "share": round(6 / (own + 6), 4),
    }
    assert "their weight is 0" in without.about["mixed"]
    assert {one.name.partition("/")[0] for one in alone.training} == {"made"}
    task = make_task(crops)
    assert task.data["mixed"] == crops.about["mixed"]
    mixed = task.training_set(0)
    assert len(mixed) == own + 6  # type: ignore[arg-type]
    assert mixed.counts == shares([own, 0.0001, 18], own + 6)[::2]  # type: ignore[attr-defined]
    # nothing that is measured by is drawn
    assert all(one.name.startswith("object") for one in crops.validation)


def test_points_that_a_person_has_placed_are_learned_and_the_run_is_used(parking: Parking) -> None:
    label_all(parking)
    do_job(parking.path, "train", what="prelabeller", epochs=1, batch=8, device="cpu", workers=0)
    fresh = add_rendered(parking, 2, frame=1)
    with Project.open(parking.path) as project:
        with project.read() as connection:
            [run] = runs(connection, Purpose.PRELABELLER)
        assert run.state is RunState.DONE
        # it begins with the weights that come with the program, which know these cars
        assert run.value is not None
        assert run.value > 0.5
        assert run.data["cars"]["training"] + run.data["cars"]["validation"] == CARS
        use_run(History(project, "Ann"), run.id)
    do_job(parking.path, "keypoints")
    with Project.open(parking.path) as project, project.read() as connection:
        found = keypoints_in_force(connection, [car.instance_id for car in fresh])
    assert {row.origin for row in found.values()} == {LabelOrigin.NETWORK}
    assert len(found) == 2
    tags = {point.tag for row in found.values() for point in row.keypoints.points if point is not None}
    assert KeypointTag.VISIBLE in tags


def test_labels_that_a_person_has_given_are_learned(parking: Parking) -> None:
    label_all(parking)
    do_job(parking.path, "train", what="classifier", epochs=1, batch=8, device="cpu", workers=0)
    with Project.open(parking.path) as project, project.read() as connection:
        [run] = runs(connection, Purpose.CLASSIFIER)
    assert run.state is RunState.DONE
    assert run.metric == "average_precision"
    assert run.value is not None
    assert run.data["objects"]["training"]["all"] + run.data["objects"]["validation"]["all"] == CARS


def test_too_few_are_told(parking: Parking) -> None:
    add_rendered(parking, 2)
    with pytest.raises(TooFewLabelsError, match="0 of 5 cars with keypoints by a person"):
        do_job(parking.path, "train", what="prelabeller")
    with pytest.raises(TooFewLabelsError, match="0 of 5 objects that a person called unoccluded"):
        do_job(parking.path, "train", what="classifier")
