"""Filters as rows of chips: each opens a menu, and is lit while it narrows what is listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFont, QFontMetrics
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from app.states.review_filter import Choice
from app.views.flow import FlowLayout
from app.views.icons import TextButton

ANY = Choice(None, "any")


class Chip(TextButton):
    """A chip with room for its words in bold, as it shows them while it is lit."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the arrow keys with the list

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
        self.title = title
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
        """Shows which choice is in force; lit where it narrows the list."""
        text = next((choice.text for choice in self._choices if choice.value == value), str(value))
        self.setText(f"{self.title} {text}" if value is not None or not narrows else self.title)
        self.setChecked(narrows and value is not None)
        for action, choice in zip(self._menu.actions(), self._choices, strict=True):
            action.setChecked(choice.value == value)

    def actions_offered(self) -> list[QAction]:
        """The menu's entries, in the order of the choices."""
        return self._menu.actions()


class ChipBar(QWidget):
    """A filter as chips: one for each condition, one for the track, one that clears all.

    Args:
        everything: the conditions that the last chip asks for.
        margin_px: above and below.

    Signals:
        changed(object): the conditions that a person wants.
    """

    changed = Signal(object)

    def __init__(self, everything: object, margin_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, margin_px, 10, margin_px)
        places = QWidget()
        outer.addWidget(places)
        self._row = FlowLayout(places, 6)
        self._chips: dict[str, ChoiceChip] = {}
        self._track = Chip("")
        self._track.setToolTip("Only this track is shown. Click to show all again.")
        self._track.clicked.connect(lambda _: self._choose("track_id", None))
        self._clear = Chip("Clear filter  ✕")
        self._clear.setCheckable(False)
        self._clear.clicked.connect(lambda: self.changed.emit(everything))

    def chip(self, field: str) -> ChoiceChip:
        """The chip of a condition, by its field."""
        return self._chips[field]

    @property
    def clear_button(self) -> TextButton:
        """What clears the filter."""
        return self._clear

    # ---- what a bar of its own says ---------------------------------------------------------------

    def _conditions(self) -> Any:
        """Those in force: a dataclass with a field track_id."""
        raise NotImplementedError

    def _draw(self) -> None:
        """Draws the conditions in force, by `_draw_common` for what all bars have."""
        raise NotImplementedError

    # ---- for it -----------------------------------------------------------------------------------

    def _add_choice(self, field: str, title: str, choices: Sequence[Choice]) -> None:
        chip = ChoiceChip(title, choices)
        chip.chosen.connect(lambda value: self._choose(field, value))
        self._chips[field] = chip
        self._row.addWidget(chip)

    def _add_last(self) -> None:
        """The track's chip and the one that clears all stand at the end."""
        self._row.addWidget(self._track)
        self._row.addWidget(self._clear)

    def _draw_common(self, cameras: Sequence[Choice], *, narrowed: bool) -> None:
        conditions = self._conditions()
        self._chips["camera_id"].setVisible(len(cameras) > 1 or conditions.camera_id is not None)
        self._track.setVisible(conditions.track_id is not None)
        self._track.setChecked(True)
        self._track.setText(f"Track {conditions.track_id}  ✕")
        self._clear.setVisible(narrowed)

    def _choose(self, field: str, value: Any) -> None:
        wanted: Any = replace(self._conditions(), **{field: value})
        self.changed.emit(wanted)
        self._draw()  # until the controller agrees, the chips show what is in force


def _sender(emit: Callable[[object], None], value: object) -> Callable[[], None]:
    return lambda: emit(value)
