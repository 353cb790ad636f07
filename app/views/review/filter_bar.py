"""The queue's filter as a row of chips; each opens a menu, and is lit while it narrows the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.states.review_filter import NOBODY_LOOKED, Choice, FilterState, is_narrowed
from app.views.filter_chips import ANY, Chip, ChipBar
from core.records.detections import Category
from core.records.occlusion import OcclusionLabel, OcclusionTest
from core.records.project import QueueFilter

_LABELS = (ANY, *(Choice(label, label.value) for label in OcclusionLabel))
_VERDICTS = (
    Choice("none", "by nobody yet"),
    Choice(None, "or not"),
    Choice("any", "by somebody"),
    Choice("unoccluded", "as unoccluded"),
    Choice("occluded", "as occluded"),
    Choice("rejected", "as rejected"),
)
_REASONS = (
    ANY,
    Choice(OcclusionTest.OVERLAP.value, "covered by something nearer"),
    Choice(OcclusionTest.BORDER.value, "cut by the border"),
    Choice(OcclusionTest.STATIC.value, "hidden by something still"),
    Choice(OcclusionTest.WALT.value, "WALT's rule"),
    Choice(OcclusionTest.CLASSIFIER.value, "by the network"),
)
_SIZES = (ANY, *(Choice(float(size), f"from {size} px") for size in (16, 24, 32, 48, 64, 96, 128)))
_SCORES = (ANY, *(Choice(score / 10, f"from {score / 10:.1f}") for score in (3, 5, 6, 7, 8, 9)))


class FilterBar(ChipBar):
    """Draws a FilterState.

    Signals:
        changed(QueueFilter): the conditions that a person wants.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(NOBODY_LOOKED, 7, parent)
        self._state = FilterState()
        for field, title, choices in (
            ("verdict", "Reviewed", _VERDICTS),
            ("camera_id", "Camera", (ANY,)),
            ("source_id", "Footage", (ANY,)),
            ("label", "Label", _LABELS),
            ("reason", "Reason", _REASONS),
            ("min_size_px", "Size", _SIZES),
            ("min_score", "Score", _SCORES),
            ("hour", "Hour", (ANY,)),
        ):
            self._add_choice(field, title, choices)
            if field == "source_id":
                self._categories = CategoryChip()
                self._categories.chosen.connect(lambda value: self._choose("categories", value))
                self._row.addWidget(self._categories)
        self._thinned = Chip("Repeats too")
        self._thinned.setToolTip("Shows parked and repeated views as well, which another view stands for.")
        self._thinned.clicked.connect(lambda on: self._choose("include_thinned", bool(on)))
        self._row.addWidget(self._thinned)
        self._asked = Chip("Asked for")
        self._asked.setToolTip("Shows what somebody sent here from Evaluate; the next verdict answers it.")
        self._asked.clicked.connect(self._choose_asked)
        self._row.addWidget(self._asked)
        self._add_last()
        self._draw()

    def show_state(self, state: FilterState) -> None:
        """Draws the conditions in force and what else can be chosen, where they differ from what is drawn."""
        old, self._state = self._state, state
        if replace(state, shown=old.shown, total=old.total) != old:
            self._draw()

    @property
    def state(self) -> FilterState:
        """What is shown."""
        return self._state

    @property
    def asked_chip(self) -> Chip:
        """Shows what is asked for, or the queue again."""
        return self._asked

    def _choose_asked(self, on: bool) -> None:
        self.changed.emit(QueueFilter(asked=True) if on else NOBODY_LOOKED)
        self._draw()

    def _conditions(self) -> QueueFilter:
        return self._state.filter

    def _draw(self) -> None:
        state, conditions = self._state, self._state.filter
        self._chips["camera_id"].set_choices((ANY, *state.cameras))
        self._chips["source_id"].set_choices((ANY, *state.sources))
        self._chips["hour"].set_choices(
            (ANY, *(Choice(hour, f"{hour}:00 to {hour}:59") for hour in state.hours))
        )
        for field, chip in self._chips.items():
            chip.show_value(getattr(conditions, field), narrows=field != "verdict")
        self._chips["hour"].setVisible(bool(state.hours) or conditions.hour is not None)
        self._categories.show_value(conditions.categories)
        self._thinned.setChecked(conditions.include_thinned)
        self._asked.setChecked(conditions.asked)
        self._draw_common(state.cameras, narrowed=is_narrowed(conditions))


class CategoryChip(Chip):
    """A chip with any number of categories.

    Signals:
        chosen(tuple[Category, ...]): empty means any.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__("Category")
        self._menu = QMenu(self)
        self._actions: dict[Category, QAction] = {}
        for category in Category:
            action = self._menu.addAction(category.value)
            action.setCheckable(True)
            action.triggered.connect(self._on_triggered)
            self._actions[category] = action
        self.setMenu(self._menu)

    def show_value(self, categories: Sequence[Category]) -> None:
        """Shows which categories are in force."""
        names = ", ".join(category.value for category in categories)
        self.setText(f"Category {names}" if names else "Category")
        self.setChecked(bool(names))
        for category, action in self._actions.items():
            action.setChecked(category in categories)

    def _on_triggered(self) -> None:
        self.chosen.emit(tuple(category for category, action in self._actions.items() if action.isChecked()))
