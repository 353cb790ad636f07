"""Jobs as rows: claimed once, followed cheaply, and found out when their process is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from sqlalchemy import update

from core.errors import JobError, JobStoppedError
from core.records.jobs import JobRow, JobState
from core.store import job_rows, tables
from core.store.project import Project


def job_of(project: Project, job_id: int) -> JobRow:
    with project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row


def new_job(project: Project) -> int:
    return job_rows.create_job(project, "mine", "Mine the gate", {"detector": "motion", "every": 2})


def set_columns(project: Project, job_id: int, **values: object) -> None:
    with project.write() as connection:
        connection.execute(update(tables.job).where(tables.job.c.id == job_id).values(**values))


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_jobs_life(project: Project) -> None:
    job = new_job(project)
    row = job_of(project, job)
    assert (row.state, row.settings, row.pid) == (JobState.QUEUED, {"detector": "motion", "every": 2}, None)
    row = job_rows.claim_job(project, job)
    assert (row.state, row.pid) == (JobState.RUNNING, os.getpid())
    assert job_rows.beat(project, job, 0.5, "frame 5 of 10") is False
    row = job_of(project, job)
    assert (row.progress, row.message) == (0.5, "frame 5 of 10")
    job_rows.append_log(project, job, "one")
    job_rows.append_log(project, job, "two")
    job_rows.finish_job(project, job, {"instances": 7})
    row = job_of(project, job)
    assert (row.state, row.progress, row.result, row.pid) == (JobState.DONE, 1.0, {"instances": 7}, None)
    assert row.finished_at is not None
    with project.read() as connection:
        lines = job_rows.read_log(connection, job)
        assert [text for _, _, text in lines] == ["one", "two"]
        assert [text for _, _, text in job_rows.read_log(connection, job, after_id=lines[0][0])] == ["two"]
    with pytest.raises(JobError, match="is done"):
        job_rows.claim_job(project, job)


def test_a_job_that_is_not_there(project: Project) -> None:
    with pytest.raises(JobError, match="no job 7"):
        job_rows.claim_job(project, 7)
    with pytest.raises(JobError, match="no job 7"):
        job_rows.request_cancel(project, 7)
    with project.read() as connection:
        assert job_rows.get_job(connection, 7) is None


def test_a_running_job_is_claimed_once(project: Project) -> None:
    job = new_job(project)
    job_rows.claim_job(project, job)
    with pytest.raises(JobError, match="running in another process"):
        job_rows.claim_job(project, job)


def test_a_job_whose_process_is_gone_is_interrupted_and_resumes(project: Project) -> None:
    job = new_job(project)
    job_rows.claim_job(project, job)
    with project.write() as connection:
        job_rows.set_checkpoint(connection, job, {"frame": 5})
    set_columns(project, job, pid=dead_pid())
    assert job_of(project, job).state is JobState.INTERRUPTED
    with project.read() as connection:
        assert job_rows.running_jobs(connection) == []
    started = job_of(project, job).started_at
    row = job_rows.claim_job(project, job)
    assert (row.state, row.started_at) == (JobState.RUNNING, started)
    with project.read() as connection:
        assert job_rows.get_checkpoint(connection, job) == {"frame": 5}
        assert [j.id for j in job_rows.running_jobs(connection)] == [job]


def test_a_job_without_a_heartbeat_is_interrupted(project: Project) -> None:
    job = new_job(project)
    job_rows.claim_job(project, job)
    set_columns(project, job, heartbeat_at=time.time() - job_rows.HEARTBEAT_LIMIT_S - 1)
    assert job_of(project, job).state is JobState.INTERRUPTED


def test_a_job_on_another_machine_is_judged_by_its_heartbeat_alone(project: Project) -> None:
    job = new_job(project)
    job_rows.claim_job(project, job)
    set_columns(project, job, pid=dead_pid(), host="elsewhere")
    assert job_of(project, job).state is JobState.RUNNING


def test_a_zombie_is_no_living_process(project: Project) -> None:
    job = new_job(project)
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet fetched by its parent
    job_rows.claim_job(project, job, pid=child.pid)
    assert job_of(project, job).state is JobState.INTERRUPTED
    child.wait()


def test_a_process_that_lost_its_job_may_write_nothing_more(project: Project) -> None:
    """A laptop that slept through its heartbeats must not write beside the process that went on."""
    job = new_job(project)
    job_rows.claim_job(project, job)
    set_columns(project, job, pid=os.getppid())
    with pytest.raises(JobError, match="taken over"):
        job_rows.beat(project, job, 0.1, "x")
    with pytest.raises(JobError, match="taken over"):
        job_rows.finish_job(project, job)
    with project.bulk() as bulk, pytest.raises(JobError, match="taken over"):

        def step(connection: object) -> None:
            connection.exec_driver_sql("INSERT INTO camera (name, created_at) VALUES ('x', 0)")  # type: ignore[attr-defined]
            job_rows.set_checkpoint(connection, job, {"frame": 9})  # type: ignore[arg-type]

        bulk.run(step)
    with project.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM camera").scalar_one() == 0
        assert job_rows.get_checkpoint(connection, job) is None


def test_cancelling(project: Project) -> None:
    queued, running = new_job(project), new_job(project)
    job_rows.request_cancel(project, queued)
    assert job_of(project, queued).state is JobState.CANCELLED
    job_rows.claim_job(project, running)
    job_rows.request_cancel(project, running)
    assert job_of(project, running).state is JobState.RUNNING
    assert job_rows.beat(project, running) is True
    job_rows.cancel_job(project, running)
    row = job_of(project, running)
    assert (row.state, row.pid) == (JobState.CANCELLED, None)
    # a cancelled job may be taken up again, and then nobody asks it to stop
    assert job_rows.claim_job(project, running).cancel_requested is False


def test_what_is_stopped_before_its_process_begins_stays_stopped(project: Project) -> None:
    job = new_job(project)
    asked_at = time.time()
    job_rows.request_cancel(project, job)
    with pytest.raises(JobStoppedError, match="stopped before it began"):
        job_rows.claim_job(project, job, unless_stopped_since=asked_at)
    assert job_of(project, job).state is JobState.CANCELLED
    # resumed later it runs
    assert job_rows.claim_job(project, job, unless_stopped_since=time.time()).state is JobState.RUNNING


def test_a_failed_job_keeps_its_reason_until_it_is_tried_again(project: Project) -> None:
    job = new_job(project)
    job_rows.claim_job(project, job)
    job_rows.fail_job(project, job, "The clip is gone. Find it again.")
    row = job_of(project, job)
    assert (row.state, row.error) == (JobState.FAILED, "The clip is gone. Find it again.")
    assert job_rows.claim_job(project, job).error is None


def test_only_what_changed_is_read(project: Project) -> None:
    first, second = new_job(project), new_job(project)
    with project.read() as connection:
        rows, since = job_rows.changed_since(connection, 0)
        assert [row.id for row in rows] == [first, second]
    job_rows.claim_job(project, first)
    with project.read() as connection:
        rows, since = job_rows.changed_since(connection, since)
        assert [row.id for row in rows] == [first]
        assert job_rows.changed_since(connection, since) == ([], since)
    with project.write() as connection:
        job_rows.set_checkpoint(connection, first, {"frame": 1})
    job_rows.request_cancel(project, second)
    with project.read() as connection:
        rows, since = job_rows.changed_since(connection, since)
        assert [row.id for row in rows] == [first, second]


def test_jobs_are_listed_newest_first_in_pages(project: Project) -> None:
    jobs = [new_job(project) for _ in range(5)]
    with project.read() as connection:
        page = job_rows.list_jobs(connection, limit=2)
        assert [row.id for row in page] == jobs[:2:-1]
        assert [row.id for row in job_rows.list_jobs(connection, before_id=page[-1].id)] == jobs[2::-1]
