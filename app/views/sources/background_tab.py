"""The street without what moves: one median background for each hour of the day, and what it rests on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.states.sources import BackgroundsState
from app.views.canvas.image_canvas import ImageCanvas
from app.views.flow import FlowLayout
from app.views.icons import IconLabel, TextButton
from app.views.sources.job_strip import JobStrip
from app.views.text import label, scroller
from app.words import ago, plural
from core.records.project import BackgroundRow

_MARGIN = 16


class BackgroundTab(QWidget):
    """The tab.

    Signals:
        chosen(object): a BackgroundRow.
        make_wanted(): with the usual settings.
        options_wanted(): with settings to choose.
        cancelled(int), resumed(int), closed(int): a job's id.
    """

    chosen = Signal(object)
    make_wanted = Signal()
    options_wanted = Signal()
    cancelled = Signal(int)
    resumed = Signal(int)
    closed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._aspect = 0.5625
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        page = QWidget()
        outer.addWidget(scroller(page))
        column = QVBoxLayout(page)
        column.setContentsMargins(_MARGIN, 14, _MARGIN, 14)
        column.setSpacing(12)
        self._strip = JobStrip()
        for mine, strip in (
            (self.cancelled, self._strip.cancelled),
            (self.resumed, self._strip.resumed),
            (self.closed, self._strip.closed),
        ):
            strip.connect(mine)
        column.addWidget(self._strip)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(self._full_page())
        column.addWidget(self._stack, 1)

    def show_state(self, state: BackgroundsState) -> None:
        """Draws the state."""
        self._strip.show_job(state.job)
        self._stack.setCurrentIndex(1 if state.rows else 0)
        busy = state.job is not None and state.job.finished_at is None
        frames = sum(state.hours.values())
        able = state.camera is not None and frames > 0 and not busy
        for button in (self._make_first, self._make_again, self._options_first, self._options_again):
            button.setEnabled(able)
        if state.camera is None:
            self._empty_text.setText("Choose a camera at the left.")
        elif not frames:
            self._empty_text.setText("This camera has no footage yet. Add some, then make its background.")
        else:
            hours = sorted(hour for hour in state.hours if hour is not None)
            covered = f" from {plural(len(hours), 'hour')} of the day" if hours else ""
            self._empty_text.setText(
                f"The median over time shows the street without what moves. This camera has "
                f"{plural(frames, 'frame')}{covered}."
            )
        self._draw_chips(state)
        self._draw_picture(state)

    def _draw_chips(self, state: BackgroundsState) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._chips.removeWidget(button)
            button.deleteLater()
        for row in state.rows:
            chip = TextButton(_hour(row), "chip")
            chip.setToolTip(_rests_on(row))
            chip.setChecked(state.chosen is not None and state.chosen.id == row.id)
            chip.clicked.connect(lambda _=False, row=row: self.chosen.emit(row))
            self._group.addButton(chip)
            self._chips.addWidget(chip)
        self._chips_area.updateGeometry()

    def _draw_picture(self, state: BackgroundsState) -> None:
        self.canvas.set_image(state.image)
        row = state.chosen
        if row is None:
            return
        self._aspect = row.height / row.width if row.width else 0.5
        self._fit_height()
        self.canvas.show_message("" if state.image is not None else "Reading…")
        self._facts.setText(
            f"{_hour(row)}: {_rests_on(row)}\n{row.width} × {row.height}, version {row.version}, made "
            f"{ago(row.created_at)}"
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        """The picture's place is as high as the picture is at the tab's width."""
        width = self.width() - 2 * _MARGIN
        self.canvas.setFixedHeight(min(max(round(width * self._aspect), 120), 520))

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(IconLabel("background", "text_faint", 44), 0, Qt.AlignmentFlag.AlignHCenter)
        title = label("No background yet", "heading")
        self._empty_text = label("", "soft", wrap=True)
        for text in (title, self._empty_text):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        self._make_first, self._options_first, row = self._buttons("Make background")
        column.addLayout(row)
        column.addStretch(2)
        return page

    def _full_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._chips_area = QWidget()
        self._chips = FlowLayout(self._chips_area, 6)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        column.addWidget(self._chips_area)
        self.canvas = ImageCanvas()
        self.canvas.setMinimumHeight(120)
        column.addWidget(self.canvas)
        self._facts = label("", "faint", wrap=True)
        column.addWidget(self._facts)
        self._make_again, self._options_again, row = self._buttons("Make again")
        column.addLayout(row)
        column.addStretch(1)
        return page

    def _buttons(self, word: str) -> tuple[TextButton, TextButton, QHBoxLayout]:
        row = QHBoxLayout()
        row.addStretch(1)
        options = TextButton("Options…", "plain")
        options.clicked.connect(self.options_wanted)
        make = TextButton(word, "primary" if word.startswith("Make b") else "", "background")
        make.clicked.connect(self.make_wanted)
        row.addWidget(options)
        row.addWidget(make)
        row.addStretch(1)
        return make, options, row


def _hour(row: BackgroundRow) -> str:
    return "All hours" if row.hour is None else f"{row.hour:02d}–{(row.hour + 1) % 24:02d} h"


def _rests_on(row: BackgroundRow) -> str:
    text = f"rests on {plural(row.frame_count, 'frame')}"
    if not row.hours:
        return text
    return f"{text} of {plural(len(row.hours), 'hour')}: {', '.join(f'{hour:02d}' for hour in row.hours)}"
