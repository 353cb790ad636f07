"""The window as a person uses it, by keyboard: start page, palette, keys, undo, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app import file_dialogs
from app.composition.window import Shell
from app.controllers.start import StartController
from app.theme import current_theme
from app.views.history_panel import HistoryPanel
from app.views.review.review_view import ReviewView
from app.views.start_page import StartPage
from core.errors import DiskFullError
from core.records.occlusion import Verdict
from core.store.edits.cameras import rename_camera, set_utc_offset
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from tests.app.review.street import Street

CTRL = Qt.KeyboardModifier.ControlModifier


def press(shell: Shell, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key in the window, wherever the focus is."""
    shell.window.activateWindow()
    QTest.qWaitForWindowActive(shell.window)
    target = shell.window.focusWidget() or shell.window
    QTest.keyClick(target, key, modifiers)


def camera_names(shell: Shell) -> set[str]:
    with shell.opened.session.project.read() as connection:
        return {row.name for row in list_cameras(connection)}


def rename_gate(qtbot, shell: Shell, name: str) -> None:
    session = shell.opened.session
    with session.project.read() as connection:
        gate = next(row.id for row in list_cameras(connection) if row.name == "Gate")
    with qtbot.waitSignal(session.touched):
        session.perform(lambda: rename_camera(session.history, gate, name))


# ---- start page ---------------------------------------------------------------------------------


def test_an_opened_project_is_the_first_recent_one(qtbot, opened: Shell, street: Path, own_settings: Path):
    press(opened, Qt.Key.Key_W, CTRL)
    assert opened.opened is None
    assert [recent.path for recent in opened.start.state.recents] == [street]
    kept = json.loads((own_settings / "recent.json").read_text())
    assert [entry["path"] for entry in kept] == [str(street)]


def test_a_missing_recent_project_is_marked_and_can_be_taken_off(qtbot, shell: Shell, street: Path):
    shell.start.opened(street)
    street.unlink()
    shell.start.refresh()
    assert [recent.found for recent in shell.start.state.recents] == [False]
    shell.open_project(street)
    qtbot.waitUntil(lambda: bool(shell.window.toasts.texts()))
    assert shell.opened is None
    assert shell.start.state.opening is None
    page = shell.window.findChild(StartPage)
    page.recent_removed.emit(street)
    assert shell.start.state.recents == ()


def test_a_file_that_is_no_project_says_so_and_the_window_lives(qtbot, shell: Shell, tmp_path: Path):
    wrong = tmp_path / "notes.amodal"
    wrong.write_text("shopping")
    shell.open_project(wrong)
    qtbot.waitUntil(lambda: bool(shell.window.toasts.texts()))
    assert "notes.amodal" in shell.window.toasts.texts()[0]
    assert shell.window.isVisible()


def test_what_was_wrong_with_another_file_is_gone_once_a_project_is_open(
    qtbot, shell: Shell, street: Path, tmp_path: Path
):
    (tmp_path / "notes.amodal").write_text("shopping")
    shell.open_project(tmp_path / "notes.amodal")
    qtbot.waitUntil(lambda: bool(shell.window.toasts.texts()))
    shell.open_project(street)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    assert shell.window.toasts.texts() == []


def test_a_new_project_by_keyboard(qtbot, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_dialogs, "ask_new_file", lambda *_, **__: str(tmp_path / "mine"))
    press(shell, Qt.Key.Key_N, CTRL)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    assert (tmp_path / "mine.amodal").exists()
    assert "mine" in shell.window.windowTitle()


def test_new_never_replaces_a_project_that_is_there(
    qtbot, shell: Shell, street: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(file_dialogs, "ask_new_file", lambda *_, **__: str(street))
    press(shell, Qt.Key.Key_N, CTRL)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    assert camera_names(shell) == {"Gate", "Bridge"}


def test_a_dropped_project_opens(qtbot, shell: Shell, street: Path):
    page = shell.window.findChild(StartPage)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(street))])
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(drop)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)


def test_the_demo_is_made_by_its_command_and_opened(qtbot, shell: Shell, street: Path):
    folder = shell.settings["demo_folder"] or None
    assert folder is None
    script = (
        "import pathlib, shutil, sys;"
        "print('25 % Drawing the street', flush=True);"
        "f = pathlib.Path(sys.argv[1]); f.mkdir(parents=True);"
        f"shutil.copy({str(street)!r}, f / 'demo.amodal')"
    )
    import sys

    shell.start._demo_command = lambda folder: [sys.executable, "-c", script, str(folder)]
    seen: list[object] = []
    shell.start.changed.connect(lambda state: seen.append(state.making))
    shell.commands.run("file.demo")
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    assert any(making is not None and making.share == 0.25 for making in seen)
    assert shell.opened.session.project.path.name == "demo.amodal"


def test_a_demo_that_fails_says_why(qtbot, shell: Shell):
    import sys

    shell.start._demo_command = lambda _: [
        sys.executable,
        "-c",
        "import sys; print('amodal: No room.'); sys.exit(2)",
    ]
    shell.commands.run("file.demo")
    qtbot.waitUntil(lambda: bool(shell.window.toasts.texts()), timeout=10_000)
    assert shell.start.state.making is None
    assert shell.window.toasts.texts() == ["The demo could not be made."]


# ---- palette, cheat sheet, key editor -----------------------------------------------------------


def test_the_palette_finds_and_runs(qtbot, opened: Shell):
    press(opened, Qt.Key.Key_K, CTRL)
    popup = opened.window.palette_popup
    assert popup.isVisible()
    QTest.keyClicks(popup.field, "jobs")
    assert popup.titles()[0] == "Jobs"
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert opened.commands["view.jobs"].isChecked()


def test_the_palette_lists_only_what_can_run_here(qtbot, shell: Shell):
    press(shell, Qt.Key.Key_K, CTRL)
    titles = shell.window.palette_popup.titles()
    assert "New project" in titles
    assert "Undo" not in titles
    QTest.keyClick(shell.window.palette_popup.field, Qt.Key.Key_Escape)
    assert not shell.window.palette_popup.isVisible()


def test_letters_typed_into_a_field_run_nothing(qtbot, opened: Shell, monkeypatch: pytest.MonkeyPatch):
    ran: list[str] = []
    opened.commands.done.connect(ran.append)
    press(opened, Qt.Key.Key_K, CTRL)
    ran.clear()
    field = opened.window.palette_popup.field
    QTest.keyClicks(field, "ewpvl.,")
    assert field.text() == "ewpvl.,"
    assert ran == []
    address = opened.opened.workspaces[0].widget.live.address
    assert isinstance(address, QLineEdit)
    opened.window.palette_popup.hide()
    opened.opened.workspaces[0].widget.show_live(True)
    address.setFocus()
    QTest.keyClicks(address, "lpe")
    assert address.text() == "lpe"
    assert ran == []


def test_the_cheat_sheet_shows_the_keys_in_force(qtbot, opened: Shell):
    opened.book.choose("view.jobs", ["Ctrl+Alt+J"])
    press(opened, Qt.Key.Key_F1)
    sheet = opened.keys.sheet
    assert sheet.isVisible()
    assert "Jobs" in sheet.shown_titles()
    QTest.keyClicks(sheet.field, "ctrl+alt+j")
    assert sheet.shown_titles() == ["Jobs"]
    QTest.keyClick(sheet, Qt.Key.Key_Escape)


def test_the_key_editor_refuses_a_taken_key(qtbot, opened: Shell, own_settings: Path):
    opened.keys.show_editor()
    editor = opened.keys.editor
    editor.choose("view.jobs")
    QTest.keyClick(editor.key, Qt.Key.Key_K, CTRL)
    qtbot.mouseClick(editor._set, Qt.MouseButton.LeftButton)
    assert "Find an action" in editor.problem()
    assert opened.book.keys("view.jobs") == ("Ctrl+J",)
    assert not (own_settings / "keys.json").exists()
    editor.reject()


def test_a_new_key_works_at_once_and_is_kept(qtbot, opened: Shell, own_settings: Path):
    opened.keys.show_editor()
    editor = opened.keys.editor
    editor.choose("view.jobs")
    QTest.keyClick(editor.key, Qt.Key.Key_F9)
    qtbot.mouseClick(editor._set, Qt.MouseButton.LeftButton)
    assert editor.problem() == ""
    assert json.loads((own_settings / "keys.json").read_text()) == {"view.jobs": ["F9"]}
    editor.reject()
    press(opened, Qt.Key.Key_F9)
    assert opened.commands["view.jobs"].isChecked()
    press(opened, Qt.Key.Key_J, CTRL)
    assert opened.commands["view.jobs"].isChecked(), "the old key does nothing any more"


def test_what_deletes_cannot_get_a_key(qtbot, opened: Shell):
    opened.keys.show_editor()
    editor = opened.keys.editor
    editor.choose("sources.hide")
    assert not editor.key.isEnabled()
    editor.keys_wanted.emit("sources.hide", ("Del",))
    assert "takes something away" in editor.problem()
    editor.reject()


# ---- undo ---------------------------------------------------------------------------------------


def test_the_menu_names_what_undo_would_take_back(qtbot, opened: Shell):
    rename_gate(qtbot, opened, "North gate")
    qtbot.waitUntil(lambda: "North gate" in opened.commands["edit.undo"].text())
    assert opened.commands["edit.undo"].text() == "Undo Rename a camera to North gate"
    assert opened.window.toasts.texts() == ["Rename a camera to North gate"]
    with qtbot.waitSignal(opened.opened.session.touched):
        press(opened, Qt.Key.Key_Z, CTRL)
    assert camera_names(opened) == {"Gate", "Bridge"}
    qtbot.waitUntil(lambda: "North gate" in opened.commands["edit.redo"].text())
    assert opened.window.toasts.texts() == ["Undid: Rename a camera to North gate"]


def test_undo_is_grey_where_there_is_nothing_to_undo(qtbot, shell: Shell, tmp_path: Path):
    shell.open_project(tmp_path / "empty.amodal", create=True)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    qtbot.wait(100)
    assert not shell.commands["edit.undo"].isEnabled()
    assert not shell.commands["edit.redo"].isEnabled()


def test_the_history_shows_undone_changes_too(qtbot, opened: Shell):
    rename_gate(qtbot, opened, "North gate")
    press(opened, Qt.Key.Key_H, CTRL)
    with qtbot.waitSignal(opened.opened.session.touched):
        opened.commands.run("edit.undo")
    rows = lambda: opened.opened.history.state.rows  # noqa: E731
    qtbot.waitUntil(lambda: bool(rows()) and rows()[0].undone)
    assert rows()[0].title == "Rename a camera to North gate"


# ---- errors, themes, the end --------------------------------------------------------------------


def test_an_expected_error_is_a_message_with_its_way_out(qtbot, opened: Shell):
    opened.opened.session.failed.emit(DiskFullError("The disk is full.", "Make room and do it again."))
    assert opened.window.toasts.texts() == ["The disk is full."]
    assert opened.window.isVisible()


def test_what_somebody_else_did_is_a_message(opened: Shell):
    opened.opened.session.news.emit("Ben has changed the points of car 3.", "Both changes are kept.")
    assert opened.window.toasts.texts() == ["Ben has changed the points of car 3."]


def test_a_bug_shows_a_dialog_and_the_window_carries_on(qtbot, opened: Shell):
    opened.opened.session.in_background(lambda: 1 // 0)
    qtbot.waitUntil(lambda: opened.faults.dialog is not None)
    dialog = opened.faults.dialog
    assert "ZeroDivisionError" in dialog.details.toPlainText()
    opened.opened.session.in_background(lambda: {}["missing"])
    qtbot.waitUntil(lambda: "KeyError" in dialog.details.toPlainText())
    dialog.accept()
    assert opened.window.isVisible()
    assert camera_names(opened) == {"Gate", "Bridge"}


def test_themes_switch_and_are_kept(qtbot, shell: Shell):
    first = current_theme().name
    shell.commands.run("view.theme")
    assert current_theme().name != first
    assert shell.settings["theme"] == current_theme().name


def test_workspaces_change_by_key(qtbot, opened: Shell):
    press(opened, Qt.Key.Key_2, CTRL)
    assert opened.window.place == "review"
    assert not opened.commands["sources.play"].isEnabled()
    press(opened, Qt.Key.Key_1, CTRL)
    assert opened.window.place == "sources"
    assert opened.commands["sources.play"].isEnabled()


def test_keys_that_fields_need_work_as_soon_as_a_workspace_takes_the_focus(qtbot, opened: Shell):
    assert opened.opened is not None
    opened.window.activateWindow()
    qtbot.waitUntil(opened.window.isActiveWindow)
    for place in ("keypoints", "review", "keypoints"):
        opened.opened.go_to(place)
        QApplication.processEvents()
    keypoints = opened.window.workspace("keypoints")
    focus = QApplication.focusWidget()
    assert keypoints is not None
    assert focus is not None
    assert keypoints.widget.isAncestorOf(focus)
    for action_id in ("keypoints.skip", "keypoints.accept"):
        assert opened.commands[action_id].isEnabled(), action_id


def test_review_is_built_when_it_is_first_shown_and_answers_its_keys_at_once(qtbot, opened: Shell):
    session = opened.opened.session
    assert opened.window.findChild(ReviewView) is None
    rename_gate(qtbot, opened, "North")  # what is told before it is there troubles nobody
    session.outside_change.emit()
    press(opened, Qt.Key.Key_2, CTRL)
    view = opened.window.findChild(ReviewView)
    assert view.isVisible()
    assert opened.commands["review.unoccluded"].isEnabled()
    assert not opened.commands["review.table"].isChecked()
    press(opened, Qt.Key.Key_G)
    assert view.queue.shows_table
    assert opened.commands["review.table"].isChecked()


def test_a_project_closes_whose_review_was_never_shown(qtbot, opened: Shell):
    press(opened, Qt.Key.Key_W, CTRL)
    assert opened.opened is None
    assert opened.window.place == "start"


def test_a_project_opens_over_another_one(qtbot, opened: Shell, tmp_path: Path):
    opened.open_project(tmp_path / "second.amodal", create=True)
    qtbot.waitUntil(lambda: opened.opened.session.project.path.stem == "second", timeout=10_000)
    assert [recent.name for recent in opened.start.state.recents] == ["second", "street"]


def test_a_project_that_does_not_open_leaves_the_open_one(qtbot, opened: Shell, tmp_path: Path):
    opened.open_project(tmp_path / "nowhere.amodal")
    qtbot.waitUntil(lambda: bool(opened.window.toasts.texts()))
    assert opened.opened.session.project.path.stem == "street"
    assert camera_names(opened) == {"Gate", "Bridge"}


def test_an_undo_that_is_refused_can_be_left_standing(qtbot, opened: Shell, street: Path):
    rename_gate(qtbot, opened, "North")
    session = opened.opened.session
    with session.project.read() as connection:
        north = next(row.id for row in list_cameras(connection) if row.name == "North")
    with Project.open(street) as other:
        rename_camera(History(other, "Bo"), north, "South")
    qtbot.waitUntil(lambda: opened.commands["edit.undo"].isEnabled())
    with qtbot.waitSignal(session.failed) as heard:
        opened.commands.run("edit.undo")
    assert heard.args[0].way_out
    assert camera_names(opened) == {"South", "Bridge"}, "what Bo did stays"
    card = opened.window.toasts._cards[-1]
    assert card.toast.button == "Let it stand"
    card.toast.on_button()
    qtbot.waitUntil(lambda: not opened.commands["edit.undo"].isEnabled())


def test_a_redo_that_is_refused_offers_to_keep_nothing(qtbot, opened: Shell, street: Path):
    """The edit before it has the same name, and it is that one which would be kept."""
    session = opened.opened.session
    for offset_s in (7200.0, 10_800.0):
        with qtbot.waitSignal(session.touched):
            session.perform(lambda offset_s=offset_s: set_utc_offset(session.history, 1, offset_s))
    with qtbot.waitSignal(session.undone):
        session.undo()
    with Project.open(street) as other:
        set_utc_offset(History(other, "Bo"), 1, 0.0)
    qtbot.waitUntil(lambda: opened.opened._titles[0] == opened.opened._titles[1])
    with qtbot.waitSignal(session.failed) as heard:
        session.redo()
    assert "Cannot redo" in heard.args[0].problem
    assert opened.window.toasts._cards[-1].toast.button == ""


def test_a_project_that_cannot_be_written_says_so(qtbot, shell: Shell, street: Path, monkeypatch):
    really_open = Project.open
    monkeypatch.setattr(Project, "open", staticmethod(lambda path: really_open(path, read_only=True)))
    shell.open_project(street)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    assert shell.window._kept.text().startswith("Read only")
    session = shell.opened.session
    with qtbot.waitSignal(session.failed):
        session.perform(lambda: rename_camera(session.history, 1, "Elsewhere"))
    assert camera_names(shell) == {"Gate", "Bridge"}


def test_a_verdict_needs_no_message_over_the_timeline(qtbot, shell: Shell, tmp_path: Path):
    painted = Street(tmp_path / "cars.amodal")
    shell.open_project(painted.path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    press(shell, Qt.Key.Key_2, CTRL)
    view = shell.window.findChild(ReviewView)
    qtbot.waitUntil(lambda: view.queue.grid.currentIndex().isValid(), timeout=5000)
    with qtbot.waitSignal(shell.opened.session.touched):
        press(shell, Qt.Key.Key_S)
    assert shell.window.toasts.texts() == []
    assert view.verdicts.said
    shell.opened.session.failed.emit(DiskFullError("The disk is full.", "Make room."))
    toasts = shell.window.toasts
    where = QRect(toasts.mapToGlobal(QPoint(0, 0)), toasts.size())
    canvas = view.frame.canvas
    assert QRect(canvas.mapToGlobal(QPoint(0, 0)), canvas.size()).contains(where)
    press(shell, Qt.Key.Key_1, CTRL)
    shell.commands.run("edit.undo")
    qtbot.waitUntil(lambda: any(text.startswith("Undid") for text in toasts.texts()), timeout=5000)


def test_the_history_shows_what_a_change_was_of_and_esc_closes_it(qtbot, shell: Shell, tmp_path: Path):
    painted = Street(tmp_path / "cars.amodal")
    with Project.open(painted.path) as project:
        set_verdict(History(project, "Bo"), [painted.ids[4]], Verdict.OCCLUDED)
    shell.open_project(painted.path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=10_000)
    press(shell, Qt.Key.Key_H, CTRL)
    panel = shell.window.findChild(HistoryPanel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 2)
    assert panel.model.index(0, 0).data() == f"Mark car {painted.ids[4]} as occluded"
    panel.list.setCurrentIndex(panel.model.index(0, 0))
    press(shell, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shell.window.place == "review", timeout=5000)
    reasons = shell.window.findChild(ReviewView).reasons
    qtbot.waitUntil(lambda: reasons.title == f"car {painted.ids[4]}", timeout=5000)
    panel.list.setFocus()
    press(shell, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert shell.window.focusWidget() is shell.window.findChild(ReviewView).queue.grid


def test_a_project_opens_again_in_the_workspace_in_which_it_was_left(qtbot, opened: Shell, street: Path):
    press(opened, Qt.Key.Key_2, CTRL)
    press(opened, Qt.Key.Key_W, CTRL)
    opened.open_project(street)
    qtbot.waitUntil(lambda: opened.opened is not None, timeout=10_000)
    assert opened.window.place == "review"
    assert StartController(opened.start._path, Path, lambda _: []).place_of(street) == "review"
    opened.start.left(street, "a workspace of a later version")
    press(opened, Qt.Key.Key_1, CTRL)
    press(opened, Qt.Key.Key_W, CTRL)
    opened.open_project(street)
    qtbot.waitUntil(lambda: opened.opened is not None, timeout=10_000)
    assert opened.window.place == "sources"


def test_keys_and_palette_begin_with_the_workspace_in_front(qtbot, opened: Shell):
    press(opened, Qt.Key.Key_2, CTRL)
    opened.keys.show_sheet()
    titles = opened.keys.sheet.shown_titles()
    assert titles[0] == "Mark as unoccluded"
    assert {"Undo", "Jobs"} & set(titles)
    assert "Play or pause" not in titles
    opened.keys.sheet.field.setText("sources")
    assert opened.keys.sheet.shown_titles(), "what is left out is found when one searches"
    opened.keys.sheet.reject()
    press(opened, Qt.Key.Key_K, CTRL)
    assert opened.window.palette_popup.titles()[0] == "Mark as unoccluded"
    QTest.keyClick(opened.window.palette_popup.field, Qt.Key.Key_Escape)
