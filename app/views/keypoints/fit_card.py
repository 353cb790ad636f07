"""The fit's card: its verdict with a sign of its own, the reason, a way out, and its numbers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.states.keypoints import CardTone, FitCard
from app.views.icons import IconLabel, TextButton
from app.views.text import frame, label, set_role

_SIGNS: dict[CardTone, tuple[str, str, str]] = {
    CardTone.QUIET: ("undecided", "text_faint", "well"),
    CardTone.GOOD: ("done", "ok", "note"),
    CardTone.DOUBTFUL: ("warning", "warn", "warning"),
    CardTone.BAD: ("error", "bad", "error"),
}
_ROWS = 6


class FitCardView(QWidget):
    """Draws a FitCard. It keeps its labels: only what has changed is set, as it is drawn while dragging.

    Signals:
        wanted(str): the id of the action that its button offers.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._card: FitCard | None = None
        self._box = frame("well")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        outer.addWidget(self._box)
        column = QVBoxLayout(self._box)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        self._icon = IconLabel("undecided", "text_faint", 16)
        self._title = label("", "heading", wrap=True)
        self._text = label("", "soft", wrap=True)
        self._button = TextButton("")
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.clicked.connect(self._on_button)
        head = QHBoxLayout()
        head.setSpacing(7)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        column.addLayout(head)
        column.addWidget(self._text)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._facts: list[tuple[QLabel, QLabel]] = []
        for row in range(_ROWS):
            name, value = label("", "faint"), label("", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
            self._facts.append((name, value))
        outer.addLayout(grid)
        self.show_card(FitCard())

    def show_card(self, card: FitCard) -> None:
        """Draws another card."""
        before, self._card = self._card, card
        if before is None or before.tone is not card.tone:
            icon, token, role = _SIGNS[card.tone]
            self._icon.set_icon(icon, token)
            set_role(self._box, "role", role)
        if before is None or (before.title, before.text) != (card.title, card.text):
            self._title.setText(card.title)
            self._text.setText(card.text)
            self._text.setVisible(bool(card.text))
        if before is None or before.action_text != card.action_text:
            self._button.setText(card.action_text)
            self._button.setVisible(bool(card.action_text))
        if before is None or before.facts != card.facts:
            for row, (name, value) in enumerate(self._facts):
                shown = row < len(card.facts)
                if name.isHidden() is shown:
                    name.setVisible(shown)
                    value.setVisible(shown)
                if shown:
                    name.setText(card.facts[row][0])
                    value.setText(card.facts[row][1])

    @property
    def title(self) -> str:
        """The verdict, as shown."""
        return self._title.text()

    @property
    def text(self) -> str:
        """The reason, as shown."""
        return self._text.text()

    @property
    def button(self) -> TextButton:
        """Offers the way out."""
        return self._button

    @property
    def facts(self) -> dict[str, str]:
        """The numbers that are shown, by name."""
        return {name.text(): value.text() for name, value in self._facts if not name.isHidden()}

    def _on_button(self) -> None:
        if self._card is not None and self._card.action:
            self.wanted.emit(self._card.action)
