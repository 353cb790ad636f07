"""A few words in a box that says by its shape, too, how bad they are; with a button where something helps."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from app.states.training import Note
from app.views.icons import IconLabel, TextButton
from app.views.text import label, set_role
from app.views.training.looks import TONE_SIGNS


class NoteBox(QFrame):
    """Draws a Note; hidden where there is none.

    Signals:
        wanted(str): the id of the action that its button offers.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._note = Note()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 9)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(7)
        self._icon = IconLabel("info", "text_soft", 16)
        self._title, self._text = label("", "heading", wrap=True), label("", "soft", wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        column.addLayout(head)
        column.addWidget(self._text)
        self.button = TextButton("")
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(lambda: self.wanted.emit(self._note.action))
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self._set(Note())

    def show_note(self, note: Note) -> None:
        """Draws another note."""
        if note != self._note:
            self._set(note)

    @property
    def note(self) -> Note:
        """What is shown."""
        return self._note

    def _set(self, note: Note) -> None:
        self._note = note
        icon, token, role = TONE_SIGNS[note.tone]
        self._icon.set_icon(icon, token)
        set_role(self, "role", role)
        self._title.setText(note.title)
        self._text.setText(note.text)
        self._text.setVisible(bool(note.text))
        self.button.setText(note.action_text)
        self.button.setVisible(bool(note.action))
        self.setVisible(bool(note.title))
