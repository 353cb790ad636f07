"""Real people annotated by eye: how tall they come out and how they stand, and composites of them.

    python -m benchmarks annotated_people

The clip is mined by motion, its camera found from its people, the annotated ones fitted by points and mask,
called unoccluded, cut out and composed. The limit is the issue's: people about 1.75 m tall, 1.5 to 2.0 m
each. The peers are PETS 2009's own calibration of the camera, and the way that each person walks. Skips
without the clip.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._unoccluded_data import DATA
from core.cli import main as shell
from core.jobs.one_camera import one_camera
from core.jobs.reproduce.footage.people import CLIP, MinedPerson, mined_plaza
from core.jobs.reproduce.footage.people_figures import calibrated, different, stood
from core.records.cameras import CalibrationRecord
from core.records.occlusion import Verdict
from core.store.edits.calibrations import save_calibration
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project

COMPOSITES = 40
# what the facts say of the one who is no whole piece
_HIDDEN = "behind the sign"


def composed(path: Path, record: CalibrationRecord, people: list[MinedPerson]) -> dict[str, float]:
    """Composites of the annotated people: how many appear, and whether the nearer ones hide the farther."""
    found = [one for one in people if one.instance_id is not None]
    with Project.open(path) as project:
        history = History(project, "benchmark")
        save_calibration(history, one_camera(project, "").id, record)
        for one in found:
            assert one.instance_id is not None
            save_keypoints(history, one.instance_id, one.person.keypoints, "Place keypoints")
        whole = [one.instance_id for one in found if one.instance_id and _HIDDEN not in one.person.what]
        set_verdict(history, whole, Verdict.UNOCCLUDED)
    out = path.parent / "composites"
    everything = ["--validation-percent", "0", "--test-percent", "0", "--seed", "5", "--least", "5"]
    for command in (
        ["fit", str(path), "--objects", "people"],
        ["cut", str(path), "--reviewed-only", "--include-thinned"],
        ["compose", str(path), "--name", "people", "--count", str(COMPOSITES), *everything],
        ["export-composites", str(path), str(out), "--no-blur-faces-and-plates"],
    ):
        assert shell(command) == 0, command
    rows: list[dict[str, Any]] = json.loads((out / "annotations" / "train.json").read_text())["annotations"]
    with Project.open(path, read_only=True) as project:
        distances = _distances(project, {row["amodal"]["instance"] for row in rows})
    known = {row["id"]: row for row in rows}
    pairs = [
        (distances[known[hider["annotation"]]["amodal"]["instance"]], distances[row["amodal"]["instance"]])
        for row in rows
        for hider in row["amodal"]["hidden_by"]
    ]
    ours = {one.instance_id for one in found}
    shown = [row for row in rows if row["amodal"]["instance"] in ours]
    seen = {row["amodal"]["instance"] for row in shown}
    left = [one.person for one in found if one.instance_id not in seen]
    print("    in no composite: " + "; ".join(f"{one.name}, frame {one.frame}" for one in left))
    return {
        "composites": float(len({row["image_id"] for row in shown})),
        "people_in_composites": different([one for one in found if one.instance_id in seen]),
        "sightings_in_composites": float(len(seen)),
        "objects": float(len(shown)),
        "hiding_pairs": float(len(pairs)),
        "nearer_hides_farther": float(sum(near < far for near, far in pairs)),
        "objects_hidden_a_tenth": float(sum(row["occlude_rate"] >= 0.1 for row in shown)),
    }


def _distances(project: Project, ids: set[int]) -> dict[int, float]:
    """How far away each fitted object stands, metres."""
    from core.store.queries.fits import fits_in_force

    with project.read() as connection:
        rows = fits_in_force(connection, sorted(ids))
    return {i: float(np.hypot(*row.fit.place_m)) for i, row in rows.items() if row.fit.place_m is not None}


def main() -> dict[str, object]:
    """Measure, print, and return the figures; nothing without the clip."""
    if not (DATA / CLIP).is_file():
        print("skipped: the clip of the plaza is not there")
        return {}
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plaza.amodal"
        record, people = mined_plaza(path, DATA / CLIP)
        parts: list[dict[str, float]] = [calibrated(record)]
        parts.append(stood(record, path, people, print)[0])
        parts.append(composed(path, record, people))
    for part in parts:
        for name, value in part.items():
            print(f"    {name}: {value:.3g}")
        figures |= {name: round(value, 3) for name, value in part.items()}
    return figures


if __name__ == "__main__":
    main()
