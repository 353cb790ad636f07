"""The place of a job's form on its tab: says that it is being read until it is there, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.views.settings_form import FormView
from app.views.text import label
from core.records.forms import Form


class FormPlace(QWidget):
    """Shows one form, once it comes.

    Args:
        hidden: names of fields that are not drawn.
    """

    def __init__(self, hidden: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self._hidden = hidden
        self._values: dict[str, Any] = {}
        self.form: FormView | None = None
        self.problem: QLabel = label("", "bad", wrap=True)  # the tab shows it beside its button
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._reading = label("Reading the settings…", "faint")
        self._column.addWidget(self._reading)

    def show_form(self, form: Form) -> None:
        """Takes the form, the first that comes."""
        if self.form is not None:
            return
        self.form = FormView(form, self._values, self._hidden)
        self.form.changed.connect(lambda: self.problem.setText(""))
        self._reading.hide()
        self._column.addWidget(self.form)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fills fields in, now or once the form is there."""
        self._values.update(values)
        if self.form is not None:
            for name, value in values.items():
                self.form.set_value(name, value)

    def values(self) -> dict[str, Any] | None:
        """What the form says; None where there is none yet, or where it cannot be used and now says why."""
        if self.form is None:
            return None
        problem = self.form.problem()
        self.problem.setText(problem)
        return None if problem else self.form.values()
