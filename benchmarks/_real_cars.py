"""The real cars that were annotated by eye, with the boxes that a detector gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._unoccluded_data import DATA
from core.geometry.boxes import iou_matrix, to_array, to_box
from core.jobs.reproduce.footage.cars import facts
from core.jobs.reproduce.footage.clips import CLIPS, NETWORK, Clip, frames_of
from core.mining.detectors.registry import create_detector
from core.records.boxes import Box
from core.records.detections import Category, DetectorFrame
from core.shapes.keypoints import NAMES

_AROUND = 0.08  # how far a car reaches beyond its keypoints on each side, as a share of L
_LEAST_IOU = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class RealCar:
    """One car in one frame.

    Attributes:
        clip, frame, name: which.
        image: (H, W, 3) uint8 RGB, the whole picture.
        box: the detector's; around its points where the detector misses it.
        detected: whether it is the detector's.
        points: (12, 2) pixels; NaN where nobody placed one.
    """

    clip: str
    frame: int
    name: str
    image: NDArray[np.uint8]
    box: Box
    detected: bool
    points: NDArray[np.float64]


def real_cars() -> list[RealCar]:
    """All of them, by clip and frame."""
    rows = facts()["cars"]
    return [car for clip in CLIPS for car in _of(clip, [row for row in rows if row["clip"] == clip.name])]


def _of(clip: Clip, rows: list[dict]) -> list[RealCar]:  # type: ignore[type-arg]
    if not rows:
        return []
    _, images = frames_of(clip, DATA)
    settings = {"model": DATA / NETWORK, "min_score": 0.25, "threads": 1}
    if clip.tile_px is not None:
        settings |= {"tiles": True, "tile_px": clip.tile_px}
    detector = create_detector("onnx", **settings)
    first = 1 if clip.name == "junction" else 0  # its files count from 1
    cars = []
    for frame in sorted({row["frame"] for row in rows}):
        image = images[frame - first]
        found = [
            one.box
            for one in detector.detect([DetectorFrame(image)])[0]
            if one.category in (Category.CAR, Category.TRUCK, Category.BUS)
        ]
        for row in rows:
            if row["frame"] != frame:
                continue
            points = np.array([row["points"].get(name, [np.nan, np.nan]) for name in NAMES], dtype=np.float64)
            around = _around(points)
            iou = iou_matrix([_row(around)], to_array(found))[0] if found else np.zeros(1)
            hit = bool(iou.max() >= _LEAST_IOU)
            box = found[int(iou.argmax())] if hit else around
            cars.append(RealCar(clip.name, frame, row["car"], image, box, hit, points))
    return cars


def _around(points: NDArray[np.float64]) -> Box:
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    more = _AROUND * float((high - low).max())
    return to_box([*(low - more + 0.5), *(high - low + 2 * more)])


def _row(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.w, box.h
