"""Jobs in the window: started as processes, followed by their rows, stopped, and shown with their ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.composition.window import Shell
from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.jobs import JobCard, JobsState, job_title
from app.views.jobs_dock import JobsPanel
from core.records.jobs import JobRow, JobState
from core.store import job_rows
from core.store.project import Project
from core.store.queries.sources import list_sources

NOW = 1_700_000_000.0


def row(state: JobState, **more: object) -> JobRow:
    values: dict[str, object] = {
        "id": 1,
        "kind": "mine",
        "title": "Mine objects",
        "settings": {"camera": "Gate"},
        "state": state,
        "progress": 0.25,
        "message": "Finding objects",
        "error": None,
        "cancel_requested": False,
        "pid": None,
        "heartbeat_at": NOW,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": None,
    }
    return JobRow(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "more", "says", "stop", "resume"),
    [
        (JobState.RUNNING, {}, "Finding objects", True, False),
        (JobState.QUEUED, {"message": ""}, "Waiting", True, False),
        (JobState.DONE, {"result": {"objects": 1204}}, "objects: 1,204", False, False),
        (
            JobState.DONE,
            {"result": {"bins": [12000] * 10}},
            "bins: " + "; ".join(["12,000"] * 10),
            False,
            False,
        ),
        (JobState.FAILED, {"error": "No room. Make some."}, "No room. Make some.", False, True),
        (JobState.CANCELLED, {}, "Stopped at 25%. Resume goes on from there.", False, True),
        (JobState.INTERRUPTED, {}, "Its process ended before it was done.", False, True),
    ],
)
def test_a_job_says_how_it_is_and_what_can_be_done(
    qtbot, state: JobState, more: dict[str, object], says: str, stop: bool, resume: bool
):
    panel = JobsPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_state(JobsState((JobCard(row(state, **more)),)))
    shown = panel._rows[1]
    assert says in shown._message.text()
    assert shown._stop.isHidden() != stop
    assert shown._resume.isHidden() != resume
    assert shown._title.text() == "Mine objects: Gate"
    panel.hide()


def test_stopping_is_asked_once(qtbot):
    panel = JobsPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_state(JobsState((JobCard(row(JobState.RUNNING)),)))
    with qtbot.waitSignal(panel.cancelled) as asked:
        qtbot.mouseClick(panel._rows[1]._stop, Qt.MouseButton.LeftButton)
    assert asked.args == [1]
    panel.show_state(JobsState((JobCard(row(JobState.RUNNING), stopping=True),)))
    assert not panel._rows[1]._stop.isEnabled()
    assert panel._rows[1]._message.text() == "Stopping…"
    panel.hide()


def test_the_time_left_follows_the_pace():
    card = JobCard(row(JobState.RUNNING, progress=0.2))
    assert card.remaining_s(NOW + 30) == pytest.approx(120)
    assert JobCard(row(JobState.RUNNING, progress=0.0)).remaining_s(NOW + 30) is None
    assert JobCard(row(JobState.DONE)).remaining_s(NOW + 30) is None


def test_a_title_names_what_the_job_is_about():
    assert job_title(row(JobState.DONE, settings={"path": "/a/b/night.mp4", "camera": "Gate"})) == (
        "Mine objects: night.mp4"
    )
    assert job_title(row(JobState.DONE, settings={})) == "Mine objects"


def test_footage_is_added_by_a_process_of_its_own(
    qtbot, tmp_path: Path, street: Path, open_session: Callable[[Path], ProjectSession]
):
    import cv2
    import numpy as np

    folder = tmp_path / "stills"
    folder.mkdir()
    for number in range(3):
        picture = np.full((24, 32, 3), 40 * number, dtype=np.uint8)
        assert cv2.imwrite(str(folder / f"2026-05-01T14-00-0{number}.png"), picture)
    session = open_session(street)
    jobs = JobsController(session)
    with qtbot.waitSignal(jobs.ended, timeout=60_000) as ended:
        jobs.start("add", {"path": str(folder), "camera": "Bridge"})
    assert ended.args[0].state is JobState.DONE, ended.args[0].error
    with session.project.read() as connection:
        stills = [row for row in list_sources(connection, session.project) if row.name == "stills"]
    assert stills[0].frame_count == 3
    texts: list[str] = []
    jobs.read_log(ended.args[0].id, texts.append)
    qtbot.waitUntil(lambda: bool(texts))
    jobs.close()


def test_a_job_that_edits_is_told_who_asks(
    qtbot, monkeypatch: pytest.MonkeyPatch, street: Path, open_session
):
    monkeypatch.setattr(
        "core.jobs.launch.launch", lambda path, job: subprocess.Popen([sys.executable, "-c", ""])
    )
    session = open_session(street, "Bea")
    jobs = JobsController(session)
    with qtbot.waitSignal(jobs.started, timeout=20_000) as started:
        jobs.start("locate", {"place": str(street.parent), "annotator": ""})
    with session.project.read() as connection:
        queued = job_rows.get_job(connection, started.args[0])
    assert queued is not None
    assert queued.settings["annotator"] == "Bea"
    jobs.close()


def test_settings_that_do_not_fit_are_an_error_with_a_way_out(qtbot, street: Path, open_session):
    session = open_session(street)
    jobs = JobsController(session)
    with qtbot.waitSignal(session.failed, timeout=20_000) as heard:
        jobs.start("mine", {"every": 0})
    assert heard.args[0].way_out
    jobs.close()


def test_a_job_that_fails_is_told_with_its_reason(qtbot, opened: Shell, street: Path):
    with Project.open(street) as other:
        job_id = job_rows.create_job(other, "mine", "Mine objects", {"camera": "Gate"})
        qtbot.waitUntil(lambda: bool(opened.opened.jobs.state.cards), timeout=5000)
        job_rows.claim_job(other, job_id)
        job_rows.fail_job(other, job_id, "The network file is gone. Choose another one.")
    qtbot.waitUntil(lambda: bool(opened.window.toasts.texts()), timeout=5000)
    assert opened.window.toasts.texts() == ["It failed: Mine objects: Gate"]
    assert opened.window.isVisible()


def test_a_running_job_is_counted_on_the_rail_and_in_the_status_bar(qtbot, opened: Shell, street: Path):
    with Project.open(street) as other:
        job_id = job_rows.create_job(other, "mine", "Mine objects", {"camera": "Gate"})
        job_rows.claim_job(other, job_id)
        job_rows.beat(other, job_id, 0.4, "Finding objects")
        qtbot.waitUntil(lambda: opened.window._jobs.text() == "Mine objects: Gate, 40%", timeout=5000)
        job_rows.finish_job(other, job_id, {"objects": 3})
    qtbot.waitUntil(lambda: opened.window._jobs.text() == "", timeout=5000)
