"""The filter of the list of fits as a row of chips; each opens a menu, and is lit while it narrows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.states.fits import EVERY, VERDICT_WORDS, FitListState
from app.states.review_filter import Choice
from app.views.flow import FlowLayout
from app.views.review.filter_bar import Chip, ChoiceChip
from core.records.fits import FitFilter, FitMethod, FitVerdict

_ANY = Choice(None, "any")
_NOT_GOOD = tuple(verdict for verdict in FitVerdict if verdict is not FitVerdict.GOOD)
_EXACT = tuple(method for method in FitMethod if method is not FitMethod.COARSE)
_CHIPS: tuple[tuple[str, str, tuple[Choice, ...]], ...] = (
    (
        "review",
        "Reviewed",
        (
            Choice(None, "or not"),
            Choice("none", "by nobody yet"),
            Choice("any", "by somebody"),
            Choice("accepted", "as accepted"),
            Choice("rejected", "as rejected"),
        ),
    ),
    (
        "verdicts",
        "Verdict",
        (
            Choice((), "any"),
            Choice(_NOT_GOOD, "not good"),
            *(Choice((verdict,), VERDICT_WORDS[verdict]) for verdict in FitVerdict),
        ),
    ),
    ("camera_id", "Camera", (_ANY,)),
    (
        "methods",
        "Made",
        (
            Choice((), "anyhow"),
            Choice((FitMethod.COARSE,), "from outlines, coarse"),
            Choice(_EXACT, "from keypoints"),
        ),
    ),
    (
        "stale",
        "Up to date",
        (Choice(None, "or not"), Choice(True, "no, stale"), Choice(False, "yes")),
    ),
)


class FitFilterBar(QWidget):
    """Draws the filter of a FitListState.

    Signals:
        changed(FitFilter): the conditions that a person wants.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = FitListState()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 6, 10, 6)
        places = QWidget()
        outer.addWidget(places)
        row = FlowLayout(places, 6)
        self._chips: dict[str, ChoiceChip] = {}
        for field, title, choices in _CHIPS:
            chip = ChoiceChip(title, choices)
            chip.chosen.connect(lambda value, name=field: self._choose(name, value))
            self._chips[field] = chip
            row.addWidget(chip)
        self._track = Chip("")
        self._track.setToolTip("Only this track is shown. Click to show all again.")
        self._track.clicked.connect(lambda _: self._choose("track_id", None))
        row.addWidget(self._track)
        self._clear = Chip("Clear filter  ✕")
        self._clear.setCheckable(False)
        self._clear.clicked.connect(lambda: self.changed.emit(EVERY))
        row.addWidget(self._clear)
        self._draw()

    def show_state(self, state: FitListState) -> None:
        """Draws the conditions in force and what else can be chosen."""
        old, self._state = self._state, state
        if (state.filter, state.cameras) != (old.filter, old.cameras):
            self._draw()

    def chip(self, field: str) -> ChoiceChip:
        """The chip of a condition, by the field of FitFilter."""
        return self._chips[field]

    def _draw(self) -> None:
        conditions: FitFilter = self._state.filter
        self._chips["camera_id"].set_choices((_ANY, *self._state.cameras))
        for field, chip in self._chips.items():
            value = getattr(conditions, field)
            chip.show_value(value, narrows=value not in (None, ()))
            if value in (None, ()):
                chip.setText(chip.text().split()[0] if field != "stale" else "Up to date")
        self._chips["camera_id"].setVisible(len(self._state.cameras) > 1 or conditions.camera_id is not None)
        self._track.setVisible(conditions.track_id is not None)
        self._track.setChecked(True)
        self._track.setText(f"Track {conditions.track_id}  ✕")
        self._clear.setVisible(conditions != EVERY)

    def _choose(self, field: str, value: Any) -> None:
        wanted: FitFilter = replace(self._state.filter, **{field: value})
        self.changed.emit(wanted)
        self._draw()  # until the controller agrees, the chips show what is in force
