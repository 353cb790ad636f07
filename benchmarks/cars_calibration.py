"""How well a camera is calibrated from its cars alone, and whether the uncertainty that it says is honest.

    python -m benchmarks cars_calibration

Cameras of many focal lengths, heights and tilts; 200 cars each as in ALGORITHMS.md, section 10: 2 px noise,
40 % of the visible points dropped, 15 to 60 m away. The peer is AutoCalib (Bhardwaj et al. 2018), which is
given the focal length and reports distances within 12 %; here nothing is given.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._seen_cars import Scene, draw_car, scene
from core.errors import CalibrationError
from core.fitting.calibration.from_cars import calibrate_from_cars
from core.fitting.calibration.sightings import CarSighting
from core.geometry.calibration.lens import Lens
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

Array = NDArray[np.float64]

MOST_FOCAL_PERCENT, MOST_HEIGHT_PERCENT, MOST_NORMAL_DEG = 8.0, 4.0, 1.0


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """Medians and worst over the cameras; the height is compared after the cars drawn had their mean size.

    Attributes:
        cars: of each camera; some have fewer than four points and do not count.
        refused: cameras for which no calibration was given.
        focal_said_percent, normal_said_deg: medians of the uncertainties said.
        focal_within, normal_within: share of cameras that are off by no more than two of the said sigmas.
        seconds: median, one camera.
    """

    cameras: int
    cars: int
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
    normal_within: float
    seconds: float


def random_scene(rng: np.random.Generator) -> Scene:
    """A roadside camera: 42 to 100 degrees across, 4 to 12 m high, looking 8 to 35 degrees down."""
    while True:
        made = scene(rng.uniform(800, 2500), rng.uniform(4, 12), rng.uniform(8, 35), rng.uniform(-3, 3))
        middle = made.plane.depth_or_nan(made.camera, made.camera.centre)
        if 15 <= middle <= 60:
            return made


def errors_of(where: Scene, cars: int, space: CarShapeSpace, rng: np.random.Generator) -> Array | None:
    """(6,) off by percent, percent and degrees, and what is said of the first and third; seconds."""
    seen = [draw_car(where, space, rng) for _ in range(cars)]
    sightings = [CarSighting(car.evidence, number) for number, car in enumerate(seen)]
    lens = Lens(where.camera.width, where.camera.height)
    began = time.perf_counter()
    try:
        result = calibrate_from_cars(sightings, lens, space)
    except CalibrationError:
        return None
    took = time.perf_counter() - began
    assert result.plane is not None
    assert result.uncertainty is not None
    shapes = np.stack([car.shape for car in seen])
    # the wheelbases' mean, the longest rigid measure, says how large this fleet is
    points = space.keypoints(shapes).mean(axis=0)
    fleet = np.linalg.norm(points[0] - points[2]) / np.linalg.norm(space.mean[0] - space.mean[2])
    cosine = float(np.clip(result.plane.normal @ where.plane.normal, -1, 1))
    return np.array(
        [
            100 * (result.camera.focal[0] / where.camera.focal[0] - 1),
            100 * (result.plane.height * fleet / where.plane.height - 1),
            np.rad2deg(np.arccos(cosine)),
            result.uncertainty.focal_percent,
            result.uncertainty.normal_deg,
            took,
        ]
    )


def main(cameras: int = 20, cars: int = 200) -> dict[str, float]:
    """Measure, print, and return the figures with their limits."""
    space, rng = default_space(), np.random.default_rng(10)
    found = [errors_of(random_scene(rng), cars, space, rng) for _ in range(cameras)]
    rows = np.array([row for row in found if row is not None])
    off = np.abs(rows)
    middle, worst = np.median(off, axis=0).round(3), off.max(axis=0).round(3)
    figures = CalibrationFigures(
        cameras=cameras,
        cars=cars,
        refused=cameras - len(rows),
        focal_percent=middle[0],
        focal_worst_percent=worst[0],
        height_percent=middle[1],
        height_worst_percent=worst[1],
        normal_deg=middle[2],
        normal_worst_deg=worst[2],
        focal_said_percent=middle[3],
        normal_said_deg=middle[4],
        focal_within=float(np.mean(off[:, 0] <= 2 * off[:, 3])),
        normal_within=float(np.mean(off[:, 2] <= 2 * off[:, 4])),
        seconds=middle[5],
    )
    print(f"{cameras} cameras, {cars} cars each, {figures.refused} refused; medians (worst):")
    print(
        f"focal length {figures.focal_percent} % ({figures.focal_worst_percent}), "
        f"limit {MOST_FOCAL_PERCENT}; said {figures.focal_said_percent}, "
        f"within two of them {figures.focal_within:.0%}"
    )
    print(f"height {figures.height_percent} % ({figures.height_worst_percent}), limit {MOST_HEIGHT_PERCENT}")
    print(
        f"normal {figures.normal_deg} deg ({figures.normal_worst_deg}), limit {MOST_NORMAL_DEG}; "
        f"said {figures.normal_said_deg}, within two of them {figures.normal_within:.0%}"
    )
    print(f"{figures.seconds} s a camera; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return asdict(figures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cars_calibration")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--cars", type=int, default=200)
    asked = parser.parse_args()
    main(asked.cameras, asked.cars)
