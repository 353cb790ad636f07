"""The write-ahead log: it has its length early, does not grow without end, and is never emptied unsafely."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, insert, select

from core.store import tables
from core.store.checkpoints import LOG_BYTES, _alone, checkpoint, log_bytes
from core.store.connection import connect
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project


@pytest.fixture
def raw(project: Project) -> Iterator[sqlite3.Connection]:
    connection = connect(project.path)
    yield connection
    connection.close()


def test_the_log_starts_again_instead_of_growing(project: Project) -> None:
    """Without checkpoints, 40 MB of rows would make the write-ahead log longer than that."""
    with project.bulk() as bulk:
        for n in range(40):
            bulk.run(lambda c, n=n: c.execute(insert(tables.meta).values(key=f"k{n}", value="x" * (1 << 20))))
            bulk._next_checkpoint = time.monotonic()  # as if the time had come
    assert log_bytes(project.path) < 2 * LOG_BYTES


def test_edits_keep_the_log_short_too(project: Project) -> None:
    for n in range(260):
        with project.write(durable=False) as connection:
            connection.execute(insert(tables.meta).values(key=f"k{n}", value="x" * 200_000))
        if n % 64 == 63:
            project._checkpoints.close()  # waits for the thread
    assert log_bytes(project.path) < 30_000_000  # 52 MB were written


def test_the_first_edit_gives_the_log_its_length(project: Project) -> None:
    assert log_bytes(project.path) < LOG_BYTES
    add_camera(History(project, "Ann"), "Gate")
    length = log_bytes(project.path)
    assert length >= LOG_BYTES
    for n in range(20):
        add_camera(History(project, "Ann"), f"C{n}")
    assert log_bytes(project.path) == length
    assert project.path.stat().st_size < LOG_BYTES  # nothing of it is in the project
    with project.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.meta)) == 4


def test_a_checkpoint_never_starts_without_something_to_move(
    project: Project, raw: sqlite3.Connection
) -> None:
    """Else SQLite before 3.51.3 may lose what another process commits at that moment."""
    said: list[str] = []
    raw.set_trace_callback(said.append)
    assert checkpoint(raw, project.path)
    words = [line.split()[0] + (" checkpoint" if "wal_checkpoint" in line else "") for line in said]
    steps = [word for word in words if word in ("BEGIN", "REPLACE", "COMMIT", "PRAGMA checkpoint")]
    assert steps == ["BEGIN", "REPLACE", "COMMIT", "PRAGMA checkpoint"] * 2


def test_one_checkpoint_at_a_time(project: Project, raw: sqlite3.Connection) -> None:
    add_camera(History(project, "Ann"), "Gate")
    with _alone(project.path) as first:
        assert first
        with _alone(project.path) as second:
            assert not second
        assert not checkpoint(raw, project.path)
    assert checkpoint(raw, project.path)


def test_a_checkpoint_gives_way_to_whoever_keeps_the_lock(project: Project, raw: sqlite3.Connection) -> None:
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not checkpoint(raw, project.path)
    other.execute("ROLLBACK")
    other.close()
    assert checkpoint(raw, project.path)


def test_everything_is_in_the_project_after_a_checkpoint(project: Project, raw: sqlite3.Connection) -> None:
    add_camera(History(project, "Ann"), "A name to look for")
    assert b"A name to look for" not in project.path.read_bytes()
    assert checkpoint(raw, project.path)
    assert b"A name to look for" in project.path.read_bytes()
