"""A researcher finds the one fit that is wrong on a simulated street, and says so; it is there tomorrow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import pi
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.actions import load_actions
from app.composition.window import Shell
from app.views.fits.fits_view import FitsView
from app.views.form_dialogs import FormDialog
from app.views.keypoints.keypoints_view import KeypointsView
from core.geometry.calibration.result import from_record
from core.geometry.ground_plane import pose_on_ground
from core.geometry.masks import rle_to_patch
from core.jobs.street_project import make_street_project
from core.records.fits import FitMadeFrom, FitReview, FitRow, VehicleFit
from core.store.project import Project
from core.store.queries import instances
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from core.store.writers.fits import FoundFit, write_fits
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from tests import windows
from tests.jobs.doing import do_job

LONG_MS = 60_000
SMALL = StreetSettings(width=480, height=270, fps=2.0, frame_count=4, seed=7, cars=16, parked=6, people=2)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def unfitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street whose cars have keypoints and no fits."""
    path = tmp_path_factory.mktemp("street") / "street.amodal"
    made = Street(SMALL)
    make_street_project(path, [StreetCamera(made, made.default_mount())], keypoints=True)
    return path


@pytest.fixture(scope="module")
def street(unfitted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A street whose cars are fitted by the job, and the instance of which a fit faces backwards."""
    path = copy_of(unfitted, tmp_path_factory.mktemp("fitted street"))
    do_job(path, "fit")
    return path, turn_one_round(path)


def copy_of(path: Path, folder: Path) -> Path:
    """A project with its footage in another folder."""
    shutil.copytree(path.parent, folder, dirs_exist_ok=True)
    return folder / path.name


def turn_one_round(path: Path) -> int:
    """Writes a fit that faces backwards for the nearest car; gives its instance."""
    with Project.open(path) as project:
        with project.read() as connection:
            found = list(all_fits(path).values())
            nearest = min(found, key=lambda row: row.fit.translation[2])
            calibration = calibration_in_force(connection, 1)
        assert calibration is not None
        plane = from_record(calibration.record)[1]
        assert plane is not None
        fit = nearest.fit
        assert fit.place_m is not None
        assert fit.heading_rad is not None
        pose = pose_on_ground(plane, fit.place_m, fit.heading_rad + pi)
        wrong: VehicleFit = replace(
            fit,
            rotation=tuple(pose.rotation.ravel().tolist()),
            heading_rad=fit.heading_rad + pi,
            rms_px=40.0,
        )
        made_from = FitMadeFrom(
            nearest.keypoint_set_id, nearest.mask_id, nearest.calibration_id, nearest.shape_space
        )
        with project.bulk() as bulk:
            bulk.run(lambda c: write_fits(c, [FoundFit(nearest.instance_id, wrong, made_from)]))
    return nearest.instance_id


def all_fits(path: Path) -> dict[int, FitRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        ids = [
            one.id
            for frame in range(1, SMALL.frame_count + 1)
            for one in instances.of_frame(connection, frame)
        ]
        return fits_in_force(connection, ids)


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, FitsView]]:
    """The window with the project open and the 3D workspace in front, by its key where need be."""
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        if shell.window.place != "fits":
            QTest.keyClick(shell.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
        view = shell.window.findChild(FitsView)
        assert isinstance(view, FitsView)
        qtbot.waitUntil(
            lambda: view.canvas.image is not None and bool(view.viewport.scene.objects), timeout=LONG_MS
        )
        yield shell, view


def press(key: Qt.Key) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key)


def test_cars_are_fitted_from_the_menu(
    qapp: QApplication, qtbot: QtBot, unfitted: Path, tmp_path: Path
) -> None:
    path = copy_of(unfitted, tmp_path / "copy")
    with windows.shown(qapp) as shell:
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        assert shell.opened is not None
        shell.opened.go_to("fits")
        view = shell.window.findChild(FitsView)
        assert isinstance(view, FitsView)
        qtbot.waitUntil(lambda: bool(view.table.empty_text), timeout=LONG_MS)
        # the list names the entry of the menu as the menu has it
        title = next(one.title for one in load_actions() if one.id == "project.fit")
        assert title in view.table.empty_text
        shell.commands.run("project.fit")
        qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is not None, timeout=LONG_MS)
        dialog = shell.window.findChild(FormDialog)
        assert isinstance(dialog, FormDialog)
        dialog.take.click()
        qtbot.waitUntil(lambda: bool(view.viewport.scene.objects), timeout=LONG_MS)
        assert not view.table.empty_text
    assert all_fits(path)


def test_the_wrong_fit_is_found_and_rejected(
    qapp: QApplication, qtbot: QtBot, street: tuple[Path, int]
) -> None:
    path, wrong = street
    with window_on(qapp, qtbot, path) as (shell, view):
        # the worst comes first, and its numbers say what is wrong: a car that drives the other way
        assert view.panel.title == f"car {wrong}"
        assert not view.viewport.problem
        assert view.panel.facts["Error"][0].startswith("40.00 px")
        press(Qt.Key.Key_B)
        qtbot.waitUntil(lambda: view.panel.facts["Heading"][1] != "")
        now, before = (float(text.split("°")[0]) for text in view.panel.facts["Heading"])
        assert abs(abs(now - before) - 180) < 1
        for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_Z):
            press(key)
            qtbot.wait(30)
        press(Qt.Key.Key_F)
        qtbot.waitUntil(lambda: view.panel.title != f"car {wrong}", timeout=LONG_MS)
        qtbot.waitUntil(lambda: "Reject" in view.actions_bar.said)
        assert all_fits(path)[wrong].review_reason == "wrong heading"

        # another car is clicked in the 3D view, and accepted
        press(Qt.Key.Key_V)
        press(Qt.Key.Key_1)
        qtbot.wait(30)
        other = next(
            car
            for car in sorted(view.viewport.scene.objects, key=lambda car: float(car.centre[0]))
            if car.instance_id not in (wrong, view.viewport.scene.selected)
            and view.viewport.car_at(*middle_of(view, car.instance_id)) == car.instance_id
        )
        spot = view.viewport.place_of(other.instance_id)
        assert spot is not None
        QTest.mouseClick(view.viewport, Qt.MouseButton.LeftButton, pos=spot.toPoint())
        qtbot.waitUntil(lambda: view.panel.title == f"car {other.instance_id}", timeout=LONG_MS)
        press(Qt.Key.Key_A)
        qtbot.waitUntil(lambda: "Accept" in view.actions_bar.said, timeout=LONG_MS)

        # the wrong one is to be put right: its keypoints come to the front
        view.table.selected.emit(all_fits(path)[wrong].id)
        qtbot.waitUntil(lambda: view.panel.title == f"car {wrong}", timeout=LONG_MS)
        press(Qt.Key.Key_K)
        assert shell.window.place == "keypoints"
        points = shell.window.findChild(KeypointsView)
        assert isinstance(points, KeypointsView)
        qtbot.waitUntil(lambda: points.pane.item.state.instance_id == wrong, timeout=LONG_MS)

    with window_on(qapp, qtbot, path) as (_, view):
        said = {row.instance_id: row.review for row in all_fits(path).values() if row.review is not None}
        assert said == {wrong: FitReview.REJECTED, other.instance_id: FitReview.ACCEPTED}


def middle_of(view: FitsView, instance_id: int) -> tuple[float, float]:
    spot = view.viewport.place_of(instance_id)
    return (-1.0, -1.0) if spot is None else (spot.x(), spot.y())


def test_the_outlines_lie_on_the_cars_of_the_picture(
    qapp: QApplication, qtbot: QtBot, street: tuple[Path, int]
) -> None:
    path, wrong = street
    with window_on(qapp, qtbot, path) as (_, view):
        wires, image = view.wires.wires, view.canvas.image
        assert image is not None
        shares = []
        with Project.open(path, read_only=True) as project, project.read() as connection:
            codes = instances.masks(connection, [wire.object.instance_id for wire in wires.objects])
        for wire in wires.objects:
            patch = rle_to_patch(codes[wire.object.instance_id])
            if wire.object.instance_id == wrong or not wire.outlines or patch.bits.sum() < 400:
                continue
            drawn = np.zeros(image.shape[:2], dtype=np.uint8)
            cv2.fillPoly(drawn, [np.round(wire.outlines[0]).astype(np.int32)], 1)
            seen = np.zeros(image.shape[:2], dtype=np.bool_)
            height, width = patch.bits.shape
            seen[patch.y : patch.y + height, patch.x : patch.x + width] = patch.bits
            shares.append((seen & (drawn > 0)).sum() / seen.sum())
        # what is seen of each car lies inside its fit's outline, but for mirrors and a pixel at the border
        assert len(shares) >= 2
        assert min(shares) > 0.9
