"""What a person says of a fit, as buttons with their keys: for the mouse, and to learn the keys from."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QMenu, QWidget

from app.states.fits import REJECT_REASONS
from app.views.action_bar import ActionBar

REJECT = "fits.reject"
_BUTTONS = (
    ("fits.accept", "✓  Accept"),
    ("fits.fix", "Fix"),
    (REJECT, "✕  Reject"),
    ("fits.clear", "Clear"),
    ("fits.compare", "Compare"),
)


class FitActionBar(ActionBar):
    """One button for each thing to say; the reasons of a rejection are a menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for action_id, title in _BUTTONS:
            if action_id == REJECT:
                button = self.add(action_id, title)
                self._reasons = QMenu(button)
                button.setMenu(self._reasons)
            else:
                self.add_wish(action_id, title)
        self.show_keys({})

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each action's key, those of the reasons too."""
        super().show_keys(keys)
        self._reasons.clear()
        for action_id, reason in (*REJECT_REASONS.items(), ("fits.reject_words", "in your own words…")):
            key = keys.get(action_id, "")
            entry = self._reasons.addAction(f"{reason}\t{key}" if key else reason)
            entry.triggered.connect(lambda _=False, wish=action_id: self.wanted.emit(wish))
