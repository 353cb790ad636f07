"""SQLAlchemy statements compiled once and run by SQLite's driver itself, for jobs that write many rows.

The statements stay checked against the tables; only SQLAlchemy's work for each execution is left out,
which takes several times as long as SQLite's own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from core.store.connection import raw_of


class Prepared:
    """A statement with named parameters. Values go to the driver as they are: text, numbers, bytes, None.

    Args:
        statement: its parameters are `bindparam`s, or for an insert its columns.
        columns: of an insert, the columns that each row gives.
    """

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        compiled = statement.compile(
            dialect=sqlite.dialect(paramstyle="named"),
            column_keys=None if columns is None else list(columns),
        )
        assert isinstance(compiled, SQLCompiler)
        self._sql = str(compiled)
        if "POSTCOMPILE" in self._sql:
            raise ValueError("a statement with a list of values changes with its length")
        given = {name for name, bind in compiled.binds.items() if bind.required}
        self._constants = {name: value for name, value in compiled.params.items() if name not in given}

    def many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each row of values.

        Raises:
            sqlite3.Error: as the driver raises it; a transaction of the store translates it.
        """
        if self._constants:
            rows = [{**self._constants, **row} for row in rows]
        raw_of(connection).executemany(self._sql, rows)

    def run(self, connection: Connection, **values: Any) -> sqlite3.Cursor:
        """Run it once; what it finds is in the cursor, as tuples.

        Raises:
            sqlite3.Error: as the driver raises it.
        """
        return raw_of(connection).execute(self._sql, {**self._constants, **values})
