"""The Calibration tab and a camera's cars: found from them, checked against them, and said in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.composition.window import Shell
from app.controllers.calibration import CalibrationController
from app.controllers.calibration_witnesses import CarsCalibrationController
from app.states.calibration_witnesses import WitnessState
from app.views.sources.calibration_check import CalibrationCheck
from app.views.sources.calibration_tab import CalibrationTab
from app.views.sources.sources_view import SourcesView
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.geometry.ground_plane import GroundPlane
from core.records.cameras import CalibrationMethod
from core.records.car_checks import CarCheck, CheckVerdict, SizeCheck
from core.records.history import Touched
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.cameras import list_cameras
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking

PLACES = [(16.0 + 3.0 * row, 5.0 * column) for row in range(8) for column in (-1, 0, 1)]
LONG_MS = 30_000


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    made = Parking(tmp_path / "cars.amodal", calibrated=False)
    made.add_cars(0, PLACES)
    return made


def say(parking: Parking, times_height: float) -> None:
    plane = GroundPlane(GROUND.normal, times_height * GROUND.height)
    record = to_record(result_of_import(ImportedCamera("said", CAMERA, None, plane)))
    with Project.open(parking.path) as project:
        save_calibration(History(project, "Ann"), parking.camera_id, record)


def tab_of(qtbot, shell: Shell, parking: Parking) -> CalibrationTab:
    """The window on the project, at its camera's calibration."""
    shell.open_project(parking.path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
    view = shell.opened.workspaces[0].widget
    assert isinstance(view, SourcesView)
    view.show_tab("calibration")
    tab = view.calibration
    qtbot.waitUntil(tab.way_button(CalibrationMethod.CARS).isEnabled, timeout=LONG_MS)
    return tab


def press(button) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_one_click_proposes_a_camera_and_nothing_is_saved_before_accept(
    qtbot, shell: Shell, parking: Parking
):
    tab = tab_of(qtbot, shell, parking)
    assert not tab.cars.isVisible(), "nothing is calibrated: nothing to check"
    press(tab.way_button(CalibrationMethod.CARS))
    assert not tab.way_button(CalibrationMethod.CARS).isEnabled(), "one search at a time"
    assert "Looking for the camera" in tab.cars.verdict.text()
    qtbot.waitUntil(tab.accept_button.isEnabled, timeout=LONG_MS)
    assert tab.way_button(CalibrationMethod.CARS).isChecked()
    values = {name: value.text() for name, (_, value) in tab.facts._values.items()}
    assert values["Height"].startswith("6.0")
    assert "±" in values["Focal length"]
    with Project.open(parking.path, read_only=True) as project, project.read() as connection:
        assert calibration_in_force(connection, parking.camera_id) is None

    # what is proposed can be checked before it is accepted
    press(tab.cars.check_button)
    qtbot.waitUntil(lambda: "agrees" in tab.cars.verdict.text(), timeout=LONG_MS)
    assert "not saved yet" in tab.cars.details.text()

    press(tab.accept_button)
    qtbot.waitUntil(lambda: tab._rows.count() == 1, timeout=LONG_MS)
    with Project.open(parking.path, read_only=True) as project, project.read() as connection:
        row = calibration_in_force(connection, parking.camera_id)
    assert row is not None
    assert row.record.method is CalibrationMethod.CARS
    assert row.evidence["cars"] == len(PLACES)


def test_a_wrong_calibration_is_told_and_the_words_go_with_it(qtbot, shell: Shell, parking: Parking):
    say(parking, 1.25)
    tab = tab_of(qtbot, shell, parking)
    qtbot.waitUntil(tab.cars.check_button.isVisible, timeout=LONG_MS)
    assert not tab.cars._card.isVisible()
    press(tab.cars.check_button)
    assert not tab.cars.check_button.isEnabled()
    qtbot.waitUntil(lambda: "25 % too large" in tab.cars.verdict.text(), timeout=LONG_MS)
    assert "version 1" in tab.cars.details.text()
    assert tab.cars._icon._icon == "warning"
    # another way begun: nothing to check until it is complete, and the words are gone
    press(tab.way_button(CalibrationMethod.RECTANGLE))
    qtbot.waitUntil(lambda: not tab.cars.isVisible())


def test_too_few_cars_are_said_with_a_way_out(qtbot, shell: Shell, tmp_path: Path):
    parking = Parking(tmp_path / "few.amodal", calibrated=False)
    parking.add_cars(0, PLACES[:3])
    tab = tab_of(qtbot, shell, parking)
    press(tab.way_button(CalibrationMethod.CARS))
    qtbot.waitUntil(lambda: "3 cars" in tab.cars.verdict.text(), timeout=LONG_MS)
    assert "at least" in tab.cars.details.text()
    assert tab.way_button(CalibrationMethod.CARS).isEnabled()
    assert not tab._foot.isVisible()


def test_what_was_found_of_one_camera_is_not_shown_at_another(qtbot, open_session, parking: Parking):
    say(parking, 1.0)
    session = open_session(parking.path)
    calibration, cars = CalibrationController(session), CarsCalibrationController(session)
    calibration.changed.connect(cars.follow)
    with session.project.read() as connection:
        [gate] = list_cameras(connection)
    calibration.set_size((WIDTH, HEIGHT))
    cars.show(gate)
    calibration.show(gate)
    qtbot.waitUntil(lambda: calibration.state.in_force is not None)
    cars.check()
    assert cars.state.busy
    cars.show(replace(gate, id=99, name="Bridge"))
    assert not cars.state.busy
    session._reads.finish()
    qtbot.wait(50)
    assert cars.state.check is None
    # back again, a fresh check is there, until its cars change
    cars.show(gate)
    cars.check()
    qtbot.waitUntil(lambda: cars.state.check is not None, timeout=LONG_MS)
    cars.on_touched(Touched("Place a keypoint", {"keypoint_set": (1,)}, 1))
    assert cars.state.check is None


@pytest.mark.parametrize("verdict", list(CheckVerdict))
def test_verdicts_differ_by_icon_too(qapp: QApplication, verdict: CheckVerdict):
    size = SizeCheck(4.5, 0.3, 4.5, 0.3)
    check = CarCheck(
        verdict, ("First.", "Second."), 9, 9, 0, size, size, size, None, None, None, 1.0, None, None, None
    )
    part = CalibrationCheck("AGAINST ITS CARS", "car", "Fits them.")
    part.set_checkable(True)
    part.show_state(WitnessState(check=check, checked="version 2"))
    icons = {CheckVerdict.AGREES: "done", CheckVerdict.OFF: "warning", CheckVerdict.UNSURE: "undecided"}
    assert part._icon._icon == icons[verdict]
    assert part.verdict.text() == "First."
    assert part.details.text() == "Second.\nChecked: version 2."
    part.deleteLater()
