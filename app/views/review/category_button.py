"""The button that corrects what the selected objects are: a menu of the categories with their keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.views.icons import IconButton
from core.records.detections import Category


def call_action(category: Category) -> str:
    """The id of the action that calls the selected objects so."""
    return f"review.call_{category.value}"


class CategoryButton(IconButton):
    """Opens the menu.

    Signals:
        wanted(str): the action's id.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("edit", "Correct the category", parent, size=16)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys must keep reaching the queue
        menu = QMenu(self)
        self._actions: dict[Category, QAction] = {}
        for category in Category:
            entry = menu.addAction(category.value)
            entry.triggered.connect(lambda _=False, wish=call_action(category): self.wanted.emit(wish))
            self._actions[category] = entry
        self.setMenu(menu)

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each category's key.

        Args:
            keys: action id -> its first key, for people.
        """
        for category, entry in self._actions.items():
            key = keys.get(call_action(category), "")
            entry.setText(f"{category.value}\t{key}" if key else category.value)

    def entry(self, category: Category) -> QAction:
        """The menu's entry of a category."""
        return self._actions[category]
