"""The plan of a recording: bursts of a stream, made into footage of a camera."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.views.icons import TextButton
from app.views.sources.form_place import FormPlace
from app.views.sources.job_strip import JobStrip
from app.views.text import frame, label, scroller
from core.records.forms import Form
from core.records.jobs import JobRow


class RecordTab(QWidget):
    """The tab.

    Signals:
        run_wanted(object): the settings by name.
        cancelled(int), resumed(int), closed(int): a job's id.
    """

    run_wanted = Signal(object)
    cancelled = Signal(int)
    resumed = Signal(int)
    closed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._settings = FormPlace()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addWidget(label("Record as time-lapse bursts", "heading"))
        intro = (
            "Records some seconds every few minutes into the project's media folder and adds each burst to "
            "the camera. After a lost connection it goes on by itself."
        )
        column.addWidget(label(intro, "soft", wrap=True))
        column.addWidget(self._settings)
        column.addStretch(1)
        outer.addWidget(scroller(page), 1)
        outer.addWidget(frame("line"))
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.setSpacing(8)
        self._strip = JobStrip()
        self._strip.cancelled.connect(self.cancelled)
        self._strip.resumed.connect(self.resumed)
        self._strip.closed.connect(self.closed)
        foot.addWidget(self._strip)
        row = QHBoxLayout()
        row.addWidget(self._settings.problem, 1)
        self._run = TextButton("Record", "primary", "record")
        self._run.clicked.connect(self._ask)
        row.addWidget(self._run)
        foot.addLayout(row)
        outer.addLayout(foot)

    @property
    def has_form(self) -> bool:
        """Whether it has its form yet."""
        return self._settings.form is not None

    def show_form(self, form: Form) -> None:
        """Takes the form."""
        self._settings.show_form(form)

    def suggest(self, **values: str) -> None:
        """Fills in the address that is watched, or the camera that is chosen."""
        self._settings.set_values(values)

    def show_job(self, job: JobRow | None) -> None:
        """Draws the recording that runs or ended, or nothing."""
        self._strip.show_job(job)

    def _ask(self) -> None:
        values = self._settings.values()
        if values is not None:
            self.run_wanted.emit(values)
