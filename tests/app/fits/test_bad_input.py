"""What cannot be drawn is said in words, and the list works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.views.viewport import scene_picture
from app.views.viewport.gl_surface import NoOpenGLError
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.records.fits import FitMethod, FitVerdict
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from tests.app.fits.cars import Cars, Desk
from tests.jobs.parking import CAMERA

Opener = Callable[..., Desk]


def test_a_camera_without_calibration(tmp_path: Path, open_desk: Opener) -> None:
    cars = Cars(tmp_path / "cars.amodal", calibrated=False)
    other = Cars(tmp_path / "other.amodal")
    cars.write({cars.ids[0]: other.fit(other.ids[0])})
    desk = open_desk(cars.path)
    assert "no calibration" in desk.view.message
    assert desk.current_car == cars.ids[0]
    assert desk.view.canvas.image is not None
    desk.press("A")
    assert desk.fit_of(cars.ids[0]).review is not None


def test_a_camera_without_ground(cars: Cars, open_desk: Opener) -> None:
    with Project.open(cars.path) as project:
        flat = to_record(result_of_import(ImportedCamera("flat", CAMERA, None, None)))
        save_calibration(History(project, "Ann"), cars.parking.camera_id, flat)
    desk = open_desk(cars.path)
    assert "no ground plane" in desk.view.message
    scene = desk.view.viewport.scene
    assert not scene.on_ground
    assert len(scene.objects) == 5
    for key in ("1", "2", "3"):
        desk.press(key)
        assert not desk.view.viewport.problem
    assert "Stale" in desk.view.panel.warnings


def test_a_fit_that_is_no_number(cars: Cars, open_desk: Opener) -> None:
    nan = float("nan")
    broken = replace(cars.fit(cars.ids[0]), translation=(nan, nan, nan), rms_px=99.0)
    cars.write({cars.ids[0]: broken})
    desk = open_desk(cars.path)
    assert desk.current_car == cars.ids[0]
    assert "cannot be drawn" in desk.view.panel.warnings
    assert cars.ids[0] not in {car.instance_id for car in desk.view.viewport.scene.objects}
    assert len(desk.view.viewport.scene.objects) == 4
    assert desk.view.panel.facts["Distance"][0] == "unknown"
    desk.press("E")
    assert not desk.bugs


def test_a_rotation_that_is_none(cars: Cars, open_desk: Opener) -> None:
    cars.write({cars.ids[0]: replace(cars.fit(cars.ids[0]), rotation=(2.0,) * 9, rms_px=99.0)})
    desk = open_desk(cars.path)
    assert "cannot be drawn" in desk.view.panel.warnings


def test_a_shape_space_of_another_topology(cars: Cars, open_desk: Opener) -> None:
    cars.write({cars.ids[0]: replace(cars.fit(cars.ids[0]), rms_px=99.0)}, "somebody's cars 0123456789ab")
    desk = open_desk(cars.path)
    assert "box of its size" in desk.view.panel.warnings
    [car] = [car for car in desk.view.viewport.scene.objects if car.instance_id == cars.ids[0]]
    assert car.boxed
    assert np.ptp(car.footprint, axis=0).max() > 3.0
    desk.press("1")
    desk.click_car(cars.ids[0])
    assert desk.current_car == cars.ids[0]


def test_more_coefficients_than_the_space_has(cars: Cars, open_desk: Opener) -> None:
    cars.write({cars.ids[0]: replace(cars.fit(cars.ids[0]), shape=(0.0,) * 40, rms_px=99.0)})
    desk = open_desk(cars.path)
    assert "box of its size" in desk.view.panel.warnings


def test_a_fit_of_traffic4d_does_not_look_judged(cars: Cars, open_desk: Opener) -> None:
    theirs = replace(cars.fit(cars.ids[0]), method=FitMethod.TRAFFIC4D, sigmas=None)
    cars.write({cars.ids[0]: theirs})
    desk = open_desk(cars.path)
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([cars.ids[0]])
    desk.settle()
    assert desk.cell(desk.shown_cars.index(cars.ids[0]), "Verdict") == "none"
    assert desk.view.panel.verdict == ""
    desk.workspace.show_instances([cars.ids[1]])
    desk.settle()
    assert "good" in desk.view.panel.verdict


def test_a_coarse_fit_says_so(cars: Cars, open_desk: Opener) -> None:
    coarse = replace(
        cars.fit(cars.ids[0]),
        method=FitMethod.COARSE,
        verdict=FitVerdict.AMBIGUOUS,
        reason="Only an outline was seen.",
        used=0,
        rms_px=0.0,
        sigmas=None,
    )
    cars.write({cars.ids[0]: coarse})
    desk = open_desk(cars.path)
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([cars.ids[0]])
    desk.settle()
    assert "Coarse" in desk.view.panel.warnings
    assert desk.view.panel.facts["Error"][0] == "no points"
    row = desk.shown_cars.index(cars.ids[0])
    assert desk.cell(row, "Error px") == ""
    assert desk.cell(row, "Fitted as") == "coarse"

    # what the list is sorted by stands in it, also where it is the outline's
    cars.write({cars.ids[0]: replace(coarse, rms_px=99.0)})
    desk.press("F5")
    desk.settle()
    assert desk.shown_cars[0] == cars.ids[0]
    assert desk.cell(0, "Error px") == "99.00"
    assert desk.view.panel.facts["Error"][0].startswith("99.00 px")
    assert "outline" in desk.view.panel.facts["Error"][0]


def test_a_frame_that_cannot_be_decoded(cars: Cars, open_desk: Opener) -> None:
    desk = open_desk(cars.path)
    desk.bad_pts.add(200)
    desk.click_car(cars.track[0])
    desk.press("C")
    assert desk.current_car == cars.track[1]
    assert "cannot be decoded" in desk.view.canvas.message
    assert desk.view.viewport.scene.objects  # the fits stand without their picture


def test_where_opengl_fails_a_wireframe_stands_in(
    cars: Cars, open_desk: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise NoOpenGLError("no context can be made")

    monkeypatch.setattr(scene_picture, "GlSurface", refuse)
    desk = open_desk(cars.path)
    desk.until(lambda: bool(desk.view.viewport.problem))
    assert "OpenGL does not work here (no context can be made)" in desk.view.message
    assert "wireframe" in desk.view.message
    assert desk.view.wires.whole
    for wire in desk.view.wires.wires.objects:
        assert len(wire.edges) > 20
    desk.press("A")
    assert desk.fit_of(cars.ids[2]).review is not None


def test_a_person_may_switch_opengl_off(cars: Cars, open_desk: Opener) -> None:
    desk = open_desk(cars.path, {"use_opengl": False})
    assert "switched off" in desk.view.message
    assert desk.view.wires.whole


def test_an_empty_project(tmp_path: Path, open_desk: Opener) -> None:
    path = tmp_path / "empty.amodal"
    Project.create(path).close()
    desk = open_desk(path)
    assert "No fits yet" in desk.view.table.empty_text
    for key in ("A", "D", "K", "E", "W", "B", "U", "T", "C", "1", "2", "3", "Z", "V", "Q"):
        desk.press(key)
    assert not desk.bugs
    assert not desk.failures
