"""The family: many cars of all kinds, drawn around the kinds' mean measures."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from core.records.shapes import BodyStyle
from core.shapes.procedural.parameters import BodyParameters
from core.shapes.procedural.styles import LATENTS, MEANS, SHARES, SPREADS

_FEWEST = 5


@dataclass(frozen=True, slots=True)
class DrawnCar:
    """One car of the family."""

    style: BodyStyle
    parameters: BodyParameters


def draw_car(style: BodyStyle, rng: np.random.Generator) -> BodyParameters:
    """One car of a kind: the kind's mean, moved by what measures share and by each one's own spread."""
    # cars are built to sell: nothing is further out than two deviations
    latents = np.clip(rng.standard_normal(len(LATENTS)), -2, 2)
    measures = asdict(MEANS[style])
    for name, (*shared, own) in SPREADS.items():
        measures[name] += float(latents @ np.array(shared) + own * np.clip(rng.standard_normal(), -2, 2))
    return _buildable(measures)


def _buildable(measures: dict[str, float]) -> BodyParameters:
    """The measures with those pulled in that would stick out of the body."""
    m = dict(measures)
    # wheels lie within the width
    m["track"] = min(m["track"], m["width"] - m["tyre_width"] - 0.02)
    # lamps lie within the tail, and the rear screen ends above it and before it
    m["tail_height"] = max(m["tail_height"], m["taillight"] + 0.07)
    m["deck_height"] = max(m["deck_height"], m["tail_height"] + 0.01)
    rear_overhang = m["length"] - m["front_overhang"] - m["wheelbase"]
    m["deck_back"] = min(m["deck_back"], rear_overhang - 0.14)
    m["roof_back"] = min(m["roof_back"], m["deck_back"] - 0.10)
    return BodyParameters(**m)


def draw_family(count: int = 400, seed: int = 2024) -> list[DrawnCar]:
    """Cars of all kinds, each kind by its share and at least five of it.

    Args:
        count: at least 40.
        seed: of the draw; the same seed gives the same cars on every machine.
    """
    if count < _FEWEST * len(SHARES):
        raise ValueError(f"a family has at least {_FEWEST * len(SHARES)} cars, not {count}")
    rng = np.random.default_rng(seed)
    numbers = {style: max(_FEWEST, round(share * count)) for style, share in SHARES.items()}
    while sum(numbers.values()) != count:
        commonest = max(numbers, key=lambda style: numbers[style])
        numbers[commonest] += 1 if sum(numbers.values()) < count else -1
    return [DrawnCar(style, draw_car(style, rng)) for style, number in numbers.items() for _ in range(number)]
