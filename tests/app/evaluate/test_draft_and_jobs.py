"""Evaluations that are prepared, begun and followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.controllers.jobs import JobsController
from app.states.evaluation import What
from app.states.training import RunLook
from core.records.evaluations import EvaluationState
from core.records.jobs import JobState
from core.store import job_rows
from core.store.project import Project
from tests.app.evaluate import made_up
from tests.app.evaluate.desk import Desk
from tests.app.training import made_up as made_up_runs

Opens = Callable[[Path], Desk]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Settings of the jobs that were started; none runs."""
    found: list[dict[str, Any]] = []

    def start(self: JobsController, kind: str, settings: dict[str, Any], on_started: Any = None) -> None:
        found.append({"kind": kind, **settings})
        job_id = job_rows.create_job(self._session.project, kind, "Evaluate", settings)
        self._session.poll_now()
        if on_started is not None:
            on_started(job_id)

    monkeypatch.setattr(JobsController, "start", start)
    return found


def test_an_empty_project_says_what_comes_first(
    path: Path, open_desk: Opens, begun: list[dict[str, Any]]
) -> None:
    desk = open_desk(path)
    assert desk.view.drafting
    desk.until(lambda: desk.view.draft.form is not None)
    assert desk.view.draft.note.note.title == "There is no network yet"
    desk.press("Ctrl+Return")
    assert begun == []
    assert desk.view.draft.problem.text().startswith("There is no network yet")
    desk.view.draft.note.button.click()
    assert desk.places == ["training"]
    desk.press("Ctrl+Down")
    desk.press("Ctrl+Down")
    assert desk.view.draft.state.what is What.MINING
    desk.press("Ctrl+Return")
    assert begun == [{"kind": "evaluate", "what": "mining"}]
    assert not desk.view.drafting
    assert desk.view.panel.facts.look is RunLook.WAITING
    assert desk.rows == ["Evaluate, Evaluation, waiting, just now"]


def test_a_run_is_chosen_by_its_name(path: Path, open_desk: Opens, begun: list[dict[str, Any]]) -> None:
    with Project.open(path) as project:
        run_id = made_up_runs.add_run(project, "Frost")
        made_up.add_evaluation(project, "Night", settings={"run": run_id, "draws": 50, "truth": "street"})
    desk = open_desk(path)
    desk.press("A")  # with the settings of the one that is selected
    draft = desk.view.draft
    desk.until(lambda: draft.form is not None)
    assert draft.form is not None
    assert draft.form.is_shown("run")
    assert not draft.form.is_shown("first")
    values = draft.form.values()
    assert (values["run"], values["draws"], values["truth"]) == (str(run_id), 50, "street")
    draft.form.set_value("name", "Night again")
    desk.settle()
    desk.press("Ctrl+Return")
    assert begun == [
        {
            "kind": "evaluate",
            "what": "run",
            "run": run_id,
            "truth": "street",
            "draws": 50,
            "seed": 3,
            "name": "Night again",
        }
    ]


def test_a_run_comes_from_train(path: Path, open_desk: Opens, begun: list[dict[str, Any]]) -> None:
    with Project.open(path) as project:
        run_id = made_up_runs.add_run(project, "Frost")
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    assert desk.workspace.prepare_run is not None
    desk.workspace.prepare_run(run_id)
    desk.until(lambda: desk.view.draft.form is not None)
    desk.press("Ctrl+Return")
    assert begun == [{"kind": "evaluate", "what": "run", "run": run_id}]


def test_a_job_is_followed_to_its_numbers(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        job_id = job_rows.create_job(project, "evaluate", "Evaluate", {"name": "Live"})
        job_rows.claim_job(project, job_id)
        job_rows.beat(project, job_id, 0.25, "Looking at picture 40 of 160")
        made_up.add_evaluation(project, "Live", state=EvaluationState.RUNNING, job_id=job_id)
    desk = open_desk(path)
    assert "Live, Detector by reviewed frames, measuring, 25%" in desk.rows[0]
    assert desk.view.panel.facts.now == "Looking at picture 40 of 160"
    assert desk.view.panel.facts.can_stop
    assert desk.view.bars.note.startswith("It is being measured")
    with Project.open(path) as project:
        job_rows.fail_job(project, job_id, "The disk is full.")
    desk.session.poll_now()
    desk.until(lambda: desk.view.panel.facts.look is RunLook.FAILED)
    assert desk.view.panel.note.note.text == "The disk is full."
    assert desk.view.panel.facts.can_resume


def test_a_job_that_never_began_is_no_row_for_ever(path: Path, open_desk: Opens) -> None:
    with Project.open(path) as project:
        job_id = job_rows.create_job(project, "evaluate", "Evaluate", {})
        job_rows.claim_job(project, job_id)
        job_rows.fail_job(project, job_id, "It was long ago.")
        made_up.add_evaluation(project, "Night")
    desk = open_desk(path)
    assert desk.names == ["Night"]
    assert all(row.state is JobState.FAILED for row in desk.session.jobs())
