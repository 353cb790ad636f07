"""Asks for files and folders, and opens none of them.

Where any part of a process opens a file and closes it again, POSIX ends all locks that the process holds on
it (sqlite.org/howtocorrupt.html, 2.2). Qt's dialogs look into files of a kind that they do not know to name
it, the platform's own likewise, and the open project may lie among them: other processes would then take it
for closed. So every dialog of this program is made here.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileInfo
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QFileIconProvider, QWidget


class NamesOnly(QFileIconProvider):
    """Icons and kinds of files by their names alone. Qt asks it from a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = super().icon(QFileIconProvider.IconType.Folder)
        self._file = super().icon(QFileIconProvider.IconType.File)

    def icon(self, wanted: QFileInfo | QFileIconProvider.IconType) -> QIcon:
        """Qt's: a folder's or a file's."""
        if isinstance(wanted, QFileInfo):
            return self._folder if wanted.isDir() else self._file
        return self._folder if wanted is QFileIconProvider.IconType.Folder else self._file

    def type(self, info: QFileInfo) -> str:
        """Qt's: what the column Type says."""
        if info.isDir():
            return "Folder"
        suffix = info.suffix()
        return f"{suffix.upper()} file" if suffix else "File"


class FileDialog(QFileDialog):
    """Qt's own dialog, which looks into no file."""

    def __init__(self, parent: QWidget | None, title: str, filter: str = "") -> None:
        super().__init__(parent, title, "", filter)
        self.setOption(QFileDialog.Option.DontUseNativeDialog)
        self._names_only = NamesOnly()  # Qt does not keep it
        self.setIconProvider(self._names_only)


def ask_file(parent: QWidget, title: str, start: str, filter: str = "") -> str:
    """A file that is there; empty where the person chose none."""
    return next(iter(_ask(_dialog(parent, title, start, filter, QFileDialog.FileMode.ExistingFile))), "")


def ask_files(parent: QWidget, title: str, start: str, filter: str = "") -> list[str]:
    """Some files that are there."""
    return _ask(_dialog(parent, title, start, filter, QFileDialog.FileMode.ExistingFiles))


def ask_folder(parent: QWidget, title: str, start: str) -> str:
    """A folder that is there; empty where the person chose none."""
    dialog = _dialog(parent, title, start, "", QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return next(iter(_ask(dialog)), "")


def ask_new_file(parent: QWidget, title: str, start: str, filter: str = "", *, replaces: bool = True) -> str:
    """A file to write; empty where the person chose none.

    Args:
        start: a folder, or a suggestion.
        replaces: whether one that is there is replaced, which the person is asked about.
    """
    dialog = _dialog(parent, title, start, filter, QFileDialog.FileMode.AnyFile)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if not replaces:
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    return next(iter(_ask(dialog)), "")


def _dialog(parent: QWidget, title: str, start: str, filter: str, mode: QFileDialog.FileMode) -> QFileDialog:
    dialog = FileDialog(parent, title, filter)
    dialog.setFileMode(mode)
    if start:
        place = Path(start)
        dialog.setDirectory(str(place if place.is_dir() else place.parent))
        if not place.is_dir():
            dialog.selectFile(place.name)
    return dialog


def _ask(dialog: QFileDialog) -> list[str]:
    try:
        return dialog.selectedFiles() if dialog.exec() else []
    finally:
        dialog.deleteLater()
