"""The kinds of car: mean measures, how common each is, and how far single cars stray from the mean.

The means are round numbers within the range of common cars' published dimensions (wheelbase, length,
width, height, track, overhangs, ground clearance, tyre size); angles and belt lines are set by eye. No
figure comes from a set of meshes or keypoints.
"""

from __future__ import annotations

from core.records.shapes import BodyStyle
from core.shapes.procedural.parameters import BodyParameters

_ORDER = (
    BodyStyle.HATCHBACK,
    BodyStyle.SALOON,
    BodyStyle.ESTATE,
    BodyStyle.COUPE,
    BodyStyle.SUV,
    BodyStyle.MINIVAN,
    BodyStyle.VAN,
    BodyStyle.PICKUP,
)

_SHARES = (0.26, 0.26, 0.09, 0.06, 0.21, 0.07, 0.025, 0.025)

# one column for each kind, in the order above; metres and radians
_MEANS: dict[str, tuple[float, ...]] = {
    "wheelbase":      (2.58, 2.75, 2.76, 2.68, 2.67, 2.86, 3.05, 3.18),
    "length":         (4.13, 4.7, 4.7, 4.5, 4.52, 4.72, 5.0, 5.33),
    "width":          (1.78, 1.84, 1.83, 1.83, 1.87, 1.84, 1.93, 1.88),
    "height":         (1.48, 1.45, 1.48, 1.36, 1.67, 1.73, 1.95, 1.8),
    "front_overhang": (0.84, 0.9, 0.91, 0.89, 0.88, 0.91, 0.93, 0.92),
    "track":          (1.54, 1.59, 1.58, 1.59, 1.6, 1.58, 1.64, 1.58),
    "wheel_radius":   (0.312, 0.325, 0.325, 0.335, 0.355, 0.325, 0.335, 0.385),
    "tyre_width":     (0.205, 0.215, 0.215, 0.235, 0.23, 0.215, 0.215, 0.255),
    "clearance":      (0.15, 0.14, 0.145, 0.125, 0.2, 0.15, 0.17, 0.22),
    "cowl_back":      (0.2, 0.3, 0.29, 0.36, 0.25, 0.0, -0.02, 0.38),
    "cowl_height":    (0.99, 0.96, 0.97, 0.93, 1.13, 1.08, 1.27, 1.17),
    "screen_angle":   (0.53, 0.485, 0.49, 0.45, 0.56, 0.5, 0.8, 0.6),
    "roof_back":      (0.28, -0.42, 0.36, -0.4, 0.32, 0.56, 0.66, -0.86),
    "front_drop":     (0.05, 0.05, 0.05, 0.05, 0.055, 0.07, 0.06, 0.06),
    "rear_drop":      (0.09, 0.08, 0.1, 0.1, 0.1, 0.09, 0.06, 0.07),
    "deck_back":      (0.56, 0.26, 0.84, 0.42, 0.72, 0.86, 0.88, -0.7),
    "deck_height":    (1.06, 1.04, 1.05, 1.0, 1.18, 1.13, 1.2, 1.14),
    "tail_height":    (1.04, 1.01, 1.03, 0.97, 1.14, 1.1, 1.17, 1.1),
    "belt_front":     (0.93, 0.91, 0.92, 0.89, 1.06, 1.01, 1.15, 1.1),
    "belt_rear":      (1.02, 0.96, 1.01, 0.95, 1.15, 1.11, 1.19, 1.14),
    "roof_half":      (0.585, 0.575, 0.585, 0.555, 0.615, 0.63, 0.76, 0.61),
    "headlight":      (0.72, 0.7, 0.7, 0.67, 0.86, 0.78, 0.86, 0.9),
    "taillight":      (0.95, 0.91, 0.94, 0.86, 1.03, 1.0, 1.05, 0.98),
    "nose_half":      (0.8, 0.79, 0.79, 0.79, 0.82, 0.8, 0.84, 0.85),
    "tail_half":      (0.8, 0.77, 0.8, 0.77, 0.81, 0.82, 0.86, 0.87),
    "bed_depth":      (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.28),
}  # fmt: skip

SHARES: dict[BodyStyle, float] = dict(zip(_ORDER, _SHARES, strict=True))
"""How common each kind is in the family; vans and pickups are kept rare, as on a city's streets."""

MEANS: dict[BodyStyle, BodyParameters] = {
    style: BodyParameters(**{name: means[column] for name, means in _MEANS.items()})
    for column, style in enumerate(_ORDER)
}

LATENTS = ("size", "height", "setback")
"""What one car's measures share beyond its kind: its size, its height, how far back the cabin sits."""

# per measure: what one unit of each latent adds, then its own spread; metres and radians
SPREADS: dict[str, tuple[float, float, float, float]] = {
    "wheelbase":      (0.085, 0.0, 0.0, 0.022),
    "length":         (0.195, 0.0, 0.0, 0.04),
    "width":          (0.032, 0.014, 0.0, 0.016),
    "height":         (0.006, 0.055, 0.0, 0.015),
    "front_overhang": (0.034, 0.0, 0.0, 0.022),
    "track":          (0.028, 0.012, 0.0, 0.018),
    "wheel_radius":   (0.008, 0.012, 0.0, 0.01),
    "tyre_width":     (0.005, 0.0, 0.0, 0.006),
    "clearance":      (0.0, 0.014, 0.0, 0.008),
    "cowl_back":      (0.015, -0.015, 0.05, 0.02),
    "cowl_height":    (0.004, 0.03, 0.0, 0.012),
    "screen_angle":   (0.0, 0.01, 0.0, 0.018),
    "roof_back":      (0.02, 0.01, 0.05, 0.04),
    "front_drop":     (0.0, 0.0, 0.0, 0.006),
    "rear_drop":      (0.0, 0.0, 0.008, 0.01),
    "deck_back":      (0.04, 0.0, 0.03, 0.03),
    "deck_height":    (0.004, 0.03, 0.0, 0.014),
    "tail_height":    (0.004, 0.028, 0.0, 0.014),
    "belt_front":     (0.003, 0.028, 0.0, 0.01),
    "belt_rear":      (0.003, 0.03, 0.0, 0.012),
    "roof_half":      (0.01, 0.004, 0.0, 0.014),
    "headlight":      (0.004, 0.03, 0.0, 0.035),
    "taillight":      (0.004, 0.032, 0.0, 0.045),
    "nose_half":      (0.0, 0.0, 0.0, 0.025),
    "tail_half":      (0.0, 0.0, 0.0, 0.025),
    "bed_depth":      (0.0, 0.0, 0.0, 0.0),
}  # fmt: skip
