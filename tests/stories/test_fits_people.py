"""A researcher looks through the people of a street, finds the one whose pose is wrong, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition.window import Shell
from app.views.fits.fits_view import FitsView
from core.geometry.masks import rle_to_patch
from core.jobs.street_project import make_street_project
from core.records.fits import BodyFit, FitFilter, FitReview
from core.store.project import Project
from core.store.queries import instances
from core.store.queries.fits import fits_in_force
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from tests import windows
from tests.street_people import write_true_people

LONG_MS = 60_000
BUSY = StreetSettings(width=960, height=540, fps=2.0, frame_count=1, seed=5, cars=4, parked=3, people=9)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, BodyFit]]:
    """A street whose people are fitted as they stand; the nearest one raises both arms by mistake."""
    path = tmp_path_factory.mktemp("street") / "street.amodal"
    made = Street(BUSY)
    make_street_project(path, [StreetCamera(made, made.default_mount())])
    true = write_true_people(path)
    wrong = nearest(true)
    write_true_people(path, lambda i, fit: with_arms_up(fit) if i == wrong else fit)
    return path, true


def nearest(fits: dict[int, BodyFit]) -> int:
    return min(fits, key=lambda i: fits[i].translation[2])


def with_arms_up(fit: BodyFit) -> BodyFit:
    pose = np.reshape(fit.pose, (23, 3)).copy()
    pose[15], pose[16] = (0.0, 0.0, 1.3), (0.0, 0.0, -1.3)  # both shoulders
    return replace(fit, pose=tuple(pose.ravel().tolist()), rms_px=25.0)


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, FitsView]]:
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


def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key, modifiers)


def test_the_outlines_lie_on_the_people_of_the_picture(
    qapp: QApplication, qtbot: QtBot, street: tuple[Path, dict[int, BodyFit]]
) -> None:
    path, true = street
    with window_on(qapp, qtbot, path) as (_, view):
        wires, image = view.wires.wires, view.canvas.image
        assert image is not None
        with Project.open(path, read_only=True) as project, project.read() as connection:
            codes = instances.masks(connection, [wire.object.instance_id for wire in wires.objects])
        overlaps = []
        for wire in wires.objects:
            patch = rle_to_patch(codes[wire.object.instance_id])
            if wire.object.instance_id == nearest(true) or patch.bits.sum() < 100:
                continue
            drawn = np.zeros(image.shape[:2], dtype=np.uint8)
            for outline in wire.outlines:
                cv2.fillPoly(drawn, [np.round(outline).astype(np.int32)], 1)
            seen = np.zeros(image.shape[:2], dtype=np.bool_)
            height, width = patch.bits.shape
            seen[patch.y : patch.y + height, patch.x : patch.x + width] = patch.bits
            overlaps.append((seen & (drawn > 0)).sum() / seen.sum())
        # what is seen of each person lies within the outline of the fit, but for a pixel at the border
        assert len(overlaps) >= 2
        assert min(overlaps) > 0.85


def test_the_wrong_pose_is_found_and_rejected(
    qapp: QApplication, qtbot: QtBot, street: tuple[Path, dict[int, BodyFit]]
) -> None:
    path, true = street
    wrong = nearest(true)
    with window_on(qapp, qtbot, path) as (_, view):
        view.filters.changed.emit(FitFilter(people=True))
        qtbot.waitUntil(lambda: view.table.count_text == f"{len(true)} fits", timeout=LONG_MS)
        # the worst comes first
        qtbot.waitUntil(lambda: view.panel.title == f"person {wrong}", timeout=LONG_MS)
        assert not view.viewport.problem
        assert view.panel.facts["Error"][0].startswith("25.00 px")
        # the version before is drawn beside it: the arms hang down
        press(Qt.Key.Key_B)
        qtbot.waitUntil(
            lambda: sum(one.instance_id == wrong for one in view.viewport.scene.objects) == 2, timeout=LONG_MS
        )
        tops = {
            one.role.value: float(one.levels[0][:, 2].max())
            for one in view.viewport.scene.objects
            if one.instance_id == wrong
        }
        assert tops["frame"] > tops["compared"] + 0.1
        for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_Z, Qt.Key.Key_J):
            press(key)
            qtbot.wait(30)
        press(Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: view.panel.title != f"person {wrong}", timeout=LONG_MS)

        # somebody else is clicked in the 3D view, and accepted
        press(Qt.Key.Key_V)
        press(Qt.Key.Key_1)
        press(Qt.Key.Key_Z)
        qtbot.wait(30)
        selected = view.viewport.scene.selected
        spots = {
            one.instance_id: view.viewport.place_of(one.instance_id)
            for one in view.viewport.scene.objects
            if one.person and one.instance_id != wrong
        }
        other, spot = next(
            (i, spot)
            for i, spot in spots.items()
            if spot is not None and view.viewport.car_at(spot.x(), spot.y()) == i
        )
        QTest.mouseClick(
            view.viewport, Qt.MouseButton.LeftButton, pos=QPoint(round(spot.x()), round(spot.y()))
        )
        qtbot.waitUntil(lambda: view.panel.title == f"person {other}", timeout=LONG_MS)
        assert selected is not None
        press(Qt.Key.Key_A)
        qtbot.waitUntil(lambda: "Accept" in view.actions_bar.said, timeout=LONG_MS)

    with Project.open(path, read_only=True) as project, project.read() as connection:
        rows = fits_in_force(connection, list(true))
    said = {i: (row.review, row.review_reason) for i, row in rows.items() if row.review is not None}
    assert said == {wrong: (FitReview.REJECTED, "wrong pose"), other: (FitReview.ACCEPTED, None)}
