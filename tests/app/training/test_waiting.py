"""A training that waits for the device of another: the window says so, for which, and can take it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.states.training import RunLook, Tone
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.train import purposes
from core.jobs.train.device_lock import device_held
from core.jobs.train.files import runs_folder
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.jobs import JobState
from core.records.runs import Purpose, RunState
from core.store import job_rows
from core.store.project import Project
from tests.app.training import made_up
from tests.app.training.desk import Desk
from tests.training.tiny import TinyTask

SETTINGS = {"what": "classifier", "name": "Second", "device": "cpu", "workers": 0}


@pytest.fixture(autouse=True)
def trainable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier that trains in moments."""
    known = Trainable(
        lambda project, settings: [Need("labels", 40, 20)], lambda project, settings, past: TinyTask()
    )
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.CLASSIFIER, known)


def test_it_waits_visibly_and_is_taken_back(path: Path, open_desk: Callable[[Path], Desk]) -> None:
    desk = open_desk(path)
    with Project.open(path) as project:
        lock, job_id = runs_folder(project) / "cpu.lock", create(project, "train", SETTINGS)
    ended: list[JobState] = []
    training = threading.Thread(target=lambda: ended.append(run_job(path, job_id)))
    try:
        with device_held(lock, "job 7 of street.amodal", lambda holder: None):
            training.start()
            desk.until(lambda: desk.names == ["Second"])
            desk.click_run("Second")
            desk.until(lambda: desk.facts.note.title == "It waits for its turn")
            assert desk.facts.look is RunLook.WAITING
            assert desk.facts.note.tone is Tone.QUIET
            assert "cpu is held by job 7 of street.amodal. It begins by itself" in desk.facts.note.text
            assert "waiting" in desk.rows[0]
            QTest.mouseClick(desk.view.panel.stop, Qt.MouseButton.LeftButton)
            desk.settle()
            assert desk.said == "It stops before it has begun. Resume tries again."
            # what held the device still does: it was not waited for
            desk.until(lambda: bool(ended))
    finally:
        training.join(30)
    assert ended == [JobState.CANCELLED]
    desk.session.poll_now()
    desk.until(lambda: desk.facts.look is RunLook.STOPPED)
    assert desk.facts.can_resume
    with desk.session.project.read() as connection:
        assert not connection.exec_driver_sql("SELECT id FROM run").all()


def test_a_run_that_goes_on_waits_too(path: Path, open_desk: Callable[[Path], Desk]) -> None:
    """What it has trained before stays in sight."""
    with Project.open(path) as project:
        job_id = made_up.add_job(project, JobState.RUNNING, name="Half")
        made_up.add_run(project, "Half", state=RunState.STOPPED, epochs=12, epoch=6, job_id=job_id)
        job_rows.beat(project, job_id, 0.0, "Waiting: cpu is held by job 7")
    desk = open_desk(path)
    assert desk.facts.look is RunLook.WAITING
    assert desk.facts.note.title == "It waits for its turn"
    assert (desk.facts.now, desk.facts.share) == ("", 0.5)
    assert desk.facts.can_stop
    assert desk.charts
