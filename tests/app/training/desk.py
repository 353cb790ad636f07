"""The Train workspace in a window, with the keys of the declaration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import ActionBook, load_actions
from app.commands import Commands
from app.composition.training import build_training
from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.training import Curve, RunFacts
from app.views.training.training_view import TrainingView
from core.errors import AmodalError
from core.records.runs import RunRow
from core.store.project import Project
from core.store.queries import runs
from tests.app.settling import settle


class Desk:
    """What a test does in the workspace, and sees of it."""

    def __init__(self, path: Path, qtbot: QtBot) -> None:
        self.qtbot, self.path = qtbot, path
        self.bugs: list[object] = []
        self.failures: list[AmodalError] = []
        self.places: list[str] = []
        self.logs: list[int] = []
        self.session = ProjectSession(Project.open(path), "Ann")
        self.session.failed.connect(self.failures.append)
        self.session.broke.connect(self.bugs.append)
        self.jobs = JobsController(self.session)
        self.settle_reads()
        self.asked: list[tuple[str, object]] = []
        self.measured: list[int] = []
        self.workspace = build_training(
            self.session,
            self.jobs,
            self.places.append,
            self.logs.append,
            lambda kind, values, intro: self.asked.append((kind, values)),
            self.measured.append,
        )
        self.session.touched.connect(lambda touched: self.workspace.on_touched(touched))
        self.session.job_changed.connect(lambda row: self.workspace.on_job_changed(row))
        self.session.outside_change.connect(lambda: self.workspace.on_outside_change())
        assert isinstance(self.workspace.widget, TrainingView)
        self.view = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1280, 800)
        handlers = {"edit.undo": self.session.undo, "edit.redo": self.session.redo}
        self.commands = Commands(ActionBook(load_actions()), self.window, handlers, {})
        self.commands.go_to("training", self.workspace)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.workspace.on_shown()
        self.settle()

    # doing

    def press(self, key: str) -> None:
        """Presses a key as a person does, wherever the focus is."""
        combination = QKeySequence(key)[0]
        target = QApplication.focusWidget() or self.view
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        self.settle()

    def click_run(self, name: str, *, mark: bool = False) -> None:
        """Clicks a run in the list, or its mark."""
        runs_view = self.view.runs
        row = self.names.index(name)
        place = runs_view.mark_place(row).toPoint()
        if not mark:
            place.setX(runs_view.width() // 2)
        QTest.mouseClick(runs_view, Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def settle(self) -> None:
        """Waits until edits, reads and their answers are through."""
        settle(self.session._reads, self.session._edits, pause_ms=2)

    def settle_reads(self) -> None:
        """Waits until reads are through."""
        settle(self.session._reads, rounds=1)

    def until(self, met: Callable[[], bool]) -> None:
        """Waits for something to be so."""
        self.qtbot.waitUntil(met, timeout=15_000)

    def close(self) -> None:
        """Ends the workspace, as when the project closes."""
        self.workspace.on_hidden()
        self.settle()
        self.workspace.close()
        self.jobs.close()
        self.session.close()
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()
        assert not self.bugs

    # seeing

    @property
    def names(self) -> list[str]:
        """Of the runs that are listed."""
        return [item.name for item in self.view.runs.items]

    @property
    def rows(self) -> list[str]:
        """What the list says of each."""
        return [self.view.runs.row_text(row) for row in range(len(self.view.runs.items))]

    @property
    def facts(self) -> RunFacts:
        return self.view.panel.facts

    @property
    def said(self) -> str:
        return self.view.bar.said

    @property
    def charts(self) -> list[str]:
        """Titles of what is drawn."""
        return [view.chart.title for view in self.view.charts.views.values()]

    def curve(self, key: str, name: str) -> Curve:
        """A curve of a chart."""
        return next(one for one in self.view.charts.views[key].chart.curves if one.name == name)

    def row(self, run_id: int) -> RunRow:
        """A run as the store has it."""
        with self.session.project.read() as connection:
            found = runs.run_by_id(connection, run_id)
        assert found is not None
        return found

    def titles(self) -> list[str]:
        """The history, oldest first."""
        return [row.title for row in self.session.history.page() if row.annotator == "Ann"][::-1]
