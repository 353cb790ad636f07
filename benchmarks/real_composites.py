"""Composites of the real clips, from footage to pictures, to be looked at one by one.

    python -m benchmarks.real_composites --folder FOLDER --seed 2

Mined by the network in the folder of real footage, calibrated by what was drawn by eye
(resources/hand_labels/car_keypoints.json), fitted by outlines alone. Whether a composite has a visible
fault is for eyes to say: each page shows three, beside the same with what is known of its objects drawn in.
The pages show footage, so they go into `.bench/` or a folder outside the repository. A project that is
there is used again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._unoccluded_data import DATA
from core.compositing.render import Composer, Composite
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.geometry.calibration.result import CalibrationResult, to_record
from core.jobs.composites import StoredPieces
from core.jobs.registry import create
from core.jobs.reproduce.footage.cars import (
    annotated,
    junction_by_rectangle,
    lens_of,
    sightings_of,
    suburb_by_lines,
)
from core.jobs.reproduce.footage.clips import NETWORK
from core.jobs.runner import run_job
from core.records.masks import MaskPatch
from core.shapes.space_file import default_space
from core.store import job_rows
from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.recipes import recipe_ids, set_by_name

Image = NDArray[np.uint8]

FOLDER = Path(".bench") / "real_composites"
CLIPS = {"junction": "junction/frames", "suburb": "suburb/suburb.mp4"}
FPS: dict[str, dict[str, Any]] = {"junction": {"fps": 30}, "suburb": {}}
WANTED = "5,1,1,1,1,1,1,0,0,0"
_EVERY = {"junction": 3, "suburb": 4}  # frames: ten and six a second
_FROM_S = {"junction": 0.0, "suburb": 2.0}  # before, the clip's own frames are damaged
_TILE_PX = 360  # as high as the pictures
_ALL = {"validation_percent": 0, "test_percent": 0}
_ON_A_PAGE = 3
_FIRST = ("background", "mine", "fit", "cut")


def calibration_of(clip: str) -> CalibrationResult:
    """A clip's camera by what was drawn on it by eye."""
    if clip == "junction":
        return junction_by_rectangle()
    return suburb_by_lines(calibrate_from_cars(sightings_of(annotated(clip)), lens_of(clip), default_space()))


def make_project(clip: str, folder: Path) -> Path:
    """The project of a clip, with all that composites are made of.

    It goes on where an earlier run was cut off.
    """
    path = folder / f"{clip}.amodal"
    if not path.exists():
        Project.create(path, clip).close()
    done = _jobs_done(path)
    if "add" not in done:
        run(path, "add", {"path": str(DATA / CLIPS[clip]), "camera": clip, **FPS[clip]})
    with Project.open(path) as project:
        with project.read() as connection:
            (camera,) = list_cameras(connection)
        if camera.calibration_id is None:
            save_calibration(History(project, "benchmark"), camera.id, to_record(calibration_of(clip)), {})
    mine = {
        "detector": "onnx",
        "every": _EVERY[clip],
        "start_s": _FROM_S[clip],
        "onnx.model": str(DATA / NETWORK),
        "onnx.tiles": True,
        "onnx.tile_px": _TILE_PX,
        "onnx.min_score": 0.3,
    }
    for kind in _FIRST:
        if kind not in done:
            print(f"{clip}: {kind}", flush=True)
            run(path, kind, mine if kind == "mine" else {})
    return path


def run(project_path: Path, kind: str, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs a job of a project, or goes on with one that was cut off; gives its result."""
    with Project.open(project_path) as project:
        with project.read() as connection:
            begun = [
                row.id for row in job_rows.list_jobs(connection) if row.kind == kind and row.state != "done"
            ]
        job_id = begun[-1] if begun else create(project, kind, settings or {})
    run_job(project_path, job_id)
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    return dict(row.result) if row is not None else {}


def draw_pages(path: Path, name: str, folder: Path) -> int:
    """Draws the composites of a set three to a page, and each alone; gives how many there are."""
    source = StoredPieces(path)
    composer = Composer(source)
    with Project.open(path, read_only=True) as project, project.read() as connection:
        made = set_by_name(connection, name)
        assert made is not None
        ids = recipe_ids(connection, made.id)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Image] = []
    for number, recipe_id in enumerate(ids):
        recipe = source.recipe(recipe_id)
        assert recipe is not None
        composite = composer.render(recipe)
        standing = {
            i for i, one in source.pieces([o.piece_id for o in recipe.objects]).items() if one.standing
        }
        _write(folder / f"{path.stem}-{number:02d}.png", composite.picture)
        rows.append(np.hstack([_titled(composite.picture, f"{number}"), known(composite, standing)]))
    for start in range(0, len(rows), _ON_A_PAGE):
        page = np.vstack(rows[start : start + _ON_A_PAGE])
        _write(folder / f"{path.stem}-page-{start // _ON_A_PAGE:02d}.png", page)
    source.close()
    return len(rows)


def known(composite: Composite, standing: set[int]) -> Image:
    """A composite with its amodal outlines; each object's piece, depth rank and hidden percent.

    What stands in the background is drawn white, what is ignored red.
    """
    out = composite.picture.copy()
    for patch in composite.ignored:
        _outline(out, patch, (255, 0, 0))
    for index, label in enumerate(composite.labels):
        colour = (255, 255, 255) if label.piece_id in standing else _colour(index)
        _outline(out, label.amodal, colour)
        text = f"{label.piece_id}:{label.depth_rank} {label.occlusion_permille // 10}%"
        place = (int(label.amodal_box.x), int(label.amodal_box.y) - 2)
        cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.35, colour, 1, cv2.LINE_AA)
    return out


def _outline(image: Image, patch: MaskPatch, colour: tuple[int, int, int]) -> None:
    bits = np.pad(patch.bits, 1).astype(np.uint8)
    edge = (bits - cv2.erode(bits, np.ones((3, 3), np.uint8)))[1:-1, 1:-1] > 0
    h, w = edge.shape
    image[patch.y : patch.y + h, patch.x : patch.x + w][edge] = colour


def _colour(index: int) -> tuple[int, int, int]:
    hue = np.array([[[(index * 67) % 180, 200, 255]]], np.uint8)
    red, green, blue = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].tolist()
    return red, green, blue


def _titled(image: Image, text: str) -> Image:
    out = image.copy()
    cv2.putText(out, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 0), 1, cv2.LINE_AA)
    return out


def _write(path: Path, image: Image) -> None:
    cv2.imwrite(str(path), image[..., ::-1])


def _jobs_done(path: Path) -> set[str]:
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return {row.kind for row in job_rows.list_jobs(connection) if row.state == "done"}


def main(
    folder: Path = FOLDER,
    clips: Sequence[str] = tuple(CLIPS),
    count: int = 25,
    seed: int = 1,
    wanted: str = WANTED,
    *,
    cut_again: bool = False,
) -> dict[str, Any]:
    """Makes the projects, a set of composites of each, and their pages; gives what the jobs say."""
    if not (DATA / NETWORK).exists():
        return {"skipped": "the real footage in ../shared/data is absent here"}
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    for clip in clips:
        path = make_project(clip, folder)
        if cut_again:
            results[f"{clip}_cut"] = run(path, "cut", {"redo": True})
        name = f"seed {seed}"
        number = 2
        with Project.open(path, read_only=True) as project, project.read() as connection:
            while set_by_name(connection, name) is not None:
                name = f"seed {seed}, again {number}"
                number += 1
        # all for training: of half a minute, the splits would leave a few tracks
        composed = {"name": name, "count": count, "seed": seed, "wanted": wanted, **_ALL}
        made = run(path, "compose", composed)
        results[clip] = made
        pages = folder / name.replace(", ", "-").replace(" ", "-")
        draw_pages(path, name, pages)
        print(f"{clip}: {made['composites']} composites of {made['objects']} objects; look at {pages}")
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_composites")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for projects and pages")
    parser.add_argument("--clips", nargs="+", choices=list(CLIPS), default=list(CLIPS))
    parser.add_argument("--count", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wanted", default=WANTED)
    parser.add_argument("--cut-again", action="store_true", help="with the cutting as it is now")
    asked = parser.parse_args()
    print(main(asked.folder, asked.clips, asked.count, asked.seed, asked.wanted, cut_again=asked.cut_again))
