"""A person calibrates a street's camera: by a rectangle, drawn by mouse, and from a point cloud."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.views.form_dialogs import FormDialog
from app.views.form_fields import PathEditor, TextEditor
from app.views.sources.sources_view import SourcesView
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.records.cameras import CalibrationMethod, CalibrationRow
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from tests import windows
from tests.road_clouds import PICTURE, street_points, to_cloud, write_colmap, write_ply
from tests.street_clip import StreetClip
from tests.street_view import default_view

LONG_MS = 60_000
# all four lanes, from 16 to 28 m along the street: 12 x 14.62 m
CORNERS = np.array([[16, -7.31, 0], [28, -7.31, 0], [28, 7.31, 0], [16, 7.31, 0]])


@pytest.fixture
def shell(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """The window on its start page, with settings of its own."""
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))
    with windows.shown(qapp) as made:
        made.window.resize(1440, 900)
        yield made


@pytest.fixture
def project(tmp_path: Path, street_clip: StreetClip) -> Path:
    """A project with the clip of a street."""
    path = tmp_path / "street.amodal"
    with Project.create(path) as made:
        job = create(made, "add", {"path": str(street_clip.path), "camera": "Gate"})
    run_job(path, job)
    return path


def in_force(path: Path) -> CalibrationRow | None:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return calibration_in_force(connection, 1)


def calibration_of(qtbot: QtBot, shell: Shell, path: Path) -> SourcesView:
    """The Sources workspace on the project, at its calibration, with a frame on the canvas."""
    shell.open_project(path)
    qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
    assert shell.opened is not None
    view = shell.opened.workspaces[0].widget
    assert isinstance(view, SourcesView)
    qtbot.waitUntil(lambda: view.player.canvas.image is not None, timeout=LONG_MS)
    shell.window.activateWindow()
    QTest.qWaitForWindowActive(shell.window)
    view.list.tree.setFocus()
    QTest.keyClick(view.list.tree, Qt.Key.Key_K)
    qtbot.waitUntil(view.calibration.isVisible)
    return view


def test_a_rectangle_by_mouse_finds_the_camera(
    qtbot: QtBot, shell: Shell, project: Path, street_clip: StreetClip
) -> None:
    view = calibration_of(qtbot, shell, project)
    canvas, tab = view.player.canvas, view.calibration
    QTest.mouseClick(tab.way_button(CalibrationMethod.RECTANGLE), Qt.MouseButton.LeftButton)

    truth = street_clip.mount
    pixels = truth.camera.project(truth.to_camera(CORNERS))
    for corner, (x, y) in enumerate(pixels.tolist()):
        place = canvas.to_widget(x, y).toPoint()
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        qtbot.waitUntil(lambda corner=corner: len(_corners(view)) == corner + 1)
        # a mouse hits whole pixels of the screen: what is left is nudged, as a careful person would
        drawn = _corners(view)[corner]
        for key, off in ((Qt.Key.Key_Right, x - drawn[0]), (Qt.Key.Key_Down, y - drawn[1])):
            back = Qt.Key.Key_Left if key is Qt.Key.Key_Right else Qt.Key.Key_Up
            for _ in range(round(abs(off) / 0.25)):
                QTest.keyClick(canvas, key if off > 0 else back, Qt.KeyboardModifier.ControlModifier)
    assert not tab.accept_button.isEnabled()
    QTest.keyClicks(tab.numbers.first_side, "12")
    QTest.keyClicks(tab.numbers.second_side, "14.62")
    assert tab.accept_button.isEnabled()
    assert view.sketch._state.ground.grid
    assert in_force(project) is None

    QTest.mouseClick(tab.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: in_force(project) is not None, timeout=LONG_MS)
    row = in_force(project)
    assert row is not None
    # a tenth of a pixel of noise: three standard deviations of what the tab says for a whole one
    sure = row.record.uncertainty
    assert sure is not None
    focal_px = truth.camera.matrix[0, 0]
    assert row.record.matrix[0] == pytest.approx(focal_px, rel=0.3 * sure.focal_percent / 100)
    assert row.record.height_m == pytest.approx(truth.ground.height, rel=0.3 * sure.height_percent / 100)
    assert row.record.normal is not None
    assert float(np.dot(row.record.normal, truth.ground.normal)) > np.cos(np.deg2rad(0.3 * sure.normal_deg))
    assert row.evidence["sides_m"] == [12.0, 14.62]

    qtbot.waitUntil(lambda: tab._rows.count() == 1)
    shell.window.activateWindow()
    QTest.keyClick(view.list.tree, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: in_force(project) is None, timeout=LONG_MS)
    qtbot.waitUntil(lambda: tab._rows.count() == 0)


def test_a_point_cloud_is_looked_through_outside_the_window(
    qtbot: QtBot, shell: Shell, project: Path, tmp_path: Path
) -> None:
    loaded = "open3d" in sys.modules  # another test's doing, where one process runs many
    truth = default_view(320, 180)
    cloud = write_ply(tmp_path / "road.ply", to_cloud(street_points()))
    model = write_colmap(tmp_path / "model", truth)
    view = calibration_of(qtbot, shell, project)
    tab = view.calibration
    assert "3D need it" in tab._intro.text()

    # without a lens the job says what is missing
    ask_for_road(qtbot, view, {"path": str(cloud)})
    qtbot.waitUntil(lambda: "lens of Gate is not known" in tab.strip._text.text(), timeout=LONG_MS)
    assert "COLMAP" in tab.strip._text.text()
    assert not tab._foot.isVisible()
    QTest.mouseClick(tab.strip._close, Qt.MouseButton.LeftButton)
    assert not tab.strip.isVisible()

    ask_for_road(qtbot, view, {"path": str(cloud), "lens": str(model), "name": PICTURE})
    qtbot.waitUntil(tab.accept_button.isEnabled, timeout=LONG_MS)
    state = view.sketch._state
    assert state.ground.grid
    assert state.ground.horizon
    assert len(state.ground.sticks) == 4
    assert state.ground_is_new
    facts = {name: value.text() for name, (_, value) in tab.facts._values.items()}
    assert facts["Height"].startswith("6.20 m ±")
    assert not facts["Height"].endswith("±0.0 %"), "thousands of points are very sure, not quite sure"
    assert "±" in facts["Tilt"]
    assert facts["Residual"].endswith(" px")
    assert tab.facts._cells[3][3].text().startswith("±")
    assert in_force(project) is None

    QTest.mouseClick(tab.accept_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: in_force(project) is not None, timeout=LONG_MS)
    row = in_force(project)
    assert row is not None
    assert row.record.height_m == pytest.approx(truth.mast_m, abs=0.01)
    assert row.evidence["file"] == "road.ply"
    qtbot.waitUntil(lambda: tab._rows.count() == 1)
    assert loaded == ("open3d" in sys.modules), "the window's process stays free of open3d"


def ask_for_road(qtbot: QtBot, view: SourcesView, values: dict[str, str]) -> None:
    """Clicks Point cloud, fills in the form and starts the search."""
    QTest.mouseClick(view.calibration.way_button(CalibrationMethod.POINT_CLOUD), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in view.findChildren(FormDialog)), timeout=LONG_MS)
    dialog = next(one for one in view.findChildren(FormDialog) if one.isVisible())
    for name, value in values.items():
        editor = dialog.form.editor(name)
        assert isinstance(editor, PathEditor | TextEditor)
        QTest.keyClicks(editor.line, value)
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def _corners(view: SourcesView) -> list[tuple[float, float]]:
    sketch = view.sketch._state.sketch
    return [point for stroke in (sketch.strokes if sketch else ()) for point in stroke.points]
