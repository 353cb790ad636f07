"""A detector measured by composites of the test: what is written, how it goes on, and what it is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from core.errors import EvaluationError, SettingsError  # noqa: E402
from core.jobs.evaluate import runs as evaluated_runs  # noqa: E402
from core.jobs.evaluate.looked_folder import looked_folder  # noqa: E402
from core.jobs.registry import create  # noqa: E402
from core.jobs.runner import run_job  # noqa: E402
from core.records.evaluations import EvaluationState, Outcome, ResultFilter, Subject, Truth  # noqa: E402
from core.records.jobs import JobState  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.records.seen import SeenObject  # noqa: E402
from core.records.slices import By, Slice, occlusion_bin  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.evaluations import (  # noqa: E402
    evaluation_picture,
)
from core.store.queries.results import result_said  # noqa: E402
from core.store.writers.runs import update_run  # noqa: E402
from tests.jobs.doing import do_job  # noqa: E402
from tests.jobs.evaluate.conftest import numbers_of, rows_of  # noqa: E402
from tests.jobs.yard import Yard  # noqa: E402


def all_of(yard: Yard, numbers: Any, *more: Any) -> Any:
    return rows_of(yard.path, numbers, *more)


def saying(monkeypatch: pytest.MonkeyPatch, say: Any) -> None:
    """Lets something else say what is in each picture."""
    monkeypatch.setattr(evaluated_runs, "_said_by", lambda own: say)


def truth_itself(sample: Any) -> list[SeenObject]:
    return [replace(thing.seen, score=0.9) for thing in sample.truth.things]


def test_the_truth_itself_is_without_fault(
    yard: Yard, detector_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying(monkeypatch, truth_itself)
    found = numbers_of(yard.path, do_job(yard.path, "evaluate", run=detector_run, draws=50))
    row = found.evaluation
    assert (row.subject, row.truth, row.purpose) == (Subject.RUN, Truth.COMPOSITES, Purpose.DETECTOR)
    assert (row.state, row.run_id, row.pictures) == (EvaluationState.DONE, detector_run, 5)
    assert row.data["composites"] == "Held out"
    for name in ("box_ap", "mask_ap", "modal_mask_ap", "recall", "hidden_iou", "rotation_acc_10"):
        assert found.figure(name).value == 1.0, name
    assert found.figure("place").value == pytest.approx(0.0, abs=1e-6)
    assert (found.figure("recall").low, found.figure("recall").high) == (1.0, 1.0)
    assert found.figure("extra").value == 0.0

    rows = all_of(yard, found)
    assert {one.outcome for one in rows} == {Outcome.FOUND}
    assert max(one.badness for one in rows) == 0.0
    hidden = [one for one in rows if one.occlusion]
    assert hidden
    for one in hidden:
        where = Slice(By.OCCLUSION, occlusion_bin(one.occlusion))
        assert one in all_of(yard, found, ResultFilter((where,)))
    # the cars stand where the yard paints them: the fits say how far away
    assert all(15 < one.distance_m < 40 for one in rows)
    bins = [one for one in found.figures if one.name == "recall" and one.slice.by is By.OCCLUSION]
    assert sum(one.count for one in bins) == found.figure("recall").count == len(rows)


def test_what_is_missed_and_made_up_is_worst(
    yard: Yard, detector_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(sample: Any) -> list[SeenObject]:
        first, *rest = truth_itself(sample)
        away = replace(first.box, x=first.box.x + 3 * first.box.w)
        return [replace(first, box=away, whole=None, modal=None, score=0.7), *rest]

    saying(monkeypatch, say)
    found = numbers_of(yard.path, do_job(yard.path, "evaluate", run=detector_run, draws=0))
    rows = all_of(yard, found)
    missed = [one for one in rows if one.outcome is Outcome.MISSED]
    extra = [one for one in rows if one.outcome is Outcome.EXTRA]
    assert len(missed) == len(extra) == 5
    assert [one.badness for one in rows[:10]] == [1.0] * 5 + [0.7] * 5
    whole = found.figure("recall")
    assert whole.value == pytest.approx(1 - 5 / whole.count)
    assert whole.low is None
    assert found.figure("extra").value == 1.0
    with Project.open(yard.path) as project, project.read() as connection:
        picture = evaluation_picture(connection, found.evaluation.id, missed[0].picture)
        said = result_said(connection, found.evaluation.id, missed[0].number)
    assert picture is not None
    assert picture.recipe_id is not None
    assert said is not None
    assert said.whole is None
    assert said.true_whole is not None
    assert said.true_car is not None
    assert missed[0].instance_id is not None  # it can be sent to the queue


def test_a_network_is_asked_and_an_evaluation_goes_on_where_it_was(
    yard: Yard, detector_run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the first portion, it asks the network only for the rest."""
    monkeypatch.setattr("core.jobs.evaluate.detections.PORTION", 2)
    real, asked = evaluated_runs._said_by, []

    def counted(own: Any) -> Any:
        say = real(own)

        def one(sample: Any) -> Any:
            asked.append(sample.key)
            return say(sample)

        return one

    monkeypatch.setattr(evaluated_runs, "_said_by", counted)
    with Project.open(yard.path) as project:
        job_id = create(project, "evaluate", {"run": detector_run, "draws": 0})

    def stop(context: Any) -> None:
        before = context.check_stop
        context.check_stop = lambda: context.request_stop() or before() if len(asked) >= 3 else before()

    assert run_job(yard.path, job_id, on_start=stop) is JobState.CANCELLED
    stopped = numbers_of(yard.path, job_id).evaluation
    assert (stopped.state, stopped.objects) == (EvaluationState.STOPPED, 0)
    assert run_job(yard.path, job_id) is JobState.DONE
    assert len(asked) == 3 + 3  # the third picture's portion was not whole
    assert len(set(asked)) == 5
    whole = numbers_of(yard.path, job_id).evaluation
    with Project.open(yard.path) as project:
        assert not looked_folder(project, whole.id).exists()
    straight = numbers_of(yard.path, do_job(yard.path, "evaluate", run=detector_run, draws=0))
    assert straight.evaluation.truth_key == whole.truth_key
    assert {f.name: f.value for f in straight.figures if f.slice == Slice()} == {
        f.name: f.value for f in numbers_of(yard.path, job_id).figures if f.slice == Slice()
    }


def test_composites_whose_objects_taught_are_refused(yard: Yard, detector_run: int) -> None:
    """A run that learned from the very set cannot be measured by it."""
    do_job(
        yard.path, "compose", count=3, name="Taught", validation_percent=0, test_percent=0, least=2, most=4
    )
    with Project.open(yard.path) as project, project.bulk() as bulk:
        bulk.run(lambda c: update_run(c, detector_run, data={"composites": "Taught"}))
    try:
        with pytest.raises(EvaluationError, match="show objects that the training saw"):
            do_job(yard.path, "evaluate", run=detector_run)
    finally:
        with Project.open(yard.path) as project, project.bulk() as bulk:
            none = {"composites": None, "measured by composites": None}
            bulk.run(lambda c: update_run(c, detector_run, data=none))


def test_what_cannot_be_measured_says_so(yard: Yard, detector_run: int) -> None:
    with pytest.raises(EvaluationError, match="no run 99"):
        do_job(yard.path, "evaluate", run=99)
    with pytest.raises(EvaluationError, match="no set of composites called Nowhere"):
        do_job(yard.path, "evaluate", run=detector_run, composites="Nowhere")
    with pytest.raises(EvaluationError, match="no reviewed frames of the test side"):
        do_job(yard.path, "evaluate", run=detector_run, truth="reviewed")
    with pytest.raises(EvaluationError, match="cannot be measured by labels"):
        do_job(yard.path, "evaluate", run=detector_run, truth="labels")
    with pytest.raises(SettingsError, match="never saw"):
        do_job(yard.path, "evaluate", run=detector_run, side="all")
    with pytest.raises(SettingsError, match="no file is named"):
        do_job(yard.path, "evaluate", what="predictions")
