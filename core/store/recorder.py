"""Changes rows and keeps what they were, so that the change can be undone.

Plain SQL by the driver itself, because it runs while an edit holds the lock: SQLAlchemy's own share would
be the larger part of it. Values are as SQLite holds them: a flag is 0 or 1, a JSON column its text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Table

from core.store import tables
from core.store.connection import raw_of
from core.store.derived import DERIVED, derived_columns

_IN_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change.

    Attributes:
        table, id: which row.
        before: for an update the changed columns' old values; for a delete the whole row; None for an
            insert.
        after: for an update the new values; for an insert the whole row; None for a delete.
    """

    table: str
    id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    def inverse(self) -> Change:
        """The change that takes this one back."""
        return Change(self.table, self.id, self.after, self.before)


class Recorder:
    """What an edit's action writes with. Derived columns follow on their own and are not recorded.

    Attributes:
        connection: of the edit's transaction, to read with.
        annotator_id, now: who edits and when, seconds UTC epoch.
        changes: what was changed so far, in order.
    """

    def __init__(self, connection: Connection, annotator_id: int, now: float) -> None:
        self.connection = connection
        self.annotator_id = annotator_id
        self.now = now
        self.changes: list[Change] = []
        self._seen: dict[str, dict[int, dict[str, Any]]] = {}

    def rows(self, table: Table, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Whole rows by id as they are now, each read once; ids that are not there are left out."""
        seen = self._seen.setdefault(table.name, {})
        seen.update(read_rows(self.connection, table, [i for i in ids if i not in seen]))
        return {i: seen[i] for i in ids if i in seen}

    def insert(self, table: Table, values: Mapping[str, Any]) -> int:
        """Insert a row and return its id. The columns not named take their defaults."""
        return self.insert_many(table, [values])[0]

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert rows, all with the same columns, and return their ids in order."""
        if not rows:
            return []
        key = primary_key(table)
        full = [{**values, **derived_columns(table.name, values)} for values in rows]
        columns = list(full[0])
        statement = (
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({_marks(len(columns))})"
            f" RETURNING {key.name}"
        )
        raw = raw_of(self.connection)
        ids = [int(raw.execute(statement, tuple(row[c] for c in columns)).fetchone()[0]) for row in full]
        if full[0].keys() | {key.name} == set(table.columns.keys()):
            self._seen.setdefault(table.name, {}).update(
                (row_id, {key.name: row_id, **row}) for row_id, row in zip(ids, full, strict=True)
            )
        whole = self.rows(table, ids)
        for row_id in ids:
            values = _recorded(table.name, whole[row_id])
            values.pop(key.name)
            self.changes.append(Change(table.name, row_id, None, values))
        return ids

    def update(self, table: Table, row_id: int, values: Mapping[str, Any]) -> None:
        """Set columns of a row. Columns that hold the value already are left out of the record.

        Raises:
            KeyError: there is no such row.
        """
        self.update_many(table, [(row_id, values)])

    def update_many(self, table: Table, updates: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Set columns of many rows; each row may get its own columns and values.

        Raises:
            KeyError: one of the rows is not there.
        """
        wanted = list(updates)
        rows = self.rows(table, [row_id for row_id, _ in wanted])
        changes = []
        for row_id, values in wanted:
            row = rows[row_id]
            after = {name: value for name, value in values.items() if row[name] != value}
            if after:
                changes.append(Change(table.name, row_id, {name: row[name] for name in after}, after))
                row.update(after)
                row.update(derived_columns(table.name, row))
        apply_changes(self.connection, changes, rows={table.name: rows})
        self.changes.extend(changes)

    def delete(self, table: Table, row_id: int) -> None:
        """Delete a row.

        Raises:
            KeyError: there is no such row.
        """
        self.delete_many(table, [row_id])

    def delete_many(self, table: Table, ids: Sequence[int]) -> None:
        """Delete rows.

        Raises:
            KeyError: one of the rows is not there.
        """
        rows = self.rows(table, ids)
        changes = []
        for row_id in ids:
            values = _recorded(table.name, rows[row_id])
            values.pop(primary_key(table).name)
            changes.append(Change(table.name, row_id, values, None))
        apply_changes(self.connection, changes)
        self.changes.extend(changes)
        for row_id in ids:
            del self._seen[table.name][row_id]


def primary_key(table: Table) -> Column[Any]:
    """The one integer column that names a row of the table; others cannot be edited by a person."""
    (column,) = table.primary_key.columns
    return column


def read_rows(connection: Connection, table: Table, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Whole rows by id, as SQLite holds them; ids that are not there are left out."""
    key = primary_key(table).name
    columns = list(table.columns.keys())
    start = f"SELECT {', '.join(columns)} FROM {table.name} WHERE {key} IN "
    found: dict[int, dict[str, Any]] = {}
    unique = list(dict.fromkeys(ids))
    for first in range(0, len(unique), _IN_CHUNK):
        chunk = tuple(unique[first : first + _IN_CHUNK])
        for values in raw_of(connection).execute(f"{start}({_marks(len(chunk))})", chunk):
            row = dict(zip(columns, values, strict=True))
            found[int(row[key])] = row
    return found


def apply_changes(
    connection: Connection,
    changes: Sequence[Change],
    rows: Mapping[str, Mapping[int, Mapping[str, Any]]] | None = None,
) -> None:
    """Write changes as they are: no check is made and nothing is recorded.

    Args:
        connection: of a write transaction.
        changes: in the order to write them.
        rows: table -> id -> the whole row as it will be, where the caller has it; read where it is missing
            and needed.
    """
    batch: list[Change] = []
    for change in changes:
        if batch and not _same_statement(batch[0], change):
            _apply_batch(connection, batch, rows)
            batch = []
        batch.append(change)
    if batch:
        _apply_batch(connection, batch, rows)


def to_json(changes: Sequence[Change]) -> str:
    """Changes as JSON; bytes become {"base64": …}."""
    plain = [
        {"table": c.table, "id": c.id, "before": _encode(c.before), "after": _encode(c.after)}
        for c in changes
    ]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> list[Change]:
    """The inverse of `to_json`."""
    return [
        Change(d["table"], int(d["id"]), _decode(d["before"]), _decode(d["after"])) for d in json.loads(text)
    ]


def table_of(change: Change) -> Table:
    """The table that a change is about."""
    return tables.metadata.tables[change.table]


def _same_statement(first: Change, other: Change) -> bool:
    if first.table != other.table or (first.before is None) != (other.before is None):
        return False
    if first.after is None or other.after is None:
        return first.after is other.after
    return first.after.keys() == other.after.keys()


def _apply_batch(
    connection: Connection,
    batch: Sequence[Change],
    rows: Mapping[str, Mapping[int, Mapping[str, Any]]] | None,
) -> None:
    table = table_of(batch[0])
    key = primary_key(table).name
    if batch[0].after is None:
        raw_of(connection).executemany(f"DELETE FROM {table.name} WHERE {key} = ?", [(c.id,) for c in batch])
        return
    if batch[0].before is None:
        values = [{key: c.id, **(c.after or {}), **derived_columns(c.table, c.after or {})} for c in batch]
        statement = f"INSERT INTO {table.name} ({', '.join(values[0])}) VALUES ({_marks(len(values[0]))})"
        raw_of(connection).executemany(statement, [tuple(row.values()) for row in values])
        return
    derived: dict[int, dict[str, Any]] = {}
    if table.name in DERIVED:
        whole = rows[table.name] if rows is not None else read_rows(connection, table, [c.id for c in batch])
        derived = {c.id: derived_columns(c.table, {**whole[c.id], **(c.after or {})}) for c in batch}
    values = [{**(c.after or {}), **derived.get(c.id, {})} for c in batch]
    columns = list(values[0])
    statement = f"UPDATE {table.name} SET {', '.join(f'{c} = ?' for c in columns)} WHERE {key} = ?"
    raw_of(connection).executemany(
        statement, [(*(row[c] for c in columns), c.id) for row, c in zip(values, batch, strict=True)]
    )


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _recorded(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    derived = DERIVED.get(table, frozenset())
    return {name: value for name, value in row.items() if name not in derived}


def _encode(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: {"base64": base64.b64encode(value).decode("ascii")} if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def _decode(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {
        name: base64.b64decode(value["base64"])
        if isinstance(value, dict) and value.keys() == {"base64"}
        else value
        for name, value in values.items()
    }
