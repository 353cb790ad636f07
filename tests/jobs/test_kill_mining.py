"""A mining job that is killed at random moments, fifty times, resumes to what it would have made."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.jobs.registry import create
from core.records.jobs import JobState
from core.store import check, job_rows
from core.store.project import Project
from tests.jobs.doing import do_job
from tests.jobs.test_mine_job import live_rows

KILLS = 50
ROOT = Path(__file__).resolve().parents[2]


class ForkedJobs:
    """A process that forks one job at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.killed_jobs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def run(self, project: Path, job_id: int, kill_after_s: float) -> bool:
        """Runs a job and kills it after a time; whether it had ended by itself before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{project}\t{job_id}\n")
        self._process.stdin.flush()
        number = int(self._process.stdout.readline())
        timer = threading.Timer(kill_after_s, os.kill, (number, signal.SIGKILL))
        timer.start()
        _, _, status = self._process.stdout.readline().split()
        timer.cancel()
        timer.join()
        killed = int(status) == signal.SIGKILL
        assert killed or int(status) == 0, f"the job ended with status {status}"
        return not killed

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_random_moments(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "background", samples=20)
    reference = tmp_path / "reference.amodal"
    shutil.copy(project_path, reference)
    started = time.monotonic()
    do_job(reference, "mine", detector="motion")
    whole_s = time.monotonic() - started
    expected = live_rows(reference)
    assert expected

    chance = random.Random(20261121)
    jobs = ForkedJobs()
    kills = ends = 0
    victim = tmp_path / "victim.amodal"
    shutil.copy(project_path, victim)
    try:
        while kills < KILLS:
            with Project.open(victim) as project:
                job_id = create(project, "mine", {"detector": "motion"})
            while not jobs.run(victim, job_id, chance.uniform(0.02, whole_s * 0.3)):
                kills += 1
                with Project.open(victim, read_only=True) as project:
                    assert check.integrity_faults(project) == []
                    with project.read() as connection:
                        row = job_rows.get_job(connection, job_id)
                assert row is not None
                assert row.state in (JobState.INTERRUPTED, JobState.QUEUED)
            ends += 1
            assert live_rows(victim) == expected
    finally:
        jobs.close()
    assert ends >= 1
