"""Brings an older project up to date: a backup first, then every step in one transaction, or nothing.

Alembic's operations do the work, in batch mode where SQLite cannot alter a table in place. Its own version
table and scripts are not used: the version is SQLite's user_version, which stands in the file's header,
and the steps are plain functions, so that every kind of build finds them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from core.errors import ProjectError
from core.store import tables
from core.store.backup import back_up
from core.store.connection import raw_of, write_transaction, writing_engine
from core.store.faults import translated
from core.store.migrations import version_2, version_3, version_4, version_5, version_6, version_7
from core.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from alembic.operations import Operations

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a version to the next.

    Attributes:
        version: the version that it leads to.
        apply: changes the tables through Alembic. Inside a transaction, foreign keys off. A batch says
            `table_kwargs={"sqlite_autoincrement": True}` where the table has that: reflection drops it.
    """

    version: int
    apply: Callable[[Operations], None]


STEPS: tuple[Step, ...] = (
    Step(2, version_2.apply),
    Step(3, version_3.apply),
    Step(4, version_4.apply),
    Step(5, version_5.apply),
    Step(6, version_6.apply),
    Step(7, version_7.apply),
)
"""Every step there ever was, in order. Version 1 is the first that left the house."""


def migrate(
    path: Path,
    *,
    steps: Sequence[Step] = STEPS,
    target: int = SCHEMA_VERSION,
    metadata: MetaData = tables.metadata,
) -> Path | None:
    """Bring the project at path up to date.

    Args:
        path: of the project.
        steps: the steps there are.
        target: the version to reach.
        metadata: the tables that must be there in the end.

    Returns:
        The backup made before; None where another process has just done the work.

    Raises:
        ProjectError: a step is missing, or its result does not fit; the project is as it was.
        DiskFullError, ProjectBusyError: the project is as it was.
    """
    engine = writing_engine(path)
    try:
        with translated(path), engine.connect() as connection:
            raw = raw_of(connection)
            backup = _backed_up(raw, path, steps, target)
            if backup is None:
                return None
            raw.execute("PRAGMA foreign_keys = OFF")  # tables are made anew; the references are checked below
            raw.execute("PRAGMA synchronous = FULL")
            with write_transaction(connection, path, timeout_s=_TIMEOUT_S, poll_s=0.01):
                for step in _way(_version(raw), steps, target, path):
                    step.apply(_operations(connection, metadata))
                _check(raw, path, backup, metadata)
                raw.execute(f"PRAGMA user_version = {target}")
            return backup
    finally:
        engine.dispose()


def _backed_up(raw: sqlite3.Connection, path: Path, steps: Sequence[Step], target: int) -> Path | None:
    version = _version(raw)
    if version >= target:
        return None
    _way(version, steps, target, path)
    return back_up(path, f"before-format-{target}")


def _way(version: int, steps: Sequence[Step], target: int, path: Path) -> list[Step]:
    by_version = {step.version: step for step in steps}
    missing = [number for number in range(version + 1, target + 1) if number not in by_version]
    if missing:
        raise ProjectError(
            f"{path.name} is of format {version}, which this program cannot bring up to date.",
            "Open it once with an older version of the program.",
        )
    return [by_version[number] for number in range(version + 1, target + 1)]


def _operations(connection: object, metadata: MetaData) -> Operations:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(
        connection,  # type: ignore[arg-type]
        opts={"render_as_batch": True, "target_metadata": metadata},
    )
    return Operations(context)


def _check(raw: sqlite3.Connection, path: Path, backup: Path, metadata: MetaData) -> None:
    present = {row[0] for row in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    missing = sorted(set(metadata.tables) - present)
    dangling = raw.execute("PRAGMA foreign_key_check").fetchone()
    if missing or dangling:
        what = f"it lacks the table {missing[0]}" if missing else f"rows of {dangling[0]} refer to nothing"
        raise ProjectError(
            f"{path.name} could not be brought up to date: {what}. Nothing was changed.",
            f"Report this with the copy {backup.name} in {backup.parent}.",
        )


def _version(raw: sqlite3.Connection) -> int:
    return int(raw.execute("PRAGMA user_version").fetchone()[0])
