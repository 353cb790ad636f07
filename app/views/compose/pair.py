"""The composite, and beside it or below it WALT2D's of the same objects; both show the same place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.states.compose import CompositeState
from app.views.compose.composite_pane import CompositePane

_HEAD_PX = 33


class Pair(QWidget):
    """Two panes that look at the same part of the street.

    Attributes:
        main: the composite that is worked on.
        other: the one to compare it with, which cannot be changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.main, self.other = CompositePane(), CompositePane(changeable=False)
        self._following = False
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.main)
        self._split.addWidget(self.other)
        self.other.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._split)
        self.main.canvas.view_changed.connect(lambda: self._follow(self.main, self.other))
        self.other.canvas.view_changed.connect(lambda: self._follow(self.other, self.main))

    @property
    def both_shown(self) -> bool:
        """Whether the other one is shown, too."""
        return not self.other.isHidden()

    def show_both(self, both: bool) -> None:
        """Shows the other one, too, or only the composite."""
        self.other.setVisible(both)
        self._arrange()
        self._split.setSizes([1_000, 1_000])

    def show_states(self, main: CompositeState, other: CompositeState) -> None:
        """Draws both."""
        self.main.show_state(main)
        self.other.show_state(other)

    def toggle(self, name: str) -> None:
        """Draws masks or points over both, or no longer (see CompositeItem.toggle)."""
        for pane in (self.main, self.other):
            pane.item.toggle(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's: another shape may have room for larger pictures the other way."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Beside each other or one below the other: whichever way the pictures are larger."""
        state = self.main.item.state
        if not (state.width and state.height and self.both_shown):
            return
        width, height = self.width(), self.height()
        beside = min(width / 2 / state.width, (height - _HEAD_PX) / state.height)
        below = min(width / state.width, (height / 2 - _HEAD_PX) / state.height)
        way = Qt.Orientation.Horizontal if beside >= below else Qt.Orientation.Vertical
        if way is not self._split.orientation():
            self._split.setOrientation(way)

    def _follow(self, moved: CompositePane, follower: CompositePane) -> None:
        if not self._following and self.both_shown:
            self._following = True
            try:
                follower.canvas.look_like(moved.canvas)
            finally:
                self._following = False
