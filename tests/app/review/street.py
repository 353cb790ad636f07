"""A small street in a project, and the Review workspace on it in a real window with the real keys."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect
from PySide6.QtGui import QColor, QImage, QKeySequence, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.actions import ActionBook, load_actions
from app.commands import Commands
from app.composition.review import build_review
from app.session import ProjectSession
from app.states.review_queue import ID_ROLE
from app.views.review.review_view import ReviewView
from core.errors import AmodalError, MediaError
from core.geometry.masks import patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.masks import MaskPatch
from core.records.media import DecodedFrame, FrameStamp, SourceKind, SourceTable
from core.records.occlusion import (
    LabelOrigin,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
    Verdict,
)
from core.records.project import InstanceRow
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries import instances
from core.store.queries.frames import frames_of
from core.store.writers.decisions import write_decisions
from core.store.writers.detections import write_detections
from core.store.writers.sources import add_source
from core.store.writers.tracks import write_track
from tests.app.settling import settle

WIDTH, HEIGHT = 320, 180
FRAMES = 6
CARS_A_FRAME = 3


def jpeg(red: int) -> bytes:
    """A small crop of one colour."""
    image = QImage(40, 30, QImage.Format.Format_RGB888)
    image.fill(QColor(red, 90, 90))
    painter = QPainter(image)
    painter.fillRect(QRect(10, 8, 20, 14), QColor(40, 40, 200))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG")
    return bytes(data.data())


class Street:
    """A project with one clip: three cars in each of six frames, the cars of a lane on one track.

    The margin of the car in lane l of frame f is 0.05 (3 f + l + 1), with the sign turned in every other
    frame: so `ids` is in the order of the queue.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with Project.create(path) as project:
            history = History(project, "Ann")
            self.camera_id = add_camera(history, "Gate").rows["camera"][0]
            stamps = tuple(
                FrameStamp(40 * n, 0.04 * n, 1_700_049_600.0 + 0.04 * n, n.to_bytes(16, "big"), n == 0)
                for n in range(FRAMES)
            )
            table = SourceTable(
                SourceKind.VIDEO,
                path.parent / "clip.mp4",
                WIDTH,
                HEIGHT,
                Fraction(1, 1000),
                b"c" * 16,
                1,
                stamps,
            )
            with project.bulk() as bulk:
                self.source_id = add_source(project, bulk, self.camera_id, table, [range(FRAMES)])
                with project.read() as connection:
                    frames = frames_of(connection, self.source_id)
                self.frame_ids = [frame.id for frame in frames]
                self.ids: list[int] = []
                for n, frame in enumerate(frames):
                    found = [self._car(n, lane) for lane in range(CARS_A_FRAME)]
                    ids = bulk.run(
                        lambda c, f=frame, o=found: write_detections(
                            c, f.id, o, detector="motion", origin=LabelOrigin.HEURISTIC
                        )
                    )
                    bulk.run(
                        lambda c, n=n, ids=ids: write_decisions(
                            c, [self._decision(n, k, ids) for k in range(3)]
                        )
                    )
                    self.ids += ids
                taken: set[int] = set()
                self.tracks = [
                    bulk.run(
                        lambda c, lane=lane: write_track(
                            c,
                            self.source_id,
                            frames[0].sequence_id,
                            self.ids[lane::CARS_A_FRAME],
                            taken=taken,
                        )
                    )
                    for lane in range(CARS_A_FRAME)
                ]

    @staticmethod
    def _car(n: int, lane: int) -> FoundInstance:
        x, y = 20 + 90 * lane, 40 + 8 * n
        patch = MaskPatch(x + 4, y + 4, np.ones((22, 52), dtype=np.bool_))
        category = Category.PERSON if lane == 2 else Category.CAR
        return FoundInstance(
            Box(float(x), float(y), 60.0 - 10 * lane, 30.0),
            category,
            0.9 - 0.2 * lane,
            patch_to_rle(patch, HEIGHT, WIDTH),
            22 * 52,
            Crop(x, y, 60, 30, jpeg(40 * n)),
        )

    @staticmethod
    def _decision(n: int, lane: int, ids: list[int]) -> OcclusionDecision:
        margin = 0.05 * (3 * n + lane + 1) * (-1 if n % 2 else 1)
        occluded = margin < 0
        by = ids[(lane + 1) % 3] if occluded else None
        overlap = TestOutcome(
            OcclusionTest.OVERLAP,
            0.1 - margin / 10,
            0.1,
            occluded,
            margin,
            by,
            f"covered by car {by}" if by else "",
        )
        border = TestOutcome(OcclusionTest.BORDER, 20.0, 2.0, False, 0.95, None, "20 px from the border")
        label = OcclusionLabel.OCCLUDED if occluded else OcclusionLabel.UNOCCLUDED
        return OcclusionDecision(ids[lane], label, margin, (overlap, border))


class Desk:
    """The Review workspace in a window, with the keys of the declaration and frames that are made up."""

    def __init__(self, street: Street, qtbot: QtBot, annotator: str = "Ann") -> None:
        self.street, self.qtbot = street, qtbot
        self.bugs: list[object] = []
        self.closed = False
        self.session = ProjectSession(Project.open(street.path), annotator)
        self.bad_pts: set[int] = set()
        self.held: list[tuple[int, Callable[[], None]]] | None = None
        self.failures: list[object] = []
        self.session.failed.connect(self.failures.append)
        self.session.broke.connect(self._fail_on_bug)
        self.session.request_frame = self._frame  # type: ignore[method-assign]
        self.workspace = build_review(self.session)
        self.session.touched.connect(self.workspace.on_touched)
        self.session.outside_change.connect(self.workspace.on_outside_change)
        assert isinstance(self.workspace.widget, ReviewView)
        self.view = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1280, 800)
        window_handlers = {"edit.undo": self.session.undo, "edit.redo": self.session.redo}
        self.commands = Commands(ActionBook(load_actions()), self.window, window_handlers, {})
        self.commands.go_to("review", self.workspace)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.workspace.on_shown()

    def _fail_on_bug(self, problem: object) -> None:
        self.bugs.append(problem)

    def _frame(
        self,
        source_id: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        def answer() -> None:
            if pts in self.bad_pts:
                on_error(MediaError("The frame cannot be decoded.", "Mine the footage again."))
            else:
                on_frame(DecodedFrame(pts, np.full((HEIGHT, WIDTH, 3), pts % 256, dtype=np.uint8)))

        if self.held is not None and tag == "view":
            self.held.append((pts, answer))
        else:
            answer()

    # doing

    def press(self, key: str) -> None:
        """Presses a key as a person does, wherever the focus is."""
        combination = QKeySequence(key)[0]
        target = QApplication.focusWidget() or self.view
        QTest.keyClick(target, combination.key(), combination.keyboardModifiers())

    def settle(self) -> None:
        """Waits until edits, reads and their answers are through."""
        settle(self.session._reads, self.session._edits, rounds=6, pause_ms=8)

    def until(self, met: Callable[[], bool]) -> None:
        """Waits for something to be so."""
        self.qtbot.waitUntil(met, timeout=5000)

    # seeing

    @property
    def shown_ids(self) -> list[int]:
        """The ids in the queue, in its order."""
        model = self.view.queue.grid.model()
        return [model.index(row, 0).data(ID_ROLE) for row in range(model.rowCount())]

    @property
    def current(self) -> int | None:
        """The id of the queue's current row."""
        index = self.view.queue.grid.currentIndex()
        return index.data(ID_ROLE) if index.isValid() else None

    @property
    def selected(self) -> list[int]:
        """The ids of the selected rows."""
        rows = self.view.queue.grid.selectionModel().selectedRows()
        return sorted(index.data(ID_ROLE) for index in rows)

    def row(self, instance_id: int) -> InstanceRow:
        """An instance as the store has it."""
        with self.session.project.read() as connection:
            found = instances.by_id(connection, instance_id)
        assert found is not None
        return found

    def verdicts(self) -> dict[int, Verdict]:
        """id -> verdict of every instance that has one, as the store has it."""
        with self.session.project.read() as connection:
            rows = instances.by_ids(connection, self.street.ids)
        return {row.id: row.verdict for row in rows if row.verdict is not None}

    def edits(self) -> list[str]:
        """Titles of the edits that stand, newest first."""
        return [row.title for row in self.session.history.page(None, 50) if not row.undone]

    def close(self) -> None:
        """Closes the workspace and the project."""
        self.settle()
        self.workspace.close()
        self.session.close()
        self.window.close()
        self.window.deleteLater()
        self.closed = True
        assert not self.bugs, self.bugs
