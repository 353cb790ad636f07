"""Gives actions other keys; a key that is taken in the same place is refused, and so is one that deletes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.fuzzy import match
from app.states.actions import ActionRow
from app.views.icons import TextButton
from app.views.text import frame, label, set_role

_ID = Qt.ItemDataRole.UserRole


class KeyEditor(QDialog):
    """The editor. It asks; what comes of it is told back by show_rows and show_problem.

    Signals:
        keys_wanted(str, tuple): an action's id and all keys it shall have.
        reset_wanted(str): an action's id, or "" for all.
    """

    keys_wanted = Signal(str, object)
    reset_wanted = Signal(str)

    def __init__(self, rows: Sequence[ActionRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Change keys")
        self.resize(760, 620)
        self._rows: dict[str, ActionRow] = {}
        self._groups: dict[str, list[QTreeWidgetItem]] = {}
        self._heads: dict[str, QTreeWidgetItem] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.addWidget(label("Change keys", "title"), 1)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        head.addWidget(self.search, 1)
        column.addLayout(head)
        card = frame("card")
        inner = QVBoxLayout(card)
        inner.setContentsMargins(4, 4, 4, 4)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels(["Action", "Keys"])
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(14)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.currentItemChanged.connect(lambda *_: self._select())
        self.tree.itemDoubleClicked.connect(lambda *_: self.key.setFocus())
        inner.addWidget(self.tree)
        column.addWidget(card, 1)
        self._name = label("Choose an action", "heading")
        self._help = label("", "soft", wrap=True)
        self._problem = label("", "bad", wrap=True)
        column.addWidget(self._name)
        column.addWidget(self._help)
        column.addLayout(self._edit_row())
        column.addWidget(self._problem)
        self.show_rows(rows)

    def show_rows(self, rows: Sequence[ActionRow]) -> None:
        """Draws the actions with the keys in force."""
        chosen = self.current()
        self._rows = {row.id: row for row in rows}
        self.tree.clear()
        self._groups = {}
        for row in rows:
            if row.group not in self._groups:
                head = QTreeWidgetItem([row.group, ""])
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                font = head.font(0)
                font.setBold(True)
                head.setFont(0, font)
                self.tree.addTopLevelItem(head)
                self._groups[row.group], self._heads[row.group] = [], head
            changed = "" if row.keys == row.default_keys else "   • changed"
            item = QTreeWidgetItem([row.title, ("   ".join(row.keys) or "none") + changed])
            item.setData(0, _ID, row.id)
            item.setToolTip(0, row.help)
            self._heads[row.group].addChild(item)
            self._groups[row.group].append(item)
            if row.id == chosen:
                self.tree.setCurrentItem(item)
        self.tree.expandAll()
        self._filter(self.search.text())
        self._problem.setText("")
        self._select()

    def show_problem(self, text: str) -> None:
        """Says why the last wish was refused."""
        self._problem.setText(text)

    def problem(self) -> str:
        """What is shown as refused now."""
        return self._problem.text()

    def current(self) -> str:
        """The id of the chosen action, or ""."""
        item = self.tree.currentItem()
        return (item.data(0, _ID) or "") if item is not None else ""

    def choose(self, action_id: str) -> None:
        """Chooses an action."""
        for items in self._groups.values():
            for item in items:
                if item.data(0, _ID) == action_id:
                    self.tree.setCurrentItem(item)

    def _edit_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.key = QKeySequenceEdit()
        self.key.setMaximumSequenceLength(1)
        self.key.setClearButtonEnabled(True)
        self.key.setAccessibleName("Press the new key")
        row.addWidget(self.key, 1)
        self._set = TextButton("Use this key", "primary")
        self._set.clicked.connect(lambda: self._ask(replace=True))
        self._add = TextButton("Add as another")
        self._add.clicked.connect(lambda: self._ask(replace=False))
        self._none = TextButton("No key")
        self._none.clicked.connect(lambda: self.keys_wanted.emit(self.current(), ()))
        self._reset = TextButton("Default")
        self._reset.clicked.connect(lambda: self.reset_wanted.emit(self.current()))
        self._reset_all = TextButton("All defaults", "plain")
        self._reset_all.clicked.connect(lambda: self.reset_wanted.emit(""))
        for button in (self._set, self._add, self._none, self._reset, self._reset_all):
            row.addWidget(button)
        return row

    def _ask(self, *, replace: bool) -> None:
        action_id = self.current()
        key = self.key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if not action_id or not key:
            self.show_problem("Press the key that it shall have first.")
            return
        row = self._rows[action_id]
        keys = (key,) if replace else (*(kept for kept in row.keys if kept != key), key)
        self.keys_wanted.emit(action_id, keys)

    def _select(self) -> None:
        row = self._rows.get(self.current())
        able = row is not None and row.may_have_keys
        for widget in (self.key, self._set, self._add, self._none, self._reset):
            widget.setEnabled(able)
        self._name.setText(row.title if row else "Choose an action")
        note = "" if row is None or row.may_have_keys else " It takes something away, so it has no key."
        self._help.setText(row.help + note if row else "Then press the key that it shall have.")
        set_role(self._help, "role", "soft" if not note else "warn")
        self._problem.setText("")
        self.key.clear()

    def _filter(self, typed: str) -> None:
        for title, items in self._groups.items():
            shown = 0
            for item in items:
                row = self._rows[item.data(0, _ID)]
                hidden = bool(typed.strip()) and match(typed, f"{row.title} {' '.join(row.keys)}") is None
                item.setHidden(hidden)
                shown += not hidden
            self._heads[title].setHidden(shown == 0)
