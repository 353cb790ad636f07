"""Two jobs never mine one source at once, nor cut from it; jobs that do not meet run side by side."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from core.errors import JobError
from core.jobs.registry import create
from core.jobs.rivals import rivals
from core.jobs.spawn import program_command
from core.records.jobs import JobRow, JobState
from core.store import job_rows
from core.store.edits.cameras import rename_camera
from core.store.history import History
from core.store.project import Project
from tests.jobs.doing import CAMERA, do_job


def row_of(project: Project, job_id: int) -> JobRow:
    with project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row


def begin(project: Project, kind: str, **settings: Any) -> int:
    job = create(project, kind, settings)
    job_rows.claim_job(project, job, rivals=rivals)
    return job


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {}), ({"camera": CAMERA}, {"source": [1]}), ({"source": [1]}, {}), ({}, {"start_s": 2.0})],
)
def test_the_second_is_refused_and_can_be_resumed(
    project_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    with Project.open(project_path) as project:
        one, two = begin(project, "mine", **first), create(project, "mine", second)
        with pytest.raises(JobError, match=f"Job {one} .* already at work on the same footage") as caught:
            job_rows.claim_job(project, two, rivals=rivals)
        assert caught.value.way_out
        assert row_of(project, one).state is JobState.RUNNING
        refused = row_of(project, two)
        assert (refused.state, refused.error) == (JobState.FAILED, str(caught.value))
        job_rows.finish_job(project, one)
        assert job_rows.claim_job(project, two, rivals=rivals).error is None


def test_two_jobs_that_cut_are_rivals_too(project_path: Path) -> None:
    with Project.open(project_path) as project:
        begin(project, "cut")
        begin(project, "mine")
        with pytest.raises(JobError, match="same footage"):
            begin(project, "cut", camera=CAMERA)


def test_jobs_that_do_not_meet_run_side_by_side(project_path: Path) -> None:
    with Project.open(project_path) as project:
        jobs = [
            begin(project, "mine", source=[1]),
            begin(project, "mine", source=[2]),
            begin(project, "background", camera=CAMERA),
            begin(project, "export", path=str(project_path.with_suffix(".json"))),
        ]
        assert [row_of(project, job).state for job in jobs] == [JobState.RUNNING] * 4


def test_a_camera_that_was_renamed_is_still_mined(project_path: Path) -> None:
    with Project.open(project_path) as project:
        begin(project, "mine", camera=CAMERA)
        rename_camera(History(project, "Ann"), 1, "Gate")
        with pytest.raises(JobError, match="same footage"):
            begin(project, "mine", camera="Gate")


def test_a_silent_rival_gives_way_and_may_not_go_on(project_path: Path) -> None:
    """One whose process slept writes nothing more when it wakes up while the other mines."""
    with Project.open(project_path) as project:
        asleep = begin(project, "mine")
        with project.write() as connection:
            connection.exec_driver_sql("UPDATE job SET heartbeat_at = 1 WHERE id = ?", (asleep,))
        begin(project, "mine")
        assert row_of(project, asleep).state is JobState.INTERRUPTED
        with pytest.raises(JobError, match="taken over or ended"):
            job_rows.beat(project, asleep)


def test_two_processes(project_path: Path, tmp_path: Path) -> None:
    do_job(project_path, "background", samples=5)
    with Project.open(project_path) as project:
        one, two = create(project, "mine", {}), create(project, "mine", {})
        command = program_command("job", "run", str(project_path))
        first = subprocess.Popen([*command, str(one)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while row_of(project, one).state is not JobState.RUNNING:
                assert first.poll() is None
                time.sleep(0.05)
            first.send_signal(signal.SIGSTOP)  # so that it is still at work when the second comes
            second = subprocess.run([*command, str(two)], capture_output=True, text=True)
        finally:
            first.send_signal(signal.SIGCONT)
            first.wait()
        assert second.returncode == 2
        assert f"Job {one} (Mine objects) is already at work on the same footage." in second.stderr
        assert row_of(project, one).state is JobState.DONE
        assert row_of(project, two).state is JobState.FAILED
        assert subprocess.run([*command, str(two)], capture_output=True).returncode == 0
