"""One editor for each kind of field of a form; all of them say their value and what is wrong with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
)

from app import file_dialogs
from app.views.field_editor import FieldEditor, Quiet, RowEditor, quiet_combo
from app.views.icons import IconButton
from app.views.offer_fields import make_offer_editor
from app.views.text import set_role
from core.records.forms import FieldKind, FormField

_LARGE = 2**31 - 1
_NUMBER_WIDTH = 130


class BoolEditor(RowEditor):
    """A tick."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.box = QCheckBox(field.label)
        self.box.setMinimumHeight(30)
        self.hold(self.box)
        self.set_value(field.default)
        self.box.toggled.connect(lambda: self.changed.emit())

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


class _PlainNumber(QDoubleSpinBox):
    """Writes 10 rather than 10.00."""

    def textFromValue(self, value: float) -> str:
        return self.locale().toString(value, "f", self.decimals()).rstrip("0").rstrip(",.") or "0"


class NumberEditor(RowEditor):
    """A whole or broken number with its unit."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.whole = field.kind is FieldKind.INT
        self.box: QSpinBox | QDoubleSpinBox = QSpinBox() if self.whole else _PlainNumber()
        low = -_LARGE if field.minimum is None else field.minimum
        high = _LARGE if field.maximum is None else field.maximum
        if isinstance(self.box, QSpinBox):
            self.box.setRange(int(low), int(high))
        else:
            self.box.setDecimals(_decimals(field))
            self.box.setRange(low, high)
            self.box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        if field.unit:
            self.box.setSuffix(f" {field.unit}")
        self.box.setFixedWidth(_NUMBER_WIDTH)
        self.box.lineEdit().setTextMargins(6, 0, 0, 0)
        self.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box.installEventFilter(Quiet(self))
        self.hold(self.box)
        self.row.addStretch(1)
        self.set_value(field.default)
        self.box.valueChanged.connect(lambda: self.changed.emit())

    def value(self) -> int | float:
        value = self.box.value()
        return int(value) if self.whole else round(float(value), 6)

    def set_value(self, value: Any) -> None:
        if value is not None:
            if isinstance(self.box, QSpinBox):
                self.box.setValue(int(value))
            else:
                self.box.setValue(float(value))


class OptionalNumberEditor(RowEditor):
    """A number that may be left out: an empty line means none."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.line = QLineEdit()
        self.line.setFixedWidth(_NUMBER_WIDTH)
        none = field.none or "none"
        self.line.setPlaceholderText(f"{none} ({field.unit})" if field.unit and not field.none else none)
        self.hold(self.line)
        self.row.addStretch(1)
        self.set_value(field.default)
        self.line.textChanged.connect(self._on_text)

    def value(self) -> int | float | None:
        text = self.line.text().strip()
        if not text:
            return None
        try:
            return int(text) if self.field.kind is FieldKind.INT else float(text)
        except ValueError:
            return None

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else f"{value:g}")

    def problem(self) -> str:
        text = self.line.text().strip()
        if not text:
            return ""
        number = self.value()
        if number is None:
            whole = "whole " if self.field.kind is FieldKind.INT else ""
            return f"“{text}” is no {whole}number."
        if self.field.minimum is not None and number < self.field.minimum:
            return f"it must be at least {self.field.minimum:g}."
        if self.field.maximum is not None and number > self.field.maximum:
            return f"it must be at most {self.field.maximum:g}."
        return ""

    def _on_text(self) -> None:
        set_role(self.line, "bad", "true" if self.problem() else "false")
        self.changed.emit()


class TextEditor(RowEditor):
    """A line of words."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.line = QLineEdit()
        self.hold(self.line)
        self.set_value(field.default)
        self.line.textChanged.connect(lambda: self.changed.emit())

    def value(self) -> Any:
        return self.line.text().strip()

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))


class ChoiceEditor(RowEditor):
    """One of several; those that cannot be chosen here are greyed and say why."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.box = quiet_combo(self)
        notes = dict(field.choice_notes)
        model = self.box.model()
        for place, (value, text) in enumerate(field.choices):
            note = notes.get(value, "")
            self.box.addItem(f"{text}  (cannot run here)" if note else text, value)
            if note:
                self.box.setItemData(place, note, Qt.ItemDataRole.ToolTipRole)
                if isinstance(model, QStandardItemModel):
                    model.item(place).setEnabled(False)
        self.hold(self.box)
        self.set_value(field.default)
        self.box.currentIndexChanged.connect(lambda: self.changed.emit())

    def value(self) -> Any:
        return self.box.currentData()

    def set_value(self, value: Any) -> None:
        # an Enum's member is a str too, but Qt does not find it by its value
        self.box.setCurrentIndex(max(self.box.findData(str(value)), 0))

    def problem(self) -> str:
        return dict(self.field.choice_notes).get(self.value(), "")


class PathEditor(RowEditor):
    """A file or a folder, typed or chosen."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.line = QLineEdit()
        self.hold(self.line)
        either = field.kind is FieldKind.PLACE
        self.choose_folder = IconButton("folder", "Choose a folder…")
        self.choose_folder.clicked.connect(self._choose_folder)
        self.choose_folder.setVisible(either or field.kind is FieldKind.FOLDER)
        self.choose_file = IconButton("file", "Choose a file…")
        self.choose_file.clicked.connect(self._choose_file)
        self.choose_file.setVisible(either or field.kind is not FieldKind.FOLDER)
        self.row.addWidget(self.choose_folder)
        self.row.addWidget(self.choose_file)
        self.set_value(field.default)
        self.line.textChanged.connect(lambda: self.changed.emit())

    def value(self) -> str | None:
        text = self.line.text().strip()
        return text or (None if self.field.default is None else "")

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))

    def _choose_folder(self) -> None:
        self._take(file_dialogs.ask_folder(self, self.field.label, self.line.text()))

    def _choose_file(self) -> None:
        new = self.field.kind is FieldKind.NEW_FILE
        ask = file_dialogs.ask_new_file if new else file_dialogs.ask_file
        self._take(ask(self, self.field.label, self.line.text()))

    def _take(self, chosen: str) -> None:
        if chosen:
            self.line.setText(chosen)


class ListEditor(RowEditor):
    """Several values on one line, with commas between them."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.line = QLineEdit()
        self.line.setPlaceholderText("values with commas between them")
        self.hold(self.line)
        self._numbers = all(isinstance(entry, int | float) for entry in field.default or ())
        self.set_value(field.default)
        self.line.textChanged.connect(lambda: self.changed.emit())

    def value(self) -> list[Any]:
        return [_plain(part.strip()) for part in self.line.text().split(",") if part.strip()]

    def set_value(self, value: Any) -> None:
        self.line.setText(", ".join(str(entry) for entry in value or ()))


def make_editor(field: FormField) -> FieldEditor:
    """The editor for a field."""
    if field.of is not None:
        return make_offer_editor(field)
    if field.kind is FieldKind.BOOL:
        return BoolEditor(field)
    if field.kind in (FieldKind.INT, FieldKind.FLOAT):
        return OptionalNumberEditor(field) if field.default is None else NumberEditor(field)
    if field.kind is FieldKind.CHOICE:
        return ChoiceEditor(field)
    if field.kind in (FieldKind.FILE, FieldKind.NEW_FILE, FieldKind.FOLDER, FieldKind.PLACE):
        return PathEditor(field)
    if field.kind is FieldKind.LIST:
        return ListEditor(field)
    return TextEditor(field)


def _plain(text: str) -> Any:
    """A number where it is one: the settings model checks what it must be."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _decimals(field: FormField) -> int:
    """Enough decimals to show the default and the limits as they are."""
    most = 2
    for value in (field.default, field.minimum, field.maximum):
        if value is not None:
            digits = f"{float(value):.6f}".rstrip("0").partition(".")[2]
            most = max(most, len(digits))
    return most
