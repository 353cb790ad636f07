"""A person labels a car of a simulated street with four keys; the fit does the rest; it is there tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.views.keypoints.keypoints_view import KeypointsView
from core.records.keypoints import KeypointSet
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoints_in_force
from tests import windows
from tests.app.keypoints import streets
from tests.app.keypoints.streets import TrueCar

LONG_MS = 60_000
FOUR = 4


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return streets.make(tmp_path_factory.mktemp("labelled street"))


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, KeypointsView]]:
    """The window with the project open and the Keypoints workspace in front, by its key where need be."""
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        if shell.window.place != "keypoints":
            QTest.keyClick(shell.window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
        view = shell.window.findChild(KeypointsView)
        assert isinstance(view, KeypointsView)
        qtbot.waitUntil(lambda: view.pane.canvas.image is not None, timeout=LONG_MS)
        yield shell, view


def kept(path: Path, instance_id: int) -> KeypointSet | None:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = keypoints_in_force(connection, [instance_id]).get(instance_id)
    return None if row is None else row.keypoints


def has_fit(path: Path, instance_id: int) -> bool:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return bool(fits_in_force(connection, [instance_id]))


def spot(view: KeypointsView, place: tuple[float, float]) -> QPoint:
    return view.pane.canvas.to_widget(*place).toPoint()


def go_to(qtbot: QtBot, view: KeypointsView, car: TrueCar) -> None:
    """Presses the key for the next car until it is the one."""
    item = view.pane.item
    qtbot.waitUntil(lambda: item.state.instance_id is not None)
    while item.state.instance_id != car.instance_id:
        before = item.state.instance_id
        QTest.keyClick(view.pane.canvas, Qt.Key.Key_E)
        qtbot.waitUntil(lambda before=before: item.state.instance_id != before)
    qtbot.wait(50)  # the frame of a car that was prepared is there at once; the view is zoomed to it


def label(view: KeypointsView, car: TrueCar, index: int, key: Qt.Key) -> None:
    """Skips to a point, holds the cursor where it is, and presses a tag's key."""
    canvas, item = view.pane.canvas, view.pane.item
    for _ in range(12):
        if item.state.current == index:
            break
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert item.state.current == index
    QTest.mouseMove(canvas.viewport(), spot(view, car.pixels[index]))
    QTest.keyClick(canvas, key)


def test_four_keys_and_enter_label_a_car(
    qapp: QApplication, qtbot: QtBot, street: Path, tmp_path: Path
) -> None:
    path = streets.copied(street, tmp_path)
    car = streets.cars(path)[0]
    with window_on(qapp, qtbot, path) as (_, view):
        item, canvas = view.pane.item, view.pane.canvas
        go_to(qtbot, view, car)
        for index in car.seen(FOUR):
            label(view, car, index, Qt.Key.Key_A)
        assert item.state.sure
        hidden = [index for index, tag in enumerate(car.tags) if tag == "self_occluded"]
        assert hidden
        for index in hidden:
            ghost = item.state.ghosts[index]
            assert ghost is not None
            assert ghost.tag.value == "self_occluded"
            # three times a twentieth of the car: it is this point and no other
            far = np.hypot(*np.subtract((ghost.x, ghost.y), car.pixels[index])) / car.size_px
            assert far < 0.15

        QTest.keyClick(canvas, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: placed(path, car) == 12, timeout=LONG_MS)
        assert has_fit(path, car.instance_id)
        QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda: placed(path, car) == FOUR, timeout=LONG_MS)
        qtbot.waitUntil(lambda: sum(p is not None for p in item.state.points) == FOUR)
        assert not has_fit(path, car.instance_id)
        held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        QTest.keyClick(canvas, Qt.Key.Key_Z, held)
        qtbot.waitUntil(lambda: placed(path, car) == 12, timeout=LONG_MS)
        qtbot.waitUntil(lambda: sum(p is not None for p in item.state.points) == 12)

        # a ghost is gone, a point is dragged by mouse: the same gesture corrects either
        index = car.seen(12)[-1]
        start = item.state.points[index]
        assert start is not None
        drag(view, spot(view, (start.x, start.y)), QPoint(12, 6))
        qtbot.waitUntil(lambda: by_hand(path, car) == FOUR + 1, timeout=LONG_MS)

        assert view.inset.switched_on
        QTest.keyClick(canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
        assert not view.inset.switched_on

    with window_on(qapp, qtbot, path) as (_, view):
        item = view.pane.item
        qtbot.waitUntil(lambda: item.state.instance_id == car.instance_id)
        assert sum(p is not None for p in item.state.points) == 12
        assert item.state.sure
        assert not view.inset.switched_on  # as it was left


def placed(path: Path, car: TrueCar) -> int:
    found = kept(path, car.instance_id)
    return 0 if found is None else found.placed


def by_hand(path: Path, car: TrueCar) -> int:
    found = kept(path, car.instance_id)
    return 0 if found is None else sum(p is not None and p.origin.value == "human" for p in found.points)


def drag(view: KeypointsView, start: QPoint, way: QPoint) -> None:
    viewport = view.pane.canvas.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(viewport, left, none, start)
    for part in range(1, 5):
        QTest.mouseMove(viewport, start + way * part / 4)
    QTest.mouseRelease(viewport, left, none, start + way)


def test_the_palette_keeps_its_keys(qapp: QApplication, qtbot: QtBot, street: Path, tmp_path: Path) -> None:
    path = streets.copied(street, tmp_path)
    car = streets.cars(path)[0]
    with window_on(qapp, qtbot, path) as (shell, view):
        item = view.pane.item
        go_to(qtbot, view, car)
        for index in car.seen(FOUR):
            label(view, car, index, Qt.Key.Key_1)
        QTest.keyClick(view.pane.canvas, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        palette = shell.window.palette_popup
        qtbot.waitUntil(palette.isVisible)
        QTest.keyClicks(palette.field, "loupe")
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: not palette.isVisible())
        assert not view.pane.loupe_shown  # what was chosen was done,
        assert placed(path, car) <= FOUR  # and nothing was accepted
        assert sum(p is not None for p in item.state.points) == FOUR
