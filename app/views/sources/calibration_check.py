"""A camera against its cars or its people: the button that checks it, and what was found, in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.states.calibration_witnesses import WitnessState
from app.views.icons import IconLabel, TextButton
from app.views.text import frame, label, set_role
from core.records.car_checks import CheckVerdict

# icon, colour and the frame's role of each verdict: told apart by shape as well
_LOOKS = {
    CheckVerdict.AGREES: ("done", "ok", "note"),
    CheckVerdict.OFF: ("warning", "warn", "warning"),
    CheckVerdict.UNSURE: ("undecided", "text_soft", "note"),
}


class CalibrationCheck(QWidget):
    """The part of the tab.

    Args:
        title, icon, tip: of the button and what stands before it.

    Signals:
        check_wanted(): the calibration that is shown, against them.
    """

    check_wanted = Signal()

    def __init__(self, title: str, icon: str, tip: str) -> None:
        super().__init__()
        self._checkable = False
        self._state = WitnessState()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._title = label(title, "caption")
        row.addWidget(self._title)
        row.addStretch(1)
        self.check_button = TextButton("Check", "plain", icon)
        self.check_button.setToolTip(tip)
        self.check_button.setAccessibleName(f"Check {title.lower()}")
        self.check_button.clicked.connect(self.check_wanted)
        row.addWidget(self.check_button)
        column.addLayout(row)
        self._card = frame("note")
        inside = QHBoxLayout(self._card)
        inside.setContentsMargins(10, 8, 10, 8)
        inside.setSpacing(9)
        self._icon = IconLabel("running", "accent", 18)
        inside.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        self.verdict = label("", wrap=True)
        self.details = label("", "soft", wrap=True)
        words.addWidget(self.verdict)
        words.addWidget(self.details)
        inside.addLayout(words, 1)
        column.addWidget(self._card)
        self.show_state(self._state)

    def set_checkable(self, checkable: bool) -> None:
        """Says whether there is a calibration to check."""
        self._checkable = checkable
        self._draw()

    def show_state(self, state: WitnessState) -> None:
        """Draws the state."""
        self._state = state
        self._draw()

    def _draw(self) -> None:
        state = self._state
        icon, token, role, first, rest = _looks(state)
        self.setVisible(self._checkable or bool(first))
        self._title.setVisible(self._checkable)
        self.check_button.setVisible(self._checkable)
        self.check_button.setEnabled(not state.busy)
        self._card.setVisible(bool(first))
        set_role(self._card, "role", role)
        self._icon.set_icon(icon, token)
        self.verdict.setText(first)
        self.details.setText(rest)
        self.details.setVisible(bool(rest))


def _looks(state: WitnessState) -> tuple[str, str, str, str, str]:
    """Icon, its colour, the frame's role, the first sentence and the rest."""
    if state.busy:
        return "running", "accent", "note", f"{state.busy}…", ""
    if state.problem:
        return "warning", "warn", "warning", state.problem, state.way_out
    if state.check is None:
        return "undecided", "text_soft", "note", "", ""
    first, *rest = state.check.sentences
    return *_LOOKS[state.check.verdict], first, "\n".join([*rest, f"Checked: {state.checked}."])
