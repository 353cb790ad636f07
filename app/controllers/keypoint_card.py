"""What the live fit says of itself, in the words of the panel."""

from __future__ import annotations

from math import degrees

from app.controllers.keypoint_fit import FitAnswer
from app.controllers.keypoint_looks import LOOKS
from app.controllers.keypoint_person_fit import PersonFitting
from app.controllers.keypoint_points import without_taken_over
from app.controllers.keypoint_reads import OpenObject
from app.states.keypoint_look import TemplateLook
from app.states.keypoints import CardTone, FitCard
from core.records.fits import BodyFit, Fit, FitVerdict
from core.records.keypoints import KeypointSet

_TITLES: dict[FitVerdict, tuple[CardTone, str]] = {
    FitVerdict.GOOD: (CardTone.GOOD, "The fit holds"),
    FitVerdict.AMBIGUOUS: (CardTone.DOUBTFUL, "The fit is ambiguous"),
    FitVerdict.TOO_FEW_POINTS: (CardTone.QUIET, "Not held yet"),
    FitVerdict.OUTSIDE_SHAPE_SPACE: (CardTone.BAD, "No {name} looks like that"),
}
_FEET = {0: "no foot", 1: "{0} foot", 2: "both feet"}


def card_of(one: OpenObject, points: KeypointSet, answer: FitAnswer, *, waiting: bool) -> FitCard:
    """The card beside the points.

    Args:
        waiting: whether the answer is of points before these, which are still being fitted.
    """
    fitting, name = one.fitting, one.look.object_name
    if one.foreign is not None and not points.placed:
        return _foreign(one)
    if isinstance(fitting, PersonFitting) and fitting.body_problem:
        return FitCard(CardTone.BAD, "The body model cannot be used", fitting.body_problem)
    if fitting.problem:
        return FitCard(
            CardTone.BAD,
            "The calibration cannot be used",
            fitting.problem,
            "keypoints.calibrate",
            "Calibrate…",
        )
    if fitting.fitter is None:
        return FitCard(
            CardTone.QUIET,
            "No calibration, no fit" if not answer.carried else "Brought along the track",
            "Points can be placed and tagged. Once the camera is calibrated, the rest follows from a few.",
            "keypoints.calibrate",
            "Calibrate…",
        )
    fit, seen = answer.fit, without_taken_over(points).placed
    fewest = fitting.fitter.fewest_points if isinstance(fitting, PersonFitting) else 0
    if points.placed == one.look.count and seen < fewest:
        return FitCard(
            CardTone.QUIET,
            f"{'Most' if seen else 'All'} points are guessed",
            "Guesses are no evidence, so that no fit follows: "
            f"{fewest} points that you place, drag or tag make one.",
        )
    if answer.carried:
        told = fit.used if fit is not None else points.placed
        title = "Brought along, and corrected" if told else "Brought along the track"
        text = f"From another view of this {name}. Enter accepts it; a drag corrects it."
        if told and fit is not None and fit.verdict is FitVerdict.AMBIGUOUS:
            text = f"The fit alone is ambiguous. {fit.reason}"
        return FitCard(
            CardTone.GOOD, title, text, facts=() if isinstance(fit, BodyFit | None) else _facts(fit)
        )
    if fit is None:
        return FitCard(CardTone.QUIET, _title_of_none(seen, waiting=waiting))
    if fit.swapped:
        return FitCard(
            CardTone.DOUBTFUL,
            "Left and right seem exchanged",
            f"The points fit a {name} only with left and right exchanged.",
            "keypoints.exchange",
            "Exchange them",
            _facts(fit),
        )
    if fit.is_coarse and fit.verdict is FitVerdict.GOOD:
        text = "It follows from the car's mask and from how it moves. Enter accepts it; a drag corrects it."
        return FitCard(CardTone.GOOD, "Found by its outline", text, facts=_facts(fit))
    tone, title = _TITLES[fit.verdict]
    if fit.verdict is FitVerdict.GOOD and fit.outliers:
        tone, title = CardTone.DOUBTFUL, "The fit holds without some points"
    text = fit.reason
    if fitting.fitter.plane is None and fit.verdict is FitVerdict.GOOD and not text:
        text = f"The camera's ground is not known: the {name} is fitted free in space."
    known = fit.verdict in (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    return FitCard(tone, title.format(name=name), text, facts=_facts(fit) if known else ())


def _title_of_none(seen: int, *, waiting: bool) -> str:
    if not seen:
        return _TITLES[FitVerdict.TOO_FEW_POINTS][1]
    return "Being fitted…" if waiting else "Not fitted"


def nothing_to_accept(answer: FitAnswer, look: TemplateLook) -> str:
    """Why Enter takes nothing over."""
    fit, name = answer.fit, look.object_name
    if fit is not None and fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE:
        way_out = "move those that are marked as off, or place the rest by hand."
        return f"No {name} looks like these points: {way_out}"
    return "There is nothing to accept yet: place another point."


def _foreign(one: OpenObject) -> FitCard:
    """Its category was corrected after its points were placed."""
    row, look = one.foreign, one.look
    assert row is not None
    before, count = LOOKS[row.keypoints.template].object_name, row.keypoints.placed
    return FitCard(
        CardTone.DOUBTFUL,
        f"Its points are a {before}'s",
        f"{count} points were placed when this was called a {before}. They stay in its history. "
        f"Place the points of a {look.object_name} anew.",
    )


def _facts(fit: Fit) -> tuple[tuple[str, str], ...]:
    if isinstance(fit, BodyFit):
        facts = [("Stature", f"{fit.size_m[2]:.2f} m")]
    else:
        length, width, height = fit.size_m
        facts = [("Size", f"{length:.2f} × {width:.2f} × {height:.2f} m")]
    distance = sum(value * value for value in fit.translation) ** 0.5
    sigmas = fit.sigmas
    if sigmas is None:
        facts.append(("Distance", f"{distance:.1f} m"))
    else:
        facts.append(("Distance", f"{distance:.1f} ± {sigmas.along_m:.2f} m"))
        facts.append(("Across", f"± {sigmas.across_m:.2f} m"))
        facts.append(("Heading", f"± {degrees(sigmas.heading_rad):.1f}°"))
    if isinstance(fit, BodyFit) and fit.place_m is not None:
        feet = _FEET[len(fit.contacts)].format(*(foot.value for foot in fit.contacts))
        facts.append(("Stands on", feet))
    if fit.used:
        facts.append(("Residual", f"{fit.rms_px:.1f} px over {fit.used} point{'' if fit.used == 1 else 's'}"))
    return tuple(facts)
