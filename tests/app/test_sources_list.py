"""The Sources workspace's list: what was hidden comes back, and a camera that nobody uses can go."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.composition.window import Shell
from app.states.sources import CameraNode, Selection
from app.views.sources.sources_view import SourcesView


@pytest.fixture
def view(qtbot, opened: Shell) -> SourcesView:
    view: SourcesView = opened.opened.workspaces[0].widget
    qtbot.waitUntil(lambda: view.player.canvas.image is not None, timeout=5000)
    return view


def camera_item(view: SourcesView, name: str):
    tops = [view.list.tree.topLevelItem(n) for n in range(view.list.tree.topLevelItemCount())]
    return next(item for item in tops if _node(item).camera.name == name)


def _node(item) -> CameraNode:
    return item.data(0, 0x0100)  # Qt.ItemDataRole.UserRole


def listed(view: SourcesView) -> dict[str, list[str]]:
    tops = [view.list.tree.topLevelItem(n) for n in range(view.list.tree.topLevelItemCount())]
    return {_node(item).camera.name: [row.name for row in _node(item).sources] for item in tops}


def entry(menu: QMenu, text: str) -> QAction | None:
    """An entry of a menu, or of a menu in it."""
    for action in menu.actions():
        if action.text() == text:
            return action
        inner = action.menu()
        if isinstance(inner, QMenu) and (found := entry(inner, text)) is not None:
            return found
    return None


def press(view: SourcesView, camera: str, text: str) -> None:
    """Chooses a camera and presses an entry of its context menu."""
    item = camera_item(view, camera)
    view.list.tree.setCurrentItem(item)
    menu = view.list.menu_of(_node(camera_item(view, camera)))
    found = entry(menu, text)
    assert found is not None
    found.trigger()


def hide(qtbot, shell: Shell, view: SourcesView, name: str) -> None:
    item = camera_item(view, "Gate")
    rows = [row for row in _node(item).sources if row.name == name]
    view.list.chosen.emit(Selection(rows[0].camera_id, rows[0].id))
    shell.commands.run("sources.hide")
    qtbot.waitUntil(lambda: name not in listed(view)["Gate"], timeout=5000)


def test_a_hidden_source_comes_back_from_its_cameras_menu(qtbot, opened: Shell, view: SourcesView):
    hide(qtbot, opened, view, "gone.mp4")
    assert "1 hidden source" in camera_item(view, "Gate").toolTip(0)
    press(view, "Gate", "Show gone.mp4 again")
    qtbot.waitUntil(lambda: listed(view)["Gate"] == ["morning.mp4", "gone.mp4"], timeout=5000)
    assert entry(view.list.menu_of(_node(camera_item(view, "Gate"))), "Hidden sources") is None
    opened.commands.run("edit.undo")
    qtbot.waitUntil(lambda: listed(view)["Gate"] == ["morning.mp4"], timeout=5000)


def test_all_that_a_camera_hides_comes_back_in_one_edit(qtbot, opened: Shell, view: SourcesView):
    hide(qtbot, opened, view, "gone.mp4")
    hide(qtbot, opened, view, "morning.mp4")
    gate = _node(camera_item(view, "Gate")).camera.id
    view.list.chosen.emit(Selection(gate))
    opened.commands.run("sources.show_hidden")
    qtbot.waitUntil(lambda: listed(view)["Gate"] == ["morning.mp4", "gone.mp4"], timeout=5000)
    opened.commands.run("edit.undo")
    qtbot.waitUntil(lambda: listed(view)["Gate"] == [], timeout=5000)


def test_a_camera_without_footage_can_be_removed_and_comes_back(qtbot, opened: Shell, view: SourcesView):
    press(view, "Bridge", "Remove this camera")
    qtbot.waitUntil(lambda: list(listed(view)) == ["Gate"], timeout=5000)
    opened.commands.run("edit.undo")
    qtbot.waitUntil(lambda: sorted(listed(view)) == ["Bridge", "Gate"], timeout=5000)


def test_a_camera_with_footage_offers_no_removal_and_refuses_it(qtbot, opened: Shell, view: SourcesView):
    assert entry(view.list.menu_of(_node(camera_item(view, "Gate"))), "Remove this camera") is None
    hide(qtbot, opened, view, "gone.mp4")
    hide(qtbot, opened, view, "morning.mp4")
    assert entry(view.list.menu_of(_node(camera_item(view, "Gate"))), "Remove this camera") is None
    view.list.chosen.emit(Selection(_node(camera_item(view, "Gate")).camera.id))
    opened.commands.run("sources.remove_camera")
    qtbot.waitUntil(lambda: any("has footage" in text for text in opened.window.toasts.texts()), timeout=5000)
    assert "Gate" in listed(view)
