"""A run that is trained meanwhile: its numbers come in, also where it goes on from an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.states.training import RunLook
from core.records.jobs import JobState
from core.records.runs import MetricPoint, RunState
from core.store import job_rows
from core.store.project import Project
from core.store.writers.runs import forget_after, make_run, update_run, write_metrics, write_pictures
from tests.app.training import made_up
from tests.app.training.desk import Desk

Opens = Callable[[Path], Desk]


def write(path: Path, work: Callable[[Any], Any]) -> None:
    """Writes as the job's process does: through a connection of its own."""
    with Project.open(path) as project, project.bulk() as bulk:
        bulk.run(work)


def told(path: Path, run_id: int, steps: range, value: float) -> None:
    points = [MetricPoint(step, "loss", value) for step in steps]

    def work(connection: Any) -> None:
        write_metrics(connection, run_id, points)
        update_run(connection, run_id, step=steps[-1])

    write(path, work)


def losses(desk: Desk) -> list[tuple[int, float]]:
    curve = desk.curve("loss", "all together")
    return [(int(step), float(value)) for step, value in zip(curve.steps, curve.values, strict=True)]


def test_numbers_and_pictures_come_in_as_they_are_written(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Running", state=RunState.RUNNING, epoch=0)
    desk = open_desk(path)
    assert not desk.view.charts.views
    told(path, 1, range(1, 6), 2.0)
    desk.until(lambda: bool(desk.view.charts.views))
    assert losses(desk) == [(step, 2.0) for step in range(1, 6)]
    told(path, 1, range(6, 11), 1.0)
    desk.until(lambda: len(losses(desk)) == 10)
    # a validation adds to a step that is known
    write(path, lambda c: write_metrics(c, 1, [MetricPoint(10, "mask_ap", 0.3)]))
    write(path, lambda c: write_pictures(c, 1, [made_up.picture(0, 10)]))
    desk.until(lambda: "validation" in desk.view.charts.views)
    desk.until(lambda: bool(desk.view.gallery.views))
    write(path, lambda c: write_pictures(c, 1, [made_up.picture(0, 20)]))
    desk.until(lambda: desk.view.gallery.title == "Predictions after step 20")
    assert len(desk.view.gallery.views) == 1
    assert len(losses(desk)) == 10


def test_what_was_trained_again_takes_the_place_of_what_is_drawn(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Resumed", state=RunState.STOPPED, epoch=0)
    told(path, 1, range(1, 21), 2.0)
    desk = open_desk(path)
    assert len(losses(desk)) == 20

    def back(connection: Any) -> None:
        forget_after(connection, 1, 10)
        update_run(connection, 1, state=RunState.RUNNING, step=10)

    write(path, back)
    desk.until(lambda: len(losses(desk)) == 10)
    told(path, 1, range(11, 31), 1.0)
    desk.until(lambda: len(losses(desk)) == 30)
    assert losses(desk)[9:11] == [(10, 2.0), (11, 1.0)]


def test_a_run_that_is_not_in_front_is_read_when_it_is(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        made_up.add_run(project, "Here", state=RunState.RUNNING, epoch=1)
    desk = open_desk(path)
    before = len(losses(desk))
    desk.workspace.on_hidden()
    told(path, 1, range(101, 111), 1.0)
    desk.session.poll_now()
    desk.settle()
    assert len(losses(desk)) == before
    desk.workspace.on_shown()
    desk.until(lambda: len(losses(desk)) == before + 10)


def test_a_job_stands_in_the_list_before_it_has_a_run(path: Path, open_desk: Opens) -> None:
    desk = open_desk(path)
    with Project.open(path) as project:
        job_id = made_up.add_job(project, JobState.RUNNING, name="Soon", what="classifier")
        job_rows.beat(project, job_id, 0.0, "Gathering what there is to learn from")
    desk.session.poll_now()
    desk.until(lambda: desk.names == ["Soon"])
    desk.click_run("Soon")
    assert desk.facts.look is RunLook.RUNNING
    assert desk.facts.note.text == "Gathering what there is to learn from"
    assert desk.view.charts.note.startswith("It prepares")
    assert not desk.view.drafting
    desk.press("Space")
    assert "nothing of it to compare" in desk.said
    write(
        path,
        lambda c: make_run(
            c, made_up.Purpose.CLASSIFIER, "Soon", job_id=job_id, settings={}, seed=0, epochs=3, metric="f1"
        ),
    )
    desk.until(lambda: desk.facts.key == 1)  # the selection goes on to the run
    assert desk.names == ["Soon"]
    assert desk.facts.can_stop


def test_a_job_that_could_not_begin_says_why(path: Path, open_desk: Opens) -> None:
    desk = open_desk(path)
    with Project.open(path) as project:
        job_id = made_up.add_job(project, JobState.RUNNING, name="Never", what="classifier")
    desk.session.poll_now()
    desk.until(lambda: desk.names == ["Never"])
    error = "There is too little to learn from: 3 of 30 objects that a person called occluded. Review more."
    with Project.open(path) as project:
        job_rows.fail_job(project, job_id, error)
    desk.session.poll_now()
    desk.click_run("Never")
    desk.until(lambda: desk.facts.look is RunLook.FAILED)
    assert desk.facts.note.text == error
    assert desk.facts.note.action == "training.again"


def test_progress_time_left_and_stop(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        job_id = made_up.add_job(project, JobState.RUNNING, name="Half")
        made_up.add_run(project, "Half", state=RunState.RUNNING, epochs=12, epoch=6, job_id=job_id)
        job_rows.beat(project, job_id, 0.5, "Epoch 7 of 12, loss 0.4")
    desk = open_desk(path)
    assert desk.facts.look is RunLook.RUNNING
    # half of it took 600 steps of 1.3 s: as long again is left
    assert desk.facts.progress_text == "Epoch 7 of 12, step 600\n13:00 so far, about 13:00 left"
    assert desk.facts.now == "Epoch 7 of 12, loss 0.4"
    desk.commands.run("training.hide")
    assert "stop it first" in desk.said
    with Project.open(path) as project:
        job_rows.fail_job(project, job_id, "The disk is full. Make room, and resume.")
    desk.session.poll_now()
    desk.until(lambda: desk.facts.look is RunLook.FAILED)
    assert desk.facts.can_resume
    assert "left" not in desk.facts.progress_text
    desk.press("X")
    assert desk.said == "It does not run."
