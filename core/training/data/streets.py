"""The simulated streets that networks learn from: in other lights, each through two cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.synthesis.street.mounts import Mount, default_mount, far_mount, kerb_mount
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.street import Street
from core.training.data.picture_plan import SPLITS

LIGHTS = (
    (Weather.OVERCAST, 12.0),
    (Weather.CLEAR, 16.0),
    (Weather.CLEAR, 9.5),
    (Weather.RAIN, 14.0),
    (Weather.OVERCAST, 17.5),
    (Weather.FOG, 11.0),
)
"""Weather and hour of one street after another."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is on a street.

    Attributes:
        cars: that drive, from the first number to below the second. parked: cars. people: that walk.
    """

    cars: tuple[int, int]
    parked: int
    people: int


STILLS_FPS = 0.4
"""Frames a second of pictures that need no others beside them."""

BUSY, USUAL = Traffic((34, 46), 14, 16), Traffic((24, 40), 12, 14)


def seed_of(split: str, seed: int) -> int:
    """The seed of a split's streets: far from the seeds that tests and benchmarks take.

    Args:
        split: one of SPLITS. seed: another number, other streets.
    """
    return 10_000 + seed * 1000 + SPLITS.index(split)


def street_of(
    number: int,
    seed: int,
    frames: int,
    width: int,
    height: int,
    traffic: Traffic = BUSY,
    fps: float = STILLS_FPS,
) -> tuple[Street, list[Mount]]:
    """A street and two cameras on it. Equal arguments give equal pictures.

    Args:
        number: which of a split's: it decides the light and where the second camera stands.
        seed: of everything else.
        frames: how many moments.
        width, height: of the pictures, pixels.
        traffic: how much is on it.
        fps: moments a second.
    """
    weather, hour = LIGHTS[number % len(LIGHTS)]
    rng = np.random.default_rng([seed, 5])
    settings = StreetSettings(
        width=width,
        height=height,
        fps=fps,
        frame_count=frames,
        seed=seed,
        cars=int(rng.integers(*traffic.cars)),
        parked=traffic.parked,
        people=traffic.people,
        hour=hour,
        weather=weather,
        noise=float(rng.uniform(0.5, 1.5)),
        jpeg_quality=int(rng.integers(60, 95)),
        blur_px=float(rng.uniform(0.3, 0.8)),
    )
    street = Street(settings)
    return street, mounts_of(street, number, rng)


def three_mounts(street: Street, mounts: Sequence[Mount]) -> list[Mount]:
    """Three cameras of a street that look at the same part of it, the first of some and two more."""
    layout, width, height = street.layout, street.settings.width, street.settings.height
    return [mounts[0], far_mount(layout, width, height), kerb_mount(layout, width, height)]


def mounts_of(street: Street, number: int, rng: np.random.Generator) -> list[Mount]:
    """Two cameras of a street: one along it, and every other time one at the kerb, or one at the junction."""
    layout, width, height = street.layout, street.settings.width, street.settings.height
    above, down = float(rng.uniform(2.8, 8.0)), float(rng.uniform(0.12, 0.32))
    along = default_mount(layout, width, height, above_m=above, down_rad=down)
    return [along, (far_mount if number % 2 else kerb_mount)(layout, width, height)]
