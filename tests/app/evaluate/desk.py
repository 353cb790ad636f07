"""The Evaluate workspace in a window, with the keys of the declaration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import ActionBook, load_actions
from app.commands import Commands
from app.composition.evaluate import build_evaluate
from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.results import COLUMNS, SaidKey
from app.views.evaluate.evaluate_view import EvaluateView
from core.errors import AmodalError
from core.records.evaluations import EvaluationRow
from core.store.project import Project
from core.store.queries.evaluations import evaluation_by_id
from tests.app.settling import settle


class Desk:
    """What a test does in the workspace, and sees of it."""

    def __init__(self, path: Path, qtbot: QtBot) -> None:
        self.qtbot, self.path = qtbot, path
        self.bugs: list[object] = []
        self.failures: list[AmodalError] = []
        self.places: list[str] = []
        self.shown_in: list[tuple[str, list[int]]] = []
        self.shown_said: list[tuple[int, SaidKey | None, str]] = []
        self.logs: list[int] = []
        self.asked: list[tuple[str, Any]] = []
        self.session = ProjectSession(Project.open(path), "Ann")
        self.session.failed.connect(self.failures.append)
        self.session.broke.connect(self.bugs.append)
        self.jobs = JobsController(self.session)
        self.settle_reads()
        self.workspace = build_evaluate(
            self.session,
            self.jobs,
            self.places.append,
            lambda place, ids: self.shown_in.append((place, list(ids))),
            lambda *shown: self.shown_said.append(shown),
            self.logs.append,
            lambda kind, values, intro: self.asked.append((kind, values)),
            lambda: self.places.append("asked for"),
        )
        self.session.touched.connect(lambda touched: self.workspace.on_touched(touched))
        self.session.job_changed.connect(lambda row: self.workspace.on_job_changed(row))
        self.session.outside_change.connect(lambda: self.workspace.on_outside_change())
        assert isinstance(self.workspace.widget, EvaluateView)
        self.view = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1360, 820)
        handlers = {"edit.undo": self.session.undo, "edit.redo": self.session.redo}
        self.commands = Commands(ActionBook(load_actions()), self.window, handlers, {})
        self.commands.go_to("evaluate", self.workspace)
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

    def click_evaluation(self, name: str, *, mark: bool = False) -> None:
        """Clicks an evaluation in the list, or its mark."""
        rows = self.view.evaluations
        place = rows.mark_place(self.names.index(name)).toPoint()
        if not mark:
            place.setX(rows.width() // 2)
        QTest.mouseClick(rows, Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def click_bar(self, label: str, series: int = 0) -> None:
        """Clicks the bar above a label."""
        plot = self.view.bars.plot
        place = plot.middle_of(series, self.chart.labels.index(label)).toPoint()
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def click_cell(self, truth: str, said: str) -> None:
        """Clicks a cell of the confusion."""
        table, grid = self.view.confusion.table, self.view.confusion.grid
        cell = grid.cell_rect(table.truth.index(truth), table.said.index(said))
        QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
        self.settle()

    def settle(self) -> None:
        """Waits until edits, reads and their answers are through."""
        settle(self.session._reads, self.session._edits)

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
        """Of the evaluations that are listed."""
        return [item.name for item in self.view.evaluations.items]

    @property
    def rows(self) -> list[str]:
        """What the list says of each."""
        return [self.view.evaluations.row_text(row) for row in range(len(self.view.evaluations.items))]

    @property
    def said(self) -> str:
        return self.view.bar.said

    @property
    def chart(self) -> Any:
        return self.view.bars.chart

    @property
    def figures(self) -> dict[str, Sequence[str]]:
        """What the table of figures says: title -> values."""
        return {row.title: [cell.value for cell in row.cells] for row in self.view.figures.table.rows}

    def column(self, name: str) -> list[str]:
        """What the list of objects says in a column."""
        model = self.view.objects.table.model()
        place = COLUMNS.index(name)
        return [str(model.index(row, place).data()) for row in range(model.rowCount())]

    @property
    def current_row(self) -> int:
        """Which object is looked at."""
        return self.view.objects.table.currentIndex().row()

    def row(self, evaluation_id: int) -> EvaluationRow:
        """An evaluation as the store has it."""
        with self.session.project.read() as connection:
            found = evaluation_by_id(connection, evaluation_id)
        assert found is not None
        return found

    def titles(self) -> list[str]:
        """The history, oldest first."""
        return [row.title for row in self.session.history.page() if row.annotator == "Ann"][::-1]
