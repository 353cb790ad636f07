"""An engineer writes composites for release from the window: blurred, as the form stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.views.form_dialogs import FormDialog
from tests import windows
from tests.jobs.doing import do_job
from tests.jobs.yard import Yard

LONG_MS = 60_000


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


def test_composites_leave_the_window_blurred(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> None:
    path = Yard(tmp_path / "yard.amodal").path
    do_job(path, "cut")
    do_job(
        path, "compose", count=3, least=2, validation_percent=0, test_percent=0, guard_s=0, light_percent=100
    )
    out = tmp_path / "release"
    with windows.shown(qapp) as shell:
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.commands.run("project.export_composites")
        qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is not None, timeout=LONG_MS)
        dialog = shell.window.findChild(FormDialog)
        assert isinstance(dialog, FormDialog)
        assert dialog.form.values()["blur_faces_and_plates"] is True
        dialog.form.set_value("path", str(out))
        dialog.take.click()
        qtbot.waitUntil(lambda: (out / "annotations/train.json").exists(), timeout=LONG_MS)
        qtbot.waitUntil(lambda: bool(list(out.glob("contact-sheet/*.png"))), timeout=LONG_MS)
    info = json.loads((out / "annotations/train.json").read_text())["info"]
    assert info["amodal"]["faces_and_plates_blurred"] is True
