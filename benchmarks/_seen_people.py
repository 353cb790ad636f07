"""People who walk before a camera, with noisy feet and heads: what calibration from people is measured by."""

from __future__ import annotations

import numpy as np

from benchmarks._seen_cars import Scene
from core.fitting.calibration.people.sightings import PersonSighting
from core.fitting.calibration.people.statures import TOE_M

SPREAD_M = 0.08


def walkers(
    where: Scene, count: int, seed: int = 0, *, noise_px: float = 1.5, mean_m: float = 1.75, each: int = 12
) -> list[PersonSighting]:
    """So many people on straight ways 12 to 60 m away, each in several frames, wholly in the picture.

    Heads sway and heels come before toes as a real walk has them, beside the noise of their ends in pixels.
    """
    rng = np.random.default_rng(seed)
    found: list[PersonSighting] = []
    person = 0
    while person < count:
        tall = rng.normal(mean_m, SPREAD_M)
        ends = np.column_stack([rng.uniform(12, 60, 2), rng.uniform(-25, 25, 2)])
        way = ends[0] + (ends[1] - ends[0]) * np.linspace(0, 1, each)[:, None]
        feet, heads = _seen(where, way, tall, rng)
        inside = where.camera.contains(feet) & where.camera.contains(heads)
        if inside.sum() < each // 2:
            continue
        for foot, head in zip(feet[inside], heads[inside], strict=True):
            noise = rng.normal(0, noise_px, (2, 2))
            found.append(PersonSighting(foot + noise[0], head + noise[1], person))
        person += 1
    return found


def _seen(
    where: Scene, way: np.ndarray, tall: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    count = len(way)
    away = np.linalg.norm(way, axis=1)
    before = TOE_M + rng.normal(0, 0.09, count)
    feet = np.column_stack([way * (1 - before / away)[:, None], np.zeros(count)])
    heads = np.column_stack([way + rng.normal(0, 0.03, (count, 2)), tall + rng.normal(0, 0.015, count)])
    frame = where.plane.frame()
    return where.camera.project(frame.apply(feet)), where.camera.project(frame.apply(heads))
