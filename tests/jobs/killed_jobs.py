"""The fork server of test_kill_mining: runs a job of a project."""

from __future__ import annotations

from pathlib import Path

import core.jobs.mine.job
import core.jobs.runner
import core.mining.detectors.motion
import core.mining.tracking
from tests.forked import serve


def _run(arguments: list[str]) -> None:
    project, job = arguments
    core.jobs.runner.run_job(Path(project), int(job))


if __name__ == "__main__":
    serve(_run)
