"""The pre-labeller that comes with the program: on unseen synthetic cars, on real ones, and how fast it is.

    python -m benchmarks.prelabeller [--weights FILE]

The synthetic cars are those that `amodal synth crops` keeps to test on: single cars of 60 models, and a
street through two cameras. The real ones were annotated by eye (resources/hand_labels); their boxes
are a detector's, and their pictures the crops that mining would have kept. L is that of the whole car, or of
the detector's box. The limits are the issue's: PCK@0.1 of 0.85, and 15 cars a second on two processors.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from benchmarks._real_cars import RealCar, real_cars
from benchmarks._small_networks import prelabeller, unseen_crops
from benchmarks._unoccluded_data import DATA
from core.evaluation.keypoints import percentage_of_correct_keypoints
from core.jobs.mine.crops import cut_crop
from core.jobs.own_points import PrelabellerFinder
from core.mining.detectors.settings import Device
from core.mining.keypoints.protocol import ObjectCrop
from core.mining.keypoints.settings import OwnKeypointSettings
from core.networks.prelabeller import Prelabeller
from core.records.boxes import Box
from core.records.shapes import KeypointTag
from core.shapes.keypoints import FLIP
from core.training.data.crops import PackedCrop
from core.training.tasks.prelabeller import cars_with_points, measured

PCK_LIMIT, SPEED_LIMIT = 0.85, 15.0
# every point gets the other end's: front for back, and so the other side too
ENDS = (3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8)
CPU = torch.device("cpu")


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prelabeller")
    parser.add_argument("--weights", type=Path, default=None, help="of a run; else the program's own")
    network = prelabeller(parser.parse_args(arguments).weights)
    report: dict[str, Any] = {"limits": {"pck_0.1": PCK_LIMIT, "cars a second": SPEED_LIMIT}}
    singles, street = (cars_with_points(unseen_crops(cars=cars, streets=not cars)) for cars in (True, False))
    for name, crops in {
        "single cars": singles,
        "a street": street,
        "of these unoccluded": [one for one in street if one.hidden < 0.02],
        "more than a quarter hidden": [one for one in street if one.hidden > 0.25],
        "smaller than 60 px": [one for one in street if one.size_px < 60],
    }.items():
        report[name] = measured(network, network.settings, crops, CPU) | {"cars": len(crops)}
        _show(name, report[name])
    report["speed"] = speed(network, singles)
    _show("speed", report["speed"])
    if (DATA / "README.md").exists():
        report["real cars"] = on_real_cars(network)
        for name, row in report["real cars"].items():
            _show(name, row)
    return report


def on_real_cars(network: Prelabeller) -> dict[str, dict[str, float]]:
    """Where it puts the points that a person has put on real cars."""
    finder = PrelabellerFinder(network, OwnKeypointSettings(min_score=0.0, device=Device.CPU))
    cars = real_cars()
    found, said = [], []
    for car in cars:
        crop, corner, scale = _kept(car)
        [[points]] = finder.find([crop])
        found.append((points.pixels + 0.5) / scale + corner - 0.5)
        said.append(points.tags)
    rows = {}
    for clip in ("all", *sorted({car.clip for car in cars})):
        chosen = [place for place, car in enumerate(cars) if clip in ("all", car.clip)]
        rows[f"real cars, {clip}"] = _figures(
            [cars[place] for place in chosen],
            [found[place] for place in chosen],
            [said[place] for place in chosen],
        )
    return rows


def _figures(cars: Sequence[RealCar], found: Sequence[Any], said: Sequence[Any]) -> dict[str, float]:
    truth = np.stack([car.points for car in cars])
    known = np.isfinite(truth).all(axis=2)
    tags = [[KeypointTag.VISIBLE if one else KeypointTag.UNLABELLED for one in row] for row in known]
    sizes = np.array([car.box.size for car in cars])
    figures: dict[str, float] = {"cars": float(len(cars)), "points": float(known.sum())}
    for alpha in (0.1, 0.05):
        right = percentage_of_correct_keypoints(found, np.nan_to_num(truth), tags, sizes, alpha)
        figures[f"pck_{alpha}"] = float(right[None].value or 0.0)
    away = np.linalg.norm(np.stack(found) - truth, axis=2) / sizes[:, None]
    figures["median distance, share of L"] = float(np.nanmedian(away))
    seen = np.array([[tag is KeypointTag.VISIBLE for tag in row] for row in said])
    figures["called visible"] = float(seen[known].mean())
    # what is left to win where only the ends, or only the sides, are taken for one another
    for name, order in (("front for back", ENDS), ("left for right", FLIP)):
        other = np.linalg.norm(np.stack(found)[:, list(order)] - truth, axis=2) / sizes[:, None]
        worse = np.nanmedian(away, axis=1) > np.nanmedian(other, axis=1)
        figures[f"cars with {name}"] = float(worse.sum())
    return figures


def _kept(car: RealCar) -> tuple[ObjectCrop, np.ndarray, float]:
    """The crop that mining would have kept, its corner in the picture, and its pixels to the picture's."""
    crop = cut_crop(car.image, car.box, 256)
    image = cv2.imdecode(np.frombuffer(crop.data, np.uint8), cv2.IMREAD_COLOR)
    scale = image.shape[1] / crop.w
    x, y = (car.box.x - crop.x) * scale, (car.box.y - crop.y) * scale
    box = Box(x, y, car.box.w * scale, car.box.h * scale)
    rgb = np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
    return ObjectCrop(rgb, box), np.array([crop.x, crop.y]), scale


def speed(network: Prelabeller, crops: Sequence[PackedCrop]) -> dict[str, float]:
    """Cars a second with a crop's decoding and cutting, by the clock and by the processors' time."""
    finder = PrelabellerFinder(network, OwnKeypointSettings(device=Device.CPU))
    chosen = crops[:128]
    before = torch.get_num_threads()
    figures: dict[str, float] = {}
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            finder.find([_opened(one) for one in chosen[:32]])
            clock, processor = time.perf_counter(), time.process_time()
            finder.find([_opened(one) for one in chosen])
            clock, processor = time.perf_counter() - clock, time.process_time() - processor
            figures[f"cars a second, {threads} threads"] = len(chosen) / clock
            figures[f"cars a second of a processor, {threads} threads"] = len(chosen) / processor
    finally:
        torch.set_num_threads(before)
    return figures


def _opened(crop: PackedCrop) -> ObjectCrop:
    sample = crop.open()
    return ObjectCrop(sample.image, sample.box)


def _show(name: str, row: dict[str, float]) -> None:
    print(f"{name}: " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))


if __name__ == "__main__":
    import sys

    print(json.dumps(main(sys.argv[1:]), indent=2))
