"""What is known of one thing, as names and values in rows, and the words that people write about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QPlainTextEdit, QWidget

from app.views.text import label

_NOTES_PX = 84


class NotesField(QPlainTextEdit):
    """Words of people.

    Args:
        placeholder: what stands there before there are any.

    Signals:
        left(): the person is done with them.
    """

    left = Signal()

    def __init__(self, placeholder: str) -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self.setFixedHeight(_NOTES_PX)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Notes")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Qt's: what was written is kept."""
        super().focusOutEvent(event)
        self.left.emit()


class FactRows(QWidget):
    """Names and values in rows; they are built anew only where they differ."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[tuple[str, str], ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    @property
    def rows(self) -> dict[str, str]:
        """What is shown."""
        return dict(self._rows)

    def show_rows(self, rows: tuple[tuple[str, str], ...]) -> None:
        """Shows other values."""
        if rows == self._rows:
            return
        same = [name for name, _ in rows] == [name for name, _ in self._rows]
        self._rows = rows
        if not same:
            while self._grid.count():
                item = self._grid.takeAt(0)
                widget = None if item is None else item.widget()
                if widget is not None:
                    widget.hide()  # it is deleted only when the event loop comes round
                    widget.deleteLater()
        for place, (name, value) in enumerate(rows):
            if same:
                item = self._grid.itemAtPosition(place, 1)
                shown = None if item is None else item.widget()
                if shown is not None:
                    shown.setText(value)  # type: ignore[attr-defined]
                    shown.setToolTip(value)
                continue
            title, text = label(name, "faint", wrap=True), label(value, wrap=True)
            title.setFixedWidth(104)
            text.setMinimumWidth(1)  # a long file name must not widen the panel
            text.setToolTip(value)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._grid.addWidget(title, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, place, 1)
