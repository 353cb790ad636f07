"""The Compose workspace in a window, with the keys of the declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import ActionBook, load_actions
from app.commands import Commands
from app.composition.compose import build_compose
from app.controllers.compose import ComposeController
from app.session import ProjectSession
from app.states.compose import CompositeState, Layer
from app.views.compose.compose_view import ComposeView
from core.records.recipes import RecipeRow
from core.store.project import Project
from core.store.queries import recipes
from tests.app.settling import settle


class Desk:
    """What a test does in the workspace, and sees of it."""

    def __init__(self, path: Path, qtbot: QtBot) -> None:
        self.qtbot, self.path = qtbot, path
        self.bugs: list[object] = []
        self.failures: list[object] = []
        self.dialogs: list[tuple[str, dict[str, Any] | None]] = []
        self.places: list[str] = []
        self.calibrated: list[int] = []
        seeds: Iterator[int] = count(1)
        # OpenGL has tests of its own; here the scenes alone are looked at
        self.session = ProjectSession(Project.open(path), "Ann", {"use_opengl": False})
        self.session.failed.connect(self.failures.append)
        self.session.broke.connect(self.bugs.append)
        self.workspace = build_compose(
            self.session,
            lambda kind, values: self.dialogs.append((kind, values)),
            self.places.append,
            self.calibrated.append,
            seed=lambda: next(seeds),
        )
        self.session.touched.connect(lambda touched: self.workspace.on_touched(touched))
        self.session.job_changed.connect(lambda row: self.workspace.on_job_changed(row))
        assert isinstance(self.workspace.widget, ComposeView)
        self.view = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1280, 800)
        handlers = {"edit.undo": self.session.undo, "edit.redo": self.session.redo}
        self.commands = Commands(ActionBook(load_actions()), self.window, handlers, {})
        self.commands.go_to("compose", self.workspace)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.workspace.on_shown()
        self.settle()

    @property
    def controller(self) -> ComposeController:
        handler = self.workspace.handlers["compose.all_on"]
        found = handler.__self__  # type: ignore[attr-defined]
        assert isinstance(found, ComposeController)
        return found

    # doing

    def press(self, key: str) -> None:
        """Presses a key as a person does, wherever the focus is, once the picture is there."""
        self.until(lambda: not self.controller.browser.source_wanted)
        combination = QKeySequence(key)[0]
        target = QApplication.focusWidget() or self.view
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        self.settle()

    def seed(self, seed: int) -> None:
        """Types a seed."""
        self.press("G")
        field = self.view.head.seed
        assert QApplication.focusWidget() is field
        field.setText("")
        QTest.keyClicks(field, str(seed))
        QTest.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def click(self, layer: Layer) -> None:
        """Clicks a layer where it is seen."""
        QTest.mouseClick(self.view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=self.spot(layer))
        self.settle()

    def drag(self, layer: Layer, dx: float, dy: float, steps: int = 5, *, drop: bool = True) -> None:
        """Drags a layer, so many pixels of the picture."""
        viewport, start = self.view.canvas.viewport(), self.spot(layer)
        scale = self.view.canvas.screen_scale
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(viewport, left, none, start)
        for step in range(1, steps + 1):
            way = QPoint(round(dx * scale * step / steps), round(dy * scale * step / steps))
            QTest.mouseMove(viewport, start + way)
        self.settle_reads()
        if drop:
            end = start + QPoint(round(dx * scale), round(dy * scale))
            QTest.mouseRelease(viewport, left, none, end)
            self.settle()

    def spot(self, layer: Layer) -> QPoint:
        """A pixel of the widget where a layer is seen."""
        assert layer.modal is not None
        rows, columns = layer.modal.bits.nonzero()
        middle = len(rows) // 2
        x, y = layer.modal.x + columns[middle], layer.modal.y + rows[middle]
        return self.view.canvas.to_widget(float(x), float(y)).toPoint()

    def settle(self) -> None:
        """Waits until renderings, edits, reads and their answers are through."""
        browser, scene_soon = self.controller.browser, self.controller._scene_soon
        for _ in range(2):  # renderings may ask for reads, and reads for renderings
            settle(self.session._reads, self.session._edits, pause_ms=2)
            self.controller._lane.settle()
            self.until(lambda: not browser.source_wanted and not scene_soon.isActive())
        settle(self.session._reads, self.session._edits, rounds=2)

    def settle_reads(self) -> None:
        """Waits until renderings and reads are through."""
        settle(self.session._reads, rounds=1)
        self.controller._lane.settle()
        settle(self.session._reads, rounds=1)

    def until(self, met: Callable[[], bool]) -> None:
        """Waits for something to be so."""
        self.qtbot.waitUntil(met, timeout=10_000)

    def close(self) -> None:
        """Ends the workspace, as when the project closes."""
        self.workspace.on_hidden()
        self.workspace.close()
        self.session.close()
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()
        assert not self.bugs

    # seeing

    @property
    def state(self) -> CompositeState:
        """The composite, as it is drawn."""
        return self.view.pair.main.item.state

    @property
    def names(self) -> list[str]:
        """Of the layers, nearest first."""
        return [layer.name for layer in self.state.layers]

    @property
    def said(self) -> str:
        return self.view.bar.said

    def layer(self, name: str) -> Layer:
        return next(layer for layer in self.state.layers if layer.name == name)

    @property
    def movable(self) -> list[Layer]:
        """What does not stand in the background, nearest first."""
        return [layer for layer in self.state.layers if not layer.standing and layer.shown]

    def by_hand(self) -> list[RecipeRow]:
        """What is kept of a person's changes."""
        with self.session.project.read() as connection:
            found = recipes.set_by_name(connection, "by hand")
            return [] if found is None else recipes.recipe_page(connection, found.id)

    def titles(self) -> list[str]:
        """The history, oldest first."""
        return [row.title for row in self.session.history.page() if row.annotator == "Ann"][::-1]
