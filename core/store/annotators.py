"""The people who edit, by name."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from core.store import tables
from core.store.connection import raw_of


def annotator_id(connection: Connection, name: str) -> int:
    """The id of the annotator of that name; a new one is written down (needs a write transaction)."""
    found = find_annotator(connection, name)
    if found is not None:
        return int(found)
    result = connection.execute(insert(tables.annotator).values(name=name))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def find_annotator(connection: Connection, name: str) -> int | None:
    """The id of the annotator of that name, or None."""
    found = raw_of(connection).execute("SELECT id FROM annotator WHERE name = ?", (name,)).fetchone()
    return None if found is None else int(found[0])


def annotator_names(connection: Connection) -> list[str]:
    """The names of all who edited or imported, in the order in which they came."""
    return [str(row[0]) for row in raw_of(connection).execute("SELECT name FROM annotator ORDER BY id")]
