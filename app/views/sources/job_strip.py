"""One line about a running or failed job, in the place where it was started."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.views.icons import IconButton, IconLabel
from app.views.text import label, set_role
from core.records.jobs import JobRow, JobState

_LIVE = (JobState.QUEUED, JobState.RUNNING)
_STOPPED = (JobState.INTERRUPTED, JobState.CANCELLED)


class JobStrip(QFrame):
    """The strip; hidden while there is no job.

    Signals:
        cancelled(int), resumed(int), closed(int): the job's id.
    """

    cancelled = Signal(int)
    resumed = Signal(int)
    closed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._id = 0
        self.setProperty("role", "note")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 9, 6, 10)
        row.setSpacing(10)
        self._icon = IconLabel("running", "accent", 18)
        row.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(5)
        self._text = label("", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        words.addWidget(self._text)
        words.addWidget(self._bar)
        row.addLayout(words, 1)
        self._stop = IconButton("stop", "Stop (it can be resumed)", size=16)
        self._stop.clicked.connect(lambda: self.cancelled.emit(self._id))
        self._resume = IconButton("resume", "Resume from where it was", size=16)
        self._resume.clicked.connect(lambda: self.resumed.emit(self._id))
        self._close = IconButton("close", "Close", size=14)
        self._close.clicked.connect(lambda: self.closed.emit(self._id))
        for button in (self._stop, self._resume, self._close):
            row.addWidget(button)
        self.hide()

    def show_job(self, job: JobRow | None) -> None:
        """Draws a job, or goes away."""
        self.setVisible(job is not None)
        if job is None:
            return
        self._id = job.id
        live = job.state in _LIVE
        failed = job.state is JobState.FAILED
        icon, token = ("running", "accent") if live else ("error", "bad") if failed else ("warning", "warn")
        self._icon.set_icon(icon, token)
        if live:
            text = f"{job.progress:.0%}  {job.message or 'Waiting to begin…'}"
        elif failed:
            text = job.error or f"{job.title} failed."
        elif job.state in _STOPPED:
            text = f"{job.title} stopped at {job.progress:.0%}."
        else:
            text = f"{job.title}: done"
        self._text.setText(text)
        self._bar.setVisible(live)
        self._bar.setValue(round(1000 * job.progress))
        self._stop.setVisible(live)
        self._stop.setEnabled(not job.cancel_requested)
        self._resume.setVisible(failed or job.state in _STOPPED)
        self._close.setVisible(not live)
        set_role(self, "role", "error" if failed else "warning" if job.state in _STOPPED else "note")
