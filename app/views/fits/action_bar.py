"""What a person says of a fit, as buttons with their keys: for the mouse, and to learn the keys from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.states.fits import REJECT_REASONS
from app.views.flow import FlowLayout
from app.views.text import ElidedLabel, frame

REJECT = "fits.reject"
_BUTTONS = (
    ("fits.accept", "✓  Accept"),
    ("fits.fix", "Fix"),
    (REJECT, "✕  Reject"),
    ("fits.clear", "Clear"),
    ("fits.compare", "Compare"),
)


class FitActionBar(QWidget):
    """One button for each thing to say.

    Signals:
        wanted(str): the action's id.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bar = frame("panel", self)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(bar)
        column = QVBoxLayout(bar)
        column.setContentsMargins(12, 5, 12, 3)
        column.setSpacing(2)
        places = QWidget()
        flow = FlowLayout(places, 6)
        column.addWidget(places)
        self.buttons: dict[str, QPushButton] = {}
        for action_id, title in _BUTTONS:
            button = QPushButton(title)
            button.setProperty("kind", "verdict")
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys must keep reaching the list
            if action_id == REJECT:
                self._reasons = QMenu(button)
                button.setMenu(self._reasons)
            else:
                button.clicked.connect(lambda _=False, wish=action_id: self.wanted.emit(wish))
            flow.addWidget(button)
            self.buttons[action_id] = button
        self._said = ElidedLabel("", "soft", Qt.TextElideMode.ElideRight)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.setMinimumWidth(0)
        column.addWidget(self._said)
        self.show_keys({})

    def show_keys(self, keys: dict[str, str]) -> None:
        """Says each action's key.

        Args:
            keys: action id -> its first key, for people.
        """
        for action_id, title in _BUTTONS:
            key = keys.get(action_id, "")
            self.buttons[action_id].setText(f"{title}   {key}" if key else title)
        self._reasons.clear()
        for action_id, reason in (*REJECT_REASONS.items(), ("fits.reject_words", "in your own words…")):
            key = keys.get(action_id, "")
            entry = self._reasons.addAction(f"{reason}\t{key}" if key else reason)
            entry.triggered.connect(lambda _=False, wish=action_id: self.wanted.emit(wish))

    def say(self, text: str) -> None:
        """Says what was just done."""
        self._said.set_whole(text)

    @property
    def said(self) -> str:
        """What was said last."""
        return self._said.whole
