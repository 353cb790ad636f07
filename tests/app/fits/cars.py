"""A street whose fits are known, and the 3D workspace on it in a real window with the real keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import ActionBook, load_actions
from app.commands import Commands
from app.composition.fits import build_fits
from app.session import ProjectSession
from app.states.fits import ID_ROLE
from app.views.fits.fits_view import FitsView
from core.errors import AmodalError, MediaError
from core.fitting.vehicles.evidence import evidence_of
from core.fitting.vehicles.fitter import VehicleFitter
from core.records.fits import FitMadeFrom, FitRow, VehicleFit
from core.records.keypoints import KeypointSet
from core.records.media import DecodedFrame
from core.store.project import Project
from core.store.queries import fits, keypoints
from core.store.queries.calibrations import calibration_in_force
from core.store.writers.fits import FoundFit, write_fits
from tests.app.settling import settle
from tests.jobs.parking import CAMERA, GROUND, HEIGHT, WIDTH, Parking

PLACES = [(16.0, -3.0), (18.0, 4.0), (26.0, 1.0), (35.0, -4.0)]


class Cars:
    """Four cars in the first frame and one that drives through all of them, each with its fit.

    The third one's fit was spoiled: its errors are the largest of all.
    """

    def __init__(self, path: Path, *, calibrated: bool = True) -> None:
        self.parking = Parking(path, calibrated=calibrated)
        self.path = path
        self.ids = self.parking.add_cars(0, PLACES)
        self.track = self.parking.add_track([12, 12, 12, 12], y=-9.0)
        if calibrated:
            self.fitter = VehicleFitter(CAMERA, GROUND, self.parking.space)
            self.write({i: self.fit(i) for i in [*self.ids, *self.track]})
            self.write({self.ids[2]: replace(self.fit(self.ids[2]), rms_px=7.5)})

    def keypoints(self, instance_id: int) -> KeypointSet:
        """Where a car's points are."""
        return self.parking.keypoints_at(self.parking.places[instance_id])

    def fit(self, instance_id: int) -> VehicleFit:
        """What the fitter says of a car."""
        return self.fitter.fit(evidence_of(self.keypoints(instance_id), 100.0))

    def write(self, found: dict[int, VehicleFit], shape_space: str | None = None) -> None:
        """Writes fits as a job does."""
        with Project.open(self.path) as project:
            with project.read() as connection:
                calibration = calibration_in_force(connection, self.parking.camera_id)
                points = keypoints.keypoints_in_force(connection, list(found))
            rows = [
                FoundFit(
                    instance_id,
                    fit,
                    FitMadeFrom(
                        points[instance_id].id if instance_id in points else None,
                        None,
                        None if calibration is None else calibration.id,
                        shape_space or self.parking.space.label,
                    ),
                )
                for instance_id, fit in found.items()
            ]
            with project.bulk() as bulk:
                bulk.run(lambda c: write_fits(c, rows))


class Desk:
    """The 3D workspace in a window, with the keys of the declaration and frames that are made up."""

    def __init__(self, path: Path, qtbot: QtBot, preferences: dict[str, object] | None = None) -> None:
        self.qtbot = qtbot
        self.bugs: list[object] = []
        self.failures: list[object] = []
        self.shown_elsewhere: list[tuple[str, list[int]]] = []
        self.bad_pts: set[int] = set()
        self.session = ProjectSession(Project.open(path), "Ann", preferences)
        self.session.failed.connect(self.failures.append)
        self.session.broke.connect(self.bugs.append)
        self.session.request_frame = self._frame  # type: ignore[method-assign]
        self.workspace = build_fits(
            self.session, lambda place, ids: self.shown_elsewhere.append((place, list(ids)))
        )
        self.session.touched.connect(lambda touched: self.workspace.on_touched(touched))
        self.session.outside_change.connect(lambda: self.workspace.on_outside_change())
        assert isinstance(self.workspace.widget, FitsView)
        self.view = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1280, 800)
        window_handlers = {"edit.undo": self.session.undo, "edit.redo": self.session.redo}
        self.commands = Commands(ActionBook(load_actions()), self.window, window_handlers, {})
        self.commands.go_to("fits", self.workspace)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.workspace.on_shown()
        self.settle()

    def _frame(
        self,
        source_id: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        if pts in self.bad_pts:
            on_error(MediaError("The frame cannot be decoded.", "Mine the footage again."))
        else:
            on_frame(DecodedFrame(pts, np.full((HEIGHT, WIDTH, 3), 60 + pts // 40, dtype=np.uint8)))

    # doing

    def press(self, key: str) -> None:
        """Presses a key as a person does, wherever the focus is."""
        combination = QKeySequence(key)[0]
        target = QApplication.focusWidget() or self.view
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        self.settle()

    def click_car(self, instance_id: int) -> None:
        """Clicks a car in the 3D view."""
        spot = self.view.viewport.place_of(instance_id)
        assert spot is not None
        QTest.mouseClick(self.view.viewport, Qt.MouseButton.LeftButton, pos=spot.toPoint())
        self.settle()

    def click_picture(self, x: float, y: float) -> None:
        """Clicks a pixel of the picture on the canvas."""
        spot: QPointF = self.view.canvas.to_widget(x, y)
        QTest.mouseClick(self.view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot.toPoint())
        self.settle()

    def settle(self) -> None:
        """Waits until edits, reads and their answers are through."""
        settle(self.session._reads, self.session._edits, rounds=6, pause_ms=8)

    def until(self, met: Callable[[], bool]) -> None:
        """Waits for something to be so."""
        self.qtbot.waitUntil(met, timeout=5000)

    def close(self) -> None:
        """Ends the workspace, as when the project closes."""
        self.workspace.close()
        self.session.close()
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()
        assert not self.bugs

    # seeing

    @property
    def shown_ids(self) -> list[int]:
        """The fits in the list, in its order."""
        model = self.view.table.table.model()
        return [int(model.index(row, 0).data(ID_ROLE)) for row in range(model.rowCount())]

    @property
    def shown_cars(self) -> list[int]:
        """Whose they are."""
        return [row.instance_id for row in self.rows(self.shown_ids)]

    @property
    def current_car(self) -> int | None:
        """The instance whose numbers are shown."""
        title = self.view.panel.title
        return int(title.split()[-1]) if title else None

    def rows(self, fit_ids: Sequence[int]) -> list[FitRow]:
        """Fits as the store has them."""
        with self.session.project.read() as connection:
            return fits.fits_by_ids(connection, fit_ids)

    def fit_of(self, instance_id: int) -> FitRow:
        """The fit that a car has now."""
        with self.session.project.read() as connection:
            return fits.fits_in_force(connection, [instance_id])[instance_id]

    def fit_history(self, instance_id: int) -> list[FitRow]:
        """Every version of a car's fit, the newest first."""
        with self.session.project.read() as connection:
            return fits.fit_history(connection, instance_id)

    def cell(self, row: int, name: str) -> str:
        """What the list shows."""
        from app.states.fits import COLUMNS

        model = self.view.table.table.model()
        column = [title for title, _ in COLUMNS].index(name)
        model.index(row, column).data()  # asks for it
        self.settle()
        return str(model.index(row, column).data())
