"""All keys at a glance, grouped and searchable; they are the keys in force, changed ones too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.fuzzy import match
from app.states.actions import ActionRow
from app.views.text import frame, label, scroller

_COLUMNS = 3


class CheatSheet(QDialog):
    """The sheet. Rows without a key or of another workspace are left out until one searches.

    Args:
        rows: all actions.
        first: the group that stands first: that of the workspace in front.
        place: the id of the workspace in front, or "" where there is none.
    """

    def __init__(
        self, rows: Sequence[ActionRow], first: str = "", place: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._place = place
        self.setWindowTitle("Keys at a glance")
        self.resize(1080, 640)
        self._rows = sorted(rows, key=lambda row: row.group != first)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(14)
        head = QHBoxLayout()
        head.addWidget(label("Keys at a glance", "title"), 1)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search")
        self.field.setClearButtonEnabled(True)
        self.field.setMaximumWidth(280)
        self.field.textChanged.connect(self._draw)
        head.addWidget(self.field, 1)
        column.addLayout(head)
        self._scroll = scroller(QWidget())
        column.addWidget(self._scroll, 1)
        column.addWidget(label("Esc closes this. Keys can be changed under Help, Change keys.", "faint"))
        self._draw("")
        self.field.setFocus()

    def shown_titles(self) -> list[str]:
        """The titles on the sheet now."""
        return [row.title for row in self._found(self.field.text())]

    def _found(self, typed: str) -> list[ActionRow]:
        if not typed.strip():
            here = ("", self._place)
            return [row for row in self._rows if row.keys and (not self._place or row.place in here)]
        return [row for row in self._rows if match(typed, f"{row.title} {row.group} {' '.join(row.keys)}")]

    def _draw(self, typed: str) -> None:
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(0, 0, 8, 0)
        columns.setSpacing(14)
        stacks = [QVBoxLayout() for _ in range(_COLUMNS)]
        filled = [0] * _COLUMNS
        for stack in stacks:
            stack.setSpacing(14)
            columns.addLayout(stack, 1)
        found = sorted(self._found(typed), key=lambda row: self._order(row.group))
        for group, rows in groupby(found, key=lambda row: row.group):
            members = list(rows)
            shortest = filled.index(min(filled))
            stacks[shortest].addWidget(_group_card(group, members))
            filled[shortest] += len(members) + 2
        if not found:
            stacks[0].addWidget(label("No action has that name or key.", "soft"))
        for stack in stacks:
            stack.addStretch(1)
        page.setObjectName("page")
        self._scroll.setWidget(page)

    def _order(self, group: str) -> int:
        groups = list(dict.fromkeys(row.group for row in self._rows))
        return groups.index(group)


def _group_card(group: str, rows: Sequence[ActionRow]) -> QFrame:
    card = frame("card")
    grid = QGridLayout(card)
    grid.setContentsMargins(16, 12, 16, 14)
    grid.setVerticalSpacing(7)
    grid.addWidget(label(group.upper(), "caption"), 0, 0, 1, 2)
    for place, row in enumerate(rows, start=1):
        name = label(row.title, wrap=True)
        name.setToolTip(row.help)
        grid.addWidget(name, place, 0)
        caps = QHBoxLayout()
        caps.setSpacing(5)
        caps.addStretch(1)
        for key in row.keys:
            caps.addWidget(label(key, "key"))
        if not row.keys:
            caps.addWidget(label("no key", "faint"))
        grid.addLayout(caps, place, 1, Qt.AlignmentFlag.AlignTop)
    grid.setColumnStretch(0, 1)
    return card
