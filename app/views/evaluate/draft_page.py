"""An evaluation that is about to begin: what, by what, and one button that begins it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from app.states.evaluation import EvaluationDraft, What
from app.views.filter_chips import Chip
from app.views.icons import TextButton
from app.views.settings_form import FormView
from app.views.text import frame, label, scroller
from app.views.training.note_box import NoteBox
from core.records.forms import Form

_MOST_PX = 760


class EvaluationDraftPage(QWidget):
    """Draws an EvaluationDraft.

    Signals:
        what_chosen(object): what is to be evaluated.
        values_taken(object): the settings, by name.
        wanted(str): the id of an action whose button was pressed.
        refused(str): the settings do not fit, and why.
    """

    what_chosen = Signal(object)
    values_taken = Signal(object)
    wanted = Signal(str)
    refused = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.state = EvaluationDraft()
        self.form: FormView | None = None
        self._drawn: tuple[Form, frozenset[str]] | None = None
        self._filling = False
        self._start_key = ""
        page = QWidget()
        page.setMaximumWidth(_MOST_PX)
        self._column = column = QVBoxLayout(page)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(label("What is to be measured?", "title"))
        self.choices: dict[What, Chip] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.setSpacing(6)
        column.addLayout(self._row)
        self._about = label("", "soft", wrap=True)
        column.addWidget(self._about)
        self.note = NoteBox()
        self.note.wanted.connect(self.wanted)
        column.addWidget(self.note)
        self._reading = label("Reading the settings…", "faint")
        column.addWidget(self._reading)
        self._place = QVBoxLayout()
        column.addLayout(self._place)
        column.addStretch(1)
        area = scroller(page)
        foot = frame("panel")
        row = QHBoxLayout(foot)
        row.setContentsMargins(22, 10, 22, 12)
        row.setSpacing(10)
        self.problem = label("", "bad", wrap=True)
        row.addWidget(self.problem, 1)
        self.leave = TextButton("Back")
        self.leave.clicked.connect(lambda: self.wanted.emit("evaluate.back"))
        row.addWidget(self.leave)
        self.start = TextButton("Measure", "primary", "evaluate")
        self.start.clicked.connect(lambda: self.wanted.emit("evaluate.start"))
        row.addWidget(self.start)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(frame("line"))
        whole.addWidget(foot)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key."""
        self._start_key = keys.get("evaluate.start", "")
        self._name_start()

    def show_draft(self, draft: EvaluationDraft) -> None:
        """Draws what is being prepared."""
        self.state = draft
        for card in draft.cards:
            if card.what not in self.choices:
                chip = Chip(card.title)
                chip.setCheckable(True)
                chip.setToolTip(card.text)
                chip.clicked.connect(lambda _=False, what=card.what: self.what_chosen.emit(what))
                self._group.addButton(chip)
                self._row.addWidget(chip)
                self.choices[card.what] = chip
        if self._row.count() == len(draft.cards):
            self._row.addStretch(1)
        chosen = next((card for card in draft.cards if card.what is draft.what), None)
        if chosen is not None:
            self.choices[chosen.what].setChecked(True)
            self._about.setText(chosen.text)
        self.note.show_note(draft.note)
        self._reading.setVisible(draft.form is None)
        if draft.form is not None and self._drawn != (draft.form, draft.hidden):
            self._build(draft.form, draft)
        self.problem.setText(draft.problem)
        self.leave.setVisible(draft.can_leave)
        self.start.setEnabled(draft.form is not None and not draft.starting)
        self._name_start()

    def show_values(self, draft: EvaluationDraft) -> None:
        """Fills the form with other values."""
        self._drawn = None
        self.show_draft(draft)

    def take(self) -> bool:
        """Has the form's settings taken; False where they do not fit, which is told."""
        if self.form is None:
            return False
        problem = self.form.problem()
        if problem:
            self.refused.emit(problem)
            return False
        self.values_taken.emit(self.form.values())
        return True

    def _build(self, form: Form, draft: EvaluationDraft) -> None:
        self._drawn = (form, draft.hidden)
        had_focus = self.form is not None and self.form.isAncestorOf(self.focusWidget() or self)
        if self.form is not None:
            self._place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.form = FormView(form, draft.values, draft.hidden)
        self.form.changed.connect(self._on_changed)
        self._place.addWidget(self.form)
        if had_focus:
            self.setFocus()

    def _on_changed(self) -> None:
        self.problem.setText("")
        if self.form is not None and not self.form.problem():
            self.values_taken.emit(self.form.values())

    def _name_start(self) -> None:
        words = "Starting…" if self.state.starting else "Measure"
        self.start.setText(f"{words}   {self._start_key}" if self._start_key else words)

    def setFocus(self, reason: Qt.FocusReason = Qt.FocusReason.OtherFocusReason) -> None:
        """Qt's: the first choice that is made here."""
        chip = self.choices.get(self.state.what)
        (chip or self.start).setFocus(reason)
