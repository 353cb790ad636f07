"""Joins the declared actions with the palette, the cheat sheet and the key editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from app.actions import ANYWHERE, PROJECT, START, ActionBook, load_actions
from app.commands import Commands
from app.kept_json import read_json, write_json
from app.places import config_folder
from app.states.actions import ActionRow
from app.views.cheat_sheet import CheatSheet
from app.views.key_editor import KeyEditor
from app.window import MainWindow

_EVERYWHERE = (ANYWHERE, START, PROJECT)  # what an action names that is of no one workspace


def action_rows(commands: Commands) -> list[ActionRow]:
    """All actions as the palette, the sheet and the editor show them, with keys as people write them."""
    rows = []
    for action in commands.book:
        rows.append(
            ActionRow(
                id=action.id,
                title=commands[action.id].text().replace("&&", "&").rstrip("…"),  # "Undo Mark 3 as occluded"
                help=action.help,
                group=group_title(action.workspace, action.menu),
                keys=tuple(readable(key) for key in commands.book.keys(action.id)),
                default_keys=tuple(readable(key) for key in action.keys),
                can_run=commands.can_run(action.id),
                may_have_keys=not action.deletes,
                place=action.workspace if action.workspace not in _EVERYWHERE else "",
            )
        )
    return rows


def group_title(workspace: str, menu: str) -> str:
    """The heading under which an action stands: its workspace's name, else its menu's."""
    return menu or workspace.capitalize() or "General"


def readable(key: str) -> str:
    """A key as the keyboard of this system names it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def first_keys() -> dict[str, str]:
    """Action id -> the first of the keys in force, for people; they may have been changed meanwhile."""
    book = ActionBook(load_actions(), read_json(config_folder() / "keys.json", {}))
    return {action.id: readable(book.keys(action.id)[0]) for action in book if book.keys(action.id)}


class KeyDesk(QObject):
    """Opens the palette, the cheat sheet and the key editor, and keeps the keys that a person chose.

    Args:
        keys_path: the JSON file of the chosen keys.
    """

    def __init__(self, window: MainWindow, commands: Commands, keys_path: Path) -> None:
        super().__init__(window)
        self._window, self._commands, self._path = window, commands, keys_path
        self.sheet: CheatSheet | None = None
        self.editor: KeyEditor | None = None
        window.palette_popup.chosen.connect(commands.run)

    def show_palette(self) -> None:
        """Opens the palette, or closes it where it is open."""
        popup = self._window.palette_popup
        if popup.isVisible():
            popup.hide()
        else:
            popup.open(action_rows(self._commands), self._window.place)

    def show_sheet(self) -> None:
        """Opens the cheat sheet."""
        front = self._window.workspace(self._window.place)
        first, place = (front.title, front.id) if front is not None else ("", "")
        self.sheet = CheatSheet(action_rows(self._commands), first, place, self._window)
        self.sheet.finished.connect(self.sheet.deleteLater)
        self.sheet.open()

    def show_editor(self) -> None:
        """Opens the key editor."""
        self.editor = KeyEditor(action_rows(self._commands), self._window)
        self.editor.keys_wanted.connect(self._take)
        self.editor.reset_wanted.connect(self._reset)
        self.editor.finished.connect(self.editor.deleteLater)
        self.editor.open()

    def _take(self, action_id: str, keys: tuple[str, ...]) -> None:
        portable = [
            QKeySequence.fromString(key, QKeySequence.SequenceFormat.NativeText).toString(
                QKeySequence.SequenceFormat.PortableText
            )
            for key in keys
        ]
        self._change(lambda: self._commands.book.choose(action_id, portable))

    def _reset(self, action_id: str) -> None:
        if action_id:
            self._change(lambda: self._commands.book.reset(action_id))
        else:
            self._change(self._commands.book.reset_all)

    def _change(self, change: Callable[[], None]) -> None:
        assert self.editor is not None
        try:
            change()
            write_json(self._path, self._commands.book.chosen_keys)
        except ValueError as problem:
            self.editor.show_problem(str(problem))
            return
        except OSError as problem:
            self.editor.show_problem(f"The keys hold until the program closes: {problem.strerror}.")
        self._commands.take_keys()
        self.editor.show_rows(action_rows(self._commands))
