"""Processes killed at random moments: whatever was acknowledged is there, and the file is whole."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from core.records.occlusion import Verdict
from core.store import job_rows, tables
from core.store.check import integrity_faults
from core.store.edits.fits import save_fit
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from tests.store.doing_cars import FROM_NOTHING, fit_of, points

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")

KILLS = 20
Say = Callable[[str], object]


def edit_for_ever(path: Path, step: int, say: Say) -> None:
    """Verdicts, keypoints and fits of pairs of instances, now and then an undo; says what was committed."""
    history = History(Project.open(path), "Ann")
    edits = (
        lambda n: set_verdict(history, [n, n % 8 + 1], list(Verdict)[step % 3]),
        lambda n: save_keypoints(history, n, points((float(step), 1.0)), "Place one"),
        lambda n: save_fit(history, n, fit_of(), FROM_NOTHING),
    )
    while True:
        for n in range(1, 9):
            touched = edits[step % 7 % 3](n)
            if touched.edit_id:
                say(f"done {touched.edit_id}")
            if step % 5 == 4:
                say(f"undone {history.undo().edit_id}")
            step += 1


def write_for_ever(path: Path, job: int, say: Say) -> None:
    """A job that writes batches with its checkpoint; says which batch was committed."""
    project = Project.open(path)
    job_rows.claim_job(project, job)
    with project.read() as connection:
        done = (job_rows.get_checkpoint(connection, job) or {"batch": 0})["batch"]
    with project.bulk() as bulk:
        while True:
            rows = [{"key": f"{done}-{n}", "value": "x" * 500} for n in range(20)]

            def step(connection: Connection, rows: Any = rows, done: int = done) -> None:
                connection.execute(insert(tables.meta), rows)
                job_rows.set_checkpoint(connection, job, {"batch": done + 1})

            bulk.run(step)
            done += 1
            say(f"{done}")


def run_and_kill(
    work: Callable[[Path, int, Say], None], path: Path, number: int, rng: random.Random
) -> list[str]:
    """Fork a process, let it say something, kill it a moment later; returns the whole lines it said."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            work(path, number, lambda line: os.write(writing, f"{line}\n".encode()))
        finally:
            os._exit(1)
    os.close(writing)
    said = os.read(reading, 1 << 16)
    time.sleep(rng.uniform(0, 0.05))
    os.kill(pid, signal.SIGKILL)
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL, said
    while more := os.read(reading, 1 << 16):
        said += more
    os.close(reading)
    return [line.strip() for line in said.decode().splitlines(keepends=True) if line.endswith("\n")]


def test_no_acknowledged_edit_is_lost(site: Any) -> None:
    site.cars(8)
    path: Path = site.project.path
    site.project.close()
    rng = random.Random(11)
    done: dict[int, bool] = {}
    doubtful: set[int] = set()  # an undo of them may have happened without being acknowledged
    for kill in range(KILLS):
        for line in run_and_kill(edit_for_ever, path, kill, rng):
            word, edit_id = line.split()
            done[int(edit_id)] = word == "done"
        doubtful.add(max(done))
        with Project.open(path) as project:
            assert integrity_faults(project) == []
            with project.read() as connection:
                states = dict(connection.execute(select(tables.edit.c.id, tables.edit.c.state)).all())
                check_reviews(connection)
        for edit_id, stands in done.items():
            possible = {"done"} if stands else {"undone", "abandoned"}
            if edit_id in doubtful:
                possible |= {"undone", "abandoned"}
            assert states[edit_id] in possible
    assert len(done) >= KILLS


def check_reviews(connection: Connection) -> None:
    """Each instance says what its one review, its keypoints and its fit say: an edit is never half done."""
    sets = {row.id: row for row in connection.execute(select(tables.keypoint_set))}
    fits = {row.id: row for row in connection.execute(select(tables.fit))}
    instances = connection.execute(select(tables.instance)).all()
    for row in instances:
        said = sets.get(row.keypoint_set_id)
        assert row.keypoint_set_id is None or said is not None
        assert row.points_placed == (0 if said is None else said.placed)
        assert row.fit_id is None or fits[row.fit_id].instance_id == row.id
    in_force = {row.fit_id for row in instances if row.fit_id is not None}
    assert {fit_id for fit_id, fit in fits.items() if fit.in_force} == in_force
    reviews = dict(connection.execute(select(tables.review.c.instance_id, tables.review.c.verdict)).all())
    verdicts = {
        row.id: row.verdict
        for row in connection.execute(select(tables.instance.c.id, tables.instance.c.verdict))
        if row.verdict is not None
    }
    assert verdicts == reviews


def test_a_killed_job_resumes_from_what_it_committed(project: Project) -> None:
    job = job_rows.create_job(project, "mine", "Mine", {})
    path = project.path
    project.close()
    rng = random.Random(12)
    last = 0
    for _ in range(KILLS):
        said = [int(line) for line in run_and_kill(write_for_ever, path, job, rng)]
        assert said[0] > last  # the claim of a dead process is taken over at once, and it goes on
        with Project.open(path) as opened:
            assert integrity_faults(opened) == []
            with opened.read() as connection:
                last = (job_rows.get_checkpoint(connection, job) or {})["batch"]
                keys = set(connection.scalars(select(tables.meta.c.key).where(tables.meta.c.key.like("%-%"))))
        assert last >= said[-1]
        assert keys == {f"{batch}-{n}" for batch in range(last) for n in range(20)}


def test_a_kill_while_two_processes_write(site: Any) -> None:
    """The window dies while a job writes, and the other way round: each goes on with what the other left."""
    site.cars(8)
    job = job_rows.create_job(site.project, "mine", "Mine", {})
    path: Path = site.project.path
    site.project.close()
    rng = random.Random(13)
    for _ in range(5):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                write_for_ever(path, job, lambda line, writing=writing: os.write(writing, b"."))
            finally:
                os._exit(1)
        os.read(reading, 1)
        said = run_and_kill(edit_for_ever, path, rng.randrange(100), rng)
        assert said
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
        os.close(reading)
        os.close(writing)
        with Project.open(path) as opened:
            assert integrity_faults(opened) == []
            with opened.read() as connection:
                check_reviews(connection)
                states = dict(connection.execute(select(tables.edit.c.id, tables.edit.c.state)).all())
        assert all(int(line.split()[1]) in states for line in said)
