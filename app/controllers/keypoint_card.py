"""What the live fit says of itself, in the words of the panel."""

from __future__ import annotations

from math import degrees

from app.controllers.keypoint_fit import FitAnswer, Fitting
from app.states.keypoints import CardTone, FitCard
from core.records.fits import FitVerdict, VehicleFit

_TITLES: dict[FitVerdict, tuple[CardTone, str]] = {
    FitVerdict.GOOD: (CardTone.GOOD, "The fit holds"),
    FitVerdict.AMBIGUOUS: (CardTone.DOUBTFUL, "The fit is ambiguous"),
    FitVerdict.TOO_FEW_POINTS: (CardTone.QUIET, "Not held yet"),
    FitVerdict.OUTSIDE_SHAPE_SPACE: (CardTone.BAD, "No car looks like that"),
}


def card_of(answer: FitAnswer, fitting: Fitting) -> FitCard:
    """The card beside the points."""
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
            "No calibration, no fit",
            "Points can be placed and tagged. Once the camera is calibrated, the rest follows from a few.",
            "keypoints.calibrate",
            "Calibrate…",
        )
    fit = answer.fit
    if fit is None:
        return FitCard(CardTone.QUIET, "Not fitted")
    if fit.swapped:
        return FitCard(
            CardTone.DOUBTFUL,
            "Left and right seem exchanged",
            "The points fit a car only with left and right exchanged.",
            "keypoints.exchange",
            "Exchange them",
            _facts(fit),
        )
    if answer.carried:
        title = "Brought along the track" if fit.used == 0 else "Brought along, and corrected"
        text = "From another view of this car. Enter accepts it; a drag corrects it."
        return FitCard(CardTone.GOOD, title, text, facts=_facts(fit))
    if fit.is_coarse and fit.verdict is FitVerdict.GOOD:
        text = "It follows from the car's mask and from how it moves. Enter accepts it; a drag corrects it."
        return FitCard(CardTone.GOOD, "Found by its outline", text, facts=_facts(fit))
    tone, title = _TITLES[fit.verdict]
    if fit.verdict is FitVerdict.GOOD and fit.outliers:
        tone, title = CardTone.DOUBTFUL, "The fit holds without some points"
    text = fit.reason
    if fitting.fitter.plane is None and fit.verdict is FitVerdict.GOOD and not text:
        text = "The camera's ground is not known: the car is fitted free in space."
    known = fit.verdict in (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    return FitCard(tone, title, text, facts=_facts(fit) if known else ())


def _facts(fit: VehicleFit) -> tuple[tuple[str, str], ...]:
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
    if fit.used:
        facts.append(("Residual", f"{fit.rms_px:.1f} px over {fit.used} point{'' if fit.used == 1 else 's'}"))
    return tuple(facts)
