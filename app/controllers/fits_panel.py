"""From what the store knows of an object's fits to the words and numbers of the 3D workspace's panel."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from app.controllers.fits_person_facts import metres, person_facts
from app.controllers.fits_reads import FitSubject
from app.controllers.fits_scene import is_drawable
from app.controllers.fits_truth import NO_VERSIONS, TOLD, TRUTH_ID, off_words
from app.controllers.review_overlay import caption
from app.states.fits import (
    METHOD_WORDS,
    REVIEW_WORDS,
    FactLine,
    FitPanelState,
    VersionLine,
    verdict_words,
)
from app.states.review_timeline import time_text
from core.fitting.vehicles.fit_mesh import sizes_m
from core.records.fits import BodyFit, Fit, FitMethod, FitRow
from core.shapes import person_keypoints
from core.shapes.keypoints import NAMES
from core.shapes.space import CarShapeSpace

_ODD_SIGMAS = 2.5  # a size or a shape that is so far from the fleet's mean is worth a look


class Fleet:
    """The sizes of the cars of a shape space.

    Attributes:
        mean, spread: (3,) length, width and height, and their standard deviations, metres.
    """

    def __init__(self, space: CarShapeSpace) -> None:
        steps = np.concatenate(
            [np.zeros((1, space.components)), np.eye(space.components), -np.eye(space.components)]
        )
        sizes = sizes_m(space, steps)
        slopes = (sizes[1 : 1 + space.components] - sizes[1 + space.components :]) / 2
        self.mean = sizes[0]
        self.spread = np.linalg.norm(slopes, axis=0)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the numbers of a fit are held against.

    Attributes:
        fleet: of the shape space that a car's fit was made with; None where it is not here.
        stature: mean and standard deviation of a person's body model, metres; None where it is not here.
        missing: whether the space or the model is not here, so that a box stands for the object.
        body_problem: why this machine's own body model cannot be read, or "".
    """

    fleet: Fleet | None = None
    stature: tuple[float, float] | None = None
    missing: bool = False
    body_problem: str = ""


def build_fit_panel(subject: FitSubject | None, compared: FitRow | None, usual: Usual) -> FitPanelState:
    """What the panel shows of the selected car or person.

    Args:
        compared: another version of its fit, drawn beside it.
        usual: what its numbers are held against.
    """
    if subject is None:
        return FitPanelState()
    row = subject.fits.get(subject.instance.id)
    where = f"{subject.contents.source.name} · {time_text(subject.contents.frame.time_s)}"
    if subject.instance.track_id is not None:
        where = f"track {subject.instance.track_id} · {where}"
    if row is None:
        return FitPanelState(
            instance_id=subject.instance.id,
            title=caption(subject.instance),
            subtitle=where,
            warnings=("It has no fit yet: place its keypoints, or choose “Fit in 3D…” in the menu Project.",),
        )
    other = None if compared is None else compared
    facts = _facts(row, usual)
    beside = {} if other is None else {fact.name: fact.value for fact in _facts(other, usual)}
    heading = "" if other is None else f"version {other.version}"
    if other is not None and other.id in NO_VERSIONS:
        heading, off = ("truth", "Off the truth") if other.id == TRUTH_ID else ("said", "Off what was said")
        beside = {name: value for name, value in beside.items() if name in _known_of_truth(row)}
        facts.insert(0, FactLine(off, off_words(row.fit, other.fit)))
    return FitPanelState(
        instance_id=subject.instance.id,
        title=caption(subject.instance),
        subtitle=where,
        verdict=None if row.fit.method is FitMethod.TRAFFIC4D else row.fit.verdict,
        verdict_text=verdict_words(row.fit.verdict, person=isinstance(row.fit, BodyFit)),
        reason=row.fit.reason,
        review=_review(row),
        reviewed=row.review,
        warnings=_warnings(row, usual),
        facts=tuple(replace(fact, other=beside.get(fact.name, "")) for fact in facts),
        headings=("", "") if other is None else (f"version {row.version}", heading),
        versions=tuple(
            VersionLine(
                one.id,
                _version(one),
                _version_tip(one),
                one.in_force,
                other is not None and one.id == other.id,
            )
            for one in subject.history
        ),
    )


def _known_of_truth(row: FitRow) -> frozenset[str]:
    """Which facts of a fit its truth has as well; a person's height is one of the fit's box."""
    return TOLD - {"Height"} if isinstance(row.fit, BodyFit) else TOLD


def _facts(row: FitRow, usual: Usual) -> list[FactLine]:
    fit = row.fit
    facts = [
        FactLine("Made by", METHOD_WORDS[fit.method]),
        FactLine("Error", *_error(fit), warn=bool(fit.used) and fit.rms_px > 3 * fit.sigma_px),
        FactLine("Points", _points(fit), warn=bool(fit.outliers)),
        FactLine("Distance", metres(math.hypot(*fit.translation), 1)),
    ]
    if fit.place_m is not None:
        x, y = fit.place_m
        aside = f"{abs(y):.1f} m {'left' if y >= 0 else 'right'}"
        known = math.isfinite(x + y)
        facts.append(FactLine("Place", f"{x:.1f} m ahead" if known else "unknown", aside if known else ""))
    if fit.heading_rad is not None:
        facts.append(FactLine("Heading", _degrees(fit.heading_rad)))
    facts += _uncertainty(fit)
    if isinstance(fit, BodyFit):
        return [*facts, *person_facts(fit, usual.stature), *_made_from(row, "Body model")]
    facts += _sizes(fit, usual.fleet)
    far = max((abs(value) for value in fit.shape), default=0.0)
    facts.append(
        FactLine(
            "Shape",
            " ".join(f"{value:+.1f}" for value in fit.shape) + " σ" if fit.shape else "mean car",
            warn=far > _ODD_SIGMAS,
        )
    )
    facts += _made_from(row, "Shape space")
    return facts


def _error(fit: Fit) -> tuple[str, str]:
    if not fit.used:
        return (f"{fit.rms_px:.2f} px", "of its outline") if fit.rms_px else ("no points", "")
    return f"{fit.rms_px:.2f} px", f"{fit.rms_px / max(fit.sigma_px, 1e-9):.1f} × noise"


def _points(fit: Fit) -> str:
    if not fit.used:
        return "none"
    names = person_keypoints.NAMES if isinstance(fit, BodyFit) else NAMES
    off = [names[index] for index in fit.outliers if 0 <= index < len(names)]
    return f"{fit.used} used" + (f"; disagrees: {', '.join(off)}" if off else "")


def _uncertainty(fit: Fit) -> list[FactLine]:
    if fit.sigmas is None:
        return [FactLine("Uncertainty", "not determined", warn=True)]
    sigmas = fit.sigmas
    along, across = ("Depth ±", "Aside ±") if fit.method is FitMethod.FREE else ("Along ±", "Across ±")
    return [
        FactLine(along, metres(sigmas.along_m, 2), warn=sigmas.along_m > 1.0),
        FactLine(across, metres(sigmas.across_m, 2), warn=sigmas.across_m > 1.0),
        FactLine("Heading ±", _degrees(sigmas.heading_rad), warn=sigmas.heading_rad > math.radians(10)),
    ]


def _sizes(fit: Fit, fleet: Fleet | None) -> list[FactLine]:
    lines = []
    for axis, (name, value) in enumerate(zip(("Length", "Width", "Height"), fit.size_m, strict=True)):
        note, odd = "", False
        if fleet is not None:
            mean, spread = float(fleet.mean[axis]), float(fleet.spread[axis])
            note = f"fleet {mean:.2f} ± {spread:.2f}"
            odd = not math.isfinite(value) or abs(value - mean) > _ODD_SIGMAS * spread
        lines.append(FactLine(name, metres(value, 2), note, warn=odd))
    return lines


def _made_from(row: FitRow, space: str) -> list[FactLine]:
    parts = []
    if row.keypoint_set_id is not None:
        parts.append(f"keypoints {row.keypoint_set_id}")
    if row.mask_id is not None:
        parts.append(f"mask {row.mask_id}")
    parts.append("no calibration" if row.calibration_id is None else f"calibration {row.calibration_id}")
    return [FactLine("Made from", ", ".join(parts)), FactLine(space, row.shape_space)]


def _warnings(row: FitRow, usual: Usual) -> tuple[str, ...]:
    fit = row.fit
    words = []
    if not is_drawable(fit):
        words.append("Its numbers are no pose: it cannot be drawn. Fit it again.")
    elif usual.missing:
        what = "body model" if isinstance(fit, BodyFit) else "shape space"
        words.append(f"Its {what} is not here: a box of its size stands for it.")
        if isinstance(fit, BodyFit) and usual.body_problem:
            words.append(usual.body_problem)
    if row.stale:
        words.append("Stale: keypoints, mask or calibration have changed since. Fit it again.")
    if fit.is_coarse:
        words.append("Coarse: from its outline alone. Keypoints would make it exact.")
    if fit.swapped:
        words.append("The points fit only with left and right exchanged.")
    return tuple(words)


def _review(row: FitRow) -> str:
    if row.review is None:
        return ""
    why = f" ({row.review_reason})" if row.review_reason else ""
    return f"{REVIEW_WORDS[row.review]}{why} by {row.reviewer or 'a person'}".capitalize()


def _version(row: FitRow) -> str:
    error = f"  {row.fit.rms_px:.2f} px" if row.fit.used else ""
    return f"{row.version}{error}  {row.annotator or 'a job'}"


def _version_tip(row: FitRow) -> str:
    when = time.strftime("%d %b %Y, %H:%M", time.localtime(row.created_at))
    return f"{METHOD_WORDS[row.fit.method].capitalize()}, made {when}."


def _degrees(value: float) -> str:
    return f"{math.degrees(value):.1f}°" if math.isfinite(value) else "unknown"
