"""What bodies are made of: paint, glass, rubber, lamps, cloth and skin, as tables over their parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A table with one row for each part of a body.

    Attributes:
        albedo: (P, 3) linear.
        mirror: (P,) reflectance seen straight on; 0 for what does not mirror.
        flake: (P,) how much the colour depends on the angle, as metallic paint's does.
        glow: (P, 3) light of its own.
        dirt: (P,) how much dust lies on it low down.
    """

    albedo: Floats
    mirror: Floats
    flake: Floats
    glow: Floats
    dirt: Floats


@dataclass(frozen=True, slots=True)
class Paint:
    """A car's colour: linear albedo, whether it is metallic, and its share of the traffic."""

    albedo: Colour
    metallic: bool
    share: float


PAINTS: tuple[Paint, ...] = (
    Paint((0.50, 0.50, 0.49), False, 0.17),
    Paint((0.012, 0.012, 0.014), True, 0.20),
    Paint((0.27, 0.275, 0.28), True, 0.19),
    Paint((0.11, 0.115, 0.12), True, 0.16),
    Paint((0.020, 0.035, 0.10), True, 0.08),
    Paint((0.03, 0.09, 0.24), True, 0.04),
    Paint((0.28, 0.014, 0.014), False, 0.07),
    Paint((0.11, 0.012, 0.016), True, 0.02),
    Paint((0.20, 0.17, 0.13), True, 0.03),
    Paint((0.022, 0.05, 0.03), True, 0.015),
    Paint((0.36, 0.22, 0.02), False, 0.01),
)

# albedo, mirror, dirt; paint's own albedo is filled in
_CAR: dict[str, tuple[Colour, float, float]] = {
    "cladding": ((0.020, 0.020, 0.021), 0.03, 1.0),
    "underside": ((0.012, 0.012, 0.012), 0.0, 0.6),
    "tyre": ((0.018, 0.018, 0.018), 0.01, 0.8),
    "rim": ((0.28, 0.285, 0.29), 0.12, 0.5),
    "gap": ((0.012, 0.012, 0.012), 0.0, 0.3),
    "spokes": ((0.28, 0.285, 0.29), 0.12, 0.5),
    "grille": ((0.012, 0.012, 0.013), 0.04, 0.3),
    "plate": ((0.45, 0.45, 0.43), 0.02, 0.4),
    "headlight": ((0.30, 0.31, 0.33), 0.10, 0.1),
    "taillight": ((0.13, 0.006, 0.007), 0.06, 0.2),
    "pillar": ((0.012, 0.012, 0.013), 0.04, 0.0),
    "bed": ((0.025, 0.025, 0.026), 0.02, 0.2),
    "mirror_glass": ((0.02, 0.02, 0.02), 0.5, 0.0),
}
_GLASS = ("windscreen", "rear_screen", "front_window", "rear_window", "quarter_window")
_PAINTED = ("paint", "mirror", "lid")


def car_look(names: tuple[str, ...], paint: Paint, rng: np.random.Generator, *, lights_on: bool) -> Look:
    """A car in a colour, with its own amount of dirt and tint of glass."""
    body = np.clip(np.array(paint.albedo) * rng.uniform(0.85, 1.15), 0.008, 0.7)
    privacy = rng.random() < 0.35
    dust = float(rng.uniform(0.05, 0.45))
    rims = float(rng.choice([0.25, 0.9, 1.2]))
    albedo, mirror, flake = np.zeros((len(names), 3)), np.zeros(len(names)), np.zeros(len(names))
    glow, dirt = np.zeros((len(names), 3)), np.zeros(len(names))
    for number, name in enumerate(names):
        if name in _PAINTED or (name not in _CAR and name not in _GLASS):
            albedo[number], mirror[number], dirt[number] = body, 0.045, dust
            flake[number] = 0.55 if paint.metallic else 0.0
        elif name in _GLASS:
            dark = privacy and name in ("rear_screen", "rear_window", "quarter_window")
            albedo[number] = np.array([0.008, 0.009, 0.009]) if dark else np.array([0.018, 0.020, 0.021])
            mirror[number], dirt[number] = 0.05, 0.05 * dust
        else:
            albedo[number], mirror[number], share = _CAR[name]
            dirt[number] = share * dust
            if name in ("rim", "spokes"):
                albedo[number] *= rims
    if lights_on:
        for name, colour in (("headlight", (2.2, 2.1, 1.8)), ("taillight", (0.22, 0.01, 0.01))):
            if name in names:
                glow[names.index(name)] = colour
    return _look(albedo, mirror, flake, glow, dirt)


_SKIN = ((0.42, 0.26, 0.19), (0.30, 0.17, 0.11), (0.16, 0.085, 0.055), (0.07, 0.04, 0.028))
_HAIR = ((0.02, 0.015, 0.012), (0.07, 0.04, 0.02), (0.22, 0.15, 0.07), (0.25, 0.25, 0.25))
_TOPS = (
    (0.03, 0.03, 0.035), (0.05, 0.06, 0.09), (0.28, 0.28, 0.28), (0.40, 0.05, 0.05), (0.08, 0.16, 0.30),
    (0.16, 0.13, 0.09), (0.55, 0.53, 0.50), (0.09, 0.13, 0.08), (0.50, 0.30, 0.05),
)  # fmt: skip
_LEGS = (
    (0.02, 0.02, 0.023),
    (0.035, 0.05, 0.085),
    (0.09, 0.085, 0.075),
    (0.20, 0.17, 0.12),
    (0.05, 0.05, 0.05),
)


def person_look(names: tuple[str, ...], rng: np.random.Generator) -> Look:
    """A person in clothes drawn by lot. Parts: skin, hair, shirt, sleeves, trousers, shoes."""
    skin = _SKIN[rng.integers(len(_SKIN))]
    top, legs = _TOPS[rng.integers(len(_TOPS))], _LEGS[rng.integers(len(_LEGS))]
    colours = {
        "skin": skin,
        "hair": _HAIR[rng.integers(len(_HAIR))],
        "shirt": top,
        "sleeves": top if rng.random() < 0.7 else skin,
        "trousers": legs,
        "shoes": (0.03, 0.028, 0.026) if rng.random() < 0.7 else (0.5, 0.5, 0.48),
    }
    albedo = np.array([colours.get(name, top) for name in names])
    none = np.zeros(len(names))
    return _look(albedo, none, none, np.zeros((len(names), 3)), none)


def draw_paint(rng: np.random.Generator) -> Paint:
    """A colour by its share of the traffic."""
    shares = np.array([paint.share for paint in PAINTS])
    return PAINTS[int(rng.choice(len(PAINTS), p=shares / shares.sum()))]


def _look(*columns: NDArray[np.float64]) -> Look:
    return Look(*(column.astype(np.float32) for column in columns))
