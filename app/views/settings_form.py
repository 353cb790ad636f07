"""Draws a Form of core.records.forms as widgets: a job's settings or the window's preferences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.views.field_editor import FieldEditor
from app.views.form_fields import make_editor
from app.views.icons import TextButton
from app.views.text import label
from app.words import plural
from core.records.forms import FieldKind, Form, FormField


class FormView(QWidget):
    """A form.

    Fields whose names have a dot belong to a group ("motion.threshold" to "motion"). Where a choice has
    the group's name among its values, the group is shown only while it is the one that is chosen; so is a
    field that means something only for some values of another. Advanced fields, and groups that belong to
    no choice, are folded away at first. The tab key goes through them as they stand.

    Args:
        form: what to draw.
        values: to show instead of the defaults, by field name.
        hidden: names of fields that are not drawn and keep their values.

    Signals:
        changed(): after a value changed.
    """

    changed = Signal()

    def __init__(
        self,
        form: Form,
        values: Mapping[str, Any] | None = None,
        hidden: frozenset[str] = frozenset(),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.form = form
        self._hidden = hidden
        self._given = dict(values or {})
        self._editors: dict[str, FieldEditor] = {}
        self._parts: dict[str, list[QWidget]] = {}
        self._captions: dict[tuple[bool, str], QLabel] = {}
        self._open = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._plain = self._grid(column)
        shown = [field for field in form.fields if field.name not in hidden]
        for field in shown:
            if not self._folds(field):
                self._add(field, self._plain)
        self._more = TextButton("More settings", "plain", "chevron-right")
        self._more.clicked.connect(self._fold)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._advanced_area = QWidget()
        inner = QVBoxLayout(self._advanced_area)
        inner.setContentsMargins(0, 0, 0, 0)
        self._advanced = self._grid(inner)
        column.addWidget(self._advanced_area)
        column.addStretch(1)
        for field in shown:
            if self._folds(field):
                self._add(field, self._advanced)
        self._follow_choices()

    def values(self) -> dict[str, Any]:
        """What the fields say now, by field name; hidden and folded fields too, those that are off not."""
        said = {name: value for name, value in self._given.items() if name in self._hidden}
        for field in self.form.fields:
            if field.name in self._editors and self._is_on(field):
                said[field.name] = self._editors[field.name].value()
        return said

    def set_value(self, name: str, value: Any) -> None:
        """Shows a value in a field."""
        if name in self._editors:
            self._editors[name].set_value(value)
            self._follow_choices()
        else:
            self._given[name] = value

    def editor(self, name: str) -> QWidget:
        """A field's widget."""
        return self._editors[name].widget

    def is_shown(self, name: str) -> bool:
        """Whether a field is there for the person to see, unfolded or not."""
        field = next(field for field in self.form.fields if field.name == name)
        return name in self._editors and self._is_on(field)

    def problem(self) -> str:
        """Why the form cannot be used as it is, or ""."""
        for field in self.form.fields:
            if field.name in self._editors and self._is_on(field):
                editor = self._editors[field.name]
                note = editor.problem()
                if field.required and not note and editor.value() in (None, "", []):
                    note = "it is needed."
                if note:
                    return f"{field.label}: {note}"
        return ""

    def _grid(self, column: QVBoxLayout) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        return grid

    def _add(self, field: FormField, grid: QGridLayout) -> None:
        self._add_caption(grid, field)
        row = grid.rowCount()
        editor = make_editor(field)
        if field.name in self._given:
            editor.set_value(self._given[field.name])
        editor.changed.connect(self._on_change)
        widget = editor.widget
        widget.setToolTip(field.help)
        parts: list[QWidget] = [widget]
        if field.kind is not FieldKind.BOOL:
            name: QLabel = label(field.label)
            name.setBuddy(widget)
            name.setMinimumHeight(30)
            name.setToolTip(field.help)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            parts.append(name)
        grid.addWidget(widget, row, 1)
        if field.help:
            note = label(field.help, "faint", wrap=True)
            note.setContentsMargins(2, 0, 0, 9)
            grid.addWidget(note, row + 1, 1)
            parts.append(note)
        else:
            widget.setContentsMargins(0, 0, 0, 9)
        self._editors[field.name] = editor
        self._parts[field.name] = parts

    def _add_caption(self, grid: QGridLayout, field: FormField) -> None:
        """Writes the group's name above its first field in a grid."""
        group = _group(field)
        if not group or (grid is self._plain, group) in self._captions:
            return
        caption = label(group.replace("_", " ").upper(), "caption")
        caption.setContentsMargins(0, 10, 0, 2)
        grid.addWidget(caption, grid.rowCount(), 0, 1, 2)
        self._captions[grid is self._plain, group] = caption

    def _on_change(self) -> None:
        self._follow_choices()
        self.changed.emit()

    def _fold(self) -> None:
        self._open = not self._open
        self._follow_choices()

    def _follow_choices(self) -> None:
        folded = 0
        for field in self.form.fields:
            if field.name not in self._editors:
                continue
            shown = self._is_on(field)
            folded += shown and self._folds(field)
            for part in self._parts[field.name]:
                part.setVisible(shown)
        for (_, group), caption in self._captions.items():
            caption.setVisible(self._is_chosen(group))
        self._more.setVisible(folded > 0)
        self._more.setText("Fewer settings" if self._open else plural(folded, "more setting"))
        self._more.set_icon("chevron-down" if self._open else "chevron-right")
        self._advanced_area.setVisible(self._open and folded > 0)

    def _folds(self, field: FormField) -> bool:
        return field.advanced or (bool(_group(field)) and self._choice_with(_group(field)) is None)

    def _is_on(self, field: FormField) -> bool:
        if field.only is not None:
            other, values = field.only
            if self._value_of(next(one for one in self.form.fields if one.name == other)) not in values:
                return False
        return self._is_chosen(_group(field))

    def _is_chosen(self, group: str) -> bool:
        choice = self._choice_with(group) if group else None
        if choice is None:
            return True
        return bool(self._value_of(choice) == group)

    def _value_of(self, field: FormField) -> Any:
        if field.name in self._editors:
            return self._editors[field.name].value()
        return self._given.get(field.name, field.default)

    def _choice_with(self, group: str) -> FormField | None:
        """The choice that has the group among its values."""
        for field in self.form.fields:
            if field.kind is FieldKind.CHOICE and group in {value for value, _ in field.choices}:
                return field
        return None


def _group(field: FormField) -> str:
    """The part of a field's name before the first dot, or ""."""
    head, dot, _ = field.name.partition(".")
    return head if dot else ""
