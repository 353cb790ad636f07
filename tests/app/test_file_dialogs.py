"""A dialog for files leaves the locks of a project in the folder that it shows alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QFileInfo
from PySide6.QtWidgets import QFileDialog, QWidget

from app import file_dialogs
from app.file_dialogs import FileDialog, NamesOnly
from core.store.project import Project

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")


def locks_on(path: Path) -> int:
    """Locks that this process holds on a project and the files beside it."""
    inodes = {str(file.stat().st_ino) for file in path.parent.glob(f"{path.name}*")}
    rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return sum(
        row[4] == str(os.getpid()) and row[5].split(":")[2] in inodes for row in rows if "->" not in row
    )


def show_with(qtbot, dialog: QFileDialog, folder: Path) -> None:
    qtbot.addWidget(dialog)
    dialog.setDirectory(str(folder))
    dialog.setViewMode(QFileDialog.ViewMode.Detail)
    dialog.show()
    model = dialog.findChild(QWidget, "treeView").model()
    root = dialog.findChild(QWidget, "treeView").rootIndex

    def listed() -> bool:
        rows = model.rowCount(root())
        kinds = [model.index(row, 2, root()).data() for row in range(rows)]
        return rows > 0 and all(kinds)

    qtbot.waitUntil(listed, timeout=10_000)
    qtbot.wait(200)


@linux
def test_the_open_project_keeps_its_locks(qtbot, tmp_path: Path) -> None:
    path = tmp_path / "street.amodal"
    with Project.create(path) as project, project.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM instance").scalar()
        held = locks_on(path)
        assert held > 0
        show_with(qtbot, FileDialog(None, "Look"), tmp_path)
        assert locks_on(path) == held


def test_kinds_come_from_names(qtbot, tmp_path: Path) -> None:
    (tmp_path / "a.amodal").write_bytes(b"SQLite format 3\0")
    (tmp_path / "plain").write_bytes(b"")
    names = NamesOnly()
    kinds = [names.type(QFileInfo(str(tmp_path / name))) for name in ("a.amodal", "plain", ".")]
    assert kinds == ["AMODAL file", "File", "Folder"]
    assert not names.icon(QFileInfo(str(tmp_path))).isNull()


def test_what_is_chosen_comes_back(qtbot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"")
    parent = QWidget()
    qtbot.addWidget(parent)

    def choose(dialog: FileDialog) -> int:
        dialog.selectFile("clip.mp4")
        return 1

    monkeypatch.setattr(FileDialog, "exec", choose)
    assert file_dialogs.ask_file(parent, "Open", str(tmp_path), "(*.mp4)") == str(tmp_path / "clip.mp4")
    assert file_dialogs.ask_files(parent, "Open", str(tmp_path)) == [str(tmp_path / "clip.mp4")]
    monkeypatch.setattr(FileDialog, "exec", lambda dialog: 1)
    assert file_dialogs.ask_new_file(parent, "Save", str(tmp_path / "out.json")) == str(tmp_path / "out.json")
    monkeypatch.setattr(FileDialog, "exec", lambda dialog: 0)
    assert file_dialogs.ask_new_file(parent, "Save", str(tmp_path / "out.json")) == ""
    assert file_dialogs.ask_folder(parent, "Look", str(tmp_path)) == ""
