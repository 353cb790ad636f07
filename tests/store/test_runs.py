"""Runs: what jobs write of them, what people say of them, and which of them is in use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from core.errors import EditRefusedError
from core.records.runs import MetricPoint, ModelUsed, Purpose, RunPicture, RunState
from core.store.edits.runs import hide_run, name_run, note_run, use_no_run, use_run
from core.store.history import History
from core.store.job_rows import create_job
from core.store.queries import runs as queries
from core.store.writers.runs import (
    forget_after,
    make_run,
    note_model,
    update_run,
    write_metrics,
    write_pictures,
)


def made(site: Any, name: str = "First", purpose: Purpose = Purpose.DETECTOR, **more: Any) -> int:
    values = {"job_id": None, "settings": {"epochs": 3}, "seed": 7, "epochs": 3, "metric": "mask_ap"}
    with site.project.bulk() as bulk:
        return bulk.run(lambda c: make_run(c, purpose, name, **(values | more)))


def write(site: Any, work: Any) -> None:
    with site.project.bulk() as bulk:
        bulk.run(work)


def read(site: Any, query: Any, *arguments: Any, **more: Any) -> Any:
    with site.project.read() as connection:
        return query(connection, *arguments, **more)


def with_weights(site: Any, run_id: int) -> None:
    write(site, lambda c: update_run(c, run_id, best="0123.safetensors", value=0.5, best_step=40))


def test_a_run_is_what_was_written_of_it(site: Any) -> None:
    run_id = made(site)
    write(
        site,
        lambda c: update_run(
            c,
            run_id,
            data={"train": {"composites": 10}},
            architecture={"backbone": "resnet18"},
            device="cpu",
            versions={"torch": "2.11"},
            state=RunState.DONE,
            step=60,
            epoch=3,
            seconds=12.5,
            finished_at=99.0,
        ),
    )
    row = read(site, queries.run_by_id, run_id)
    assert (row.purpose, row.name, row.settings, row.seed) == (Purpose.DETECTOR, "First", {"epochs": 3}, 7)
    assert (row.data, row.architecture) == ({"train": {"composites": 10}}, {"backbone": "resnet18"})
    assert (row.state, row.step, row.epoch, row.epochs, row.seconds) == (RunState.DONE, 60, 3, 3, 12.5)
    assert (row.best, row.last, row.value, row.best_step, row.notes) == (None, None, None, None, "")
    assert (row.device, row.versions, row.finished_at) == ("cpu", {"torch": "2.11"}, 99.0)
    assert (row.hidden, row.in_use) == (False, False)
    assert row.started_at is not None
    assert read(site, queries.run_by_id, 99) is None


def test_a_job_that_goes_on_gets_its_own_run_back(site: Any) -> None:
    job = create_job(site.project, "train", "", {})
    other = create_job(site.project, "train", "", {})
    first = made(site, job_id=job)
    assert made(site, "Again", job_id=job) == first
    assert made(site, "Other", job_id=other) != first
    assert read(site, queries.run_of_job, job).name == "First"
    assert read(site, queries.run_of_job, 99) is None


def test_a_job_writes_no_column_of_people(site: Any) -> None:
    run_id = made(site)
    with pytest.raises(ValueError, match="notes"):
        write(site, lambda c: update_run(c, run_id, notes="mine"))


def test_numbers_come_back_by_name_and_step(site: Any) -> None:
    run_id, other = made(site), made(site)
    points = [MetricPoint(step, name, step / 8) for step in (1, 2, 3) for name in ("loss", "mask_ap")]
    write(site, lambda c: write_metrics(c, run_id, [*points, MetricPoint(4, "loss", math.nan)]))
    write(site, lambda c: write_metrics(c, other, [MetricPoint(9, "loss", 9.0)]))
    assert read(site, queries.metric_points, run_id) == sorted(points, key=lambda one: (one.name, one.step))
    assert read(site, queries.metric_points, run_id, ["loss"], 2) == [MetricPoint(3, "loss", 0.375)]
    write(site, lambda c: write_metrics(c, run_id, [MetricPoint(3, "loss", 5.0)]))
    assert read(site, queries.newest_values, run_id) == {"loss": 5.0, "mask_ap": 0.375}
    write(site, lambda c: forget_after(c, run_id, 1))
    assert read(site, queries.newest_values, run_id) == {"loss": 0.125, "mask_ap": 0.125}
    assert read(site, queries.newest_values, other) == {"loss": 9.0}


def test_the_gallery_holds_the_newest_picture_of_each_place(site: Any) -> None:
    run_id = made(site)
    old = [RunPicture(place, 10, b"old", b"truth", "2 of 4") for place in (0, 1)]
    new = RunPicture(1, 20, b"new", b"truth", "4 of 4")
    write(site, lambda c: write_pictures(c, run_id, old))
    write(site, lambda c: write_pictures(c, run_id, [new]))
    assert read(site, queries.run_pictures, run_id) == [old[0], new]
    assert read(site, queries.run_pictures, run_id, 10) == [new]


def test_lists_are_by_purpose_the_newest_first_without_what_is_hidden(site: Any) -> None:
    first, second = made(site), made(site)
    third = made(site, purpose=Purpose.CLASSIFIER)
    assert [row.id for row in read(site, queries.runs)] == [third, second, first]
    hide_run(site.history, second)
    assert [row.id for row in read(site, queries.runs, Purpose.DETECTOR)] == [first]
    assert [row.id for row in read(site, queries.runs, Purpose.DETECTOR, hidden=True)] == [second, first]
    hide_run(site.history, second, hidden=False)
    assert [row.id for row in read(site, queries.runs, Purpose.DETECTOR)] == [second, first]


def test_one_run_serves_a_purpose_and_undo_gives_it_back(site: Any) -> None:
    first, second = made(site), made(site)
    classifier = made(site, purpose=Purpose.CLASSIFIER)
    for run_id in (first, second, classifier):
        with_weights(site, run_id)

    def used(purpose: Purpose = Purpose.DETECTOR) -> int | None:
        row = read(site, queries.run_in_use, purpose)
        return None if row is None else row.id

    assert used() is None
    use_run(site.history, first)
    use_run(site.history, classifier)
    assert (used(), used(Purpose.CLASSIFIER)) == (first, classifier)
    assert [row.in_use for row in read(site, queries.runs)] == [True, False, True]
    use_run(site.history, second)
    assert used() == second
    assert use_run(site.history, second).edit_id == 0
    site.history.undo()
    assert used() == first
    use_no_run(site.history, Purpose.DETECTOR)
    assert (used(), used(Purpose.CLASSIFIER)) == (None, classifier)
    site.history.undo()
    assert used() == first
    with pytest.raises(EditRefusedError, match="in use"):
        hide_run(site.history, first)


def test_what_has_no_weights_is_not_used(site: Any) -> None:
    run_id = made(site)
    with pytest.raises(EditRefusedError, match="no weights"):
        use_run(site.history, run_id)


def test_names_and_notes_are_edits(site: Any) -> None:
    run_id = made(site)
    name_run(site.history, run_id, " Night ")
    note_run(site.history, run_id, "With rain.")
    row = read(site, queries.run_by_id, run_id)
    assert (row.name, row.notes) == ("Night", "With rain.")
    History(site.project, "Ann").undo()
    assert read(site, queries.run_by_id, run_id).notes == ""
    with pytest.raises(EditRefusedError, match="name"):
        name_run(site.history, run_id, "  ")
    with pytest.raises(EditRefusedError, match="no longer there"):
        note_run(site.history, 99, "")


def test_a_job_names_the_models_that_it_worked_with(site: Any) -> None:
    run_id, job = made(site, "Night"), create_job(site.project, "mine", "Mine", {})
    by_run = ModelUsed(Purpose.DETECTOR, run_id, "Night", "1/best-0123456789abcdef.safetensors")
    own = ModelUsed(Purpose.CLASSIFIER, None, "built in", "classifier-0123456789abcdef.safetensors")
    for one in (by_run, own, own):
        write(site, lambda c, one=one: note_model(c, job, one))
    assert read(site, queries.model_of_job, job, Purpose.DETECTOR) == by_run
    assert read(site, queries.model_of_job, job, Purpose.CLASSIFIER) == own
    assert read(site, queries.model_of_job, job, Purpose.PRELABELLER) is None
    assert read(site, queries.model_of_job, None, Purpose.DETECTOR) is None
    assert (by_run.title, own.title) == (f"run {run_id} (Night)", "the program's own")
    newer = replace(by_run, weights="1/best-fedcba9876543210.safetensors")
    write(site, lambda c: note_model(c, job, newer))
    assert read(site, queries.models_of_jobs, [job, job + 1], Purpose.DETECTOR) == {job: newer}
