"""From what the store knows of a car's fits to the words and numbers of the 3D workspace's panel."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from app.controllers.fits_reads import FitSubject
from app.controllers.fits_scene import is_drawable
from app.controllers.review_overlay import caption
from app.states.fits import (
    METHOD_WORDS,
    REVIEW_WORDS,
    FactLine,
    FitPanelState,
    VersionLine,
)
from app.states.review_timeline import time_text
from core.fitting.vehicles.fit_mesh import sizes_m
from core.records.fits import FitMethod, FitRow, VehicleFit
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


def build_fit_panel(
    subject: FitSubject | None, compared: FitRow | None, fleet: Fleet | None, missing_space: bool
) -> FitPanelState:
    """What the panel shows of the selected car.

    Args:
        compared: another version of its fit, drawn beside it.
        fleet: of the shape space that the fit was made with; None where it is not here.
        missing_space: whether that space is not here, so that a box stands for the car.
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
            warnings=(
                "It has no fit yet: place its keypoints, or choose “Fit cars in 3D…” in the menu Project.",
            ),
        )
    other = None if compared is None else compared
    facts = _facts(row, fleet)
    beside = {} if other is None else {fact.name: fact.value for fact in _facts(other, fleet)}
    return FitPanelState(
        instance_id=subject.instance.id,
        title=caption(subject.instance),
        subtitle=where,
        verdict=None if row.fit.method is FitMethod.TRAFFIC4D else row.fit.verdict,
        reason=row.fit.reason,
        review=_review(row),
        reviewed=row.review,
        warnings=_warnings(row, missing_space),
        facts=tuple(replace(fact, other=beside.get(fact.name, "")) for fact in facts),
        headings=("", "") if other is None else (f"version {row.version}", f"version {other.version}"),
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


def _facts(row: FitRow, fleet: Fleet | None) -> list[FactLine]:
    fit = row.fit
    facts = [
        FactLine("Made by", METHOD_WORDS[fit.method]),
        FactLine("Error", *_error(fit), warn=bool(fit.used) and fit.rms_px > 3 * fit.sigma_px),
        FactLine("Points", _points(fit), warn=bool(fit.outliers)),
        FactLine("Distance", _metres(math.hypot(*fit.translation), 1)),
    ]
    if fit.place_m is not None:
        x, y = fit.place_m
        aside = f"{abs(y):.1f} m {'left' if y >= 0 else 'right'}"
        known = math.isfinite(x + y)
        facts.append(FactLine("Place", f"{x:.1f} m ahead" if known else "unknown", aside if known else ""))
    if fit.heading_rad is not None:
        facts.append(FactLine("Heading", _degrees(fit.heading_rad)))
    facts += _uncertainty(fit)
    facts += _sizes(fit, fleet)
    far = max((abs(value) for value in fit.shape), default=0.0)
    facts.append(
        FactLine(
            "Shape",
            " ".join(f"{value:+.1f}" for value in fit.shape) + " σ" if fit.shape else "mean car",
            warn=far > _ODD_SIGMAS,
        )
    )
    facts += _made_from(row)
    return facts


def _error(fit: VehicleFit) -> tuple[str, str]:
    if not fit.used:
        return (f"{fit.rms_px:.2f} px", "of its outline") if fit.rms_px else ("no points", "")
    return f"{fit.rms_px:.2f} px", f"{fit.rms_px / max(fit.sigma_px, 1e-9):.1f} × noise"


def _points(fit: VehicleFit) -> str:
    if not fit.used:
        return "none"
    off = [NAMES[index] for index in fit.outliers if 0 <= index < len(NAMES)]
    return f"{fit.used} used" + (f"; disagrees: {', '.join(off)}" if off else "")


def _uncertainty(fit: VehicleFit) -> list[FactLine]:
    if fit.sigmas is None:
        return [FactLine("Uncertainty", "not determined", warn=True)]
    sigmas = fit.sigmas
    along, across = ("Depth ±", "Aside ±") if fit.method is FitMethod.FREE else ("Along ±", "Across ±")
    return [
        FactLine(along, _metres(sigmas.along_m, 2), warn=sigmas.along_m > 1.0),
        FactLine(across, _metres(sigmas.across_m, 2), warn=sigmas.across_m > 1.0),
        FactLine("Heading ±", _degrees(sigmas.heading_rad), warn=sigmas.heading_rad > math.radians(10)),
    ]


def _sizes(fit: VehicleFit, fleet: Fleet | None) -> list[FactLine]:
    lines = []
    for axis, (name, value) in enumerate(zip(("Length", "Width", "Height"), fit.size_m, strict=True)):
        note, odd = "", False
        if fleet is not None:
            mean, spread = float(fleet.mean[axis]), float(fleet.spread[axis])
            note = f"fleet {mean:.2f} ± {spread:.2f}"
            odd = not math.isfinite(value) or abs(value - mean) > _ODD_SIGMAS * spread
        lines.append(FactLine(name, _metres(value, 2), note, warn=odd))
    return lines


def _made_from(row: FitRow) -> list[FactLine]:
    parts = []
    if row.keypoint_set_id is not None:
        parts.append(f"keypoints {row.keypoint_set_id}")
    if row.mask_id is not None:
        parts.append(f"mask {row.mask_id}")
    parts.append("no calibration" if row.calibration_id is None else f"calibration {row.calibration_id}")
    return [FactLine("Made from", ", ".join(parts)), FactLine("Shape space", row.shape_space)]


def _warnings(row: FitRow, missing_space: bool) -> tuple[str, ...]:
    fit = row.fit
    words = []
    if not is_drawable(fit):
        words.append("Its numbers are no pose: it cannot be drawn. Fit it again.")
    elif missing_space:
        words.append("Its shape space is not here: a box of its size stands for it.")
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


def _metres(value: float, digits: int) -> str:
    return f"{value:.{digits}f} m" if math.isfinite(value) else "unknown"


def _degrees(value: float) -> str:
    return f"{math.degrees(value):.1f}°" if math.isfinite(value) else "unknown"
