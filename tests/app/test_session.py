"""The session: edits in order, news of other processes, reads whose older requests are dropped."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

from app.session import ProjectSession
from core.errors import AmodalError, EditRefusedError, FootageMissingError
from core.records.history import Touched
from core.store.edits.cameras import rename_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.sources import list_sources

Open = Callable[..., ProjectSession]


def camera_id(session: ProjectSession, name: str) -> int:
    with session.project.read() as connection:
        return next(row.id for row in list_cameras(connection) if row.name == name)


def source_id(session: ProjectSession, name: str) -> int:
    with session.project.read() as connection:
        return next(row.id for row in list_sources(connection, session.project) if row.name == name)


def test_an_edit_is_told_once_it_is_committed(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate = camera_id(session, "Gate")
    with qtbot.waitSignal(session.touched, timeout=3000) as heard:
        session.perform(lambda: rename_camera(session.history, gate, "North gate"))
    touched: Touched = heard.args[0]
    assert touched.rows["camera"] == (gate,)
    with sqlite3.connect(street) as other:
        assert ("North gate",) in other.execute("SELECT name FROM camera").fetchall()
    other.close()


def test_edits_keep_their_order(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate = camera_id(session, "Gate")
    titles: list[str] = []
    session.touched.connect(lambda touched: titles.append(touched.title))
    for number in range(20):
        session.perform(lambda name=f"Gate {number}": rename_camera(session.history, gate, name))
    qtbot.waitUntil(lambda: len(titles) == 20, timeout=5000)
    assert titles == [f"Rename a camera to Gate {number}" for number in range(20)]


def test_undo_and_redo_are_edits_too(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate = camera_id(session, "Gate")
    with qtbot.waitSignal(session.touched):
        session.perform(lambda: rename_camera(session.history, gate, "North"))
    with qtbot.waitSignals([session.undone, session.touched]):
        session.undo()
    assert camera_id(session, "Gate") == gate
    with qtbot.waitSignals([session.redone, session.touched]):
        session.redo()
    assert camera_id(session, "North") == gate


def test_a_refused_edit_is_an_error_with_a_way_out(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate = camera_id(session, "Gate")
    with qtbot.waitSignal(session.failed) as heard:
        session.perform(lambda: rename_camera(session.history, gate, "Bridge"))
    error: AmodalError = heard.args[0]
    assert isinstance(error, EditRefusedError)
    assert error.way_out


def test_a_bug_is_told_apart_from_an_error(qtbot, street: Path, open_session: Open, caplog):
    session = open_session(street)
    with qtbot.waitSignal(session.broke) as heard:
        session.in_background(lambda: 1 // 0)
    assert isinstance(heard.args[0], ZeroDivisionError)
    assert "ZeroDivisionError" in caplog.text


def test_callbacks_come_on_the_main_thread(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    threads: list[QThread] = []
    worked: list[int] = []
    session.in_background(
        lambda: worked.append(threading.get_ident()), lambda _: threads.append(QThread.currentThread())
    )
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [QApplication.instance().thread()]
    assert worked != [threading.get_ident()]


def test_a_newer_read_of_a_tag_drops_the_older(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate, results = threading.Event(), []
    session.in_background(lambda: gate.wait(5) and "old", results.append, tag="view")
    session.in_background(lambda: "new", results.append, tag="view")
    session.in_background(lambda: "apart", results.append, tag="other")
    gate.set()
    qtbot.waitUntil(lambda: len(results) == 2)
    qtbot.wait(100)
    assert sorted(results) == ["apart", "new"]


def test_another_process_writing_is_noticed(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    with Project.open(street) as other, qtbot.waitSignal(session.outside_change, timeout=2000):
        rename_camera(History(other, "Bo"), camera_id(session, "Gate"), "South")
    assert camera_id(session, "South")


def test_an_edit_of_ones_own_is_no_news_from_outside(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    gate = camera_id(session, "Gate")
    qtbot.wait(300)
    heard: list[bool] = []
    session.outside_change.connect(lambda: heard.append(True))
    for number in range(5):
        with qtbot.waitSignal(session.touched):
            session.perform(lambda name=f"Gate {number}": rename_camera(session.history, gate, name))
    qtbot.wait(600)
    assert heard == []


def test_a_job_row_is_told_when_it_is_new_and_when_it_changes(qtbot, street: Path, open_session: Open):
    from core.store import job_rows

    session = open_session(street)
    with Project.open(street) as other:
        with qtbot.waitSignal(session.job_changed, timeout=2000) as heard:
            job_id = job_rows.create_job(other, "mine", "Mine objects", {})
        assert heard.args[0].id == job_id
        with qtbot.waitSignal(session.job_changed, timeout=2000) as heard:
            job_rows.request_cancel(other, job_id)
        assert heard.args[0].state == "cancelled"
    assert [row.id for row in session.jobs()] == [job_id]


def test_a_frame_is_asked_for_once_its_source_is_open(qtbot, street: Path, open_session: Open, frames):
    session = open_session(street)
    source = source_id(session, "morning.mp4")
    shown: list[int] = []
    session.request_frame(source, 80, lambda frame: shown.append(frame.pts), pytest.fail)
    qtbot.waitUntil(lambda: shown == [80])
    session.request_frame(source, 120, lambda frame: shown.append(frame.pts), pytest.fail)
    qtbot.waitUntil(lambda: shown == [80, 120])
    assert list(frames.opened) == [source]
    assert frames.opened[source].name == "morning.mp4"


def test_missing_footage_is_an_error_of_the_request(qtbot, street: Path, open_session: Open):
    session = open_session(street)
    errors: list[AmodalError] = []
    session.request_frame(source_id(session, "gone.mp4"), 0, pytest.fail, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], FootageMissingError)
    assert "gone.mp4" in errors[0].problem


def test_closing_waits_for_edits_under_way(qtbot, street: Path, frames):
    session = ProjectSession(Project.open(street), "Ann")
    gate = camera_id(session, "Gate")
    for number in range(10):
        session.perform(lambda name=f"Gate {number}": rename_camera(session.history, gate, name))
    session.close()
    with Project.open(street) as again, again.read() as connection:
        assert "Gate 9" in {row.name for row in list_cameras(connection)}
