"""A person cuts cars out of a street, composes them, changes a composite, and has a set made of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.states.compose import Layer
from app.views.compose.compose_view import ComposeView
from app.views.form_dialogs import FormDialog
from core.records.recipes import RecipeRow, RecipeSetRow
from core.store.project import Project
from core.store.queries.recipes import recipe_page, recipe_sets
from tests import windows
from tests.app.compose import yards

LONG_MS = 60_000
SEED = 2


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, ComposeView]]:
    """The window with the project open and the Compose workspace in front, by its key where need be."""
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        if shell.window.place != "compose":
            QTest.keyClick(shell.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
        view = shell.window.findChild(ComposeView)
        assert isinstance(view, ComposeView)
        yield shell, view


def press(key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key, held)


def sets(path: Path) -> list[RecipeSetRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return recipe_sets(connection)


def by_hand(path: Path) -> list[RecipeRow]:
    found = [one.id for one in sets(path) if one.name == "by hand"]
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return recipe_page(connection, found[0]) if found else []


def take_form(qtbot: QtBot, shell: Shell, **values: object) -> None:
    """Fills in the form that is open, and takes it."""
    qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is not None, timeout=LONG_MS)
    dialog = shell.window.findChild(FormDialog)
    assert isinstance(dialog, FormDialog)
    for name, value in values.items():
        dialog.form.set_value(name, value)
    dialog.take.click()
    qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is None, timeout=LONG_MS)
    shell.window.activateWindow()
    QTest.qWaitForWindowActive(shell.window)


def offered(view: ComposeView) -> dict[str, QAction]:
    """The sets that can be chosen, by what they are called."""
    return {one.text(): one for one in view.head.sets.actions_offered()}


def names(view: ComposeView) -> list[str]:
    return [layer.name for layer in view.layers.layers]


def layer_of(view: ComposeView, name: str) -> Layer:
    return next(layer for layer in view.layers.layers if layer.name == name)


def spot(view: ComposeView, layer: Layer) -> QPoint:
    """Where a layer is seen on the widget."""
    assert layer.modal is not None
    rows, columns = layer.modal.bits.nonzero()
    middle = len(rows) // 2
    x, y = layer.modal.x + columns[middle], layer.modal.y + rows[middle]
    return view.canvas.to_widget(float(x), float(y)).toPoint()


def drag(view: ComposeView, layer: Layer, down_px: int) -> None:
    viewport, start = view.canvas.viewport(), spot(view, layer)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(viewport, left, none, start)
    for step in range(1, 6):
        QTest.mouseMove(viewport, start + QPoint(0, down_px * step // 5))
        QTest.qWait(10)
    QTest.mouseRelease(viewport, left, none, start + QPoint(0, down_px))


def test_from_cut_cars_to_a_set(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    path = yards.make(tmp_path, cut=False)
    with window_on(qapp, qtbot, path) as (shell, view):
        # nothing is cut out yet: the button asks for the job, and the first composite comes by itself
        qtbot.waitUntil(lambda: view.missing.title == "Nothing is cut out yet", timeout=LONG_MS)
        view.missing.button.click()
        take_form(qtbot, shell, include_thinned=True)
        qtbot.waitUntil(lambda: view.canvas.image is not None, timeout=LONG_MS)
        view.canvas.setFocus()

        # a seed is typed, another is shuffled to; the first comes again as it was
        press(Qt.Key.Key_G)
        view.head.seed.setText("")
        QTest.keyClicks(view.head.seed, str(SEED))
        press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: f"seed {SEED}:" in view.pair.main.title, timeout=LONG_MS)
        first = view.canvas.image
        press(Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: f"seed {SEED}:" not in view.pair.main.title, timeout=LONG_MS)
        press(Qt.Key.Key_G)
        view.head.seed.setText("")
        QTest.keyClicks(view.head.seed, str(SEED))
        press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: f"seed {SEED}:" in view.pair.main.title, timeout=LONG_MS)
        assert first is not None
        assert view.canvas.image is not None
        assert np.array_equal(view.canvas.image, first)

        # a layer is clicked and switched off
        gone = next(layer.name for layer in view.layers.layers if not layer.standing)
        QTest.mouseClick(
            view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot(view, layer_of(view, gone))
        )
        press(Qt.Key.Key_X)
        qtbot.waitUntil(lambda: not layer_of(view, gone).shown, timeout=LONG_MS)
        qtbot.waitUntil(lambda: len(by_hand(path)) == 1, timeout=LONG_MS)

        # the farthest one is dragged nearer, as far as there is room
        far = next(layer.name for layer in reversed(view.layers.layers) if not layer.standing)
        before = layer_of(view, far).distance_m
        drag(view, layer_of(view, far), 12)
        qtbot.waitUntil(lambda: view.bar.said.startswith(f"Done: Move {far}"), timeout=LONG_MS)
        after = layer_of(view, far)
        assert before is not None
        assert after.distance_m is not None
        assert after.moved
        assert after.distance_m < before

        # one is swapped for another
        left_to_swap = [layer.name for layer in view.layers.layers if not layer.standing and layer.shown]
        swapped = ""
        for name in left_to_swap:
            view.layers.chosen.emit(layer_of(view, name).key)
            view.bar.say("")
            press(Qt.Key.Key_S)
            qtbot.waitUntil(lambda: bool(view.bar.said), timeout=LONG_MS)
            if "Swap" in view.bar.said:
                swapped = name
                break
        if swapped:
            assert swapped not in names(view)
            press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            qtbot.waitUntil(lambda: swapped in names(view), timeout=LONG_MS)

        # undo takes the drag back, then the layer that is off
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: layer_of(view, far).distance_m == before, timeout=LONG_MS)
        assert not layer_of(view, gone).shown
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: layer_of(view, gone).shown, timeout=LONG_MS)
        assert np.array_equal(view.canvas.image, first)
        press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: not layer_of(view, gone).shown, timeout=LONG_MS)

        # a set is made by the job, and looked through
        press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        take_form(qtbot, shell, name="many", count=12, least=3, validation_percent=0, test_percent=0)
        qtbot.waitUntil(
            lambda: any(one.text() == "many (12)" for one in view.head.sets.actions_offered()),
            timeout=LONG_MS,
        )
        next(one for one in view.head.sets.actions_offered() if one.text() == "many (12)").trigger()
        qtbot.waitUntil(lambda: view.head.place_text == "1 of 12", timeout=LONG_MS)
        view.canvas.setFocus()
        press(Qt.Key.Key_E)
        qtbot.waitUntil(lambda: view.head.place_text == "2 of 12", timeout=LONG_MS)
        assert view.chart.chart.total >= 12 * 3
        assert {one.name: one.total for one in sets(path)} == {"many": 12, "by hand": 1}

    with window_on(qapp, qtbot, path) as (_, view):
        # tomorrow what was changed is there
        qtbot.waitUntil(lambda: view.canvas.image is not None, timeout=LONG_MS)
        [kept] = by_hand(path)
        assert [one.shown for one in kept.recipe.objects].count(False) == 1
        offered(view)["by hand (1)"].trigger()
        qtbot.waitUntil(lambda: "changed by hand" in view.head.place_text, timeout=LONG_MS)
        assert [layer.name for layer in view.layers.layers if not layer.shown] == [gone]


def test_walt2d_of_the_same_objects_stands_beside(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    path = yards.make(tmp_path)
    with window_on(qapp, qtbot, path) as (_, view):
        qtbot.waitUntil(lambda: view.canvas.image is not None, timeout=LONG_MS)
        view.canvas.setFocus()
        for key in (Qt.Key.Key_M, Qt.Key.Key_N, Qt.Key.Key_K, Qt.Key.Key_B):
            press(key)
        qtbot.waitUntil(lambda: view.pair.other.canvas.image is not None, timeout=LONG_MS)
        assert view.pair.other.item.shown == view.pair.main.item.shown
        here = [layer.name for layer in view.layers.layers if not layer.standing]
        there = [layer.name for layer in view.pair.other.item.state.layers]
        assert sorted(there) == sorted(here)
        # from above, all of them stand on the road, drawn by OpenGL
        assert not view.viewport.problem
        assert {car.caption for car in view.viewport.scene.objects} == set(names(view))
        assert not view.viewport.render_now().isNull()
