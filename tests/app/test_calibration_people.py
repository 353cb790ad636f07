"""The Calibration tab and a camera's people: found from them by a click, checked against them in words."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.composition.window import Shell
from app.views.sources.calibration_tab import CalibrationTab
from app.views.sources.sources_view import SourcesView
from core.records.cameras import CalibrationMethod
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from tests.jobs.square import make_square

LONG_MS = 30_000


def tab_of(qtbot, shell: Shell, path: Path) -> CalibrationTab:
    """The window on the project, at its camera's calibration."""
    shell.open_project(path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
    view = shell.opened.workspaces[0].widget
    assert isinstance(view, SourcesView)
    view.show_tab("calibration")
    qtbot.waitUntil(view.calibration.way_button(CalibrationMethod.PEOPLE).isEnabled, timeout=LONG_MS)
    return view.calibration


def press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_click_proposes_a_camera_from_its_people_which_is_checked_and_accepted(
    qtbot, shell: Shell, tmp_path: Path
):
    square = make_square(tmp_path / "square.amodal", 24)
    tab = tab_of(qtbot, shell, square.path)
    chip = tab.way_button(CalibrationMethod.PEOPLE)
    assert not tab.people.isVisible(), "nothing is calibrated: nothing to check"
    press(chip)
    assert not chip.isEnabled(), "one search at a time"
    assert "by its people" in tab.people.verdict.text()
    qtbot.waitUntil(tab.accept_button.isEnabled, timeout=LONG_MS)
    assert chip.isChecked()
    assert tab.facts._values["Focal length"][1].text()
    with Project.open(square.path, read_only=True) as project, project.read() as connection:
        assert calibration_in_force(connection, square.camera_id) is None

    press(tab.people.check_button)
    qtbot.waitUntil(lambda: "agrees with its people" in tab.people.verdict.text(), timeout=LONG_MS)
    assert "m tall" in tab.people.details.text()
    assert "not saved yet" in tab.people.details.text()
    assert not tab.cars.verdict.text(), "cars were not asked"

    press(tab.accept_button)
    qtbot.waitUntil(lambda: tab._rows.count() == 1, timeout=LONG_MS)
    with Project.open(square.path, read_only=True) as project, project.read() as connection:
        row = calibration_in_force(connection, square.camera_id)
    assert row is not None
    assert row.record.method is CalibrationMethod.PEOPLE
    assert row.evidence["people"] == 24


def test_too_few_people_are_said_with_a_way_out(qtbot, shell: Shell, tmp_path: Path):
    square = make_square(tmp_path / "few.amodal", 3)
    tab = tab_of(qtbot, shell, square.path)
    press(tab.way_button(CalibrationMethod.PEOPLE))
    qtbot.waitUntil(lambda: "too few" in tab.people.verdict.text(), timeout=LONG_MS)
    assert "at least" in tab.people.details.text()
    assert tab.way_button(CalibrationMethod.PEOPLE).isEnabled()
