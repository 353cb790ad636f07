"""A person estimates a training, starts it, stops it, carries it on, compares, and uses its model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.states.training import RunLook
from app.views.training.training_view import TrainingView
from core.jobs import launch as launching
from core.jobs.spawn import PROGRAM_FOLDER
from core.jobs.train import purposes
from core.records.runs import Purpose, RunRow, RunState
from core.store.project import Project
from core.store.queries.runs import metric_points, run_in_use, runs
from tests import windows
from tests.app.training import made_up

LONG_MS = 90_000
STEPS = 20  # 22 samples by 4 are five steps, four times


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


class Pace:
    """How many seconds a step of the trainings takes that begin from now on."""

    seconds = 0.0


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Jobs run in processes of their own, of a program that can train the tiny task."""
    chosen = Pace()

    def launch(project_path: Path, job_id: int) -> subprocess.Popen[bytes]:
        module = "tests.stories.tiny_training"
        command = [sys.executable, "-m", module, str(project_path), str(job_id), str(chosen.seconds)]
        return subprocess.Popen(command, cwd=PROGRAM_FOLDER, start_new_session=sys.platform != "win32")

    from tests.stories import tiny_training

    monkeypatch.setattr(launching, "launch", launch)
    monkeypatch.setitem(purposes.TRAINABLE, Purpose.CLASSIFIER, tiny_training.trainable())
    return chosen


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, TrainingView]]:
    """The window with the project open and the Train workspace in front, by its key where need be."""
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        if shell.window.place != "training":
            QTest.keyClick(shell.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
        view = shell.window.findChild(TrainingView)
        assert isinstance(view, TrainingView)
        yield shell, view


def press(key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key, held)


def all_runs(path: Path) -> list[RunRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return runs(connection)


def losses(path: Path, run_id: int) -> list[tuple[int, float]]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return [(one.step, one.value) for one in metric_points(connection, run_id, ["loss"])]


def prepare(qtbot: QtBot, view: TrainingView, **values: object) -> None:
    """Chooses the classifier on the CPU, and fills in the form."""
    draft = view.draft
    qtbot.waitUntil(lambda: draft.form is not None and bool(draft.state.cards), timeout=LONG_MS)
    QTest.mouseClick(draft.choices[Purpose.CLASSIFIER], Qt.MouseButton.LeftButton)
    draft.devices["cpu"].click()
    assert draft.form is not None
    for name, value in {"workers": 0, **values}.items():
        draft.form.set_value(name, value)


def test_from_an_estimate_to_a_model_in_use(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, pace: Pace
) -> None:
    path = made_up.make_project(tmp_path)
    with window_on(qapp, qtbot, path) as (shell, view):
        # there is no run: one is prepared at once, and its time is measured
        prepare(qtbot, view, name="First", epochs=4, seed=5)
        press(Qt.Key.Key_M)
        qtbot.waitUntil(lambda: view.draft.estimate_text.startswith("About"), timeout=LONG_MS)
        assert "Measured on cpu" in view.draft.estimate_text
        assert all_runs(path) == []

        # one button begins it; it is slow enough to be seen on its way
        pace.seconds = 0.4
        view.draft.train.click()
        qtbot.waitUntil(lambda: view.panel.facts.look is RunLook.RUNNING, timeout=LONG_MS)
        qtbot.waitUntil(lambda: bool(view.gallery.views), timeout=LONG_MS)
        assert "loss" in view.charts.views
        assert not view.drafting

        # it is stopped, and carried on to its end, to the same numbers as if it had never been stopped
        press(Qt.Key.Key_X)
        qtbot.waitUntil(lambda: view.panel.facts.look is RunLook.STOPPED, timeout=LONG_MS)
        [row] = all_runs(path)
        assert row.state is RunState.STOPPED
        assert 0 < row.step < STEPS
        pace.seconds = 0.0
        qtbot.waitUntil(lambda: view.panel.facts.can_resume, timeout=LONG_MS)
        view.panel.note.button.click()
        qtbot.waitUntil(lambda: view.panel.facts.look is RunLook.DONE, timeout=LONG_MS)
        qtbot.waitUntil(lambda: view.gallery.title == f"Predictions after step {STEPS}", timeout=LONG_MS)

        # the same again under another name, with another seed, and both are compared
        press(Qt.Key.Key_A)
        prepare(qtbot, view, name="Second", seed=6, epochs=2)
        press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(
            lambda: view.panel.facts.name == "Second" and view.panel.facts.look is RunLook.DONE,
            timeout=LONG_MS,
        )
        press(Qt.Key.Key_Space)
        press(Qt.Key.Key_Down)
        qtbot.waitUntil(lambda: len(view.comparison.comparison.runs) == 2, timeout=LONG_MS)
        assert dict(view.comparison.comparison.settings)["Seed"] == ("5", "6")
        press(Qt.Key.Key_Escape)

        # it serves from now on, and an undo takes that back
        assert view.panel.facts.name == "First"
        press(Qt.Key.Key_U)
        qtbot.waitUntil(lambda: view.panel.facts.in_use, timeout=LONG_MS)
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: not view.panel.facts.in_use, timeout=LONG_MS)
        press(Qt.Key.Key_U)
        qtbot.waitUntil(lambda: view.panel.facts.in_use, timeout=LONG_MS)
        assert shell.opened is not None

    assert [run.name for run in all_runs(path)] == ["Second", "First"]
    assert [step for step, _ in losses(path, 1)] == list(range(1, STEPS + 1))
    with Project.open(path, read_only=True) as project, project.read() as connection:
        used = run_in_use(connection, Purpose.CLASSIFIER)
    assert used is not None
    assert used.name == "First"

    # the window that is opened next comes to the same place, and shows it
    with window_on(qapp, qtbot, path) as (_, view):
        qtbot.waitUntil(lambda: len(view.runs.items) == 2, timeout=LONG_MS)
        assert "in use" in view.runs.row_text(1)
