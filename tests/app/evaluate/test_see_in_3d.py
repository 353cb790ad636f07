"""From an object of an evaluation to 3D: with what was said of it, or in plain words why there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.controllers import evaluate_in_3d
from app.controllers.evaluate_in_3d import WayTo3D, way_to_3d
from app.states.results import SaidKey
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import (
    EvaluationState,
    ObjectResult,
    ObjectSaid,
    Outcome,
    PictureRow,
    Pose3D,
    Subject,
    Truth,
)
from core.store.project import Project
from core.store.queries.evaluations import evaluation_by_id
from core.store.queries.fits import fits_in_force
from core.store.writers.evaluations import (
    make_evaluation,
    update_evaluation,
    write_pictures,
    write_results,
    write_said,
)
from tests.app.evaluate import made_up
from tests.app.evaluate.desk import Desk
from tests.app.fits.cars import Cars
from tests.jobs.parking import HEIGHT, WIDTH

Opens = Callable[[Path], Desk]


@pytest.fixture
def cars(tmp_path: Path) -> Cars:
    return Cars(tmp_path / "cars.amodal")


def measured(cars: Cars) -> tuple[int, list[ObjectResult]]:
    """An evaluation of a detector: poses of two cars, one without a fit; boxes of two; an extra find."""
    unfitted = cars.parking.add_cars(0, [(14.0, 0.0), (14.0, 5.0)])
    ids = [cars.ids[0], unfitted[0], cars.ids[1], unfitted[1], None]
    rows = [
        ObjectResult(
            number, 0, instance_id, None, Category.CAR, Category.CAR,
            Outcome.EXTRA if instance_id is None else Outcome.FOUND,
            0.9 - 0.1 * number, 0.8, Box(10, 10, 60, 40), box_iou=0.6,
        )
        for number, instance_id in enumerate(ids)
    ]  # fmt: skip
    fit = cars.fit(cars.ids[0])
    pose = Pose3D(fit.rotation, fit.translation, fit.shape)
    said = [(row.number, ObjectSaid(row.box, car=pose if row.number < 2 else None)) for row in rows]
    picture = PictureRow(0, cars.parking.frame_ids[0], None, "", 1, 13, WIDTH, HEIGHT)
    with Project.open(cars.path) as project, project.bulk() as bulk:
        made = bulk.run(
            lambda c: make_evaluation(
                c, "Night", Subject.RUN, Truth.REVIEWED, job_id=None, settings={}, seed=0
            )
        )
        bulk.run(lambda c: write_pictures(c, made, [picture]))
        bulk.run(lambda c: write_results(c, made, rows))
        bulk.run(lambda c: write_said(c, made, said))
        done = {"state": EvaluationState.DONE, "objects": len(rows), "pictures": 1, "truth_key": "0123"}
        bulk.run(lambda c: update_evaluation(c, made, **done, finished_at=made_up.NOON))
    return made, rows


def test_an_object_is_seen_in_3d_with_what_was_said_of_it(cars: Cars, open_desk: Opens) -> None:
    made, rows = measured(cars)
    desk = open_desk(cars.path)
    assert len(desk.column("Outcome")) == len(rows)
    heard = []
    for row in rows:
        desk.until(lambda row=row: desk.view.object.state.key == (made, row.number))  # type: ignore[misc]
        desk.press("D")
        heard.append(desk.said)
        desk.press("Down")
    assert desk.shown_said == [
        (rows[0].instance_id, SaidKey(made, 0), ""),
        (rows[1].instance_id, SaidKey(made, 1), ""),
        (rows[2].instance_id, None, evaluate_in_3d.NOTHING_SAID),
    ]
    assert heard[3:] == [evaluate_in_3d.NO_FIT_NOTHING_SAID, evaluate_in_3d.NO_OBJECT]
    assert desk.shown_in == []


def test_without_a_calibration_it_says_so(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    desk.until(lambda: desk.view.object.state.key is not None)
    desk.press("D")
    assert desk.said == evaluate_in_3d.NO_CALIBRATION
    assert desk.shown_said == []


def test_what_moves_an_object_and_what_measures_it_decide_what_is_drawn(cars: Cars) -> None:
    made, rows = measured(cars)
    row, frame = rows[0], PictureRow(0, 1, None, "", 1, 13, WIDTH, HEIGHT)
    with Project.open(cars.path) as project, project.read() as connection:
        evaluation = evaluation_by_id(connection, made)
        fit = fits_in_force(connection, [cars.ids[0]])[cars.ids[0]]
    assert evaluation is not None
    x, y, z = fit.fit.translation
    here = Pose3D(fit.fit.rotation, (x, y, z), fit.fit.shape)
    stays, moved = (
        ObjectSaid(car=here, true_car=replace(here, translation=(x + d, y, z))) for d in (0.0, 2.0)
    )
    composite = replace(frame, frame_id=None, recipe_id=3)
    drawn = WayTo3D(row.instance_id, said=SaidKey(made, 0))
    undrawn = WayTo3D(row.instance_id, words=evaluate_in_3d.STANDS_ELSEWHERE)
    assert way_to_3d(evaluation, row, moved, frame, fit, calibrated=True) == drawn
    assert way_to_3d(evaluation, row, stays, composite, fit, calibrated=True) == drawn
    assert way_to_3d(evaluation, row, moved, composite, fit, calibrated=True) == undrawn
    assert way_to_3d(evaluation, row, ObjectSaid(car=here), composite, fit, calibrated=True) == undrawn
    no_fit = WayTo3D(words=evaluate_in_3d.NO_FIT)
    assert way_to_3d(evaluation, row, stays, composite, None, calibrated=True) == no_fit
    # the truth of fits as before; of a drawn street there is nothing
    of_fits = replace(evaluation, subject=Subject.FITS, truth=Truth.SIMULATION)
    beside_truth = WayTo3D(row.instance_id, beside_truth=True)
    assert way_to_3d(of_fits, row, stays, frame, fit, calibrated=True) == beside_truth
    street, nobody = replace(evaluation, truth=Truth.STREET), replace(row, instance_id=None)
    drawn_street = replace(frame, frame_id=None, name="street 1")
    on_street = way_to_3d(street, nobody, stays, drawn_street, None, calibrated=False)
    assert on_street == WayTo3D(words=evaluate_in_3d.ON_A_STREET)
