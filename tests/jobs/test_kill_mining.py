"""A mining job that is killed at random moments, fifty times, resumes to what it would have made."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from core.jobs.registry import create
from core.records.jobs import JobState
from core.store import check, job_rows
from core.store.project import Project
from tests.forked import ForkServer
from tests.jobs.doing import do_job
from tests.jobs.test_mine_job import live_rows

KILLS = 50
NEVER_S = 600.0
PART_S = 2.0  # of the clip, so that fifty lives take a minute or two


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.timeout(900)
def test_killed_at_random_moments(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "background", samples=20)
    reference = tmp_path / "reference.amodal"
    shutil.copy(project_path, reference)
    started = time.monotonic()
    do_job(reference, "mine", detector="motion", end_s=PART_S)
    whole_s = time.monotonic() - started
    expected = live_rows(reference)
    assert expected

    chance = random.Random(20261121)
    jobs = ForkServer("tests.jobs.killed_jobs")
    kills = ends = 0
    victim = tmp_path / "victim.amodal"
    shutil.copy(project_path, victim)
    try:
        while kills < KILLS:
            with Project.open(victim) as project:
                job_id = create(project, "mine", {"detector": "motion", "end_s": PART_S})
            # killed some times, then left to its end: a life cut too short each time would never reach it
            for life in reversed(range(chance.randint(6, 14))):
                moment = chance.uniform(0.02, whole_s) if life else NEVER_S
                killed, _ = jobs.run(str(victim), str(job_id), kill_after_s=moment)
                if not killed:
                    break
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
