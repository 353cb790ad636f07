"""What a fit says of itself: do its points hold the pose, does another do as well, is it a car at all.

Limits are chi-square's where the noise decides, and parts of a car where usefulness does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.records.fits import FitVerdict
from core.shapes.keypoints import NAMES

# a rival pose of which the odds are above 1 in 20 counts: exp(-5.99 / 2) = 0.05
RIVAL_MARGIN = 5.99
# the noise is only known roughly: so many times more is still no reason to doubt the car
NOISE_TIMES = 1.5
_ONE_IN_10_000 = 3.719
_ONE_IN_1_000 = 3.090
_ONE_IN_100 = 2.326
HELD_HEADING_RAD = np.deg2rad(15.0)
LOOSE_HEADING_RAD = 1.0


def chi_square_limit(freedom: float, normal_quantile: float) -> float:
    """What a chi-square of so many degrees of freedom exceeds as rarely as a normal does the quantile.

    Wilson and Hilferty's approximation (1931), to two percent from three degrees on.
    """
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + normal_quantile * np.sqrt(spread)) ** 3)


def looks_wrong(cost: float, freedom: float) -> bool:
    """Whether fewer than one right fit in a hundred costs as much."""
    return cost > chi_square_limit(max(freedom, 1.0), _ONE_IN_100)


def is_far_shape(shape_square: float, components: int) -> bool:
    """Whether fewer than one car in a thousand of the shape space is so far from the mean car.

    Args:
        shape_square: |beta|^2. components: how many betas.
    """
    return shape_square > chi_square_limit(components, _ONE_IN_1_000)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a verdict rests on.

    Attributes:
        placed: points that there are.
        fewest: points without which no fit is tried.
        cost: squared residuals in sigmas of the points that agree, and of the shape; inf where no pose puts
            them all before the camera.
        freedom: degrees of freedom of that cost.
        shape_square: |beta|^2. components: how many betas.
        outliers: points that disagree.
        along_m: standard deviation of the place along the line of sight.
        held_m: the most that this may be.
        heading_rad: standard deviation of the heading.
        rival_cost: how much more the best pose of another heading costs, in squares of the noise shown.
        rival_turn_rad: how far it is turned away.
        swapped: whether left and right had to be exchanged.
        torn: whether exchanging them would explain the points better, though they fit as they are.
        unseen: points that are said to be visible, and that the pose turns away from the camera.
    """

    placed: int
    fewest: int
    cost: float
    freedom: int
    shape_square: float
    components: int
    outliers: Sequence[int]
    along_m: float
    held_m: float
    heading_rad: float
    rival_cost: float
    rival_turn_rad: float
    swapped: bool
    torn: bool
    unseen: Sequence[int]


def judge(found: Findings) -> tuple[FitVerdict, str]:
    """The verdict, and one plain sentence for it; "" where nothing is to be said."""
    if found.placed < found.fewest:
        have = "no point is" if found.placed == 0 else _count(found.placed, "point is", "points are")
        return FitVerdict.TOO_FEW_POINTS, f"Only {have} placed; {found.fewest} are needed.".replace(
            "Only no point", "No point"
        )
    if not np.isfinite(found.cost):
        return FitVerdict.OUTSIDE_SHAPE_SPACE, (
            "No car can stand where it would be seen at these points; perhaps they lie above the horizon."
        )
    if found.heading_rad > LOOSE_HEADING_RAD or found.along_m > 2 * found.held_m:
        return FitVerdict.TOO_FEW_POINTS, (
            f"These {found.placed} points do not hold the car: "
            f"{_looseness(found)}. Place a point on another side of it."
        )
    outside = _outside(found)
    if outside:
        return FitVerdict.OUTSIDE_SHAPE_SPACE, outside
    if found.rival_cost < RIVAL_MARGIN:
        turn = round(np.rad2deg(found.rival_turn_rad))
        return FitVerdict.AMBIGUOUS, (
            f"Turned by {turn}°, a car explains the points almost as well. "
            "Place a point that tells front from back or one side from the other."
        )
    if found.torn:
        return FitVerdict.AMBIGUOUS, "With left and right exchanged the points fit better: check their names."
    if len(found.unseen) > 1:
        return FitVerdict.AMBIGUOUS, (
            f"The {_names(found.unseen)} are said to be visible, but the fit turns them away from the camera."
        )
    if found.heading_rad > HELD_HEADING_RAD or found.along_m > found.held_m:
        return FitVerdict.AMBIGUOUS, f"The points hardly hold the car: {_looseness(found)}."
    if found.swapped:
        return FitVerdict.GOOD, "The points fit only with left and right exchanged."
    if found.outliers:
        return FitVerdict.GOOD, _disagree(found.outliers)
    return FitVerdict.GOOD, ""


def _outside(found: Findings) -> str:
    if 3 * len(found.outliers) > found.placed:
        return (
            f"{len(found.outliers)} of {found.placed} points disagree with every car of the shape space; "
            "perhaps they are of two cars."
        )
    if is_far_shape(found.shape_square, found.components):
        return (
            "No car of the shape space looks like that: the one that explains the points is "
            f"{np.sqrt(found.shape_square):.1f} sigmas from the mean car."
        )
    limit = NOISE_TIMES**2 * chi_square_limit(max(found.freedom, 1), _ONE_IN_10_000)
    if found.cost > limit:
        times = np.sqrt(found.cost / max(found.freedom, 1))
        return f"No car of the shape space comes near the points: they lie {times:.1f} times their noise off."
    return ""


def _looseness(found: Findings) -> str:
    parts = []
    if found.along_m > found.held_m:
        known = f"known to {found.along_m:.1f} m" if np.isfinite(found.along_m) else "not known"
        parts.append(f"its distance is {known}")
    if found.heading_rad > HELD_HEADING_RAD or not parts:
        parts.append(f"its heading is known to {np.rad2deg(min(found.heading_rad, np.pi)):.0f}°")
    return " and ".join(parts)


def _disagree(outliers: Sequence[int]) -> str:
    verb = "disagrees" if len(outliers) == 1 else "disagree"
    return f"The {_names(outliers)} {verb} with the other points."


def _names(points: Sequence[int]) -> str:
    names = [NAMES[index] for index in points]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
