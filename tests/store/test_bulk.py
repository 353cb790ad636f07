"""Bulk writing: short slices, pauses, all or nothing, and a log that does not grow without end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from core.store import bulk as bulk_module
from core.store import tables
from core.store.bulk import SLICE_S
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project


class Clock:
    """Stands in for `time` in the bulk writer: sleeping and working only move the hands."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(bulk_module, "time", made)
    return made


def count(project: Project, table: Any) -> int:
    with project.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_slices_hold_the_lock_briefly_and_leave_it_as_long(project: Project, clock: Clock) -> None:
    cost_s = 0.0005
    held: list[float] = []
    last = [0.0]

    def step(connection: Connection, chunk: Any) -> None:
        clock.now += cost_s * len(chunk)
        last[0] = clock.now

    with project.bulk() as bulk:
        run = bulk.run

        def timed(inner: Any) -> Any:
            before = last[0]
            result = run(inner)
            if last[0] != before:  # not the empty slice at the end
                held.append(bulk._free_until - last[0])
            return result

        bulk.run = timed  # type: ignore[method-assign]
        assert bulk.each(range(200), step) == 200
    assert max(held) <= SLICE_S + cost_s
    assert sum(held) == pytest.approx(200 * cost_s)
    assert sum(clock.slept) == pytest.approx(sum(held))  # each pause is as long as the slice before it
    assert len(held) <= 2 + 200 * cost_s / (0.5 * SLICE_S)  # and it is filled at least by half


def test_one_slow_item_is_a_slice_of_its_own(project: Project, clock: Clock) -> None:
    sizes = []

    def step(connection: Connection, chunk: Any) -> None:
        sizes.append(len(chunk))
        clock.now += 0.02 * len(chunk)

    with project.bulk() as bulk:
        bulk.each(range(5), step)
    assert sizes == [1, 1, 1, 1, 1]
    assert clock.slept == [pytest.approx(0.02)] * 5


def test_what_the_job_computes_counts_as_the_pause(project: Project, clock: Clock) -> None:
    with project.bulk() as bulk:
        for _ in range(3):
            bulk.run(lambda connection: setattr(clock, "now", clock.now + 0.004))
            clock.now += 0.1
    assert clock.slept == []


def test_a_step_is_all_or_nothing(project: Project) -> None:
    def step(connection: Connection) -> None:
        connection.execute(insert(tables.camera).values(name="Gate", created_at=0))
        raise RuntimeError("died")

    with project.bulk() as bulk:
        with pytest.raises(RuntimeError):
            bulk.run(step)
        assert count(project, tables.camera) == 0
        bulk.run(lambda c: c.execute(insert(tables.camera).values(name="Gate", created_at=0)))
    assert count(project, tables.camera) == 1


def test_many_rows_are_inserted(project: Project) -> None:
    with project.bulk() as bulk:
        assert bulk.insert(tables.camera, ({"name": f"C{n}", "created_at": 0} for n in range(1000))) == 1000
        assert bulk.insert(tables.camera, []) == 0
    assert count(project, tables.camera) == 1000


def test_edits_and_a_bulk_writer_share_the_project(project: Project) -> None:
    stop = threading.Event()
    written = 0

    def job() -> None:
        nonlocal written
        with project.bulk() as bulk:
            while not stop.is_set():
                rows = ({"key": f"{written}-{n}", "value": "x" * 200} for n in range(50))
                written += bulk.insert(tables.meta, rows)

    thread = threading.Thread(target=job)
    thread.start()
    history = History(project, "Ann")
    try:
        for n in range(50):
            add_camera(history, f"C{n}")
    finally:
        stop.set()
        thread.join()
    assert count(project, tables.camera) == 50
    with project.read() as connection:
        keys = connection.scalars(select(tables.meta.c.key).where(tables.meta.c.key.like("%-%"))).all()
    assert len(keys) == written


def test_a_write_inside_a_write_is_a_bug_and_not_a_deadlock(project: Project) -> None:
    with project.write(), pytest.raises(RuntimeError, match="inside"), project.write():
        pass
