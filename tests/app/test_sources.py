"""The Sources workspace: the list, the player, backgrounds, mining, live; by its controllers and by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from app import file_dialogs
from app.composition.window import Shell
from app.controllers.jobs import JobsController
from app.states.live import LiveState, Watching
from app.states.sources import Picture, Selection
from app.views.sources.sources_view import SourcesView
from core.errors import MediaError
from core.store.queries.cameras import list_cameras

NOON_AT_THE_CAMERA = "2023-11-15 13:00:00"  # noon UTC; the camera's clock is an hour ahead


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Jobs that were asked for, instead of being started."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def note(_: JobsController, kind: str, settings: dict[str, Any], on_started: object = None) -> None:
        asked.append((kind, dict(settings)))

    monkeypatch.setattr(JobsController, "start", note)
    return asked


@pytest.fixture
def view(qtbot, opened: Shell) -> SourcesView:
    workspace = opened.opened.workspaces[0]
    assert workspace.id == "sources"
    view: SourcesView = workspace.widget
    qtbot.waitUntil(lambda: view.player.canvas.image is not None, timeout=5000)
    return view


def press(view: SourcesView, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier):
    view.window().activateWindow()
    QTest.qWaitForWindowActive(view.window())
    view.list.tree.setFocus()
    QTest.keyClick(view.list.tree, key, modifiers)


def shown_frame(view: SourcesView) -> int:
    """Which frame is on the canvas: painted into its red. -1: none."""
    image = view.player.canvas.image
    return -1 if image is None else int(image[0, 0, 0])


def test_the_first_source_is_shown_with_its_time(view: SourcesView):
    assert shown_frame(view) == 0
    assert view.player._place.whole == f"{NOON_AT_THE_CAMERA}   frame 1 of 50"
    assert view.title.whole == "morning.mp4"


def test_stepping_by_key_shows_the_neighbours(qtbot, view: SourcesView):
    press(view, Qt.Key.Key_Period)
    press(view, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: shown_frame(view) == 2)
    press(view, Qt.Key.Key_Comma)
    qtbot.waitUntil(lambda: shown_frame(view) == 1)


def test_jumping_on_stops_at_the_end(qtbot, view: SourcesView):
    press(view, Qt.Key.Key_Greater, Qt.KeyboardModifier.ShiftModifier)
    view.player.slider.setValue(49)
    qtbot.waitUntil(lambda: shown_frame(view) == 49)
    press(view, Qt.Key.Key_Period)
    qtbot.wait(50)
    assert shown_frame(view) == 49


def test_playing_runs_to_the_end_and_stops(qtbot, view: SourcesView):
    view.player.slider.setValue(40)
    press(view, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: shown_frame(view) == 49, timeout=5000)
    assert view.player._play.toolTip() == "Play"


def test_an_error_of_a_frame_is_shown_in_its_place(qtbot, view: SourcesView, frames):
    frames.error = MediaError("Frame 3 cannot be decoded.", "Go on to the next one.")
    press(view, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: view.player._problem_text.isVisible())
    assert view.player._problem_text.text() == "Frame 3 cannot be decoded."
    assert not view.player._find.isVisible()
    frames.error = None
    press(view, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: view.player.canvas.isVisible())


def test_missing_footage_offers_to_find_it(qtbot, view: SourcesView, started, monkeypatch, tmp_path: Path):
    press(view, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: view.player._find.isVisible())
    monkeypatch.setattr(file_dialogs, "ask_folder", lambda *_: str(tmp_path / "new"))
    qtbot.mouseClick(view.player._find, Qt.MouseButton.LeftButton)
    assert started == [("locate", {"place": str(tmp_path / "new")})]


def test_missing_footage_can_be_pointed_at_itself(
    qtbot, view: SourcesView, started, monkeypatch, tmp_path: Path
):
    press(view, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: view.player._file.isVisible())
    asked: list[str] = []

    def choose(_parent: object, title: str, *_: object) -> str:
        asked.append(title)
        return str(tmp_path / "renamed.mkv")

    monkeypatch.setattr(file_dialogs, "ask_file", choose)
    qtbot.mouseClick(view.player._file, Qt.MouseButton.LeftButton)
    assert asked == ["Where gone.mp4 is now"]
    assert started == [("locate", {"place": str(tmp_path / "renamed.mkv")})]


def test_where_one_was_in_a_source_is_remembered(qtbot, view: SourcesView):
    view.player.slider.setValue(7)
    qtbot.waitUntil(lambda: shown_frame(view) == 7)
    press(view, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: view.player._problem_text.isVisible())
    press(view, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: view.player.canvas.isVisible() and shown_frame(view) == 7)


def test_footage_is_added_to_the_camera_it_is_dropped_on(view: SourcesView, started, tmp_path: Path, opened):
    with opened.opened.session.project.read() as connection:
        bridge = next(row.id for row in list_cameras(connection) if row.name == "Bridge")
    view.list.dropped.emit([tmp_path / "a.mp4", tmp_path / "b"], bridge)
    view.dropped.emit([tmp_path / "c.mp4"])
    assert started == [
        ("add", {"path": str(tmp_path / "a.mp4"), "camera": "Bridge"}),
        ("add", {"path": str(tmp_path / "b"), "camera": "Bridge"}),
        ("add", {"path": str(tmp_path / "c.mp4")}),
    ]


def test_a_camera_is_renamed_and_its_clock_set_as_undoable_edits(qtbot, view: SourcesView, opened: Shell):
    from app.views.sources.camera_dialog import CameraDialog

    press(view, Qt.Key.Key_F2)
    dialog = view.findChild(CameraDialog)
    assert dialog.name.text() == "Gate"
    assert dialog.offset.currentText() == "UTC+01:00"
    dialog.name.setText("North gate")
    dialog.offset.setCurrentIndex(dialog.offset.findData(-34200.0))
    with qtbot.waitSignals([opened.opened.session.touched] * 2):
        QTest.keyClick(dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "02:30:00" in view.player._place.whole)
    for _ in range(2):
        with qtbot.waitSignal(opened.opened.session.touched):
            opened.commands.run("edit.undo")
    qtbot.waitUntil(lambda: "13:00:00" in view.player._place.whole)
    with opened.opened.session.project.read() as connection:
        assert {row.name for row in list_cameras(connection)} == {"Gate", "Bridge"}


def test_a_hidden_source_comes_back_by_undo(qtbot, view: SourcesView, opened: Shell):
    with qtbot.waitSignal(opened.opened.session.touched):
        opened.commands.run("sources.hide")
    qtbot.waitUntil(lambda: view.title.whole == "gone.mp4")
    with qtbot.waitSignal(opened.opened.session.touched):
        opened.commands.run("edit.undo")
    qtbot.waitUntil(lambda: view.list.tree.topLevelItem(1).childCount() == 2)


def test_mining_the_source_or_the_whole_camera(qtbot, view: SourcesView, started):
    press(view, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(started), timeout=30_000)  # the form is read when it is first needed
    kind, settings = started[-1]
    assert (kind, settings["camera"]) == ("mine", "Gate")
    assert len(settings["source"]) == 1
    assert settings["detector"] == "motion"
    qtbot.mouseClick(view.mine._all, Qt.MouseButton.LeftButton)
    press(view, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert started[-1][1]["source"] == []


def test_a_background_is_made_for_the_chosen_camera(qtbot, view: SourcesView, started):
    qtbot.waitUntil(lambda: view.background._make_first.isEnabled())
    qtbot.mouseClick(view.background._make_first, Qt.MouseButton.LeftButton)
    assert started == [("background", {"camera": "Gate"})]


def test_backgrounds_are_shown_by_hour_with_what_they_rest_on(qtbot, view: SourcesView, opened: Shell):
    add_backgrounds(opened)
    workspace = opened.opened.workspaces[0]
    from app.controllers.backgrounds import BackgroundsController

    controller = next(part for part in _parts(workspace) if isinstance(part, BackgroundsController))
    controller.refresh()
    qtbot.waitUntil(lambda: view.background.canvas.image is not None)
    assert view.background.canvas.image[0, 0].tolist() == [200, 10, 30]
    chips = [button.text() for button in view.background._group.buttons()]
    assert chips == ["All hours", "13–14 h"]
    qtbot.mouseClick(view.background._group.buttons()[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "rests on 40 frames of 1 hour: 13" in view.background._facts.text())


def test_a_live_stream_says_where_its_connection_is(qtbot, view: SourcesView):
    press(view, Qt.Key.Key_L)
    assert view.live.isVisible()
    view.live.show_state(LiveState(Watching.CONNECTING, "usb:0"))
    assert not view.live.address.isEnabled()
    image = np.zeros((48, 64, 3), dtype=np.uint8)
    view.live.show_state(LiveState(Watching.LIVE, "usb:0", image, 9.96))
    assert view.live._text.text() == "Live · 64 × 48 · 10.0 frames a second"
    view.live.show_state(LiveState(Watching.LOST, "usb:0", image, problem="It hung up.", way_out="Wait."))
    assert view.live._text.text() == "Lost, connecting again. It hung up. Wait."
    view.live.show_state(LiveState())
    assert view.live.address.isEnabled()


def test_an_empty_project_says_what_to_do_first(qtbot, shell: Shell, tmp_path: Path):
    shell.open_project(tmp_path / "empty.amodal", create=True)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    view: SourcesView = shell.opened.workspaces[0].widget
    qtbot.waitUntil(lambda: view._empty_title.isVisible())
    assert view._empty_title.text() == "Add footage to begin"


def test_the_list_is_chosen_from_by_the_arrow_keys(qtbot, view: SourcesView):
    chosen: list[Selection] = []
    view.list.chosen.connect(chosen.append)
    press(view, Qt.Key.Key_Down)
    assert len(chosen) == 1
    assert chosen[0].source_id is not None
    qtbot.waitUntil(lambda: view.title.whole == "gone.mp4")


def test_pictures_that_were_decoded_stay_while_the_next_one_comes(view: SourcesView, opened: Shell):
    """No flicker: while a frame is decoded the one before is still there."""
    from app.controllers.player import PlayerController

    player = next(part for part in _parts(opened.opened.workspaces[0]) if isinstance(part, PlayerController))
    states: list[Picture] = []
    player.changed.connect(lambda state: states.append(state.picture))
    player.step(1)
    assert set(states) == {Picture.FRAME}


def _parts(workspace: object) -> list[object]:
    """The controllers behind the workspace."""
    return list(vars(workspace.on_shown.__self__).values())


def add_backgrounds(shell: Shell) -> None:
    """Two made-up backgrounds: one over all hours, red, and one of 13 h, blue."""
    from core.store.writers.backgrounds import write_background

    project = shell.opened.session.project
    with project.read() as connection:
        gate = next(row.id for row in list_cameras(connection) if row.name == "Gate")
    for hour, color, count, hours in ((None, (200, 10, 30), 90, (13, 14)), (13, (10, 20, 220), 40, (13,))):
        with project.write() as connection:
            write_background(
                connection,
                gate,
                hour=hour,
                frame_count=count,
                hours=hours,
                width=128,
                height=72,
                image_png=png(color),
                support_png=png((0, 0, 0)),
            )


def png(color: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    image = QImage(128, 72, QImage.Format.Format_RGB888)
    image.fill(QColor(*color))
    blob = QBuffer()
    blob.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(blob, "PNG")
    return bytes(blob.data().data())
