"""Finding objects in the chosen footage: the form made from the job's settings, and how the job is doing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from app.states.sources import MiningState
from app.views.icons import TextButton
from app.views.sources.form_place import FormPlace
from app.views.sources.job_strip import JobStrip
from app.views.text import frame, label, scroller
from core.records.forms import Form
from core.records.jobs import JobState

_HIDDEN = frozenset({"camera", "source"})


class MineTab(QWidget):
    """The tab.

    Signals:
        run_wanted(object, bool): the settings by name, and whether for the whole camera.
        review_wanted(): look at what was found.
        cancelled(int), resumed(int), closed(int): a job's id.
    """

    run_wanted = Signal(object, bool)
    review_wanted = Signal()
    cancelled = Signal(int)
    resumed = Signal(int)
    closed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._settings = FormPlace(_HIDDEN)
        self._run_when_ready = False
        self._one_again = False  # "whole camera" was forced, not chosen
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(12)
        intro = "Finds cars and people, follows them, and tests which of them nothing covers."
        self._column.addWidget(label(intro, "soft", wrap=True))
        self._column.addLayout(self._scope())
        self._column.addWidget(self._settings)
        self._column.addStretch(1)
        outer.addWidget(scroller(page), 1)
        outer.addWidget(frame("line"))
        outer.addLayout(self._foot())

    @property
    def has_form(self) -> bool:
        """Whether it has its form yet."""
        return self._settings.form is not None

    def show_form(self, form: Form) -> None:
        """Takes the form once it is known what can run here."""
        self._settings.show_form(form)
        if self._run_when_ready:
            self._run_when_ready = False
            self.run()

    def show_state(self, state: MiningState) -> None:
        """Draws the state."""
        self._strip.show_job(state.job)
        live = state.job is not None and state.job.state in (JobState.QUEUED, JobState.RUNNING)
        done = state.job is not None and state.job.state is JobState.DONE
        self._run.setEnabled(state.camera is not None and state.source_count > 0 and not live)
        self._review.setVisible(done)
        self._one.setEnabled(state.source is not None)
        if state.source is None and not self._all.isChecked():
            self._all.setChecked(True)
            self._one_again = True
        elif state.source is not None and self._one_again:
            self._one.setChecked(True)
            self._one_again = False
        self._all.setText(f"Whole camera ({state.source_count})")

    def run(self) -> None:
        """Asks to run the form as it is."""
        if not self._run.isEnabled():
            return
        if not self.has_form:
            self._run_when_ready = True  # the form is being read just now
            return
        values = self._settings.values()
        if values is not None:
            self.run_wanted.emit(values, self._all.isChecked())

    def _scope(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._one, self._all = TextButton("This source", "chip"), TextButton("Whole camera", "chip")
        group = QButtonGroup(self)
        for button in (self._one, self._all):
            group.addButton(button)
            row.addWidget(button)
        self._one.setChecked(True)
        row.addStretch(1)
        return row

    def _foot(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(8)
        self._strip = JobStrip()
        self._strip.cancelled.connect(self.cancelled)
        self._strip.resumed.connect(self.resumed)
        self._strip.closed.connect(self.closed)
        column.addWidget(self._strip)
        row = QHBoxLayout()
        row.addWidget(self._settings.problem, 1)
        self._review = TextButton("Review what was found", "", "review")
        self._review.clicked.connect(self.review_wanted)
        self._review.hide()
        row.addWidget(self._review)
        self._run = TextButton("Mine", "primary", "mine")
        self._run.clicked.connect(self.run)
        row.addWidget(self._run)
        column.addLayout(row)
        return column
