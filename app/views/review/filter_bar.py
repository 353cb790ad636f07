"""The queue's filter as a row of chips; each opens a menu, and is lit while it narrows the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFont, QFontMetrics
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.states.review_filter import NOBODY_LOOKED, Choice, FilterState, is_narrowed
from app.views.flow import FlowLayout
from app.views.icons import TextButton
from core.records.detections import Category
from core.records.occlusion import OcclusionLabel, OcclusionTest
from core.records.project import QueueFilter

_ANY = Choice(None, "any")
_LABELS = (_ANY, *(Choice(label, label.value) for label in OcclusionLabel))
_VERDICTS = (
    Choice("none", "by nobody yet"),
    Choice(None, "or not"),
    Choice("any", "by somebody"),
    Choice("unoccluded", "as unoccluded"),
    Choice("occluded", "as occluded"),
    Choice("rejected", "as rejected"),
)
_REASONS = (
    _ANY,
    Choice(OcclusionTest.OVERLAP.value, "covered by something nearer"),
    Choice(OcclusionTest.BORDER.value, "cut by the border"),
    Choice(OcclusionTest.STATIC.value, "hidden by something still"),
    Choice(OcclusionTest.WALT.value, "WALT's rule"),
)
_SIZES = (_ANY, *(Choice(float(size), f"from {size} px") for size in (16, 24, 32, 48, 64, 96, 128)))
_SCORES = (_ANY, *(Choice(score / 10, f"from {score / 10:.1f}") for score in (3, 5, 6, 7, 8, 9)))


class FilterBar(QWidget):
    """Draws a FilterState.

    Signals:
        changed(QueueFilter): the conditions that a person wants.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = FilterState()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 7, 10, 7)
        chips = QWidget()
        outer.addWidget(chips)
        row = FlowLayout(chips, 6)
        self._chips: dict[str, ChoiceChip] = {}
        for field, title, choices in (
            ("verdict", "Reviewed", _VERDICTS),
            ("camera_id", "Camera", (_ANY,)),
            ("source_id", "Footage", (_ANY,)),
            ("label", "Label", _LABELS),
            ("reason", "Reason", _REASONS),
            ("min_size_px", "Size", _SIZES),
            ("min_score", "Score", _SCORES),
            ("hour", "Hour", (_ANY,)),
        ):
            chip = ChoiceChip(title, choices)
            chip.chosen.connect(lambda value, name=field: self._choose(name, value))
            self._chips[field] = chip
            row.addWidget(chip)
            if field == "source_id":
                self._categories = CategoryChip()
                self._categories.chosen.connect(lambda value: self._choose("categories", value))
                row.addWidget(self._categories)
        self._thinned = Chip("Repeats too")
        self._thinned.setToolTip("Shows parked and repeated views as well, which another view stands for.")
        self._thinned.clicked.connect(lambda on: self._choose("include_thinned", bool(on)))
        row.addWidget(self._thinned)
        self._track = Chip("")
        self._track.setToolTip("Only this track is shown. Click to show all again.")
        self._track.clicked.connect(lambda _: self._choose("track_id", None))
        row.addWidget(self._track)
        self._clear = Chip("Clear filter  ✕")
        self._clear.setCheckable(False)
        self._clear.clicked.connect(lambda: self.changed.emit(NOBODY_LOOKED))
        row.addWidget(self._clear)
        self._draw()

    def show_state(self, state: FilterState) -> None:
        """Draws the conditions in force and what else can be chosen, where they differ from what is drawn."""
        old, self._state = self._state, state
        if replace(state, shown=old.shown, total=old.total) != old:
            self._draw()

    def _draw(self) -> None:
        state, conditions = self._state, self._state.filter
        self._chips["camera_id"].set_choices((_ANY, *state.cameras))
        self._chips["source_id"].set_choices((_ANY, *state.sources))
        self._chips["hour"].set_choices(
            (_ANY, *(Choice(hour, f"{hour}:00 to {hour}:59") for hour in state.hours))
        )
        for field, chip in self._chips.items():
            chip.show_value(getattr(conditions, field), narrows=field != "verdict")
        self._chips["camera_id"].setVisible(len(state.cameras) > 1 or conditions.camera_id is not None)
        self._chips["hour"].setVisible(bool(state.hours) or conditions.hour is not None)
        self._categories.show_value(conditions.categories)
        self._thinned.setChecked(conditions.include_thinned)
        self._track.setVisible(conditions.track_id is not None)
        self._track.setChecked(True)
        self._track.setText(f"Track {conditions.track_id}  ✕")
        self._clear.setVisible(is_narrowed(conditions))

    @property
    def state(self) -> FilterState:
        """What is shown."""
        return self._state

    @property
    def clear_button(self) -> TextButton:
        """What clears the filter."""
        return self._clear

    def chip(self, field: str) -> ChoiceChip:
        """The chip of a condition, by the field of QueueFilter."""
        return self._chips[field]

    def _choose(self, field: str, value: Any) -> None:
        wanted: QueueFilter = replace(self._state.filter, **{field: value})
        self.changed.emit(wanted)
        self._draw()  # until the controller agrees, the chips show what is in force


class Chip(TextButton):
    """A chip with room for its words in bold, as it shows them while it is lit."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys with the queue

    def sizeHint(self) -> QSize:
        """Qt's: Qt measures the letters of the unlit state only."""
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        plain = QFontMetrics(self.font()).horizontalAdvance(self.text())
        more = QFontMetrics(bold).horizontalAdvance(self.text()) - plain
        return super().sizeHint() + QSize(max(0, more) + 2, 0)


class ChoiceChip(Chip):
    """A chip with one choice out of some.

    Signals:
        chosen(object): a choice's value.
    """

    chosen = Signal(object)

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__("")
        self._title = title
        self._choices: tuple[Choice, ...] = ()
        self._menu = QMenu(self)
        self._group = QActionGroup(self)
        self.setMenu(self._menu)
        self.set_choices(choices)

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offers other choices."""
        if tuple(choices) == self._choices:
            return
        self._choices = tuple(choices)
        self._menu.clear()
        for choice in self._choices:
            action = self._menu.addAction(choice.text.replace("&", "&&"))
            action.setCheckable(True)
            action.setActionGroup(self._group)
            action.triggered.connect(_sender(self.chosen.emit, choice.value))

    def show_value(self, value: object, *, narrows: bool = True) -> None:
        """Shows which choice is in force; lit where it narrows the queue."""
        text = next((choice.text for choice in self._choices if choice.value == value), str(value))
        self.setText(f"{self._title} {text}" if value is not None or not narrows else self._title)
        self.setChecked(narrows and value is not None)
        for action, choice in zip(self._menu.actions(), self._choices, strict=True):
            action.setChecked(choice.value == value)

    def actions_offered(self) -> list[QAction]:
        """The menu's entries, in the order of the choices."""
        return self._menu.actions()


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


def _sender(emit: Callable[[object], None], value: object) -> Callable[[], None]:
    return lambda: emit(value)
