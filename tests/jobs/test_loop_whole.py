"""The loop from end to end with nothing stood in: two rounds on a small painted yard, with a tiny network."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

torch = pytest.importorskip("torch")

from core.jobs.registry import create  # noqa: E402
from core.jobs.runner import run_job  # noqa: E402
from core.records.runs import Purpose  # noqa: E402
from core.store import job_rows, tables  # noqa: E402
from core.store.project import Project  # noqa: E402
from core.store.queries.runs import run_in_use  # noqa: E402
from tests.jobs.driving_yard import loop_settings, make_yard  # noqa: E402


@pytest.mark.slow
def test_motion_teaches_a_network_that_mines_for_the_next(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    path = make_yard(tmp_path)
    with Project.open(path) as project:
        job_id = create(project, "loop", loop_settings(tmp_path))
    run_job(path, job_id)
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
        used = run_in_use(connection, Purpose.DETECTOR)
        instances = tables.instance.c
        live = select(instances.detector, func.count()).where(instances.state == "live")
        detectors = dict([tuple(one) for one in connection.execute(live.group_by(instances.detector))])
    assert row is not None
    first, second = row.result["rounds"]
    assert first["detector"] == "motion"
    assert first["value"] > 0.1  # it was taught by nothing but what motion found
    assert second["detector"] == f"run {first['run']}"
    assert second["found_share"] > 0.2
    assert detectors.keys() == {"own"}
    assert sum(detectors.values()) == second["found"] > 0
    assert second["cut"] > 0
    assert used is not None
    assert used.id == (second if second["gain"] > 0 else first)["run"] == row.result["model in use"]
