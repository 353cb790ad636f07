"""What the editors of a form's fields have in common."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from core.records.forms import FormField


class FieldEditor(Protocol):
    """What a form asks of an editor."""

    @property
    def changed(self) -> SignalInstance:
        """Tells, without an argument, that the person changed it."""
        ...

    @property
    def widget(self) -> QWidget:
        """What the form shows."""
        ...

    def value(self) -> Any:
        """The value as plain JSON."""
        ...

    def set_value(self, value: Any) -> None:
        """Shows a value."""
        ...

    def problem(self) -> str:
        """What is wrong with the value, or ""."""
        ...


class RowEditor(QWidget):
    """What all editors are made of: a row for what the person uses.

    Signals:
        changed(): after the person changed it.
    """

    changed = Signal()

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.field = field
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(6)

    def hold(self, widget: QWidget) -> None:
        """Takes the widget that the person uses; its name is the field's."""
        widget.setAccessibleName(self.field.label)
        self.row.addWidget(widget, 1)
        self.setFocusProxy(widget)

    @property
    def widget(self) -> QWidget:
        """Itself."""
        return self

    def problem(self) -> str:
        """Nothing, where every value fits."""
        return ""


class Quiet(QObject):
    """Keeps the wheel from changing a number while one scrolls the form past it."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def quiet_combo(editor: RowEditor) -> QComboBox:
    """A drop-down that is as wide as its row, and that the wheel does not change in passing."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.installEventFilter(Quiet(editor))
    return box
