"""Cars that a camera sees, for tests of calibrating from them."""

from __future__ import annotations

import numpy as np

from benchmarks._seen_cars import Scene, draw_car
from core.fitting.calibration.sightings import CarSighting
from core.shapes.space_file import default_space

SPACE = default_space()


def sightings(where: Scene, count: int, seed: int = 0, noise_px: float = 2.0) -> list[CarSighting]:
    """That many different cars, each once, with 40 % of their visible points dropped."""
    rng = np.random.default_rng(seed)
    return [
        CarSighting(draw_car(where, SPACE, rng, noise_px=noise_px).evidence, number)
        for number in range(count)
    ]
