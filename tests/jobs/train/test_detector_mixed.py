"""A detector over composites and reviewed frames of one project, split by time and track."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import FootageMissingError, SettingsError  # noqa: E402
from core.geometry.masks import patch_area, rle_to_patch  # noqa: E402
from core.jobs.train import detector  # noqa: E402
from core.jobs.train.detector import DetectorStock, detector_needs, detector_stock  # noqa: E402
from core.jobs.train.past import own_past, past_of_start  # noqa: E402
from core.jobs.train.purposes import build_task  # noqa: E402
from core.jobs.train.settings import TrainSettings  # noqa: E402
from core.jobs.train.sides import key_of, taught_by  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.occlusion import LabelOrigin, Verdict  # noqa: E402
from core.records.recipes import Split  # noqa: E402
from core.records.runs import Purpose, RunRow  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.verdicts import RejectReason, set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.pieces import piece_lives  # noqa: E402
from core.store.queries.recipes import pieces_in, set_by_name  # noqa: E402
from core.store.queries.reviewed import unoccluded_by_people  # noqa: E402
from core.store.queries.runs import run_by_id  # noqa: E402
from core.store.writers.runs import make_run, update_run  # noqa: E402
from core.training.task import Noted  # noqa: E402
from core.training.tasks.detector_scores import DetectorScores  # noqa: E402
from core.training.tasks.seen import known_objects  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.yard import CAMERA, STEP_S, Car, Place, Yard  # noqa: E402

CARS, LIVES = 20, 4  # each is seen in so many pictures, one after another
SPLIT = {"validation_percent": 25, "test_percent": 15, "guard_s": 0.1}
UNREVIEWED, OCCLUDED, WRONG, BAD = 2, 4, 6, 7
POINTED = 1


def _drives(number: int) -> Car:
    places: list[Place | None] = [None] * (CARS * LIVES)
    for step in range(LIVES):
        places[number * LIVES + step] = (24.0 - 2 * step, 4.0 if number % 2 else -3.5)
    return Car(tuple(places), number % 4)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Cars one after another beside a parked one; people have looked at nearly all."""
    parked = Car(((17.0, -6.5),) * (CARS * LIVES), 5, parked=True)
    made = Yard(tmp_path_factory.mktemp("long") / "yard.amodal", (*map(_drives, range(CARS)), parked))
    do_job(made.path, "cut")
    for split, count in ((Split.TRAIN, 12), (Split.VALIDATION, 6)):
        more = {"split": split.value, "name": split.value.title(), "count": count}
        do_job(made.path, "compose", least=1, most=3, **more, **SPLIT)
    with Project.open(made.path) as project:
        history = History(project, "Ann")
        for number, ids in enumerate(made.ids):
            seen = list(ids.values())
            if number in (WRONG, BAD):
                reason = RejectReason.WRONG_DETECTION if number == WRONG else RejectReason.BAD_PICTURE
                set_verdict(history, seen, Verdict.REJECTED, reason)
            elif number != UNREVIEWED:
                set_verdict(history, seen, Verdict.OCCLUDED if number == OCCLUDED else Verdict.UNOCCLUDED)
        save_keypoints(history, made.ids[POINTED][POINTED * LIVES], _points(), "Place points")
    return made


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _points() -> KeypointSet:
    placed = [
        PlacedPoint(100.0, 60.0, KeypointTag.VISIBLE),
        PlacedPoint(104.0, 62.0, KeypointTag.SELF_OCCLUDED),
        PlacedPoint(1.0, 2.0, KeypointTag.VISIBLE, LabelOrigin.NETWORK),
    ]
    return KeypointSet(Template.CAR, (*placed, *[None] * 9))


def stock_of(yard: Yard, **settings: object) -> DetectorStock:
    with Project.open(yard.path) as project:
        return detector_stock(project, TrainSettings(**settings))


def frames_of(yard: Yard, ids: list[int]) -> list[int]:
    """Numbers of pictures, of frames' ids."""
    return [yard.frame_ids.index(one) for one in ids]


def test_no_track_and_no_moment_is_on_both_sides(yard: Yard) -> None:
    stock = stock_of(yard)
    assert (stock.sets.to_learn_from, stock.sets.for_validation) == (12, 6)
    assert stock.sets.measuring is not None
    assert stock.sets.measuring.name == "Validation"
    learned, measured = (
        frames_of(yard, list(part._ids)) for part in (stock.frames.training, stock.frames.validation)
    )
    assert len(learned) > 30
    assert len(measured) > 10
    assert max(learned) < min(measured)
    assert stock.frames.left_out > 5  # for the test, and near a border
    tracks: dict[Split, set[object]] = {Split.TRAIN: set(), Split.VALIDATION: set()}
    last: dict[Split, list[float]] = {Split.TRAIN: [], Split.VALIDATION: []}
    cars = {i: number for number, ids in enumerate(yard.ids) for i in ids.values()}
    with Project.open(yard.path, read_only=True) as project, project.read() as connection:
        for split in tracks:
            one = set_by_name(connection, split.value.title())
            assert one is not None
            for life in piece_lives(connection, sorted(pieces_in(connection, one.id, split))):
                if not life.standing:
                    tracks[split].add(cars[life.instance_id])
                    last[split].append(life.time_s)
    sides = ((Split.TRAIN, stock.frames.training), (Split.VALIDATION, stock.frames.validation))
    for split, supply in sides:
        for place in range(len(supply)):
            number = yard.frame_ids.index(supply._ids[place])
            last[split].append(number * STEP_S)
            there = [cars[i] for ids in yard.ids for at, i in ids.items() if at == number]
            teaching = len(supply.frame(place).objects)
            # the parked car teaches, and nothing is measured by it
            parked = split is Split.TRAIN
            driving = [car for car in there if car != CARS]
            assert teaching == parked + sum(car not in (UNREVIEWED, OCCLUDED, WRONG, BAD) for car in driving)
            tracks[split] |= set(driving) | ({CARS} if parked else set())
    assert not tracks[Split.TRAIN] & tracks[Split.VALIDATION]
    assert max(last[Split.TRAIN]) < min(last[Split.VALIDATION])


def test_a_frame_is_the_footages_and_what_nobody_knows_is_ignored(yard: Yard) -> None:
    supply = pickle.loads(pickle.dumps(stock_of(yard).frames.training))  # noqa: S301
    places = {yard.frame_ids.index(one): place for place, one in enumerate(supply._ids)}
    for car, objects, ignored in (
        (POINTED, 2, 0),
        (UNREVIEWED, 1, 1),
        (OCCLUDED, 1, 1),
        (WRONG, 1, 0),  # a person said that nothing is there
        (BAD, 1, 1),
    ):
        number = car * LIVES
        frame = supply.frame(places[number])
        assert (len(frame.objects), len(frame.others)) == (objects, ignored), car
        painted = cv2.imread(str(yard.pictures / f"{number:04}.png"))
        assert painted is not None
        assert np.array_equal(frame.picture, painted[..., ::-1])
        assert frame.matrix is not None
        assert np.allclose(frame.matrix, CAMERA.matrix)
    frame = supply.frame(places[POINTED * LIVES])
    driving = next(one for one in frame.objects if one.keypoints is not None)
    assert driving.keypoints is not None
    assert driving.mask is not None
    assert [point is not None for point in driving.keypoints.points] == [True, True, *[False] * 10]
    outline = yard.outline_at((24.0, 4.0))
    assert patch_area(rle_to_patch(driving.mask)) == patch_area(outline)


def test_its_task_mixes_them_and_says_so(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(variant="small", weight_reviewed=2.0))
        one, other = detector_needs(project, TrainSettings())
    frames = task.data["data"]["reviewed frames"]["to learn from"]
    assert task.data["data"]["composites"] == {
        "to learn from": 12,
        "weight": 1.0,
        "share": round(12 / (12 + 2 * frames), 4),
    }
    assert task.data["mixed"].startswith(f"It learns from 12 composites ({12 / (12 + 2 * frames):.0%}"[:-1])
    assert "Pictures of the synthetic street are left out: they are not drawn" in task.data["mixed"]
    assert (one.have, one.detail) == (12 + frames, f"12 composites, {frames} reviewed frames")
    assert other.have == 6 + len(task.supply.validation_frames())  # type: ignore[attr-defined]
    samples = task.training_set(0)
    assert samples.counts == [round(len(samples) * 12 / (12 + 2 * frames)), len(samples) - samples.counts[0]]
    image, target = samples[len(samples) - 1]
    assert image.shape[0] == 3
    assert target["masks"].shape[0] == target["labels"].shape[0]
    assert len(task.validation()) == other.have  # type: ignore[attr-defined]


def test_a_weight_of_nought_leaves_a_kind_out(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        task = build_task(project, TrainSettings(variant="small", weight_composites=0.0))
        assert task.supply.composites() is None  # type: ignore[attr-defined]
        assert "Composites are left out: their weight is 0." in task.data["mixed"]
        # what composites are measured by still bars its moments and objects
        assert len(task.supply.validation_composites()) == 6  # type: ignore[attr-defined]
        with pytest.raises(SettingsError, match="no set of composites called Nowhere"):
            build_task(project, TrainSettings(variant="small", composites="Nowhere"))


def test_a_set_whose_objects_teach_measures_nothing(yard: Yard, tmp_path: object) -> None:
    """Validation by other borders, with objects of the training set."""
    other = {**SPLIT, "validation_percent": 60, "test_percent": 15}
    do_job(yard.path, "compose", split="validation", name="Other", count=3, least=1, most=3, **other)
    stock = stock_of(yard)
    assert stock.sets.refused == ("Other",)
    assert stock.sets.measuring is not None
    assert stock.sets.measuring.name == "Validation"
    assert "not by Other, whose objects teach" in detector._measured_words(stock)


def test_frames_without_their_footage_are_left_out_and_told(yard: Yard) -> None:
    supply = stock_of(yard).frames.training
    away = yard.pictures.with_name("away")
    yard.pictures.rename(away)
    try:
        stock = stock_of(yard)
        assert len(stock.frames.training) == 0
        assert "is not where it was" in stock.parts[1].missing
        with pytest.raises(FootageMissingError):
            supply.frame(0)
    finally:
        away.rename(yard.pictures)


def test_boxes_without_masks_are_measured_by_boxes(yard: Yard) -> None:
    """As those of a detector that finds boxes alone; with one mask there is a mask AP again."""
    elsewhere = yard.path.with_name("boxes.amodal")
    shutil.copy(yard.path, elsewhere)
    with closing(sqlite3.connect(elsewhere)) as rows, rows:
        rows.execute("UPDATE recipe_set SET hidden = 1")
        rows.execute("UPDATE instance SET mask_id = NULL")
    settings = TrainSettings(variant="small")
    with Project.open(elsewhere) as project:
        task = build_task(project, settings)
        assert isinstance(task, Noted)
        assert (task.metric, [line for line in task.notes if "mask" in line]) == (
            "box_ap",
            [detector._NO_MASKS],
        )
        image, target = task.validation()[0]  # type: ignore[attr-defined]
        scores = DetectorScores()
        known = known_objects(target, task.settings.network)  # type: ignore[attr-defined]
        scores.add(known, known, [], image.shape[-2:])
        assert "mask_ap" not in scores.figures()
        assert scores.figures()[task.metric] == 1.0
        measured = set(task.supply.validation_frames()._ids)  # type: ignore[attr-defined]
    with closing(sqlite3.connect(yard.path)) as rows:
        masks = dict(rows.execute("SELECT id, mask_id FROM instance WHERE mask_id IS NOT NULL"))
    with Project.open(elsewhere) as project, project.read() as connection:
        [one, *_] = [
            view.instance_id
            for view in unoccluded_by_people(connection)
            if view.frame_id in measured and view.instance_id not in yard.ids[-1].values()
        ]
    with closing(sqlite3.connect(elsewhere)) as rows, rows:
        rows.execute("UPDATE instance SET mask_id = ? WHERE id = ?", (masks[one], one))
    with Project.open(elsewhere) as project:
        assert build_task(project, settings).metric == "mask_ap"


def test_a_run_keeps_its_sets_and_borders_whatever_is_made_later(yard: Yard) -> None:
    """And a run that begins with its weights is not measured by what taught it."""
    first = stock_of(yard)
    run = run_with(yard, detector._told(first))
    other = {**SPLIT, "validation_percent": 60, "test_percent": 15}
    for split in ("train", "validation"):
        more = {"split": split, "name": f"Later {split}", "count": LATER, "seed": 3}
        do_job(yard.path, "compose", least=1, most=1, **more, **other)
    with Project.open(yard.path) as project:
        now = detector_stock(project, TrainSettings())
        with project.read() as connection:
            past = own_past(connection, run)
        again = detector_stock(project, TrainSettings(), past)
        started = TrainSettings(start=yard.path.with_name(START))
        with project.read() as connection:
            before = past_of_start(connection, started)
            taught = taught_by(connection, [first.sets.teaching])  # type: ignore[list-item]
        second = detector_stock(project, started)
        supply = build_task(project, started.model_copy(update={"variant": "small", "start": None}), before)
    names = [
        [one and one.name for one in (found.sets.teaching, found.sets.measuring)]
        for found in (first, now, again, second)
    ]
    assert names[0] == names[2] == ["Train", "Validation"]
    assert names[1] == names[3] == ["Later train", "Later validation"]
    assert detector._told(again) == detector._told(first)
    assert list(again.frames.training._ids) == list(first.frames.training._ids)
    # of the set for validation nothing is left that shows what taught before
    assert shown(yard, now) & taught
    assert shown(yard, second)
    assert not shown(yard, second) & taught
    left_out = f"not by {len(second.sets.left_out)} that show what taught its first weights"
    assert left_out in detector._measured_words(second)
    assert second.sets.for_validation == LATER - len(second.sets.left_out) > 0
    assert len(supply.supply.validation_composites()) == second.sets.for_validation  # type: ignore[attr-defined]
    assert not set(second.frames.validation._ids) & set(first.frames.training._ids)
    assert second.sides.as_json() == first.sides.as_json()
    assert detector._told(second)["taught before"] == ["Train"]


LATER = 12
START = f"best-{'0' * 16}.safetensors"


def run_with(yard: Yard, data: dict[str, object]) -> RunRow:
    """A run of a detector that keeps this of what it learned from."""
    with Project.open(yard.path) as project:
        with project.bulk() as bulk:
            run_id = bulk.run(
                lambda c: make_run(
                    *(c, Purpose.DETECTOR, "First"),
                    job_id=None,
                    settings={},
                    seed=0,
                    epochs=1,
                    metric="mask_ap",
                )
            )
            bulk.run(lambda c: update_run(c, run_id, data=data, best=f"{run_id}/{START}"))
        with project.read() as connection:
            run = run_by_id(connection, run_id)
    assert run is not None
    return run


def shown(yard: Yard, stock: DetectorStock) -> set[tuple[str, int]]:
    """The objects in the composites that something is measured by."""
    supply = detector.StoredDetectorData(
        *(yard.path, None, stock.sets.measuring and stock.sets.measuring.name),
        *(detector.StoredCameras({}, {}), stock.frames.training, stock.frames.validation, {}),
        stock.sets.left_out,
    ).validation_composites()
    assert supply is not None
    recipes = [supply.recipe(place) for place in range(len(supply))]
    pieces = sorted({part.piece_id for one in recipes for part in one.objects if part.shown})
    with Project.open(yard.path, read_only=True) as project, project.read() as connection:
        lives = list(piece_lives(connection, pieces))
    return {key_of(one.instance_id, one.track_id) for one in lives if not one.standing}
