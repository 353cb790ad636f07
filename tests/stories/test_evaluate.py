"""A person measures mining, follows a bar to its objects, asks for a review of them, and writes a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.composition import pages
from app.composition.window import Shell
from app.states.evaluation import What
from app.states.training import RunLook
from app.views.evaluate.evaluate_view import EvaluateView
from app.views.fits.fits_view import FitsView
from app.views.form_dialogs import FormDialog
from app.views.review.review_view import ReviewView
from core.records.evaluations import EvaluationRow
from core.records.occlusion import Verdict
from core.records.project import QueueFilter
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries import queue
from core.store.queries.evaluations import evaluations
from tests import windows
from tests.jobs.yard import Yard

LONG_MS = 60_000
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMODAL_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """Ann calls the first two cars occluded, and the rest unoccluded, as mining calls all of them."""
    made = Yard(tmp_path / "yard.amodal")
    ids = made.all_ids()
    with Project.open(made.path) as project:
        history = History(project, "Ann")
        set_verdict(history, ids[:2], Verdict.OCCLUDED)
        set_verdict(history, ids[2:], Verdict.UNOCCLUDED)
    return made


@contextmanager
def window_on(qapp: QApplication, qtbot: QtBot, path: Path) -> Iterator[tuple[Shell, EvaluateView]]:
    """The window with the project open and the Evaluate workspace in front, by its key."""
    with windows.shown(qapp) as shell:
        shell.window.resize(1400, 900)
        shell.open_project(path)
        qtbot.waitUntil(lambda: shell.opened is not None, timeout=LONG_MS)
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        QTest.keyClick(shell.window, Qt.Key.Key_7, CONTROL)
        view = shell.window.findChild(EvaluateView)
        assert isinstance(view, EvaluateView)
        yield shell, view


def press(key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, key, held)


def kept(path: Path) -> list[EvaluationRow]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return evaluations(connection)


def asked_for(path: Path) -> list[int]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return [key.id for key in queue.page_keys(connection, QueueFilter(asked=True), None, 100)]


def test_from_a_measurement_to_a_report(
    qapp: QApplication, qtbot: QtBot, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def show(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(pages.QDesktopServices, "openUrl", show)
    path, ids = yard.path, yard.all_ids()
    with window_on(qapp, qtbot, path) as (shell, view):
        # there is none: one is prepared at once; what is measured is chosen by a click, begun by a key
        qtbot.waitUntil(lambda: view.draft.form is not None, timeout=LONG_MS)
        QTest.mouseClick(view.draft.choices[What.MINING], Qt.MouseButton.LeftButton)
        view.draft.form.set_value("draws", 20)  # type: ignore[union-attr]
        press(Qt.Key.Key_Return, CONTROL)
        qtbot.waitUntil(lambda: view.panel.facts.look is RunLook.DONE, timeout=LONG_MS)
        qtbot.waitUntil(lambda: bool(view.figures.table.rows), timeout=LONG_MS)
        [row] = kept(path)
        assert (row.objects, row.settings["draws"]) == (len(ids), 20)
        cells = {one.title: one.cells[0].value for one in view.figures.table.rows}
        assert cells["Precision"] == f"{100 * (len(ids) - 2) / len(ids):.1f} %"

        # the worst object is looked at in its frame
        qtbot.waitUntil(lambda: view.object.state.image is not None, timeout=LONG_MS)
        assert view.object.state.title == "Car: occluded > unoccluded, wrong"
        assert view.object.state.instance_id in ids[:2]

        # a bar leads to its objects: its own, and fewer than all
        plot = view.bars.plot
        series = plot.chart.series[0]
        place = next(n for n, bar in enumerate(series.bars) if bar is not None)
        QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=plot.middle_of(0, place).toPoint())
        model = view.objects.table.model()
        qtbot.waitUntil(lambda: 0 < model.rowCount() < len(ids), timeout=LONG_MS)
        press(Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: model.rowCount() == len(ids), timeout=LONG_MS)

        # so does a cell of the confusion, by keys: the second row's first cell
        press(Qt.Key.Key_C)
        press(Qt.Key.Key_Down)
        press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: model.rowCount() == 2, timeout=LONG_MS)
        press(Qt.Key.Key_Escape)

        # its fit is seen in 3D, and back
        press(Qt.Key.Key_D)
        qtbot.waitUntil(lambda: shell.window.place == "fits", timeout=LONG_MS)
        fits = shell.window.findChild(FitsView)
        assert isinstance(fits, FitsView)
        qtbot.waitUntil(lambda: bool(fits.viewport.scene.objects), timeout=LONG_MS)
        press(Qt.Key.Key_7, CONTROL)

        # all of them are asked for, taken back, and asked for again
        press(Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: sorted(asked_for(path)) == sorted(ids[:2]), timeout=LONG_MS)
        qtbot.waitUntil(lambda: view.bar.said.startswith("Done: Ask for a review"), timeout=LONG_MS)
        press(Qt.Key.Key_Z, CONTROL)
        qtbot.waitUntil(lambda: view.bar.said.startswith("Undid: Ask"), timeout=LONG_MS)
        assert asked_for(path) == []
        press(Qt.Key.Key_Y, CONTROL)
        qtbot.waitUntil(lambda: len(asked_for(path)) == 2, timeout=LONG_MS)

        # a report on it is written and opened
        press(Qt.Key.Key_P)
        qtbot.waitUntil(lambda: shell.window.findChild(FormDialog) is not None, timeout=LONG_MS)
        dialog = shell.window.findChild(FormDialog)
        assert isinstance(dialog, FormDialog)
        dialog.take.click()
        page = path.with_name("yard report.html")
        qtbot.waitUntil(page.exists, timeout=LONG_MS)
        qtbot.waitUntil(page.with_suffix(".pdf").exists, timeout=LONG_MS)
        assert row.name in page.read_text(encoding="utf-8")
        shell.window.activateWindow()
        QTest.qWaitForWindowActive(shell.window)
        view.setFocus()

        def is_open() -> bool:
            press(Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
            return opened[-1:] == [str(page)]

        qtbot.waitUntil(is_open, timeout=LONG_MS)

        # what is asked for is answered in Review
        press(Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
        review = shell.window.findChild(ReviewView)
        assert isinstance(review, ReviewView)
        qtbot.waitUntil(lambda: review.queue.count_text == "2 instances", timeout=LONG_MS)
        assert review.filters.asked_chip.isChecked()
        grid = review.queue.grid
        qtbot.waitUntil(lambda: grid.currentIndex().isValid(), timeout=LONG_MS)
        QTest.keyClick(grid, Qt.Key.Key_S)
        qtbot.waitUntil(lambda: len(asked_for(path)) == 1, timeout=LONG_MS)
        qtbot.waitUntil(lambda: review.queue.count_text == "1 instance", timeout=LONG_MS)
