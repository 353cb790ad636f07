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
from numpy.typing import NDArray

from core.cli import main as shell
from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.people.sightings import sighting_of, stack_people
from core.fitting.calibration.people.statures import statures
from core.fitting.people.evidence import body_evidence
from core.fitting.people.fitter import BodyFitter
from core.geometry.calibration.lens import known_lens
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import rle_to_patch
from core.jobs.one_camera import one_camera
from core.records.cameras import CalibrationRecord
from core.records.fits import BodyFit, FitVerdict
from core.records.occlusion import Verdict
from core.shapes.body.placed import named_body, placed_body
from core.store.edits.calibrations import save_calibration
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.instances import by_id, masks, of_track
from tests.fitting.annotated_people import CLIP, MinedPerson, camera_of, facts, mined_plaza

Array = NDArray[np.float64]

SHORTEST_M, TALLEST_M = 1.5, 2.0
COMPOSITES = 40
# who gets less far within a second stands, and faces anywhere
_WALKS_M_PER_S = 0.5
_AROUND_S = 0.8
# what the facts say of the one who is no whole piece
_HIDDEN = "behind the sign"


def calibrated(record: CalibrationRecord) -> dict[str, float]:
    """The camera from the people beside the one that was measured there."""
    camera, plane = camera_of(record)
    measured = facts()["published"]
    assert record.uncertainty is not None
    down, lean = np.rad2deg(plane.tilt())
    return {
        "focal_px": camera.focal[0],
        "focal_said_percent": record.uncertainty.focal_percent,
        "focal_off_percent": 100 * (camera.focal[0] / float(np.mean(measured["focal_px"])) - 1),
        "height_m": plane.height,
        "height_said_percent": record.uncertainty.height_percent,
        "height_off_percent": 100 * (plane.height / measured["height_m"] - 1),
        "tilt_off_deg": float(np.hypot(down - measured["down_deg"], lean - measured["lean_deg"])),
        "tilt_said_deg": record.uncertainty.normal_deg,
    }


def stood(
    record: CalibrationRecord, path: Path, people: list[MinedPerson]
) -> tuple[dict[str, float], list[BodyFit]]:
    """The annotated people fitted by points and masks: heights, feet, facing."""
    camera, plane = camera_of(record)
    body = named_body()
    fitter = BodyFitter(camera, plane, body)
    found = [one for one in people if one.box is not None]
    fits = fitter.fit_many([body_evidence(p.person.keypoints, p.box, p.mask) for p in found if p.box])
    good = [fit.verdict is FitVerdict.GOOD for fit in fits]
    tall = np.array([fit.size_m[2] for fit in fits])
    plausible = (tall >= SHORTEST_M) & (tall <= TALLEST_M)
    feet, turned = [], []
    for one, fit in zip(found, fits, strict=True):
        assert one.box is not None
        lowest = camera.project(placed_body(fit, body.model).vertices)[:, 1].max()
        feet.append(lowest + 0.5 - one.box.bottom)
        away = _walks_rad(path, one, camera, plane)
        if away is not None and fit.heading_rad is not None:
            turned.append(abs(float(np.angle(np.exp(1j * (fit.heading_rad - away))))))
        print(
            f"    {one.person.name}, frame {one.person.frame}: {fit.verdict.value}, {fit.size_m[2]:.2f} m, "
            f"{_place(fit)}, RMS {fit.rms_px:.1f} px, feet {feet[-1]:+.1f} px. {fit.reason}"
        )
    ends = np.abs(np.array(feet))
    by_person = _by_person(found, tall)
    over = tall / _by_masks(camera, plane, found)
    return {
        "people": _different(found), "sightings": float(len(people)),
        "mined": float(len(found)), "good": float(sum(good)),
        "tall_median_m": float(np.median(tall)), "tall_least_m": float(tall.min()),
        "tall_most_m": float(tall.max()), "plausible": float(plausible.sum()),
        "over_mask_median": float(np.nanmedian(over)), "over_mask_spread": float(np.nanstd(over)),
        "same_person_off_rms_m": _off_rms(by_person),
        "same_person_off_most_m": max(np.abs(values - np.median(values)).max() for values in by_person),
        "rms_median_px": float(np.median([fit.rms_px for fit in fits])),
        "feet_median_px": float(np.median(ends)), "feet_within_3_px": float((ends <= 3).sum()),
        "walkers": float(len(turned)), "facing_off_median_deg": float(np.rad2deg(np.median(turned))),
        "facing_off_most_deg": float(np.rad2deg(max(turned))),
    }, fits  # fmt: skip


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
        "people_in_composites": _different([one for one in found if one.instance_id in seen]),
        "sightings_in_composites": float(len(seen)),
        "objects": float(len(shown)),
        "hiding_pairs": float(len(pairs)),
        "nearer_hides_farther": float(sum(near < far for near, far in pairs)),
        "objects_hidden_a_tenth": float(sum(row["occlude_rate"] >= 0.1 for row in shown)),
    }


def _by_masks(camera: Camera, plane: GroundPlane, people: list[MinedPerson]) -> Array:
    """(n,) how tall each mask says that they are, by where it ends; NaN where it does not."""
    tall = np.full(len(people), np.nan)
    seen = [sighting_of(one.box, one.mask, row) for row, one in enumerate(people) if one.box is not None]
    kept = [one for one in seen if one is not None]
    told = statures(RoadCamera(camera.focal[0], plane), stack_people(kept, known_lens(camera)))
    tall[[one.person for one in kept]] = told.tall_m
    return tall


def _different(people: list[MinedPerson]) -> float:
    """How many different people there are among these sightings."""
    return float(len({one.person.number for one in people}))


def _by_person(people: list[MinedPerson], tall: Array) -> list[Array]:
    """The statures of each person who was seen more than once, metres."""
    numbers = np.array([one.person.number for one in people])
    values = [tall[numbers == number] for number in set(numbers.tolist())]
    return [one for one in values if len(one) > 1]


def _off_rms(values: list[Array]) -> float:
    """The standard deviation of a sighting's stature from its person's, metres."""
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in values)
    return float(np.sqrt(squares / sum(len(one) - 1 for one in values)))


def _walks_rad(path: Path, one: MinedPerson, camera: Camera, plane: GroundPlane) -> float | None:
    """Where a person walks, by where their masks end in the frames around; None where they stand."""
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = by_id(connection, one.instance_id or 0)
        if row is None or row.track_id is None:
            return None
        near = [r for r in of_track(connection, row.track_id) if abs(r.time_s - row.time_s) <= _AROUND_S]
        codes = masks(connection, [r.id for r in near])
    seen = [(r.time_s, sighting_of(r.box, rle_to_patch(codes[r.id]), 0)) for r in near if r.id in codes]
    feet = np.array([one.foot for _, one in seen if one is not None])
    times = np.array([time for time, one in seen if one is not None])
    if len(feet) < 5:
        return None
    places = plane.frame().inverse().apply(plane.points_or_nan(camera, feet))[:, :2]
    speed = np.polyfit(times, places, 1)[0]
    if not np.isfinite(speed).all() or np.hypot(*speed) < _WALKS_M_PER_S:
        return None
    return float(np.arctan2(speed[1], speed[0]))


def _distances(project: Project, ids: set[int]) -> dict[int, float]:
    """How far away each fitted object stands, metres."""
    from core.store.queries.fits import fits_in_force

    with project.read() as connection:
        rows = fits_in_force(connection, sorted(ids))
    return {i: float(np.hypot(*row.fit.place_m)) for i, row in rows.items() if row.fit.place_m is not None}


def _place(fit: BodyFit) -> str:
    return "nowhere" if fit.place_m is None else f"{np.hypot(*fit.place_m):.1f} m away"


def main() -> dict[str, object]:
    """Measure, print, and return the figures; nothing without the clip."""
    if not CLIP.is_file():
        print("skipped: the clip of the plaza is not there")
        return {}
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plaza.amodal"
        record, people = mined_plaza(path)
        parts: list[dict[str, float]] = [calibrated(record)]
        parts.append(stood(record, path, people)[0])
        parts.append(composed(path, record, people))
    for part in parts:
        for name, value in part.items():
            print(f"    {name}: {value:.3g}")
        figures |= {name: round(value, 3) for name, value in part.items()}
    return figures


if __name__ == "__main__":
    main()
