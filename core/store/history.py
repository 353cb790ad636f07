"""The edit history: every change a person makes, with its inverse, in one transaction.

Undo and redo are each annotator's own: the newest edit that stands is undone first, and the oldest undone
one is redone first. A new edit ends the chance to redo. An undo is refused where someone or something else
has changed the same columns of the same rows since.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select, update

from core.errors import EditRefusedError, UndoRefusedError
from core.records.history import EditRow, Touched
from core.store import tables
from core.store.annotators import annotator_id, find_annotator
from core.store.conflicts import conflict_with
from core.store.connection import raw_of
from core.store.project import Project
from core.store.recorder import Change, Recorder, apply_changes, from_json, to_json

_edit = tables.edit


class History:
    """One annotator's edits in a project. May be used from any thread.

    Args:
        project: what is edited.
        annotator: who edits; must not be empty.
    """

    def __init__(self, project: Project, annotator: str) -> None:
        if not annotator.strip():
            raise ValueError("an annotator needs a name")
        self.project = project
        self.annotator = annotator.strip()

    def perform(self, title: str | Callable[[], str], action: Callable[[Recorder], None]) -> Touched:
        """Do one edit: all that the action records is one transaction and one row of the history.

        Args:
            title: for people, such as "Mark car 3 as occluded"; or what gives it once the action is through,
                where it names what the action found.
            action: writes through the recorder alone; keep it short, it holds the lock.

        Returns:
            What it touched; where it changed nothing, edit_id is 0 and no row of the history is made.

        Raises:
            ReadOnlyProjectError, ProjectBusyError, DiskFullError: nothing was changed.
            AmodalError: what the action raises; nothing was changed.
        """
        with self.project.write() as connection:
            me = annotator_id(connection, self.annotator)
            recorder = Recorder(connection, me, _now_after_all(connection))
            action(recorder)
            name = title if isinstance(title, str) else title()
            if not recorder.changes:
                return Touched(name, {}, 0)
            raw = raw_of(connection)
            raw.execute(
                "UPDATE edit SET state = 'abandoned' WHERE annotator_id = ? AND state = 'undone'", (me,)
            )
            [edit_id] = raw.execute(
                "INSERT INTO edit (annotator_id, title, at, state, changes) VALUES (?, ?, ?, 'done', ?)"
                " RETURNING id",
                (me, name, recorder.now, to_json(recorder.changes)),
            ).fetchone()
            return _touched(name, recorder.changes, int(edit_id))

    def undo(self) -> Touched:
        """Take back this annotator's newest edit that stands.

        Raises:
            EditRefusedError: there is none.
            UndoRefusedError: someone or something else changed the same things since.
        """
        with self.project.write() as connection:
            top = _top(connection, self.annotator, "done")
            if top is None:
                raise EditRefusedError("There is nothing to undo.", "Undo takes back your own edits only.")
            edit_id, title = top
            changes = [change.inverse() for change in reversed(_changes(connection, edit_id))]
            self._reverse(connection, edit_id, title, changes, "undo")
            connection.execute(
                update(_edit).where(_edit.c.id == edit_id).values(state="undone", undone_at=time.time())
            )
            return _touched(title, changes, edit_id)

    def redo(self) -> Touched:
        """Do this annotator's last undone edit again.

        Raises:
            EditRefusedError: there is none, or someone or something else changed the same things since.
        """
        with self.project.write() as connection:
            top = _top(connection, self.annotator, "undone")
            if top is None:
                raise EditRefusedError(
                    "There is nothing to redo.", "Redo follows an undo, until the next edit."
                )
            edit_id, title = top
            changes = _changes(connection, edit_id)
            self._reverse(connection, edit_id, title, changes, "redo")
            connection.execute(
                update(_edit).where(_edit.c.id == edit_id).values(state="done", undone_at=None)
            )
            return _touched(title, changes, edit_id)

    def keep(self) -> str | None:
        """Let the newest edit stand for good, so that undo goes on with the one before it.

        For an edit whose undo is refused. Returns its title, or None where there is none.
        """
        with self.project.write() as connection:
            top = _top(connection, self.annotator, "done")
            if top is None:
                return None
            connection.execute(update(_edit).where(_edit.c.id == top[0]).values(state="kept"))
            return top[1]

    def undo_title(self) -> str | None:
        """Name of the edit that undo would take back, or None."""
        with self.project.read() as connection:
            top = _top(connection, self.annotator, "done")
            return None if top is None else top[1]

    def redo_title(self) -> str | None:
        """Name of the edit that redo would do again, or None."""
        with self.project.read() as connection:
            top = _top(connection, self.annotator, "undone")
            return None if top is None else top[1]

    def touched(self, edit_id: int) -> Touched:
        """What an edit changed, whoever made it and whether or not it stands.

        Raises:
            EditRefusedError: there is no such edit.
        """
        with self.project.read() as connection:
            title = connection.scalar(select(_edit.c.title).where(_edit.c.id == edit_id))
            if title is None:
                raise EditRefusedError("That change is no longer in the history.", "Open the history anew.")
            return _touched(str(title), _changes(connection, edit_id), edit_id)

    def page(self, before_id: int | None = None, limit: int = 100) -> list[EditRow]:
        """Everyone's edits, newest first, without the abandoned ones.

        Args:
            before_id: id of the last row of the page before, or None for the first page.
            limit: rows a page.
        """
        query = (
            select(_edit.c.id, _edit.c.title, tables.annotator.c.name, _edit.c.at, _edit.c.state)
            .join(tables.annotator)
            .where(_edit.c.state != "abandoned")
            .order_by(_edit.c.id.desc())
            .limit(limit)
        )
        if before_id is not None:
            query = query.where(_edit.c.id < before_id)
        with self.project.read() as connection:
            return [
                EditRow(r.id, r.title, r.name, r.at, r.state == "undone") for r in connection.execute(query)
            ]

    def _reverse(
        self, connection: Connection, edit_id: int, title: str, changes: Sequence[Change], verb: str
    ) -> None:
        conflict = conflict_with(connection, edit_id, changes)
        if conflict is None:
            try:
                apply_changes(connection, changes)
            except sqlite3.IntegrityError:
                # a unique name or place that was free is not, or something new refers to the row
                conflict = "something new in the project depends on it or has taken its place"
        if conflict is not None:
            refusal = UndoRefusedError if verb == "undo" else EditRefusedError
            raise refusal(
                f"Cannot {verb} “{title}”: {conflict}.",
                "Look at it as it is now, and change it by hand if it is wrong.",
            )


def _now_after_all(connection: Connection) -> float:
    """Seconds UTC epoch, later than any edit so far, though a clock was set back or ticks slowly.

    Of several verdicts the last one is in force: their times are their order.
    """
    last = raw_of(connection).execute("SELECT at FROM edit ORDER BY id DESC LIMIT 1").fetchone()
    now = time.time()
    return now if last is None else max(now, math.nextafter(last[0], math.inf))


def _top(connection: Connection, annotator: str, state: str) -> tuple[int, str] | None:
    me = find_annotator(connection, annotator)
    if me is None:
        return None
    order = _edit.c.id.desc() if state == "done" else _edit.c.id.asc()
    row = connection.execute(
        select(_edit.c.id, _edit.c.title)
        .where(_edit.c.annotator_id == me, _edit.c.state == state)
        .order_by(order)
        .limit(1)
    ).first()
    return None if row is None else (int(row.id), str(row.title))


def _changes(connection: Connection, edit_id: int) -> list[Change]:
    data = connection.exec_driver_sql("SELECT changes FROM edit WHERE id = ?", (edit_id,)).scalar_one()
    return from_json(data)


def _touched(title: str, changes: Sequence[Change], edit_id: int) -> Touched:
    rows: dict[str, dict[int, None]] = {}
    for change in changes:
        rows.setdefault(change.table, {})[change.id] = None
    return Touched(title, {table: tuple(ids) for table, ids in rows.items()}, edit_id)
