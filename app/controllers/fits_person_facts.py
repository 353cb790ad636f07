"""The numbers of a person's fit that a car's has not: stature, shape, pose, feet, height in the picture."""

from __future__ import annotations

import math

from app.states.fits import FactLine
from core.records.fits import BodyFit, Foot
from core.shapes.body.skeleton import Joint

_ODD_SIGMAS = 2.5  # a stature or a shape that is so far from the mean is worth a look
_UNSURE_RAD = math.radians(30)  # a joint that may be turned so much otherwise
_MOST_JOINTS = 4
_SPINE = {Joint.SPINE1: "lower back", Joint.SPINE2: "middle back", Joint.SPINE3: "upper back"}
_RATIOS = (0.7, 1.4)  # of the body's picture to its box (ALGORITHMS, 6.3)
_FEET = {
    (): "neither foot stands",
    (Foot.LEFT,): "the left one stands",
    (Foot.RIGHT,): "the right one stands",
    (Foot.LEFT, Foot.RIGHT): "both stand",
}


def person_facts(fit: BodyFit, stature: tuple[float, float] | None) -> list[FactLine]:
    """They, in the panel's order.

    Args:
        stature: mean and standard deviation of the body model, metres; None where it is not here.
    """
    far = max((abs(value) for value in fit.shape), default=0.0)
    feet = tuple(foot for foot in Foot if foot in fit.contacts)
    return [
        _stature(fit.size_m[2], stature),
        FactLine(
            "Shape",
            " ".join(f"{value:+.1f}" for value in fit.shape) + " σ" if fit.shape else "mean body",
            warn=far > _ODD_SIGMAS,
        ),
        _pose(fit),
        FactLine("Feet", _FEET[feet]),
        _height(fit.height_ratio),
    ]


def metres(value: float, digits: int) -> str:
    """A length in words."""
    return f"{value:.{digits}f} m" if math.isfinite(value) else "unknown"


def _stature(value_m: float, usual: tuple[float, float] | None) -> FactLine:
    if usual is None:
        return FactLine("Stature", metres(value_m, 2))
    mean, spread = usual
    odd = not math.isfinite(value_m) or abs(value_m - mean) > _ODD_SIGMAS * spread
    return FactLine("Stature", metres(value_m, 2), f"bodies {mean:.2f} ± {spread:.2f}", warn=odd)


def _pose(fit: BodyFit) -> FactLine:
    """The joints that are hardly held, the worst first."""
    if fit.pose_sigmas_rad is None:
        return FactLine("Pose", "nothing says how sure")
    names = [_SPINE.get(joint, joint.name.lower().replace("_", " ")) for joint in Joint][1:]
    if len(fit.pose_sigmas_rad) > len(names):
        names = names[:-2]  # SMPL-X has a jaw, eyes and fingers where SMPL has its hands
    unsure = sorted(
        (
            (sigma, name)
            for sigma, name in zip(fit.pose_sigmas_rad, names, strict=False)
            if not sigma <= _UNSURE_RAD
        ),
        reverse=True,
    )
    if not unsure:
        return FactLine("Pose", f"every joint within {math.degrees(_UNSURE_RAD):.0f}°")
    words = ", ".join(name for _, name in unsure[:_MOST_JOINTS])
    more = len(unsure) - _MOST_JOINTS
    return FactLine("Pose", f"unsure: {words}" + (f" and {more} more" if more > 0 else ""), warn=True)


def _height(ratio: float | None) -> FactLine:
    if ratio is None:
        return FactLine("Height", "no box to hold it against")
    low, high = _RATIOS
    return FactLine("Height", f"{ratio:.2f} × its box", warn=not low <= ratio <= high)
