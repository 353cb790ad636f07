"""What stands where the composite would be while something is missing for it: what, and a way to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.states.compose import Missing
from app.views.icons import IconLabel, TextButton
from app.views.text import label

_TEXT_PX = 460


class MissingPage(QWidget):
    """Draws a Missing.

    Signals:
        wanted(str): the id of the action that helps.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._missing = Missing()
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(IconLabel("compose", "text_faint", 44), 0, Qt.AlignmentFlag.AlignHCenter)
        self._title, self._text = label("", "heading"), label("", "soft", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._text.setFixedWidth(_TEXT_PX)
        self.button = TextButton("", "primary")
        self.button.clicked.connect(lambda: self.wanted.emit(self._missing.action))
        column.addWidget(self._title)
        for part in (self._text, self.button):
            row = QHBoxLayout()  # not an alignment: with one, a text's lines are counted over the whole width
            row.addStretch(1)
            row.addWidget(part)
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(3)

    def show_missing(self, missing: Missing) -> None:
        """Draws another state."""
        self._missing = missing
        self._title.setText(missing.title)
        self._text.setText(missing.text)
        self.button.setText(missing.action_text)
        self.button.setVisible(bool(missing.action))

    @property
    def title(self) -> str:
        """What is missing, as shown."""
        return self._title.text()

    @property
    def text(self) -> str:
        """What is said of it, as shown."""
        return self._text.text()
