"""How well real cars are fitted without a ground: ApolloCar3D's annotated keypoints against its poses.

    python -m benchmarks apollo

Skips where ../shared/data is absent. Cars of at least six of the twelve points, and those of five and four,
with the default shape space and with one of the 79 models that the poses were made with.

Plain: as the program fits any points. Habit: with the annotators' habit of placing points, learned from the
points of all cars of five or more, without poses (core.fitting.vehicles.convention), and with ups within 5
degrees of the one that such fits have in common. Moved: the 79 models' keypoints, which are vertices, moved
to where the other half of the pictures' poses and points put them; then as habit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks._apollo_cars import FOLDER, RealCar, keypoint_offsets, read_real_cars
from core.fitting.vehicles.convention import KeypointConvention, learn_convention
from core.fitting.vehicles.fitter import FitSettings, VehicleFitter
from core.fitting.vehicles.free_model import UprightPrior
from core.geometry.cameras import Camera
from core.geometry.poses import rotation_angle
from core.records.fits import FitVerdict
from core.shapes.keypoints import COUNT
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space

Array = NDArray[np.float64]

FAR_RAD = np.pi / 6
UP_SIGMA_RAD = float(np.deg2rad(5.0))
NO_HABIT = KeypointConvention(np.zeros((COUNT, 3)), 1.0, 0)
_DISTANCES = (0.0, 20.0, 40.0, np.inf)


@dataclass(frozen=True, eq=False)
class Outcome:
    """How far off each of some cars is.

    Attributes:
        turn_rad: angle between the rotations. off: distance between the places over the true distance.
        good: whether the fit calls itself good.
    """

    turn_rad: Array
    off: Array
    good: NDArray[np.bool_]

    def figures(self) -> dict[str, float]:
        """Shares and medians, per cent and degrees."""
        return {
            "within_30_deg_%": round(100 * float((self.turn_rad < FAR_RAD).mean()), 2),
            "turn_deg": round(float(np.rad2deg(np.median(self.turn_rad))), 2),
            "off_%": round(100 * float(np.median(self.off)), 2),
            "good_but_beyond_30": int((self.good & (self.turn_rad >= FAR_RAD)).sum()),
            "cars": len(self.off),
        }

    def of(self, rows: NDArray[np.bool_]) -> Outcome:
        """Those of some cars."""
        return Outcome(self.turn_rad[rows], self.off[rows], self.good[rows])


def outcome(
    camera: Camera,
    space: CarShapeSpace,
    cars: Sequence[RealCar],
    habit: KeypointConvention = NO_HABIT,
    upright: UprightPrior = UprightPrior(),
) -> Outcome:
    """Fits cars and compares."""
    fitter = VehicleFitter(camera, None, habit.space(space), FitSettings(upright=upright))
    fits = fitter.fit_many([habit.evidence(car.evidence) for car in cars])
    turns, off = [], []
    for car, fit in zip(cars, fits, strict=True):
        turns.append(float(rotation_angle(car.pose.rotation, np.reshape(fit.rotation, (3, 3)))))
        off.append(float(np.linalg.norm(car.pose.translation - fit.translation)) / car.distance_m)
    return Outcome(np.array(turns), np.array(off), np.array([fit.verdict is FitVerdict.GOOD for fit in fits]))


def common_up(
    camera: Camera, space: CarShapeSpace, cars: Sequence[RealCar], habit: KeypointConvention
) -> UprightPrior:
    """How the camera leans over the road that good fits of six points stand on."""
    views = [habit.evidence(car.evidence) for car in cars if car.points >= 6]
    fits = VehicleFitter(camera, None, habit.space(space)).fit_many(views)
    ups = [np.reshape(fit.rotation, (3, 3))[:, 2] for fit in fits if fit.verdict is FitVerdict.GOOD]
    _, y, z = np.median(ups, axis=0).tolist()
    return UprightPrior(float(np.arctan2(-z, -y)), UP_SIGMA_RAD, UP_SIGMA_RAD)


def main() -> dict[str, dict[str, float]]:
    """Measures and prints."""
    if not FOLDER.exists():
        print("the real cars in ../shared/data are absent here")
        return {}
    camera, cars, own = read_real_cars()
    figures: dict[str, dict[str, float]] = {}
    for name, space in (("default", default_space()), ("79 models", own)):
        taught = [car.evidence for car in cars if car.points >= 5]
        habit = learn_convention(camera, None, space, taught)
        up = common_up(camera, space, cars, habit)
        print(f"{name}: the camera looks {np.rad2deg(up.pitch_rad):.1f} degrees down on the cars' ground")
        print(f"noise of the habit {habit.noise_times:.2f} times, offsets of the right side (m):")
        print(habit.offsets[::2].round(3).tolist())
        for points in (6, 5, 4):
            chosen = [car for car in cars if (car.points >= 6 if points == 6 else car.points == points)]
            figures[f"{name}, plain, {points} points"] = outcome(camera, space, chosen).figures()
            found = outcome(camera, space, chosen, habit, up)
            figures[f"{name}, habit, {points} points"] = found.figures()
            distance = np.array([car.distance_m for car in chosen])
            for low, high in pairwise(_DISTANCES):
                rows = (distance >= low) & (distance < high)
                if rows.any():
                    key = f"{name}, habit, {points} points, {low:.0f} to {high:.0f} m"
                    figures[key] = found.of(rows).figures()
    figures["79 models, moved, 6 points"] = _moved(camera, cars, own).figures()
    for name, row in figures.items():
        print(name, row)
    return figures


def _moved(camera: Camera, cars: Sequence[RealCar], space: CarShapeSpace) -> Outcome:
    """Keypoints from one half of the pictures, and the noise too, fits of the other; both ways round."""
    parts = []
    for half in (0, 1):
        taught = [car for car in cars if car.picture % 2 != half and car.points >= 4]
        asked = [car for car in cars if car.picture % 2 == half and car.points >= 6]
        moved = replace(space, mean=space.mean + keypoint_offsets(camera, taught))
        noise = learn_convention(camera, None, moved, [car.evidence for car in taught if car.points >= 5])
        habit = replace(NO_HABIT, noise_times=noise.noise_times)
        up = common_up(camera, moved, taught, habit)
        parts.append(outcome(camera, moved, asked, habit, up))
    return Outcome(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in ("turn_rad", "off", "good"))
    )


if __name__ == "__main__":
    main()
