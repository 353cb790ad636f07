"""The loop on a drawn street: begun from the motion detector alone, measured on other streets' exact truth.

Small enough for two cores: a clip of half a minute, and trainings of some dozens of steps.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.street_footage import add_footage, read_truth
from core.store import job_rows
from core.store.project import Project
from core.synthesis.street.clip_writer import ClipFiles, write_clip
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

STREET = StreetSettings(fps=4, frame_count=120, seed=3, cars=14, parked=4)
ROUNDS = 2
LOOP = {
    "rounds": ROUNDS,
    "first": "motion",
    "least_gain": 0.0,
    "composites": 48,
    "validation": 6,
    "epochs": 3,
    "variant": "small",
    "device": "cpu",
    "pictures": 16,
}
PARTS = {
    "mine": {"processes": 1, "own": {"min_score": 0.3}},
    "compose": {"least": 1, "most": 5, "validation_percent": 30, "test_percent": 0, "guard_s": 0.0},
    "train": {"batch": 4, "workers": 0, "weight_synthetic": 0},
    "evaluate": {"draws": 200},
}


def main() -> dict[str, Any]:
    """Draws the street, goes round, and prints each round; gives the job's own table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        return measure(folder)


def measure(folder: Path) -> dict[str, Any]:
    """The same, in a folder that stays."""
    path, files = folder / "street.amodal", ClipFiles.of(folder / "street.mp4", depth=False)
    began = time.monotonic()
    street = Street(STREET)
    write_clip(StreetCamera(street, street.default_mount()), files.video)
    Project.create(path, "Street").close()
    add_footage(path, files, read_truth(files))
    drawn_s = time.monotonic() - began
    print(f"drew {STREET.frame_count} frames in {drawn_s:.0f} s", flush=True)
    parts = folder / "parts.json"
    parts.write_text(json.dumps(PARTS), encoding="utf-8")
    with Project.open(path) as project:
        job_id = create(project, "loop", {**LOOP, "parts": str(parts)})
    began = time.monotonic()
    run_job(path, job_id, on_log=lambda line: print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True))
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    for one in row.result["rounds"]:
        print(one)
    return {"drawn_s": drawn_s, "loop_s": time.monotonic() - began, **row.result}
