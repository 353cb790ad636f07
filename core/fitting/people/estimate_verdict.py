"""What a fit that another system's estimate became says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.fitting.people.standing import StandsBy
from core.fitting.people.verdict import HELD_M, LEAST_RATIO, MOST_RATIO
from core.records.fits import FitVerdict

_FEWEST_POINTS = 6


@dataclass(frozen=True, slots=True)
class EstimateFindings:
    """What a verdict rests on.

    Attributes:
        grounded: whether there is a plane.
        upside_down: whether the head is below the feet, by the plane, or else by the picture.
        height_ratio: of the body in the picture to the box; None where it has no picture.
        at_border: the sides at which the picture's border ends the box.
        feet_show: whether nothing is known that would hide the feet or cut them off.
        disagrees: whether the body says that the box ends elsewhere than the feet.
        by: what the place rests on.
        along_m: standard deviation along the line of sight.
        outliers, points: how many placed points are far from the body's, of how many.
    """

    grounded: bool
    upside_down: bool
    height_ratio: float | None
    at_border: tuple[str, ...]
    feet_show: bool
    disagrees: bool
    by: StandsBy
    along_m: float
    outliers: int
    points: int


def judge_estimate(found: EstimateFindings) -> tuple[FitVerdict, str]:
    """The verdict, and one plain sentence for it; "" where nothing is to be said."""
    outside = _outside(found)
    if outside:
        return FitVerdict.OUTSIDE_SHAPE_SPACE, outside
    doubt = _ambiguous(found)
    if doubt:
        return FitVerdict.AMBIGUOUS, doubt
    return FitVerdict.GOOD, ""


def _outside(found: EstimateFindings) -> str:
    if found.upside_down:
        return "The person is upside down: the head lies below the feet."
    ratio = found.height_ratio
    # what is as tall as the box by making says nothing, and what only the system places may be anywhere
    told = found.grounded or found.by is StandsBy.OWN
    if ratio is None or LEAST_RATIO <= ratio <= MOST_RATIO or not told:
        return ""
    if found.at_border and ratio > 1:
        return (
            f"The body would be {ratio:.1f} times as tall as the box: the picture's border cuts the person "
            f"at the {' and the '.join(found.at_border)}."
        )
    if (found.disagrees or not found.feet_show) and ratio > 1:
        return ""  # of whom something hides the legs, less is seen
    why = "the person is cut off, a child" if ratio > 1 else "the box holds more than the person"
    wrong = "the ground plane is wrong there" if found.grounded else "the system's own distance is wrong"
    return f"The body would be {ratio:.1f} times as tall as the box: {why}, or {wrong}."


def _ambiguous(found: EstimateFindings) -> str:
    if not found.grounded:
        return "No ground plane is known, so the distance rests on the person's size alone."
    if not found.feet_show:
        hidden = (
            "The picture's border cuts the feet off"
            if "bottom" in found.at_border
            else "The feet are hidden or may be"
        )
        return f"{hidden}, so the place rests on the person's size."
    if found.disagrees:
        return (
            "The box does not end where this body's feet would, which may be hidden, "
            "so the place rests on the person's size."
        )
    if found.by is not StandsBy.BOX:
        return "The box ends above the horizon, so the place rests on the person's size."
    if found.along_m > HELD_M:
        held = f"known to {found.along_m:.1f} m" if np.isfinite(found.along_m) else "not known"
        return f"Box and body hardly hold the person: the distance is {held}."
    if found.points >= _FEWEST_POINTS and found.outliers * 3 > found.points:
        return f"{found.outliers} of {found.points} keypoints are far from where this body has them."
    return ""
