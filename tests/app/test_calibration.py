"""The Calibration tab by its controller, its fields and its keys; the whole story is in tests/stories."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import file_dialogs
from app.composition.window import Shell
from app.controllers import calibration_drawing as drawing
from app.controllers.calibration import CalibrationController
from app.controllers.jobs import JobsController
from app.controllers.road import RoadController
from app.views.sources.sources_view import SourcesView
from core.geometry.calibration.files.imported import ImportedCamera
from core.geometry.calibration.files.own_json import write_own
from core.geometry.calibration.lens import Lens
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.jobs import JobRow, JobState
from core.records.project import CameraRow
from core.records.sketches import Point, Sketch, Stroke, StrokeRole
from core.store.calibration_columns import to_plain
from core.store.queries.cameras import list_cameras
from tests.calibration_files import FORMATS, WITH_GROUND, the_camera, write_format
from tests.street_view import default_view

VIEW = default_view(128, 72)  # of the size of the painted frames
ROAD = ((10.0, 9.2, 0.0), (20.0, 9.2, 0.0), (20.0, 16.5, 0.0), (10.0, 16.5, 0.0))


def seen(*places: tuple[float, float, float]) -> list[Point]:
    pixels, _ = VIEW.project(np.array(places, dtype=float))
    return [(float(x), float(y)) for x, y in pixels]


@pytest.fixture
def view(qtbot, opened: Shell) -> SourcesView:
    view: SourcesView = opened.opened.workspaces[0].widget
    qtbot.waitUntil(lambda: view.player.canvas.image is not None, timeout=5000)
    view.show_tab("calibration")
    return view


@pytest.fixture
def calibration(qtbot, open_session, street: Path) -> CalibrationController:
    session = open_session(street)
    made = CalibrationController(session)
    session.touched.connect(made.on_touched)
    with session.project.read() as connection:
        gate = next(row for row in list_cameras(connection) if row.name == "Gate")
    made.set_size((128, 72))
    made.show(gate)
    return made


def draw_road(calibration: CalibrationController) -> None:
    calibration.begin(CalibrationMethod.RECTANGLE)
    for x, y in seen(*ROAD):
        calibration.place(x, y)
    calibration.set_sides((10.0, 7.3))


def saved(calibration: CalibrationController) -> int:
    return len(calibration.state.history)


def test_a_drawing_gives_a_camera_at_once_and_nothing_is_saved(calibration: CalibrationController):
    draw_road(calibration)
    record = calibration.state.candidate
    assert record is not None
    assert record.matrix[0] == pytest.approx(VIEW.focal_px, rel=1e-6)
    assert record.height_m == pytest.approx(VIEW.mast_m, rel=1e-6)
    assert calibration.state.ground_is_new
    assert calibration.state.ground.grid
    assert saved(calibration) == 0


def test_what_is_accepted_is_in_force_until_undo(qtbot, calibration: CalibrationController):
    draw_road(calibration)
    calibration.accept()
    calibration.accept()  # twice is once
    qtbot.waitUntil(lambda: saved(calibration) == 1)
    assert calibration.state.way is None
    assert calibration.state.in_force is not None
    assert calibration.state.ground.grid
    calibration._session.undo()
    qtbot.waitUntil(lambda: saved(calibration) == 0)
    assert not calibration.state.ground.grid


def test_an_earlier_one_is_drawn_on_and_used_again(qtbot, calibration: CalibrationController):
    draw_road(calibration)
    drawn = calibration.state.sketch
    calibration.accept()
    qtbot.waitUntil(lambda: saved(calibration) == 1)
    calibration.begin(CalibrationMethod.RECTANGLE)
    assert calibration.state.sketch == drawn
    calibration.set_sides((11.0, 7.3))
    calibration.accept()
    qtbot.waitUntil(lambda: saved(calibration) == 2)
    first = calibration.state.history[1]
    calibration.use(first.id)
    qtbot.waitUntil(
        lambda: calibration.state.in_force is not None and calibration.state.in_force.id == first.id
    )
    calibration.draw_on(calibration.state.history[0])
    assert calibration.state.sketch is not None
    assert calibration.state.sketch.sides_m == (11.0, 7.3)


def test_a_refusal_says_why_and_what_to_draw(calibration: CalibrationController):
    calibration.begin(CalibrationMethod.RECTANGLE)
    corners = seen(*ROAD)
    for number in (0, 2, 1, 3):
        calibration.place(*corners[number])
    calibration.set_sides((10.0, 7.3))
    assert "crossed" in calibration.state.problem
    assert "in order" in calibration.state.way_out
    assert calibration.state.candidate is None
    calibration.accept()
    assert saved(calibration) == 0


def test_backspace_esc_and_arrows(calibration: CalibrationController):
    calibration.begin(CalibrationMethod.VANISHING_POINTS)
    calibration.place(10.0, 20.0)
    calibration.place(30.0, 40.0)
    calibration.nudge(0.25, -1.0)
    assert calibration.state.sketch is not None
    assert calibration.state.sketch.strokes[0].points == ((10.0, 20.0), (30.25, 39.0))
    calibration.place(50.0, 50.0)
    calibration.escape()
    assert len(calibration.state.sketch.strokes) == 1
    calibration.take_back()
    assert calibration.state.sketch.strokes[0].points == ((10.0, 20.0),)
    calibration.take_back()
    calibration.take_back()
    assert calibration.state.sketch.strokes == ()
    assert calibration.state.selected is None


def test_straight_things_are_drawn_until_chosen_once_more(calibration: CalibrationController):
    draw_road(calibration)
    straight = calibration.state.candidate
    assert straight is not None
    assert straight.distortion == ()
    calibration.choose_role(StrokeRole.STRAIGHT)
    # from the middle of the picture, as a straight lens would see them
    things = np.array([[(-60, -30), (-60, 30)], [(60, -28), (58, 30)], [(-55, 32), (50, 34)]], dtype=float)
    lens = Lens(128, 72, bend_per_px2=2e-5)
    pixels = [lens.bent(np.stack([a, (a + b) / 2, b])).tolist() for a, b in things]
    for x, y in pixels[0]:
        calibration.place(x, y)
    assert calibration.state.candidate is None
    assert "do not tell how much" in calibration.state.problem, "one, on so small a picture"
    for x, y in (*pixels[1], *pixels[2][:2]):
        calibration.place(x, y)
    assert calibration.state.role is StrokeRole.STRAIGHT
    calibration.choose_role(StrokeRole.STRAIGHT)
    assert calibration.state.role is StrokeRole.STRAIGHT, "it is not whole yet"
    calibration.place(*pixels[2][2])
    assert calibration.state.role is None
    bent = calibration.state.candidate
    assert bent is not None
    assert bent.distortion[5] == pytest.approx(2e-5 * bent.matrix[0] ** 2, rel=1e-4)
    assert any("draws the picture's sides in" in note for note in bent.notes)
    assert {(n, k) for n in (1, 2, 3) for k in (0, 1, 2)} <= set(calibration.state.residuals)
    calibration.take_back()
    assert calibration.state.sketch is not None
    assert [len(one.points) for one in calibration.state.sketch.strokes] == [4, 3, 3, 2]


def test_corners_that_wait_are_not_lost_to_straight_things(calibration: CalibrationController):
    calibration.begin(CalibrationMethod.RECTANGLE)
    corners = seen(*ROAD)
    calibration.place(*corners[0])
    calibration.place(*corners[1])
    calibration.choose_role(StrokeRole.STRAIGHT)
    assert calibration.state.role is StrokeRole.CORNERS
    calibration.place(*corners[2])
    calibration.place(*corners[3])
    assert calibration.state.role is StrokeRole.STRAIGHT
    assert calibration.state.sketch is not None
    assert len(calibration.state.sketch.strokes[0].points) == 4


def test_the_tab_tells_how_straight_things_are_drawn(qtbot, view: SourcesView):
    tab = view.calibration
    for way in (CalibrationMethod.RECTANGLE, CalibrationMethod.GROUND_POINTS, CalibrationMethod.HORIZON):
        tab.way_button(way).click()
        chip = tab._role_chips[StrokeRole.STRAIGHT]
        assert not chip.isChecked()
        chip.click()
        assert chip.isChecked()
        assert "half-way" in tab.problem.text()
        chip.click()
        assert not chip.isChecked()
        assert "half-way" not in tab.problem.text()


def test_another_camera_keeps_its_own_drawing(calibration: CalibrationController):
    gate = calibration.state.camera
    draw_road(calibration)
    drawn = calibration.state.sketch
    with calibration._session.project.read() as connection:
        bridge = next(row for row in list_cameras(connection) if row.name == "Bridge")
    calibration.show(bridge)
    assert calibration.state.sketch is None
    calibration.show(gate)
    assert calibration.state.sketch == drawn
    assert calibration.state.candidate is not None


def road(height_m: float) -> CalibrationRecord:
    """What a job may find in a point cloud."""
    matrix = (100.0, 0.0, 63.5, 0.0, 100.0, 35.5, 0.0, 0.0, 1.0)
    return CalibrationRecord(
        CalibrationMethod.POINT_CLOUD, 128, 72, matrix, (), (0.0, -1.0, 0.0), height_m, 0.4, None
    )


def camera_named(calibration: CalibrationController, name: str) -> CameraRow:
    with calibration._session.project.read() as connection:
        return next(row for row in list_cameras(connection) if row.name == name)


def test_a_proposal_is_shown_and_saved_only_when_accepted(qtbot, calibration: CalibrationController):
    gate = calibration.state.camera
    assert gate is not None
    calibration.propose(gate.id, road(5.0), {"way": "point_cloud", "file": "road.ply"})
    assert calibration.state.way is CalibrationMethod.POINT_CLOUD
    assert calibration.state.candidate == road(5.0)
    assert calibration.state.ground_is_new
    assert calibration.state.ground.grid
    assert saved(calibration) == 0
    calibration.accept()
    qtbot.waitUntil(lambda: saved(calibration) == 1)
    assert calibration.state.way is None
    assert calibration.state.history[0].evidence == {"way": "point_cloud", "file": "road.ply"}
    calibration.propose(gate.id, road(6.0), {})
    calibration.leave()
    assert calibration.state.candidate is None
    assert calibration.state.way is None


def test_a_proposal_waits_for_the_end_of_what_is_drawn(calibration: CalibrationController):
    gate = calibration.state.camera
    assert gate is not None
    draw_road(calibration)
    drawn = calibration.state.candidate
    calibration.propose(gate.id, road(5.0), {})
    assert calibration.state.candidate == drawn
    assert calibration.state.waiting
    calibration.leave()
    assert calibration.state.candidate == road(5.0)
    assert not calibration.state.waiting
    # who begins to draw while it is shown gets it back afterwards
    draw_road(calibration)
    assert calibration.state.waiting
    calibration.leave()
    assert calibration.state.candidate == road(5.0)


def test_a_proposal_for_another_camera_waits_for_it(calibration: CalibrationController):
    gate, bridge = camera_named(calibration, "Gate"), camera_named(calibration, "Bridge")
    calibration.propose(bridge.id, road(5.0), {})
    assert calibration.state.way is None
    assert not calibration.state.waiting
    calibration.show(bridge)
    assert calibration.state.candidate == road(5.0)
    calibration.show(gate)
    assert calibration.state.candidate is None
    calibration.show(bridge)
    assert calibration.state.candidate == road(5.0)


def test_a_file_takes_its_turn_before_a_proposal(qtbot, calibration: CalibrationController, tmp_path: Path):
    gate = calibration.state.camera
    assert gate is not None
    calibration.propose(gate.id, road(5.0), {})
    calibration.import_file(tmp_path / "missing.json")
    qtbot.waitUntil(lambda: calibration.state.way is CalibrationMethod.IMPORT)
    assert calibration.state.problem
    assert calibration.state.waiting
    calibration.leave()
    assert calibration.state.candidate == road(5.0)


@pytest.fixture
def roads(calibration: CalibrationController) -> RoadController:
    """Follows jobs for the camera Gate."""
    made = RoadController(calibration._session, JobsController(calibration._session))
    made.found.connect(calibration.propose)
    made.show(camera_named(calibration, "Gate"))
    return made


def job(state: JobState, number: int = 7, camera: str = "Gate", camera_id: int = 1) -> JobRow:
    result = {"camera_id": camera_id, "calibration": to_plain(road(5.0)), "evidence": {}}
    return JobRow(
        number, "road", "Find the road", {"camera": camera}, state, 0.5, "", None, False, None, None, 0.0,
        None, None, result if state is JobState.DONE else {},
    )  # fmt: skip


def test_a_job_is_followed_to_its_proposal(calibration: CalibrationController, roads: RoadController):
    for state in (JobState.QUEUED, JobState.RUNNING):
        roads.on_job_changed(job(state))
        assert roads.job == job(state)
    roads.on_job_changed(job(JobState.DONE))
    assert roads.job is None
    assert calibration.state.candidate == road(5.0)
    calibration.leave()
    roads.on_job_changed(job(JobState.DONE))  # told twice is found once
    assert calibration.state.candidate is None


def test_a_job_of_an_earlier_day_proposes_nothing(calibration: CalibrationController, roads: RoadController):
    roads.on_job_changed(job(JobState.DONE))
    roads.on_job_changed(job(JobState.FAILED, 8))
    assert calibration.state.candidate is None
    assert roads.job is None


def test_a_job_of_another_camera_is_not_shown_here(calibration: CalibrationController, roads: RoadController):
    bridge = camera_named(calibration, "Bridge")
    roads.on_job_changed(job(JobState.RUNNING, camera="Bridge", camera_id=bridge.id))
    assert roads.job is None
    roads.on_job_changed(job(JobState.DONE, camera="Bridge", camera_id=bridge.id))
    assert calibration.state.candidate is None
    calibration.show(bridge)
    assert calibration.state.candidate == road(5.0)


def test_a_job_that_failed_is_shown_until_it_is_closed(roads: RoadController):
    roads.on_job_changed(job(JobState.RUNNING))
    roads.on_job_changed(job(JobState.FAILED))
    assert roads.job == job(JobState.FAILED)
    roads.close_job(7)
    roads.on_job_changed(job(JobState.FAILED))
    assert roads.job is None


def test_a_second_horizon_takes_the_place_of_the_first():
    sketch = Sketch(CalibrationMethod.HORIZON)
    for point in ((0.0, 10.0), (99.0, 10.0), (0.0, 20.0)):
        sketch, handle = drawing.with_point(sketch, StrokeRole.HORIZON, point)
    assert sketch.strokes == (Stroke(StrokeRole.HORIZON, ((0.0, 20.0),)),)
    assert handle == (0, 0)


def test_a_file_is_shown_before_it_is_saved(qtbot, view: SourcesView, monkeypatch, tmp_path: Path):
    file = tmp_path / "camera.json"
    write_own(
        file, ImportedCamera("Gate", pinhole(128, 72, 100.0), None, GroundPlane(np.array([0, -1, -0.2]), 5.5))
    )
    monkeypatch.setattr(file_dialogs, "ask_file", lambda *_: str(file))
    view.calibration.import_wanted.emit()
    qtbot.waitUntil(view.calibration.accept_button.isEnabled)
    assert view.calibration.facts._values["Height"][1].text() == "5.50 m"
    assert view.calibration.facts._cells[3][0].text() == "80 m"
    assert view.calibration.facts._cells[3][3].text() == "–"  # how sure a file is, nobody knows
    view.calibration.accept_button.click()
    qtbot.waitUntil(lambda: view.calibration._rows.count() == 1)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_shown_to_be_accepted(
    qtbot, view: SourcesView, monkeypatch, tmp_path: Path, name: str
):
    file = write_format(name, tmp_path, 128, 72)
    monkeypatch.setattr(file_dialogs, "ask_file", lambda *_: str(file))
    view.calibration.import_wanted.emit()
    qtbot.waitUntil(view.calibration.accept_button.isEnabled)
    facts = {name: value.text() for name, (_, value) in view.calibration.facts._values.items()}
    assert facts["Focal length"].startswith(f"{the_camera(128, 72)[0].focal[0]:.0f} px")
    ground = view.sketch._state.ground
    if name in WITH_GROUND:
        assert facts["Height"].startswith("6.0")
        assert ground.grid
        assert ground.sticks
    else:
        assert "draw it next, keeping this lens" in facts["Height"]
        assert not ground.grid


@pytest.mark.parametrize(
    ("name", "words"), [("text.txt", "is not a calibration"), ("street.amodal", "is a project")]
)
def test_a_file_of_another_kind_is_refused_in_the_tab(
    qtbot, view: SourcesView, monkeypatch, tmp_path: Path, name: str, words: str
):
    (tmp_path / "text.txt").write_text("no calibration\n")
    monkeypatch.setattr(file_dialogs, "ask_file", lambda *_: str(tmp_path / name))
    view.calibration.import_wanted.emit()
    qtbot.waitUntil(lambda: words in view.calibration.problem.text())
    assert not view.calibration.accept_button.isEnabled()


def test_places_are_typed_for_each_point(view: SourcesView):
    canvas, tab = view.player.canvas, view.calibration
    tab.way_button(CalibrationMethod.GROUND_POINTS).click()
    for x, y in seen(*ROAD):
        view.sketch.placed.emit(x, y)
    for (x, y), place in zip(tab.numbers._place_fields, ROAD, strict=True):
        x.setText(f"{place[0]}")
        y.setText(f"{place[1]}")
    assert tab.accept_button.isEnabled()
    assert "6.20 m" in tab.facts._values["Height"][1].text()
    tab.numbers._place_fields[0][0].setText("north")
    assert not tab.accept_button.isEnabled()
    assert canvas.isVisible()


def test_the_ground_lies_over_the_frame_only_beside_its_tab(view: SourcesView):
    assert view.sketch.isVisible()
    view.show_tab("info")
    assert not view.sketch.isVisible()


def test_keys_work_on_the_picture(qtbot, view: SourcesView):
    canvas, tab = view.player.canvas, view.calibration
    tab.way_button(CalibrationMethod.RECTANGLE).click()
    place = canvas.to_widget(60.0, 40.0).toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: "second" in tab.problem.text())
    before = view.sketch._state.sketch.strokes[0].points[0]
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    [(x, y)] = view.sketch._state.sketch.strokes[0].points
    assert (x - before[0], y - before[1]) == pytest.approx((1.0, -5.0))
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert "first" in tab.problem.text()


def test_a_drag_moves_a_point(qtbot, view: SourcesView):
    canvas = view.player.canvas
    view.calibration.way_button(CalibrationMethod.RECTANGLE).click()
    view.sketch.placed.emit(60.0, 40.0)
    start, end = canvas.to_widget(60.0, 40.0).toPoint(), canvas.to_widget(70.0, 45.0).toPoint()
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for part in range(1, 11):
        QTest.mouseMove(canvas.viewport(), start + QPoint(*((end - start) * (part / 10)).toTuple()))
        qtbot.wait(15)
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    qtbot.waitUntil(
        lambda: view.sketch._state.sketch.strokes[0].points[0] == pytest.approx((70.0, 45.0), abs=0.3)
    )
    assert view.calibration._rows.count() == 0


def test_a_line_may_begin_on_the_point_of_another(qtbot, view: SourcesView):
    """A stop line begins at the kerb, where a line along the road may have its end."""
    canvas = view.player.canvas

    def click(x: float, y: float) -> None:
        place = canvas.to_widget(x, y).toPoint()
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)

    def lines() -> list[tuple[StrokeRole, int]]:
        return [(stroke.role, len(stroke.points)) for stroke in view.sketch._state.sketch.strokes]

    view.calibration.way_button(CalibrationMethod.VANISHING_POINTS).click()
    for x, y in ((20.0, 60.0), (60.0, 20.0), (90.0, 60.0), (70.0, 20.0)):
        view.sketch.placed.emit(x, y)
    click(20.3, 60.2)
    qtbot.waitUntil(lambda: lines() == [(StrokeRole.FIRST, 2), (StrokeRole.FIRST, 2), (StrokeRole.SECOND, 1)])
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    click(90.0, 60.0)
    qtbot.waitUntil(lambda: lines()[2] == (StrokeRole.SECOND, 2))
    strokes = view.sketch._state.sketch.strokes
    assert strokes[2].points == (strokes[0].points[0], strokes[1].points[0])


def test_a_click_on_a_point_takes_hold_of_it(qtbot, view: SourcesView):
    canvas = view.player.canvas
    view.calibration.way_button(CalibrationMethod.GROUND_POINTS).click()
    for x, y in ((20.0, 60.0), (60.0, 20.0)):
        view.sketch.placed.emit(x, y)
    place = canvas.to_widget(20.0, 60.0).toPoint()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: view.sketch._state.selected == (0, 0))
    assert len(view.sketch._state.sketch.strokes) == 2


def test_calibrating_brings_nothing_heavy_into_the_window():
    """In a process of its own: all that a drawing needs, solved and shown, with numpy alone."""
    program = """
import sys
from app.controllers.calibration_ground import ground_drawing, ranges_seen, stick_at
from core.geometry.calibration import sketch
from core.geometry.calibration.files import any_file
from core.geometry.calibration.result import to_record
from core.records.cameras import CalibrationMethod
from core.records.sketches import Sketch, Stroke, StrokeRole

corners = ((430.0, 320.4), (635.9, 245.5), (467.2, 203.9), (272.3, 245.3))
drawn = Sketch(CalibrationMethod.RECTANGLE, (Stroke(StrokeRole.CORNERS, corners),), (10.0, 7.3))
record = to_record(sketch.solve_sketch(drawn, 640, 360))
assert ground_drawing(record, (640, 360)).grid and ranges_seen(record)
assert stick_at(record, (640, 360), 400, 300)
print([name for name in ("scipy", "open3d", "torch", "cv2") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr
