"""Editors of fields that name something of the project: its cameras and sources are there to choose from."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QVBoxLayout, QWidget

from app.views.field_editor import FieldEditor, RowEditor, quiet_combo
from app.views.text import label, scroller
from core.records.forms import FieldKind, FormField

_ROWS_SHOWN = 5
_ROW_PX = 26


class OfferEditor(RowEditor):
    """One of those there are, or none."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self._nothing = "" if field.kind is FieldKind.TEXT else None
        self.box = quiet_combo(self)
        self.box.addItem(_capital(field.none) or "None", self._nothing)
        for value, text in field.offered:
            self.box.addItem(text, value)
        self.hold(self.box)
        self.set_value(field.default)
        self.box.currentIndexChanged.connect(lambda: self.changed.emit())

    def value(self) -> Any:
        return self.box.currentData()

    def set_value(self, value: Any) -> None:
        place = 0 if value in ("", None) else self.box.findData(value)
        if place < 0:  # it is not there any more, or not yet: the job says so
            self.box.addItem(str(value), value)
            place = self.box.count() - 1
        self.box.setCurrentIndex(place)


class NewNameEditor(RowEditor):
    """One of those there are, or another name."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.box = quiet_combo(self)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.addItems([text for _, text in field.offered])
        line = self.box.lineEdit()
        assert line is not None
        line.setPlaceholderText(_capital(field.none))
        self.hold(self.box)
        self.set_value(field.default)
        self.box.currentTextChanged.connect(lambda: self.changed.emit())

    def value(self) -> str:
        return self.box.currentText().strip()

    def set_value(self, value: Any) -> None:
        self.box.setCurrentIndex(-1)
        self.box.setEditText("" if value is None else str(value))


class OfferListEditor(RowEditor):
    """Any number of those there are, by ticks."""

    def __init__(self, field: FormField) -> None:
        super().__init__(field)
        self.boxes: dict[Any, QCheckBox] = {}
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 2, 0, 2)
        self._column.setSpacing(4)
        for value, text in field.offered:
            self._add(value, text)
        if not field.offered:
            self._column.addWidget(label("There are none yet.", "soft"))
        area = scroller(page)
        area.setAccessibleName(field.label)
        rows = min(max(len(field.offered), 1), _ROWS_SHOWN)
        area.setFixedHeight(rows * _ROW_PX + 4)
        self.row.addWidget(area, 1)
        self.set_value(field.default)

    def value(self) -> list[Any]:
        return [value for value, box in self.boxes.items() if box.isChecked()]

    def set_value(self, value: Any) -> None:
        wanted = list(value or ())
        for other in wanted:
            if other not in self.boxes:  # it is not there any more: the job says so
                self._add(other, str(other))
        for known, box in self.boxes.items():
            box.setChecked(known in wanted)

    def _add(self, value: Any, text: str) -> None:
        box = QCheckBox(text.replace("&", "&&"))
        box.toggled.connect(lambda: self.changed.emit())
        self._column.addWidget(box)
        self.boxes[value] = box


def make_offer_editor(field: FormField) -> FieldEditor:
    """The editor for a field that names something of the project."""
    if field.kind is FieldKind.LIST:
        return OfferListEditor(field)
    return NewNameEditor(field) if field.may_be_new else OfferEditor(field)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
