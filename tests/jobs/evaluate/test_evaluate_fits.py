"""Fits measured by the true 3D beside the footage, from the job to the objects behind a bar."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.errors import EvaluationError  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.evaluations import Order, Outcome, ResultFilter, Subject, Truth  # noqa: E402
from core.records.fits import FitReview  # noqa: E402
from core.records.occlusion import Verdict  # noqa: E402
from core.records.slices import By, Slice  # noqa: E402
from core.store.edits.fits import review_fits  # noqa: E402
from core.store.edits.verdicts import set_verdict  # noqa: E402
from core.store.history import History  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.fits import fits_in_force  # noqa: E402
from core.store.queries.results import result_key, result_page, result_said  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.evaluate.conftest import numbers_of, rows_of  # noqa: E402
from tests.jobs.evaluate.true_yard import box_of, car_row, person_row, write_truth  # noqa: E402
from tests.jobs.yard import CAMERA, GROUND, Car, Walker, Yard  # noqa: E402
from tests.placed_people import outline_of, person_at  # noqa: E402

RIGHT, TURNED, MOVED = (16.0, 4.0), (20.0, -4.0), (26.0, 1.0)
TURN_RAD, SHIFT_M, PELVIS_RAD = 0.2, 0.5, 0.1


def truth_of(yard: Yard) -> Path:
    return yard.pictures.with_name(yard.pictures.name + ".truth.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Two pictures: a car fitted right, one turned, one moved by half a metre and half hidden, and a walker.

    In the second picture the first car alone is there, and has no fit.
    """
    walker = person_at(GROUND, (13.0, -1.5), 0.7, phase=0.2)
    cars = [Car((RIGHT, RIGHT), 1), Car((TURNED, None), 2), Car((MOVED, None), 3)]
    yard = Yard(
        tmp_path_factory.mktemp("true") / "yard.amodal", cars, [Walker((walker, None), 90)], background=False
    )
    yard.fit_people()
    with closing(sqlite3.connect(yard.path)) as rows, rows:
        rows.execute("UPDATE instance SET fit_id = NULL WHERE id = ?", [yard.ids[0][1]])
    boxes = [box_of(yard.outline_at(place)) for place in (RIGHT, TURNED, MOVED)]
    write_truth(
        truth_of(yard),
        [
            [
                car_row(7, RIGHT, boxes[0]),
                car_row(8, TURNED, boxes[1], turn_rad=TURN_RAD),
                car_row(9, (MOVED[0] + SHIFT_M, MOVED[1]), boxes[2], occlusion=0.55),
                person_row(10, walker, box_of(outline_of(walker, CAMERA)), turn_rad=PELVIS_RAD),
                {"category": "car", "box": None},  # nothing of it is seen
            ],
            [car_row(7, RIGHT, boxes[0])],
        ],
    )
    return yard


def copy_of(yard: Yard, folder: Path) -> Path:
    """The project without what stands beside its footage, which is found where it was."""
    return Path(shutil.copy(yard.path, folder / "yard.amodal"))


def evaluated(path: Path, **settings: Any) -> Any:
    numbers = numbers_of(path, do_job(path, "evaluate", what="fits", **{"draws": 20, **settings}))
    return numbers, rows_of(path, numbers)


def test_fits_are_measured_by_the_truth_beside_the_footage(made: Yard) -> None:
    numbers, rows = evaluated(made.path)
    row = numbers.evaluation
    assert (row.subject, row.truth, row.run_id) == (Subject.FITS, Truth.SIMULATION, None)
    assert (row.objects, row.pictures, row.data["fits"]) == (5, 2, 4)
    by_id = {one.instance_id: one for one in rows}
    right, turned, moved = (by_id[made.ids[car][0]] for car in range(3))
    assert (right.place_m, right.rotation_rad) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert (right.points_right, right.points_placed) == (12, 12)
    assert (turned.place_m, turned.rotation_rad) == pytest.approx((0.0, TURN_RAD), abs=1e-6)
    assert (moved.place_m, moved.rotation_rad) == pytest.approx((SHIFT_M, 0.0), abs=1e-6)
    assert moved.detail == "ADD 0.50 m, heading 0.0°"
    # the street turns the pelvis in a walk: that is the fit's error, about the pelvis and not of the pose
    walker = by_id[made.people_ids[0][0]]
    assert (walker.place_m, walker.rotation_rad) == pytest.approx((0.0, PELVIS_RAD), abs=1e-6)
    assert walker.category is Category.PERSON
    assert numbers.figure("pa_mpjpe").value == pytest.approx(0.0, abs=1e-6)
    assert 0.005 < numbers.figure("mpjpe").value < 0.06
    # of four fits one is turned by more than pi/18, none by more than pi/6
    assert numbers.figure("rotation_acc_10").value == pytest.approx(0.75)
    assert numbers.figure("rotation_acc_30").value == 1.0
    assert numbers.figure("heading").count == 4
    assert numbers.figure("fitted").value == pytest.approx(0.8)
    assert numbers.figure("place", By.OCCLUSION, 5).value == pytest.approx(SHIFT_M)


def test_a_bar_leads_to_its_objects_the_farthest_off_first(made: Yard) -> None:
    numbers, _ = evaluated(made.path)
    cars = Slice(By.CATEGORY, 0)
    rows = rows_of(made.path, numbers, ResultFilter((cars,), order=Order.ADD))
    assert rows_of(made.path, numbers, ResultFilter(order=Order.ADD))[:3] == rows[:3]  # before people
    [first, *_] = rows_of(made.path, numbers, ResultFilter(order=Order.JOINTS))
    assert first.category is Category.PERSON
    assert [one.instance_id for one in rows] == [
        *(made.ids[2][0], made.ids[1][0], made.ids[0][0]),
        made.ids[0][1],  # without a fit: the last
    ]
    assert (rows[-1].outcome, rows[-1].badness) == (Outcome.MISSED, 1.0)
    with Project.open(made.path) as project, project.read() as connection:
        key = ResultFilter((cars,), order=Order.ADD)
        after = result_page(connection, numbers.evaluation.id, key, result_key(key, rows[1]), 10)
        assert after == rows[2:]
        right, moved = (result_said(connection, numbers.evaluation.id, rows[n].number) for n in (2, 0))
    assert right is not None
    assert moved is not None
    assert np.allclose([p[:2] for p in right.points], [p[:2] for p in right.true_points], atol=1e-3)
    gaps = np.subtract([p[:2] for p in moved.points], [p[:2] for p in moved.true_points])
    assert np.linalg.norm(gaps, axis=1).min() > 1.0
    assert moved.car is not None
    assert moved.true_car is not None
    apart = np.subtract(moved.car.translation, moved.true_car.translation)
    assert np.linalg.norm(apart) == pytest.approx(SHIFT_M)


def test_good_fits_alone_can_be_measured(made: Yard, tmp_path: Path) -> None:
    path = copy_of(made, tmp_path)
    with Project.open(path) as project:
        history = History(project, "Ann")
        with project.read() as connection:
            moved_fit = fits_in_force(connection, [made.ids[2][0]])[made.ids[2][0]]
        review_fits(history, [moved_fit.id], FitReview.REJECTED)
        set_verdict(history, [made.ids[1][0]], Verdict.REJECTED)
    numbers, rows = evaluated(path, fits="good")
    assert made.ids[1][0] not in {one.instance_id for one in rows}  # no object at all
    assert numbers.evaluation.data["fits that are not good"] == 1
    assert numbers.evaluation.data["in truth, but not in the project"] == 1
    assert numbers.figure("add").value == pytest.approx(0.0, abs=1e-6)
    [moved] = [one for one in rows if one.instance_id == made.ids[2][0]]
    assert moved.outcome is Outcome.MISSED


def test_a_turn_that_is_corrected_is_another_truth(made: Yard) -> None:
    before, _ = evaluated(made.path, draws=0)
    kept = truth_of(made).read_text(encoding="utf-8")
    told = json.loads(kept)
    pose = told["pictures"][0]["objects"][1]["pose"]
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # where it stands
    pose["rotation"] = (np.array(pose["rotation"]) @ turn).tolist()
    try:
        truth_of(made).write_text(json.dumps(told), encoding="utf-8")
        after, _ = evaluated(made.path, draws=0)
    finally:
        truth_of(made).write_text(kept, encoding="utf-8")
    assert (before.figure("rotation_acc_30").value, after.figure("rotation_acc_30").value) == (1.0, 0.75)
    assert after.evaluation.truth_key != before.evaluation.truth_key


def test_without_true_3d_it_says_where_it_is_looked_for(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard.amodal", [Car((RIGHT,), 1)], background=False)
    with pytest.raises(EvaluationError, match="has its true 3D beside it") as refused:
        do_job(yard.path, "evaluate", what="fits")
    assert "NAME.truth.json" in refused.value.way_out
    write_truth(truth_of(yard), [[], []])
    with pytest.raises(EvaluationError, match="is of 2 pictures of 480x270 pixels, and yard-pictures has 1"):
        do_job(yard.path, "evaluate", what="fits")
    write_truth(truth_of(yard), [[]])
    with pytest.raises(EvaluationError, match="Nothing whose true 3D is known has a fit"):
        do_job(yard.path, "evaluate", what="fits")
    row = car_row(1, RIGHT, box_of(yard.outline_at(RIGHT)))
    for bad in (
        {**row, "pose": {"rotation": (2 * np.eye(3)).tolist(), "translation": [0, 0, 9]}},
        {**row, "points": {**row["points"], "space": row["points"]["space"][:3]}},
        {**row, "distance_m": float("nan")},
        {name: value for name, value in row.items() if name != "amodal_box"},
    ):
        write_truth(truth_of(yard), [[bad]])
        with pytest.raises(EvaluationError, match="frame 1 is no car or person in 3D"):
            do_job(yard.path, "evaluate", what="fits")
    for text in ("[]", "{", json.dumps({"camera": 3, "pictures": []})):
        truth_of(yard).write_text(text, encoding="utf-8")
        with pytest.raises(EvaluationError, match="is no truth of footage"):
            do_job(yard.path, "evaluate", what="fits")
