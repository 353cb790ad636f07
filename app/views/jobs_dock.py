"""What is running and what ran: progress, what it says, how it ended and what to do about it."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.states.jobs import JobCard, JobsState
from app.views.icons import IconButton, IconLabel, TextButton
from app.views.text import frame, label, log_view, scroller, set_role
from app.words import ago, duration
from core.records.jobs import JobState

_LOOKS = {
    JobState.QUEUED: ("waiting", "text_soft", "Waiting"),
    JobState.RUNNING: ("running", "accent", "Running"),
    JobState.DONE: ("done", "ok", "Done"),
    JobState.FAILED: ("error", "bad", "Failed"),
    JobState.CANCELLED: ("cancelled", "warn", "Stopped"),
    JobState.INTERRUPTED: ("warning", "warn", "Interrupted"),
}
_REFRESH_MS = 1000


class _Row(QFrame):
    """One job.

    Signals:
        cancelled(int), resumed(int), log_wanted(int): the job's id.
    """

    cancelled = Signal(int)
    resumed = Signal(int)
    log_wanted = Signal(int)

    def __init__(self, card: JobCard) -> None:
        super().__init__()
        self.setProperty("role", "card")
        job_id = card.row.id
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 9, 8, 11)
        column.setSpacing(5)
        head = QHBoxLayout()
        head.setSpacing(9)
        self._icon = IconLabel("waiting", "text_soft", 18)
        self._title = label(card.title, "heading", wrap=True)
        head.addWidget(self._icon)
        head.addWidget(self._title, 1)
        self._log = IconButton("log", "Show the log", size=16)
        self._log.clicked.connect(lambda: self.log_wanted.emit(job_id))
        self._stop = IconButton("stop", "Stop (it can be resumed)", size=16)
        self._stop.clicked.connect(lambda: self.cancelled.emit(job_id))
        self._resume = IconButton("resume", "Resume from where it was", size=16)
        self._resume.clicked.connect(lambda: self.resumed.emit(job_id))
        for button in (self._log, self._stop, self._resume):
            head.addWidget(button)
        column.addLayout(head)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        column.addWidget(self._bar)
        self._message = label("", "soft", wrap=True)
        column.addWidget(self._message)
        self._times = label("", "faint")
        column.addWidget(self._times)
        self.show_card(card)

    def show_card(self, card: JobCard) -> None:
        """Draws the job as it is now."""
        self.card = card
        row = card.row
        icon, token, word = _LOOKS[row.state]
        self._icon.set_icon(icon, token)
        self._icon.setToolTip(word)
        self._bar.setVisible(card.is_live or row.state in (JobState.INTERRUPTED, JobState.CANCELLED))
        self._bar.setValue(round(1000 * row.progress))
        set_role(self._bar, "state", row.state.value)
        self._message.setText(_message(card, word))
        set_role(self._message, "role", "bad" if row.state is JobState.FAILED else "soft")
        self._stop.setVisible(card.is_live)
        self._stop.setEnabled(not card.stopping)
        self._resume.setVisible(card.can_resume)
        self.setAccessibleName(f"{card.title}, {word}")
        self.tick()

    def tick(self) -> None:
        """Draws the times anew."""
        row, now = self.card.row, time.time()
        if row.state is JobState.RUNNING and row.started_at is not None:
            parts = [f"{row.progress:.0%}", duration(now - row.started_at)]
            left = self.card.remaining_s(now)
            if left is not None:
                parts.append(f"about {duration(left)} left")
            self._times.setText(" · ".join(parts))
        elif row.finished_at is not None and row.started_at is not None:
            took = duration(row.finished_at - row.started_at)
            self._times.setText(f"{ago(row.finished_at, now)} · took {took}")
        else:
            self._times.setText(ago(row.created_at, now))


class JobsPanel(QWidget):
    """All jobs, newest first.

    Signals:
        cancelled(int), resumed(int), log_wanted(int): a job's id.
    """

    cancelled = Signal(int)
    resumed = Signal(int)
    log_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, _Row] = {}
        self._state = JobsState()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(10)
        self._empty = label("Nothing runs, and nothing ran yet.\nJobs begin in Sources.", "faint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        outer.addWidget(scroller(page))
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._tick)

    def show_state(self, state: JobsState) -> None:
        """Draws the jobs, once they can be seen; rows that are there stay, so that nothing flickers."""
        self._state = state
        if self.isVisible():
            self._draw(state)

    def _draw(self, state: JobsState) -> None:
        known = {card.row.id for card in state.cards}
        for gone in set(self._rows) - known:
            self._rows.pop(gone).deleteLater()
        for place, card in enumerate(state.cards):
            row = self._rows.get(card.row.id)
            if row is None:
                row = _Row(card)
                row.cancelled.connect(self.cancelled)
                row.resumed.connect(self.resumed)
                row.log_wanted.connect(self.log_wanted)
                self._rows[card.row.id] = row
                self._column.insertWidget(place, row)
            elif row.card != card:
                row.show_card(card)
        self._empty.setVisible(not state.cards)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw(self._state)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _tick(self) -> None:
        for row in self._rows.values():
            row.tick()


class LogDialog(QDialog):
    """A job's log, to read and copy."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Log of {title}")
        self.resize(760, 480)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        column.addWidget(label(title, "title"))
        self.text = log_view(text or "The log is empty.")
        column.addWidget(self.text, 1)
        column.addWidget(frame("line"))
        row = QHBoxLayout()
        row.addStretch(1)
        copy = TextButton("Copy")
        copy.clicked.connect(self._copy)
        close = TextButton("Close", "primary")
        close.clicked.connect(self.accept)
        row.addWidget(copy)
        row.addWidget(close)
        column.addLayout(row)

    def _copy(self) -> None:
        self.text.selectAll()
        self.text.copy()


def _message(card: JobCard, word: str) -> str:
    row = card.row
    if card.stopping:
        return "Stopping…"
    if row.state is JobState.FAILED:
        return row.error or "It failed without saying why; its log may tell."
    if row.state is JobState.INTERRUPTED:
        return "Its process ended before it was done. Resume goes on from the last checkpoint."
    if row.state is JobState.CANCELLED:
        return f"Stopped at {row.progress:.0%}. Resume goes on from there."
    if row.state is JobState.DONE:
        said = [f"{name.replace('_', ' ')}: {_short(value)}" for name, value in row.result.items()]
        return " · ".join(said[:4]) or word
    return row.message or word


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return "; ".join(_short(one) for one in value)
    text = str(value)
    return text if len(text) <= 40 else f"…{text[-38:]}"
