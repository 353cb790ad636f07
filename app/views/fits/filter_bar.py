"""The filter of the list of fits as a row of chips; each opens a menu, and is lit while it narrows."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.states.fits import EVERY, VERDICT_WORDS, FitListState
from app.states.review_filter import Choice
from app.views.filter_chips import ANY, ChipBar
from core.records.fits import FitFilter, FitMethod, FitVerdict

_NOT_GOOD = tuple(verdict for verdict in FitVerdict if verdict is not FitVerdict.GOOD)
_EXACT = tuple(method for method in FitMethod if method is not FitMethod.COARSE)
_CHIPS: tuple[tuple[str, str, tuple[Choice, ...]], ...] = (
    ("people", "Kind", (Choice(None, "any"), Choice(False, "cars"), Choice(True, "people"))),
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
    ("camera_id", "Camera", (ANY,)),
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


class FitFilterBar(ChipBar):
    """Draws the filter of a FitListState.

    Signals:
        changed(FitFilter): the conditions that a person wants.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(EVERY, 7, parent)
        self._state = FitListState()
        for field, title, choices in _CHIPS:
            self._add_choice(field, title, choices)
        self._add_last()
        self._draw()

    def show_state(self, state: FitListState) -> None:
        """Draws the conditions in force and what else can be chosen."""
        old, self._state = self._state, state
        if (state.filter, state.cameras) != (old.filter, old.cameras):
            self._draw()

    def _conditions(self) -> FitFilter:
        return self._state.filter

    def _draw(self) -> None:
        conditions = self._state.filter
        self._chips["camera_id"].set_choices((ANY, *self._state.cameras))
        for field, chip in self._chips.items():
            value = getattr(conditions, field)
            chip.show_value(value, narrows=value not in (None, ()))
            if value in (None, ()):
                chip.setText(chip.title)
        self._draw_common(self._state.cameras, narrowed=conditions != EVERY)
