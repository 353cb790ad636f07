"""A person closes the loop from the window, follows it, and finds its runs and what they were measured by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

pytest.importorskip("torch")

from app.views.evaluate.evaluate_view import EvaluateView
from app.views.form_dialogs import FormDialog
from app.views.training.training_view import TrainingView
from core.records.jobs import JobState
from core.records.runs import Purpose
from core.store.project import Project
from core.store.queries.runs import run_in_use
from tests import windows
from tests.jobs.driving_yard import loop_settings, make_yard

LONG_MS = 240_000
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.slow
def test_the_loop_goes_round_in_the_window(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    path = make_yard(tmp_path)
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        QTest.keyClick(shell.window, Qt.Key.Key_6, CTRL)
        qtbot.waitUntil(lambda: shell.window.findChild(TrainingView) is not None)
        view = shell.window.findChild(TrainingView)
        assert isinstance(view, TrainingView)
        qtbot.waitUntil(lambda: bool(view.draft.state.cards))

        # before there is a run, its button is not there: the palette and the menu know it
        QTest.keyClick(shell.window, Qt.Key.Key_K, CTRL)
        palette = shell.window.palette_popup
        qtbot.waitUntil(palette.isVisible)
        QTest.keyClicks(palette.field, "close the loop")
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is not None)
        dialog = shell.window.findChild(FormDialog)
        assert isinstance(dialog, FormDialog)
        for name, value in loop_settings(tmp_path).items():
            dialog.form.set_value(name, value)
        keep(dialog, "form")
        dialog.take.click()

        session = shell.opened.session
        qtbot.waitUntil(lambda: any(row.kind == "loop" for row in session.jobs()))
        qtbot.waitUntil(lambda: len(view.runs.items) >= 1, timeout=LONG_MS)
        keep(shell.window, "first round")
        done = (JobState.DONE, JobState.FAILED)
        loop = next(row for row in session.jobs() if row.kind == "loop")
        qtbot.waitUntil(
            lambda: next(row for row in session.jobs() if row.id == loop.id).state in done, timeout=LONG_MS
        )
        row = next(row for row in session.jobs() if row.id == loop.id)
        assert row.state is JobState.DONE, row.error
        qtbot.waitUntil(lambda: len(view.runs.items) == len(row.result["rounds"]))
        keep(shell.window, "runs")

        # each round is measured, and what is better than before is in use
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        QTest.keyClick(shell.window, Qt.Key.Key_7, CTRL)
        qtbot.waitUntil(lambda: shell.window.findChild(EvaluateView) is not None)
        evaluate = shell.window.findChild(EvaluateView)
        assert isinstance(evaluate, EvaluateView)
        qtbot.waitUntil(lambda: len(evaluate.evaluations.items) == len(row.result["rounds"]))
        qtbot.waitUntil(lambda: bool(evaluate.bars.chart.labels))
        keep(shell.window, "evaluations")
    with Project.open(path, read_only=True) as project, project.read() as connection:
        used = run_in_use(connection, Purpose.DETECTOR)
    assert used is not None
    assert used.id == row.result["model in use"]


def keep(window: object, name: str) -> None:
    """A picture for people, where the environment says where."""
    folder = os.environ.get("AMODAL_STORY_PICTURES")
    if folder:
        window.grab().save(str(Path(folder) / f"loop {name}.png"))  # type: ignore[attr-defined]
