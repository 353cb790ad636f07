"""What a person's fit says of itself: is it held, does another facing do as well, is it a usual body at all.

Limits are chi-square's where the noise decides, and parts of a person where usefulness does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.fitting.people.ends import Ends
from core.fitting.vehicles.verdict import chi_square_limit, is_far_shape
from core.records.fits import FitVerdict
from core.shapes.person_keypoints import NAMES

RIVAL_MARGIN = 5.99
"""A rival facing of which the odds are above 1 in 20 counts: exp(-5.99 / 2) = 0.05."""
NOISE_TIMES = 1.7
"""The noise is only known roughly: so many times more is still no reason to doubt the body."""
HELD_HEADING_RAD = np.deg2rad(30.0)
HELD_M = 1.0
LEAST_RATIO, MOST_RATIO = 0.7, 1.4
"""Of the body's height in the picture to the box's (ALGORITHMS 6.3)."""
_ONE_IN_10_000 = 3.719


@dataclass(frozen=True, slots=True)
class Findings:
    """What a verdict rests on.

    Attributes:
        placed: points that there are. fewest: without which no fit is tried.
        truncated: points that are said to lie outside the picture.
        cost: squared residuals in sigmas of the points that agree, of box, ground, shape and pose; inf where
            no body is before the camera.
        freedom: degrees of freedom of that cost.
        shape_square: |beta|^2. components: how many betas.
        outliers: points that disagree.
        grounded: whether there is a plane.
        upside_down: whether the points have the feet above the head.
        ends: what box and mask know.
        height_ratio: of the body in the picture to the box.
        standing_ratio: the same of a usual person who stands where the box ends.
        along_m, heading_rad: standard deviations of place and heading.
        rival_cost: how much more the best body of another facing costs, in squares of the noise shown.
        rival_turn_rad: how far it is turned away.
        swapped: whether left and right had to be exchanged; torn: whether that would explain points better.
        unseen: points of the face whose tags contradict the pose.
    """

    placed: int
    fewest: int
    truncated: int
    cost: float
    freedom: int
    shape_square: float
    components: int
    outliers: Sequence[int]
    grounded: bool
    upside_down: bool
    ends: Ends
    height_ratio: float | None
    standing_ratio: float | None
    along_m: float
    heading_rad: float
    rival_cost: float
    rival_turn_rad: float
    swapped: bool
    torn: bool
    unseen: int


def judge(found: Findings) -> tuple[FitVerdict, str]:
    """The verdict, and one plain sentence for it; "" where nothing is to be said."""
    if found.placed < found.fewest:
        return FitVerdict.TOO_FEW_POINTS, too_few(found.placed, found.fewest)
    outside = _outside(found)
    if outside:
        return FitVerdict.OUTSIDE_SHAPE_SPACE, outside
    doubt = _ambiguous(found)
    if doubt:
        return FitVerdict.AMBIGUOUS, doubt
    if found.swapped:
        return FitVerdict.GOOD, "The points fit only with left and right exchanged."
    if found.outliers:
        verb = "disagrees" if len(found.outliers) == 1 else "disagree"
        return FitVerdict.GOOD, f"The {_names(found.outliers)} {verb} with the other points."
    return FitVerdict.GOOD, ""


def too_few(placed: int, fewest: int) -> str:
    """The sentence for points that are too few."""
    if placed == 0:
        return f"No point is placed; {fewest} are needed."
    return f"Only {placed} {'point is' if placed == 1 else 'points are'} placed; {fewest} are needed."


def _outside(found: Findings) -> str:
    ends = found.ends
    if not np.isfinite(found.cost):
        return "No person can be where these points would be seen; perhaps they lie above the horizon."
    if found.upside_down:
        return "The person is upside down: the feet's points lie above the head's."
    if found.truncated * 3 > found.placed + found.truncated:
        return f"The picture's border cuts the person: {found.truncated} points lie outside it."
    ratio = found.height_ratio
    # a body of which something else hides the legs is taller than what is seen of it
    hidden = not ends.feet_show and not ends.at_border and ends.hidden_feet
    if ratio is not None and not LEAST_RATIO <= ratio <= MOST_RATIO and not (hidden and ratio > 1):
        if ends.at_border and ratio > 1:
            return (
                f"The body would be {ratio:.1f} times as tall as the box: the picture's border cuts the "
                f"person at the {' and the '.join(ends.at_border)}."
            )
        return f"The body would be {ratio:.1f} times as tall as the box: {_why(ratio)}."
    standing = found.standing_ratio
    if standing is not None and ends.feet_show and not LEAST_RATIO <= standing <= MOST_RATIO:
        return (
            f"Somebody who stands where the box ends would be {standing:.1f} times as tall as the box: "
            f"{_why(standing)}."
        )
    if 3 * len(found.outliers) > found.placed:
        return (
            f"{len(found.outliers)} of {found.placed} points disagree with every usual body; "
            "perhaps they are of two people."
        )
    if is_far_shape(found.shape_square, found.components):
        return (
            "No usual body looks like that: the one that explains the points is "
            f"{np.sqrt(found.shape_square):.1f} sigmas from the mean."
        )
    limit = NOISE_TIMES**2 * chi_square_limit(max(found.freedom, 1), _ONE_IN_10_000)
    if found.cost > limit:
        times = np.sqrt(found.cost / max(found.freedom, 1))
        return f"No usual body comes near the points: they lie {times:.1f} times their noise off."
    return ""


def _why(ratio: float) -> str:
    if ratio > 1:
        return "the person is cut off, crouches or is a child, or the ground plane is wrong there"
    return "the box holds more than the person, or the ground plane is wrong there"


def _ambiguous(found: Findings) -> str:
    if not found.grounded:
        return "No ground plane is known, so the distance rests on the person's size alone."
    if found.rival_cost < RIVAL_MARGIN:
        turn = round(np.rad2deg(found.rival_turn_rad))
        return (
            f"Turned by {turn}°, a person explains the points almost as well. "
            "Place a point of the face, or one that tells left from right."
            + ("" if found.ends.feet_show else f" {_feet(found)}.")
        )
    if found.torn:
        return "With left and right exchanged the points fit better: check their names."
    if found.unseen > 1:
        return "The head's points are tagged otherwise than the fit turns the head."
    if not found.ends.feet_show:
        return (
            f"{_feet(found)}, so the place rests on the person's size: it is known to {found.along_m:.1f} m."
        )
    if found.along_m > HELD_M or found.heading_rad > HELD_HEADING_RAD:
        return f"The points hardly hold the person: {_looseness(found)}."
    return ""


def _feet(found: Findings) -> str:
    if "bottom" in found.ends.at_border:
        return "The picture's border cuts the feet off"
    return "The feet are hidden" if found.ends.hidden_feet else "The feet are not seen"


def _looseness(found: Findings) -> str:
    parts = []
    if found.along_m > HELD_M:
        known = f"known to {found.along_m:.1f} m" if np.isfinite(found.along_m) else "not known"
        parts.append(f"the distance is {known}")
    if found.heading_rad > HELD_HEADING_RAD:
        parts.append(f"the heading is known to {np.rad2deg(min(found.heading_rad, np.pi)):.0f}°")
    return " and ".join(parts)


def _names(points: Sequence[int]) -> str:
    names = [NAMES[index] for index in points]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
