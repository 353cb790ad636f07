"""A simulated street's video in a project, with its camera calibrated by the truth beside it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.login_name import login_name
from core.records.project import SourceRow
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.sources import list_sources
from core.synthesis.street.clip_writer import ClipFiles
from core.synthesis.street.truth_rows import camera_of

_DAY = datetime(2026, 6, 21)


def read_truth(files: ClipFiles) -> dict[str, Any]:
    """What a clip's truth file says."""
    return dict(json.loads(files.truth.read_text(encoding="utf-8")))


def add_footage(path: Path, files: ClipFiles, truth: dict[str, Any], camera: str | None = None) -> SourceRow:
    """Adds a street's video to a project as a camera of its own, and puts the true calibration in force.

    Args:
        path: of the project, which is not open.
        truth: of the clip, as `read_truth` gives it.
        camera: its name in the project; the video's where None.

    Raises:
        AmodalError: the video cannot be added.
    """
    start = _DAY + timedelta(hours=truth["hour"])
    settings = {"path": str(files.video), "start": start.isoformat(timespec="seconds")}
    with Project.open(path) as project:
        job_id = create(project, "add", settings if camera is None else {**settings, "camera": camera})
    run_job(path, job_id)
    name, lens, ground = camera_of(truth)
    record = to_record(result_of_import(ImportedCamera(name, lens, None, ground)))
    evidence = {"way": record.method.value, "file": files.truth.name, "name": name}
    with Project.open(path) as project:
        with project.read() as connection:
            source = list_sources(connection, project, counted=False)[-1]
        save_calibration(History(project, login_name()), source.camera_id, record, evidence)
    return source
