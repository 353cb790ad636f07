"""A person of a yard is labelled by keys from nothing to seventeen points; undone, and there tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.controllers.keypoint_looks import PERSON_ORDER
from app.views.keypoints.keypoints_view import KeypointsView
from core.records.fits import BodyFit
from core.records.keypoints import KeypointSet
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import PersonKeypoint as P
from core.store.project import Project
from core.store.queries.fits import fits_in_force
from core.store.queries.keypoints import keypoints_in_force
from tests import windows
from tests.app.keypoints import people
from tests.app.keypoints.people import TruePerson

LONG_MS = 60_000
BODY = PERSON_ORDER[:12]


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[KeypointsView]:
    """The window with the project open and the Keypoints workspace in front."""
    with windows.shown(qapp) as shell:
        yield keypoints_of(qtbot, shell, path)


def keypoints_of(qtbot: QtBot, shell: Shell, path: Path) -> KeypointsView:
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
    return view


def kept(path: Path, person: TruePerson) -> KeypointSet | None:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = keypoints_in_force(connection, [person.instance_id]).get(person.instance_id)
    return None if row is None else row.keypoints


def placed(path: Path, person: TruePerson) -> int:
    found = kept(path, person)
    return 0 if found is None else found.placed


def body_of(path: Path, person: TruePerson) -> BodyFit | None:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = fits_in_force(connection, [person.instance_id]).get(person.instance_id)
    return row.fit if row is not None and isinstance(row.fit, BodyFit) else None


def spot(view: KeypointsView, place: tuple[float, float]) -> QPoint:
    return view.pane.canvas.to_widget(*place).toPoint()


def test_twelve_keys_and_enter_label_a_person(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    path = people.make(tmp_path)
    person = people.people(path)[0]
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    with window_on(qapp, qtbot, path) as view:
        item, canvas = view.pane.item, view.pane.canvas
        QTest.keyClick(canvas, Qt.Key.Key_B)  # people instead of cars
        qtbot.waitUntil(lambda: view.title.startswith("person"), timeout=LONG_MS)
        while item.state.instance_id != person.instance_id:
            before = item.state.instance_id
            QTest.keyClick(canvas, Qt.Key.Key_E)
            qtbot.waitUntil(lambda before=before: item.state.instance_id != before, timeout=LONG_MS)
        qtbot.wait(100)  # the view is zoomed to the person

        # once around the body, no key but those that place: the next point comes by itself
        for number, index in enumerate(BODY):
            assert item.state.current == index
            QTest.mouseMove(canvas.viewport(), spot(view, person.pixels[index]))
            tag = Qt.Key.Key_S if index == P.RIGHT_WRIST else Qt.Key.Key_A
            QTest.keyClick(canvas, tag)
            assert sum(point is not None for point in item.state.points) == number + 1
        qtbot.waitUntil(lambda: item.state.sure, timeout=LONG_MS)
        qtbot.waitUntil(lambda: dict(item.state.card.facts)["Residual"].endswith("over 12 points"))
        assert view.card.title == "The fit holds"
        assert item.state.outline
        for index in PERSON_ORDER[12:]:
            ghost = item.state.ghosts[index]
            assert ghost is not None
            x, y = person.pixels[index]
            assert abs(complex(ghost.x - x, ghost.y - y)) < 0.1 * person.size_px

        QTest.keyClick(canvas, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: placed(path, person) == 17, timeout=LONG_MS)
        assert body_of(path, person) is not None
        QTest.keyClick(canvas, Qt.Key.Key_Z, control)
        qtbot.waitUntil(lambda: placed(path, person) == 12, timeout=LONG_MS)
        assert body_of(path, person) is None
        QTest.keyClick(canvas, Qt.Key.Key_Z, control | shift)
        qtbot.waitUntil(lambda: placed(path, person) == 17, timeout=LONG_MS)

        # one of them is nudged by the arrow keys, and is the person's own from then on
        qtbot.waitUntil(lambda: all(item.state.points))
        qtbot.mouseClick(
            canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot(view, person.pixels[P.RIGHT_WRIST])
        )
        assert item.state.current == P.RIGHT_WRIST
        for _ in range(3):
            QTest.keyClick(canvas, Qt.Key.Key_Left)
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
        wrist = item.state.points[P.RIGHT_WRIST]
        assert wrist is not None
        qtbot.waitUntil(lambda: wrist_x(path, person) == pytest.approx(wrist.x), timeout=LONG_MS)

    found = kept(path, person)
    assert found is not None
    assert found.points[P.RIGHT_WRIST] is not None
    assert found.points[P.RIGHT_WRIST].tag is KeypointTag.SELF_OCCLUDED
    by_hand = [i for i, point in enumerate(found.points) if point and point.origin is LabelOrigin.HUMAN]
    assert by_hand == sorted(BODY)

    with window_on(qapp, qtbot, path) as view:
        item = view.pane.item
        qtbot.waitUntil(lambda: item.state.instance_id == person.instance_id, timeout=LONG_MS)
        assert view.queue.count_text.endswith("people")
        assert all(item.state.points)
        qtbot.waitUntil(lambda: item.state.sure, timeout=LONG_MS)


def wrist_x(path: Path, person: TruePerson) -> float | None:
    found = kept(path, person)
    point = None if found is None else found.points[P.RIGHT_WRIST]
    return None if point is None else point.x
