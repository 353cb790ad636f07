"""Finds out whether an undo or redo would overwrite what someone or something else did, and who it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from core.store import tables
from core.store.recorder import Change, from_json, primary_key, read_rows, table_of


def conflict_with(connection: Connection, edit_id: int, changes: Sequence[Change]) -> str | None:
    """Why changes cannot be written over what is there now, as half a sentence, or None.

    A change fits where the row holds exactly what the change expects to find: the columns that it sets for
    an update, the whole row for a delete, nothing for an insert.

    Args:
        connection: of the transaction that will write them.
        edit_id: the edit that is undone or redone: later ones are searched for who did it.
        changes: in the order to write them; a later one may build on an earlier one.
    """
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    for name in {change.table for change in changes}:
        table = tables.metadata.tables[name]
        rows[name] = read_rows(connection, table, [c.id for c in changes if c.table == name])
    for change in changes:
        present = rows[change.table]
        if not _fits(change, present.get(change.id)):
            return _who(connection, edit_id, change, present.get(change.id))
        if change.after is None:
            del present[change.id]
        else:
            key = primary_key(table_of(change)).name
            present[change.id] = {key: change.id, **present.get(change.id, {}), **change.after}
    return None


def _fits(change: Change, row: Mapping[str, Any] | None) -> bool:
    if change.before is None:
        return row is None
    return row is not None and all(row.get(name) == value for name, value in change.before.items())


def _who(connection: Connection, edit_id: int, change: Change, row: Mapping[str, Any] | None) -> str:
    what = f"{change.table} {change.id}"
    later = connection.exec_driver_sql(
        "SELECT e.title, e.changes, a.name FROM edit e JOIN annotator a ON a.id = e.annotator_id "
        "WHERE e.id > ? AND e.state IN ('done', 'kept') ORDER BY e.id DESC",
        (edit_id,),
    )
    for edit in later:
        if any(_overlap(change, other) for other in from_json(edit.changes)):
            later.close()
            return f"{edit.name} has changed {what} since (“{edit.title}”)"
    if row is None:
        return f"{what} is no longer there"
    return f"a job or an import has changed {what} since"


def _overlap(change: Change, other: Change) -> bool:
    if change.table != other.table or change.id != other.id:
        return False
    mine = (change.before or {}).keys() | (change.after or {}).keys()
    theirs = (other.before or {}).keys() | (other.after or {}).keys()
    return bool(mine & theirs)
