"""Dialogs around a form: the window's preferences, and a job to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.views.icons import TextButton
from app.views.settings_form import FormView
from app.views.text import frame, label, scroller
from core.records.forms import Form


class FormDialog(QDialog):
    """A form with a button that takes it.

    Signals:
        taken(dict): the values by field name, when they fit.
    """

    taken = Signal(object)

    def __init__(
        self,
        form: Form,
        intro: str,
        button: str,
        values: Mapping[str, Any] | None = None,
        hidden: frozenset[str] = frozenset(),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(form.title)
        self.resize(600, 560)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(12)
        column.addWidget(label(form.title, "title"))
        if intro:
            column.addWidget(label(intro, "soft", wrap=True))
        column.addWidget(frame("line"))
        self.form = FormView(form, values, hidden)
        page = QWidget()
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 4, 12, 4)
        inner.addWidget(self.form)
        column.addWidget(scroller(page), 1)
        column.addWidget(frame("line"))
        row = QHBoxLayout()
        self._problem = label("", "bad", wrap=True)
        row.addWidget(self._problem, 1)
        cancel = TextButton("Cancel")
        cancel.clicked.connect(self.reject)
        row.addWidget(cancel)
        self.take = TextButton(button, "primary")
        self.take.clicked.connect(self._take)
        self.take.setDefault(True)
        row.addWidget(self.take)
        column.addLayout(row)
        self.form.changed.connect(lambda: self._problem.setText(""))

    def show_problem(self, text: str) -> None:
        """Says why the values were not taken."""
        self._problem.setText(text)

    def _take(self) -> None:
        problem = self.form.problem()
        if problem:
            self.show_problem(problem)
            return
        self.taken.emit(self.form.values())
