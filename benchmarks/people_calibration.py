"""How well a camera is calibrated from its people alone, and whether the uncertainty that it says is honest.

    python -m benchmarks people_calibration

Cameras of many focal lengths, heights and tilts as in `cars_calibration`; 40 people each in up to 12 frames,
of 1.75 m and 8 cm spread, ends of their masks off by 1.5 px. Then a rendered street, mined by motion. The
peer is the calibration from 200 cars with keypoints, in the same cameras.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._seen_cars import Scene
from benchmarks._seen_people import walkers
from benchmarks.cars_calibration import random_scene
from core.errors import CalibrationError
from core.fitting.calibration.people.from_people import calibrate_from_people
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.result import from_record
from core.records.cameras import CalibrationRecord

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PeopleCalibrationFigures:
    """Medians and worst over the cameras, as of the calibration from cars.

    Attributes:
        people: of each camera.
        refused: cameras for which no calibration was given.
        focal_said_percent, normal_said_deg: medians of the uncertainties said.
        focal_within, height_within, normal_within: share of cameras off by no more than two said sigmas.
        seconds: median, one camera.
    """

    cameras: int
    people: int
    refused: int
    focal_percent: float
    focal_worst_percent: float
    height_percent: float
    height_worst_percent: float
    normal_deg: float
    normal_worst_deg: float
    focal_said_percent: float
    normal_said_deg: float
    focal_within: float
    height_within: float
    normal_within: float
    seconds: float


def errors_of(where: Scene, people: int, seed: int) -> Array | None:
    """(7,) off by percent, percent and degrees, and what is said of them; seconds. None where refused."""
    sightings = walkers(where, people, seed)
    began = time.perf_counter()
    try:
        result = calibrate_from_people(sightings, Lens(where.camera.width, where.camera.height))
    except CalibrationError:
        return None
    took = time.perf_counter() - began
    assert result.plane is not None
    assert result.uncertainty is not None
    cosine = float(np.clip(result.plane.normal @ where.plane.normal, -1, 1))
    return np.array(
        [
            100 * (result.camera.focal[0] / where.camera.focal[0] - 1),
            100 * (result.plane.height / where.plane.height - 1),
            np.rad2deg(np.arccos(cosine)),
            result.uncertainty.focal_percent,
            result.uncertainty.height_percent,
            result.uncertainty.normal_deg,
            took,
        ]
    )


def drawn(cameras: int, people: int) -> PeopleCalibrationFigures:
    """Cameras of many kinds with drawn people."""
    rng = np.random.default_rng(11)
    found = [errors_of(random_scene(rng), people, seed) for seed in range(cameras)]
    rows = np.array([one for one in found if one is not None])
    off, said = np.abs(rows[:, :3]), rows[:, 3:6]
    within = (off <= 2 * said).mean(axis=0)
    return PeopleCalibrationFigures(
        cameras, people, cameras - len(rows),
        *(float(value) for pair in zip(np.median(off, 0), off.max(axis=0), strict=True) for value in pair),
        float(np.median(said[:, 0])), float(np.median(said[:, 2])),
        *(float(value) for value in within), float(np.median(rows[:, 6])),
    )  # fmt: skip


def street(folder: Path, frames: int = 500) -> dict[str, dict[str, float]]:
    """A rendered street, its people by their true masks and by the motion detector's."""
    from core.cli import main as shell
    from core.jobs.one_camera import one_camera
    from core.store.project import Project
    from core.store.queries.calibrations import calibration_in_force

    true, mined = folder / "street.amodal", folder / "mined.amodal"
    size = ["--frames", str(frames), "--fps", "8", "--cars", "1", "--parked", "2", "--people", "20"]
    assert shell(["synth", "street", str(true), *size, "--seed", "3"]) == 0
    assert shell(["new", str(mined)]) == 0
    assert shell(["add", str(mined), str(folder / "street.mp4"), "--camera", "street"]) == 0
    assert shell(["background", str(mined)]) == 0
    assert shell(["mine", str(mined), "--motion-look-for", "people"]) == 0
    with Project.open(true, read_only=True) as opened, opened.read() as connection:
        present = calibration_in_force(connection, one_camera(opened, "").id)
    assert present is not None
    return {name: _street(path, present.record) for name, path in (("true", true), ("mined", mined))}


def _street(path: Path, truth: CalibrationRecord) -> dict[str, float]:
    """Off by percent, percent and degrees, with the sigmas that are said; how the true camera is checked."""
    from core.jobs.one_camera import one_camera
    from core.jobs.people_calibration import check_people, propose_from_people
    from core.store.project import Project

    camera, plane = from_record(truth)
    assert plane is not None
    with Project.open(path, read_only=True) as opened:
        row = one_camera(opened, "")
        record, _ = propose_from_people(opened, row)
        check = check_people(opened, row, truth)
    found, ground = from_record(record)
    assert ground is not None
    assert record.uncertainty is not None
    for sentence in (*record.notes, *check.sentences):
        print(f"    {sentence}")
    return {
        "people": float(check.people),
        "focal_percent": 100 * (found.focal[0] / camera.focal[0] - 1),
        "focal_said_percent": record.uncertainty.focal_percent,
        "height_percent": 100 * (ground.height / plane.height - 1),
        "height_said_percent": record.uncertainty.height_percent,
        "normal_deg": float(np.rad2deg(np.arccos(np.clip(ground.normal @ plane.normal, -1, 1)))),
        "normal_said_deg": record.uncertainty.normal_deg,
        "tall_by_the_truth_m": check.tall_m,
    }


def main(cameras: int = 20, people: int = 40, *, rendered: bool = True) -> dict[str, float]:
    """Measure, print, and return the figures."""
    figures = asdict(drawn(cameras, people))
    for name, value in figures.items():
        print(f"    {name}: {value:.3g}")
    if rendered:
        with tempfile.TemporaryDirectory() as folder:
            here = street(Path(folder))
        for masks, values in here.items():
            for name, value in values.items():
                print(f"    street, {masks} masks, {name}: {value:.3g}")
            figures |= {f"street_{masks}_{name}": value for name, value in values.items()}
    return {name: round(float(value), 3) for name, value in figures.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--drawn", action="store_true", help="Only the drawn people, no street.")
    asked = parser.parse_args()
    main(asked.cameras, asked.people, rendered=not asked.drawn)
