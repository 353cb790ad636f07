"""Keeps the history panel and the names of what undo and redo would do up to date."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.session import ProjectSession
from app.states.jobs import HistoryState
from core.records.history import EditRow

_PAGE = 60


class HistoryController(QObject):
    """Holds the history panel's state.

    Signals:
        changed(HistoryState)
        titles(object, object): what undo and redo would do now; None where there is nothing.
    """

    changed = Signal(object)
    titles = Signal(object, object)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._wanted = False
        self.state = HistoryState(annotator=session.annotator)
        session.touched.connect(lambda _: self.refresh())
        self.refresh()

    def show(self, wanted: bool) -> None:
        """Says whether the panel is open: a closed one reads nothing."""
        self._wanted = wanted
        if wanted:
            self.refresh()

    def refresh(self) -> None:
        """Reads the titles, and what the panel shows, anew."""
        history = self._session.history
        count = max(len(self.state.rows), _PAGE) if self._wanted else 0

        def read() -> tuple[str | None, str | None, list[EditRow]]:
            rows = history.page(None, count + 1) if count else []
            return history.undo_title(), history.redo_title(), rows

        def done(result: tuple[str | None, str | None, list[EditRow]]) -> None:
            undo, redo, rows = result
            self.titles.emit(undo, redo)
            if count:
                self._set(tuple(rows[:count]), len(rows) > count)

        self._session.in_background(read, done, tag="history")

    def more(self) -> None:
        """Reads older edits."""
        if not self.state.more:
            return
        before = self.state.rows[-1].id
        history = self._session.history

        def done(rows: list[EditRow]) -> None:
            self._set((*self.state.rows, *rows[:_PAGE]), len(rows) > _PAGE)

        self._session.in_background(lambda: history.page(before, _PAGE + 1), done, tag="history")

    def _set(self, rows: tuple[EditRow, ...], more: bool) -> None:
        self.state = HistoryState(rows, more, self._session.annotator)
        self.changed.emit(self.state)
