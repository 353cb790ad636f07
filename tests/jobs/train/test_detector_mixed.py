"""A detector over composites and reviewed frames of one project, split by time and track."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import FootageMissingError, SettingsError  # noqa: E402
from core.geometry.masks import patch_area, rle_to_patch  # noqa: E402
from core.jobs.train import detector  # noqa: E402
from core.jobs.train.detector import DetectorStock, detector_needs, detector_stock  # noqa: E402
from core.jobs.train.purposes import build_task  # noqa: E402
from core.jobs.train.settings import TrainSettings  # noqa: E402
from core.records.keypoints import KeypointSet, PlacedPoint, Template  # noqa: E402
from core.records.occlusion import LabelOrigin, Verdict  # noqa: E402
from core.records.recipes import Split  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.store.edits.keypoints import save_keypoints  # noqa: E402
from core.store.edits.verdicts import RejectReason, set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.pieces import piece_lives  # noqa: E402
from core.store.queries.recipes import pieces_in, set_by_name  # noqa: E402
from core.store.writers.keypoints import FoundKeypoints, write_keypoints  # noqa: E402
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
        first = POINTED * LIVES
        save_keypoints(history, made.ids[POINTED][first], _points(), "Place points")
        found = [FoundKeypoints(made.ids[POINTED][first + 1], _by_networks())]
        with project.write() as connection:
            write_keypoints(connection, found, origin=LabelOrigin.NETWORK)
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
        PlacedPoint(3.0, 2.0, KeypointTag.OTHER_OCCLUDED, LabelOrigin.HEURISTIC),
        PlacedPoint(5.0, 2.0, KeypointTag.SELF_OCCLUDED, LabelOrigin.INFERRED),
    ]
    return KeypointSet(Template.CAR, (*placed, *[None] * 7))


def _by_networks() -> KeypointSet:
    """What two networks said, one of what is seen and one of what is hidden; nobody has looked at it."""
    seen = PlacedPoint(100.0, 60.0, KeypointTag.VISIBLE, LabelOrigin.NETWORK, 0.9)
    hidden = PlacedPoint(104.0, 62.0, KeypointTag.SELF_OCCLUDED, LabelOrigin.INFERRED, 0.9)
    return KeypointSet(Template.CAR, (seen, hidden) * 6)


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
    later = supply.frame(places[POINTED * LIVES + 1])
    assert len(later.objects) > 1
    assert all(one.keypoints is None for one in later.objects)  # its points are nobody's but two networks'
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
