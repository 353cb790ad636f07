"""Fits in 3D in the Evaluate workspace: prepared, and looked at beside the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.controllers.jobs import JobsController
from app.states.evaluation import What
from core.evaluation.drawn_anew import Drawn
from core.evaluation.fit_errors import FitErrors
from core.evaluation.fit_figures import fit_figures
from core.records.detections import Category
from core.records.evaluations import (
    EvaluationState,
    ObjectResult,
    ObjectSaid,
    Outcome,
    PictureRow,
    Subject,
    Truth,
)
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT, SKELETON
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.evaluations import (
    make_evaluation,
    update_evaluation,
    write_figures,
    write_pictures,
    write_results,
    write_said,
)
from tests.app.evaluate import made_up
from tests.app.evaluate.desk import Desk

Opens = Callable[[Path], Desk]
# how far the cars of the first two pictures are off, metres and degrees, and the share that is hidden
OFF = (
    *((0.1, 1.0, 0.0), (2.0, 3.0, 0.0), (0.3, 12.0, 0.55), (1.5, 2.0, 0.55)),
    *((0.2, 40.0, 0.0), (0.4, 2.0, 0.55), (0.1, 2.0, 0.0), None),
)


def add_fits(project: Project) -> int:
    """An evaluation of fits; the last car has none."""
    errors, rows, said = [], [], []
    for number, off in enumerate(OFF):
        box = made_up.box_of(number)
        one = None
        if off is not None:
            place_m, turn_rad = off[0], math.radians(off[1])
            one = FitErrors(
                place_m, turn_rad, turn_rad, place_m, None, None, 12 if place_m < 0.4 else 3, 12, place_m
            )
        errors.append(one)
        rows.append(
            ObjectResult(
                number=number,
                picture=number // made_up.EACH,
                instance_id=number + 1,
                place=None,
                category=Category.CAR,
                said=None if one is None else Category.CAR,
                outcome=Outcome.MISSED if one is None else Outcome.FOUND,
                badness=1.0 if one is None else one.badness,
                score=None,
                box=box,
                occlusion=0.0 if off is None else off[2],
                distance_m=12.0 + number,
                points_right=None if one is None else one.right,
                points_placed=None if one is None else one.placed,
                rotation_rad=None if one is None else one.rotation_rad,
                place_m=None if one is None else one.place_m,
                detail="" if one is None else f"ADD {one.apart_m:.2f} m, heading {off[1]:.1f}°",  # type: ignore[index]
            )
        )
        true = tuple(
            (box.x + box.w * n / COUNT, box.y + box.h * (n % 3) / 3, KeypointTag.VISIBLE)
            for n in range(COUNT)
        )
        told = tuple((x + 4.0, y, KeypointTag.UNLABELLED) for x, y, _ in true)
        # the last point of the truth lies behind the camera
        said.append((number, ObjectSaid(points=() if one is None else told, true_points=(*true[:-1], None))))
    with project.read() as connection:
        frames = list(frames_of(connection, 1))[:2]
    counted = fit_figures(rows, errors, Drawn(range(len(rows)), len(rows), 0, 20))
    with project.bulk() as bulk:
        made = bulk.run(
            lambda c: make_evaluation(
                c, "Coarse", Subject.FITS, Truth.SIMULATION, job_id=None, settings={"what": "fits"}, seed=0
            )
        )
        pictures = [
            PictureRow(place, row.id, None, "", 1, 13, made_up.WIDTH, made_up.HEIGHT)
            for place, row in enumerate(frames)
        ]
        bulk.run(lambda c: write_figures(c, made, counted.figures, (), ()))
        bulk.run(lambda c: write_pictures(c, made, pictures))
        bulk.run(lambda c: write_results(c, made, rows))
        bulk.run(lambda c: write_said(c, made, said))
        done = {"state": EvaluationState.DONE, "objects": len(rows), "pictures": 2, "truth_key": "0123"}
        bulk.run(lambda c: update_evaluation(c, made, **done, finished_at=made_up.NOON))
    return made


def test_a_bar_of_fits_leads_to_the_worst_and_to_its_truth(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        add_fits(project)
    desk = open_desk(path)
    assert desk.rows[0].startswith("Coarse, Fits in 3D by the simulated truth, done, Median place 0.30 m")
    # of seven fits one is turned by more than 30 degrees, two by more than 10
    assert desk.figures["Rotation within 30°"] == [f"{600 / 7:.1f} %"]
    assert desk.figures["Rotation within 10°"] == [f"{500 / 7:.1f} %"]
    assert desk.figures["Fitted"] == ["87.5 %"]
    # the first figure with bars; its objects are the most turned first, without a fit the last
    assert desk.chart.title.startswith("Rotation within 30°")
    assert desk.column("Turned")[:2] == ["40.0°", "12.0°"]
    assert desk.column("Outcome")[-1] == "Missed"
    while desk.chart.figure != "add":
        desk.press("F")
    desk.click_bar("50-60 %")
    assert desk.view.objects.head.order == "the worst fit first"
    assert desk.column("Off") == ["1.50 m", "0.40 m", "0.30 m"]
    desk.until(lambda: desk.view.object.state.facts.endswith("1.50 m off"))
    state = desk.view.object.state
    assert state.title == "Car: ADD 1.50 m, heading 2.0°, found"
    assert "turned 2.0° · 1.50 m off" in state.facts
    # the truth and the fit as wires of the twelve points; a point behind the camera joins nothing
    assert len(state.said.wire) == len(SKELETON)
    lost = sum(COUNT - 1 in line for line in SKELETON)
    assert len(state.truth.wire) == len(SKELETON) - lost
    assert lost > 0
    first, second = SKELETON[0]
    ends = [*state.said.points[first, :2], *state.said.points[second, :2]]
    assert state.said.wire[0].tolist() == pytest.approx(ends)


def test_what_masks_tell_needs_no_wire(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    desk.until(lambda: desk.view.object.state.key is not None)
    state = desk.view.object.state
    assert len(state.truth.points) > 0
    assert len(state.truth.wire) == 0


def test_fits_are_prepared_where_the_truth_is_there(
    path: Path, open_desk: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[dict[str, Any]] = []
    monkeypatch.setattr(
        JobsController,
        "start",
        lambda self, kind, settings, then=None: begun.append({"kind": kind, **settings}),
    )
    desk = open_desk(path)
    desk.until(lambda: desk.view.draft.form is not None)
    for _ in What:
        desk.press("Ctrl+Down")
    draft = desk.view.draft
    assert draft.state.what is What.FITS
    assert draft.form is not None
    assert draft.form.is_shown("fits")
    assert not draft.form.is_shown("run")
    assert draft.note.note.title == "No footage has its true 3D beside it"
    desk.press("Ctrl+Return")
    assert begun == []
    path.with_name("street.truth.json").write_text("{}", encoding="utf-8")
    desk.workspace.on_hidden()  # whoever comes back finds what is there now
    desk.workspace.on_shown()
    desk.until(lambda: draft.note.note.title == "")
    draft.form.set_value("fits", "good")
    desk.settle()
    desk.press("Ctrl+Return")
    assert begun == [{"kind": "evaluate", "what": "fits", "fits": "good"}]
