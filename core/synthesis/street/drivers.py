"""How a car follows the one ahead: the intelligent driver model (Treiber, Hennecke, Helbing, 2000)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_HARDEST = 7.0


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver's habits.

    Attributes:
        speed: wanted on a free road, m/s.
        headway: wanted time to the car ahead, seconds.
        acceleration: greatest, m/s2; braking: comfortable, m/s2.
        gap: wanted at a standstill, metres.
    """

    speed: float
    headway: float
    acceleration: float
    braking: float
    gap: float


def draw_driver(rng: np.random.Generator) -> Driver:
    """A driver in a town."""
    return Driver(
        speed=float(rng.uniform(9.0, 13.0)),
        headway=float(rng.uniform(1.0, 1.7)),
        acceleration=float(rng.uniform(1.3, 2.2)),
        braking=float(rng.uniform(1.8, 2.6)),
        gap=float(rng.uniform(1.8, 3.2)),
    )


def acceleration(driver: Driver, speed: float, wanted: float, gap: float, closing: float) -> float:
    """m/s2 that a driver chooses.

    Args:
        speed: own, m/s.
        wanted: the least of the driver's and the road's speed here, m/s.
        gap: to what is ahead, metres; inf for nothing.
        closing: how much faster the car is than what is ahead, m/s.
    """
    free = 1 - (speed / max(wanted, 0.1)) ** 4
    if not np.isfinite(gap):
        return max(driver.acceleration * free, -_HARDEST)
    reach = speed * driver.headway + speed * closing / (2 * (driver.acceleration * driver.braking) ** 0.5)
    wished = driver.gap + max(reach, 0.0)
    return max(driver.acceleration * (free - (wished / max(gap, 0.05)) ** 2), -_HARDEST)
