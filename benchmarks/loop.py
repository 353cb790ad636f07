"""The loop on a drawn street, begun from the motion detector alone and measured by its camera's later frames.

Each round's model, and what motion finds, is told of the same later frames, of which all is known. The loop
itself sees nothing of that truth: it decides by composites of what motion found.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks._loop_street import found_by_motion, found_by_run, later_frames, true_objects
from core.evaluation.bootstrap import Estimate, Groups
from core.jobs.registry import create
from core.jobs.reproduce.known_and_found import Found, Known
from core.jobs.reproduce.precision import GROUPS, measured
from core.jobs.runner import run_job
from core.jobs.street_footage import add_footage, read_truth
from core.jobs.train.files import file_of
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, PointKind, small
from core.records.detections import Category
from core.records.jobs import JobRow, JobState
from core.records.runs import Purpose
from core.store import job_rows
from core.store.project import Project
from core.store.queries.runs import run_by_id
from core.synthesis.street.clip_writer import ClipFiles, write_clip
from core.synthesis.street.mounts import default_mount, reference_camera
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from core.training.checkpoints import Checkpoint, write_checkpoint
from core.training.tasks.detector import KIND

TEST_SET = "Held out"
_NEARER, _ABOVE_M, _DOWN_RAD = 2.0, 5.0, 0.18
_DRAWS = 1000
_BLOCK = 12
"""Pictures that are drawn together, 19 s: cars stay for many of them, and there is one camera alone."""
_ALONE = " without mining"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is.

    Attributes:
        frames: of the clip, 2.5 a second. learned: the first so many are what the loop sees.
        later: the first one that is measured by; between the two nothing is looked at.
        every: so many frames from one that is measured by to the next.
        rounds, composites, epochs: of the loop. validation, held: composites for validation and the test.
        wanted: occlusion in them, by tenths.
    """

    frames: int = 1000
    learned: int = 700
    later: int = 760
    every: int = 4
    rounds: int = 2
    composites: int = 600
    epochs: int = 4
    validation: int = 24
    held: int = 40
    wanted: str = "6,2,2,1,1,1,1,1,1,0"


TINY = Size(240, 200, 210, 10, 2, 40, 8, 5, 6, "")
CUTTING = {"min_size_px": 12, "edge_percent": 80}
STREET = StreetSettings(width=320, height=180, fps=2.5, seed=3, cars=16, parked=0, people=0)


def network_settings() -> AmodalRcnnSettings:
    """The small variant, thinner still, for cars alone in pictures of 180 lines; it tells no points."""
    return small(
        categories=(Category.CAR,),
        points=PointKind.NONE,
        min_side_px=STREET.height,
        max_side_px=STREET.width,
        channels=64,
        representation=128,
        mask_channels=64,
        proposals=60,
        proposals_in_training=120,
        sampled=32,
    )


def main() -> dict[str, Any]:
    """All of it in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as place:
        return measure(Path(place), Size())


def measure(folder: Path, size: Size) -> dict[str, Any]:
    """Draws the street, goes round, and measures each round; gives the job's own table and the figures.

    What is there of an earlier attempt goes on.
    """
    files, path = draw(folder, size), folder / "street.amodal"
    if not path.exists():
        begin(path, files, size)
    began = time.monotonic()
    result = go_round(path, folder, size)
    loop_s = time.monotonic() - began
    for row in result["rounds"]:
        print(row, flush=True)
    frames = range(size.later, size.frames, size.every)
    pictures, known = list(later_frames(files.video, frames)), true_objects(read_truth(files), frames)
    found = {"motion": motion_alone(folder, files, size)}
    for row in result["rounds"]:
        found[f"round {row['round']}"] = found_by_run(path, row["run"], pictures)
    objects = sum(not one.ignored for row in known for one in row)
    told = {"loop_s": loop_s, "pictures": len(known), "objects": objects, **result}
    show(known, found)  # before the hour of the next
    for name, run, own in without_mining(folder, files, size, result["rounds"]):
        found[name] = found_by_run(own, run, pictures)
    return told | {"figures": show(known, found)}


def draw(folder: Path, size: Size) -> ClipFiles:
    """The street's clip with its truth; one that is there is not drawn again."""
    files = ClipFiles.of(folder / "street.mp4", depth=False)
    if not files.truth.exists():
        street = Street(replace(STREET, frame_count=size.frames))
        focal_px = _NEARER * reference_camera(STREET.width, STREET.height).matrix[0, 0]
        mount = default_mount(
            street.layout,
            STREET.width,
            STREET.height,
            above_m=_ABOVE_M,
            down_rad=_DOWN_RAD,
            focal_px=focal_px,
        )
        write_clip(StreetCamera(street, mount), files.video, depth=False)
    return files


def mining(size: Size) -> dict[str, Any]:
    """Of motion and of networks, up to where the loop may look."""
    return {
        "processes": 1,
        "end_s": (size.learned - 1) / STREET.fps,
        "motion": {"look_for": "cars", "min_size_px": 10},
    }


def splitting(size: Size) -> dict[str, Any]:
    """The borders in time of all composites, and how full they are."""
    shares = {"validation_percent": 15, "test_percent": 20, "guard_s": 0.5}
    return {**shares, "least": 3, "most": 9, "wanted": size.wanted}


def training(start: Path) -> dict[str, Any]:
    """Of each round, begun with a file's weights."""
    settings: dict[str, Any] = {"batch": 4, "rate": 1e-3, "workers": 0, "weight_synthetic": 0}
    return {**settings, "begin_with": "file", "start": str(start)}


def begin(path: Path, files: ClipFiles, size: Size) -> None:
    """A project with the clip, and composites for the test of what motion finds."""
    Project.create(path, "Street").close()
    add_footage(path, files, read_truth(files))
    do(path, "background")
    do(path, "mine", detector="motion", **mining(size))
    do(path, "fit")
    do(path, "cut", **CUTTING)
    do(path, "compose", name=TEST_SET, split="test", count=size.held, seed=1, **splitting(size))


def do(path: Path, kind: str, **settings: Any) -> dict[str, Any]:
    """One job; gives what it tells."""
    with Project.open(path) as project:
        job_id = create(project, kind, settings)
    return finish(path, job_id)


def finish(path: Path, job_id: int) -> dict[str, Any]:
    """Runs a job to its end, or goes on with it; what it tells."""
    began = time.monotonic()

    def log(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    if _row(path, job_id).state is not JobState.DONE:
        run_job(path, job_id, on_log=log)
    row = _row(path, job_id)
    print(f"{row.kind}: {row.result}", flush=True)
    return dict(row.result)


def _row(path: Path, job_id: int) -> JobRow:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    return row


def go_round(path: Path, folder: Path, size: Size) -> dict[str, Any]:
    """The loop, begun or gone on with."""
    note = folder / "loop.txt"
    if not note.exists():
        torch.manual_seed(0)
        architecture = {"kind": KIND} | network_settings().as_json()
        facts = {"purpose": Purpose.DETECTOR.value, "architecture": architecture, "state": {}}
        weights = AmodalRcnn(network_settings()).state_dict()
        start = write_checkpoint(folder / "untaught", "best", Checkpoint(dict(weights), {}, facts))
        parts = {
            "mine": {**mining(size), "own": {"min_score": 0.5, "device": "cpu"}},
            "cut": CUTTING,
            "compose": splitting(size),
            "train": training(start),
            "evaluate": {"draws": 200},
        }
        file = folder / "parts.json"
        file.write_text(json.dumps(parts), encoding="utf-8")
        settings = {
            "rounds": size.rounds,
            "first": "motion",
            "truth": "composites",
            "test_set": TEST_SET,
            "least_gain": 0.0,
            "composites": size.composites,
            "validation": size.validation,
            "epochs": size.epochs,
            "device": "cpu",
            "parts": str(file),
        }
        with Project.open(path) as project:
            job_id = create(project, "loop", settings)
        note.write_text(str(job_id), encoding="utf-8")
    return finish(path, int(note.read_text(encoding="utf-8")))


def motion_alone(folder: Path, files: ClipFiles, size: Size) -> list[list[Found]]:
    """What mining by motion finds in the later frames, in a project of its own."""
    path = folder / "later.amodal"
    if not path.exists():
        Project.create(path, "Later").close()
        add_footage(path, files, read_truth(files))
        do(path, "background")
        later = {**mining(size), "start_s": size.later / STREET.fps, "end_s": None}
        do(path, "mine", detector="motion", **later)
    return found_by_motion(path, range(size.later, size.frames, size.every))


def without_mining(
    folder: Path, files: ClipFiles, size: Size, rounds: list[dict[str, Any]]
) -> Iterator[tuple[str, int, Path]]:
    """What rounds after the first come to by training alone: name, run and project.

    Each begins with the weights of the one before, as the loop's rounds do, and learns from as many new
    composites, but of what motion found.
    """
    path = folder / "control.amodal"
    if not path.exists():
        begin(path, files, size)
    start = _weights(folder / "street.amodal", rounds[0]["run"])
    for number in range(2, len(rounds) + 1):
        name = f"Without mining, round {number}"
        sets = {"seed": number, **splitting(size)}
        do(path, "compose", name=name, count=size.composites, **sets)
        held = f"{name}, for validation"
        do(path, "compose", name=held, count=size.validation, split="validation", **sets)
        told = do(
            path,
            "train",
            **{**training(start), "name": name, "composites": name, "seed": number},
            epochs=size.epochs,
            device="cpu",
        )
        start = _weights(path, told["run"])
        yield f"round {number} without mining", told["run"], path


def show(known: list[list[Known]], found: dict[str, list[list[Found]]]) -> dict[str, Any]:
    """Whole mask AP of each, and the gain over the one before, with intervals over blocks; printed."""
    blocks = Groups.of([place // _BLOCK for place in range(len(known))])
    each = {name: measured(known, {0: finds}, blocks, _DRAWS) for name, finds in found.items()}
    before = dict(zip([*each][1:], each, strict=False))
    before |= {name: name.removesuffix(_ALONE) for name in each if name.endswith(_ALONE)}
    out: dict[str, Any] = {}
    for name, own in each.items():
        out[name] = {group: _numbers(own.interval(place)) for place, group in enumerate(GROUPS[:3])}
        if name in before:
            other = each[before[name]]
            out[name][f"over {before[name]}"] = {
                group: _numbers(own.over(other, place)) for place, group in enumerate(GROUPS[:3])
            }
        print(name, json.dumps(out[name]), flush=True)
    return out


def _weights(path: Path, run: int) -> Path:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = run_by_id(connection, run)
        assert row is not None
        assert row.best is not None
        return file_of(project, row.best)


def _numbers(one: Estimate) -> list[float | None]:
    return [None if value is None else round(value, 4) for value in (one.value, one.low, one.high)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true", help="to see that it goes")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    measure(given.folder, TINY if given.tiny else Size())
    sys.exit(0)
