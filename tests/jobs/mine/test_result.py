"""What a mining job says it found is what it looked at, and not what others found beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.store import job_rows
from core.store.project import Project
from tests.jobs.doing import do_job

SEEN = (
    "SELECT count(*), count(DISTINCT i.track_id), sum(i.label IS 'unoccluded'), sum(i.label IS 'occluded')"
    " FROM instance i JOIN frame f ON f.id = i.frame_id WHERE i.state = 'live' AND f.time_s BETWEEN ? AND ?"
)


def result_and_truth(path: Path, job: int, start_s: float, end_s: float) -> tuple[dict[str, Any], Any]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job)
        counted = connection.exec_driver_sql(SEEN, (start_s, end_s)).one()
    assert row is not None
    return row.result, tuple(counted)


def test_a_second_run_counts_its_own_frames(project_path: Path) -> None:
    for start_s, end_s, frames in ((0.0, 2.0, 25), (4.0, 4.5, 7)):
        job = do_job(project_path, "mine", start_s=start_s, end_s=end_s)
        result, counted = result_and_truth(project_path, job, start_s, end_s)
        assert result["frames"] == frames  # of 12 a second, both ends counted
        shown = tuple(result[name] for name in ("objects", "tracks", "unoccluded", "occluded"))
        assert shown == counted
        assert counted[0] > 0
