"""How tall a camera says that people are, and how far from upright: from where feet and heads are seen.

The lowest that is seen of a walker is the toe or heel that is nearest to the camera. It lies before the
middle of the body, above which the head is: taken for the middle, it would make everybody too tall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.people.sightings import PeopleStack

Array = NDArray[np.float64]

TOE_M = 0.14
"""How far before the body's middle the lowest point seen is, metres: the mean over the stand-in body's walk
in all headings, seen 10 to 25 degrees from above (0.10 to 0.16; 0.09 of spread from step to step)."""


@dataclass(frozen=True, eq=False)
class Statures:
    """What a camera makes of sightings.

    Attributes:
        tall_m: (b,) metres; NaN where the foot is seen above the horizon, or the head nowhere above it.
        lean: (b,) how far the head is to the right of straight above the foot, in statures.
        away_m: (b,) metres along the ground from below the camera.
    """

    tall_m: Array
    lean: Array
    away_m: Array


def statures(camera: RoadCamera, seen: PeopleStack, toe_m: float = TOE_M) -> Statures:
    """Heights of people who stand upright on the ground (Lv, Zhao and Nevatia 2002).

    Args:
        camera: focal length and ground.
        seen: feet and heads.
        toe_m: how far before the body's middle the feet are seen.
    """
    axes, height = camera.plane.frame().rotation, camera.plane.height
    down = _rays(seen.feet, camera.focal_px) @ axes
    up = _rays(seen.heads, camera.focal_px) @ axes
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = down[:, :2] * (-height / down[:, 2:])
        near = np.linalg.norm(ground, axis=1)
        ahead = ground / near[:, None]
        away = near + toe_m
        along = (up[:, :2] * ahead).sum(axis=1)
        aside = up[:, 0] * ahead[:, 1] - up[:, 1] * ahead[:, 0]
        tall = height + away * up[:, 2] / along
        good = (down[:, 2] < 0) & (along > 0) & (tall > 0)
        tall = np.where(good, tall, np.nan)
        return Statures(tall, away * aside / along / tall, np.where(good, away, np.nan))


def middle_of(values: Array) -> tuple[float, float, float]:
    """The median, and between what the median of so many like them lies, 95 % sure.

    Without regard to how they are spread: by the ranks that a fair coin gives.

    Args:
        values: (n,) one at least.
    """
    ordered = np.sort(values)
    reach = 0.98 * np.sqrt(len(ordered))
    low = int(np.clip(np.floor(len(ordered) / 2 - reach), 0, len(ordered) - 1))
    high = int(np.clip(np.ceil(len(ordered) / 2 + reach) - 1, 0, len(ordered) - 1))
    return float(np.median(ordered)), float(ordered[low]), float(ordered[high])


def per_person(values: Array, seen: PeopleStack, of: Callable[[Array], float]) -> Array:
    """(people,) a figure of each person's sightings."""
    return np.array([of(values[seen.person == one]) for one in range(seen.people)])


def _rays(pixels: Array, focal: float) -> Array:
    return np.concatenate([pixels / focal, np.ones((len(pixels), 1))], axis=1)
