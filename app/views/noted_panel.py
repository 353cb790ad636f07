"""The panel of one selected thing that takes a while: how it stands, what is known of it, name and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from app.states.training import Note, RunLook
from app.views.facts import FactRows, NotesField
from app.views.icons import IconLabel, TextButton
from app.views.text import label, scroller
from app.views.training.looks import LOOK_SIGNS
from app.views.training.note_box import NoteBox

_MARGIN_PX = 14


class NotedFacts(Protocol):
    """What is said of a run, an evaluation and their like; `app.states.training.RunFacts` has the words."""

    @property
    def key(self) -> int | None:
        """See there."""

    @property
    def name(self) -> str:
        """See there."""

    @property
    def look(self) -> RunLook:
        """See there."""

    @property
    def note(self) -> Note:
        """See there."""

    @property
    def share(self) -> float | None:
        """See there."""

    @property
    def now(self) -> str:
        """See there."""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """See there."""

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """See there."""

    @property
    def notes(self) -> str:
        """See there."""

    @property
    def can_stop(self) -> bool:
        """See there."""

    @property
    def can_resume(self) -> bool:
        """See there."""

    @property
    def stopping(self) -> bool:
        """See there."""


class NotedPanel(QWidget):
    """Draws what such things have in common; what else there is of one comes between.

    Args:
        nothing: what is shown while none is selected.
        thing: what it is called, such as "run". section: of its actions, such as "training".
        middle, below: shown over and below the notes.

    Signals:
        wanted(str): the id of an action whose button was pressed.
        notes_taken(int, str), name_taken(int, str): of one, by its key.
        left(): the person is done with a field.
    """

    wanted = Signal(str)
    notes_taken = Signal(int, str)
    name_taken = Signal(int, str)
    left = Signal()

    def __init__(
        self,
        nothing: NotedFacts,
        thing: str,
        section: str,
        middle: Sequence[QWidget] = (),
        below: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self._noted = nothing
        self._keyed: dict[str, tuple[TextButton, str]] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._page = QWidget()
        self._column = column = QVBoxLayout(self._page)
        column.setContentsMargins(_MARGIN_PX, 10, _MARGIN_PX, _MARGIN_PX)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._icon = IconLabel("waiting", "text_soft", 20)
        self.name = QLineEdit()
        self.name.setProperty("role", "title")
        self.name.setAccessibleName(f"Name of the {thing}")
        self.name.editingFinished.connect(self._take_name)
        head.addWidget(self._icon)
        head.addWidget(self.name, 1)
        column.addLayout(head)
        self._line = label("", "soft", wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._progress, self._now = label("", "faint", wrap=True), label("", "soft", wrap=True)
        for part in (self._line, self._bar, self._progress, self._now):
            column.addWidget(part)
        buttons = QHBoxLayout()
        self.stop = self._button("Stop", f"{section}.stop", "stop")
        self.resume = self._button("Resume", f"{section}.resume", "resume")
        for button in (self.stop, self.resume):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.note = NoteBox()
        self.note.wanted.connect(self.wanted)
        self._facts_view, self._settings_view = FactRows(), FactRows()
        self._notes_title = label("NOTES", "caption")
        self.notes = NotesField(f"What you want to remember of this {thing}")
        self.notes.left.connect(self.take_notes)
        self._settings_title = label("SETTINGS", "caption")
        for widget in (
            *(self.note, self._facts_view, *middle, self._notes_title, self.notes, *below),
            *(self._settings_title, self._settings_view),
        ):
            column.addWidget(widget)
        column.addStretch(1)
        for field in (self.name, self.notes):
            field.installEventFilter(self)
        self._area = scroller(self._page)
        outer.addWidget(self._area)

    def _button(self, text: str, action_id: str, icon: str = "") -> TextButton:
        button = TextButton(text, "", icon)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.wanted.emit(action_id))
        self._keyed[action_id] = (button, text)
        return button

    # ---- what is shown --------------------------------------------------------------------------

    @property
    def rows(self) -> dict[str, str]:
        """The facts that are shown, by name."""
        return self._facts_view.rows

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Says each button's key.

        Args:
            keys: action id -> its first key, for people.
        """
        for action_id, (button, title) in self._keyed.items():
            key = keys.get(action_id, "")
            button.setText(f"{title}   {key}" if key else title)

    def _show_noted(self, facts: NotedFacts, line: str, look_words: str, progress: str = "") -> bool:
        """Draws another, or the same as it is now; gives whether there is one.

        Args:
            line: what it is, in words. look_words: how it stands. progress: how far it is, in words, or "".
        """
        if facts.key != self._noted.key:
            self.take_notes()
        before, self._noted = self._noted, facts
        self._page.setVisible(facts.key is not None)
        if facts.key is None:
            return False
        icon, token = LOOK_SIGNS[facts.look]
        self._icon.set_icon(icon, token)
        self._icon.setToolTip(look_words)
        is_row = facts.key > 0
        self.name.setReadOnly(not is_row)
        if before.key != facts.key or not self.name.hasFocus():
            self.name.setText(facts.name)
            self.name.setToolTip(facts.name)
            self.name.setCursorPosition(0)
        self._line.setText(line)
        self._bar.setVisible(facts.share is not None)
        self._bar.setValue(round(1000 * (facts.share or 0)))
        say(self._progress, progress)
        say(self._now, facts.now)
        self.stop.setVisible(facts.can_stop or facts.stopping)
        self.stop.setEnabled(facts.can_stop)
        self.resume.setVisible(facts.can_resume and not facts.note.action)
        self.note.show_note(facts.note)
        self._facts_view.show_rows(facts.facts)
        self._facts_view.setVisible(bool(facts.facts))
        self._notes_title.setVisible(is_row)
        self.notes.setVisible(is_row)
        writing = before.key == facts.key and self.notes.hasFocus()
        if not writing and self.notes.toPlainText() != facts.notes:
            self.notes.setPlainText(facts.notes)
        self._settings_title.setVisible(bool(facts.settings))
        self._settings_view.show_rows(facts.settings)
        return True

    # ---- what is written ------------------------------------------------------------------------

    def take_notes(self) -> None:
        """Has what was written kept."""
        key = self._noted.key
        if key is not None and key > 0 and self.notes.toPlainText() != self._noted.notes:
            self.notes_taken.emit(key, self.notes.toPlainText())

    def edit_name(self) -> None:
        """Goes to the name."""
        if not self.name.isReadOnly():
            self.name.setFocus()
            self.name.selectAll()
            self._area.ensureWidgetVisible(self.name)

    def edit_notes(self) -> None:
        """Goes to the notes."""
        if not self.notes.isHidden():
            self.notes.setFocus()
            # the whole field: a scroll area itself looks after the line with the cursor alone
            below = self.notes.mapTo(self._page, self.notes.rect().bottomLeft())
            self._area.ensureVisible(below.x(), below.y(), 0, _MARGIN_PX)
            self._area.ensureWidgetVisible(self.notes)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's: Escape gives the old words back; Enter, in the notes with Ctrl, keeps the new ones."""
        if watched not in (self.name, self.notes) or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (held or watched is self.name)
        if event.key() != Qt.Key.Key_Escape and not enter:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            if not enter:
                self.name.setText(self._noted.name)
                self.notes.setPlainText(self._noted.notes)
            self.left.emit()
            return True
        return super().eventFilter(watched, event)

    def _take_name(self) -> None:
        key = self._noted.key
        if key is not None and key > 0 and self.name.text() != self._noted.name:
            self.name_taken.emit(key, self.name.text())


def say(place: QLabel, text: str) -> None:
    """Words where there are some."""
    place.setText(text)
    place.setVisible(bool(text))
