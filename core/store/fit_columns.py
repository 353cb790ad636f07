"""A fit's plain numbers as columns of its table, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from core.records.fits import BodyFit, Fit, FitMadeFrom, FitMethod, FitSigmas, FitVerdict, Foot, VehicleFit

UNKNOWN = 1e6
"""Stands in the columns that lists are sorted by where a number is not known: worse than any."""


def to_columns(fit: Fit, made_from: FitMadeFrom) -> dict[str, Any]:
    """The columns as SQLite holds them: JSON as text, and null in it where a number is not known."""
    return {
        "method": fit.method.value,
        "verdict": fit.verdict.value,
        "reason": fit.reason,
        "rotation": _text(fit.rotation),
        "translation": _text(fit.translation),
        "place": None if fit.place_m is None else _text(fit.place_m),
        "heading_rad": None if fit.heading_rad is None else _number(fit.heading_rad),
        "shape": _text(fit.shape),
        "length_m": _known(fit.size_m[0]),
        "width_m": _known(fit.size_m[1]),
        "height_m": _known(fit.size_m[2]),
        "distance_m": _known(math.hypot(*fit.translation)),
        "rms_px": _known(fit.rms_px),
        "noise_px": _known(fit.sigma_px),
        "residuals": _text(fit.residuals_px),
        "outliers": _text([int(index) for index in fit.outliers]),
        "used": int(fit.used),
        "swapped": int(fit.swapped),
        "sigma_m": sigma_of_place_m(fit),
        "sigmas": None if fit.sigmas is None else _sigmas_text(fit.sigmas),
        "body": _body_text(fit) if isinstance(fit, BodyFit) else None,
        "keypoint_set_id": made_from.keypoint_set_id,
        "mask_id": made_from.mask_id,
        "calibration_id": made_from.calibration_id,
        "shape_space": made_from.shape_space,
    }


def from_columns(row: Any) -> Fit:
    """A row of a SELECT of those columns as a record."""
    place = row.place
    translation = _back(row.translation)
    make: Callable[..., Fit] = VehicleFit if row.body is None else partial(BodyFit, **_from_body(row.body))
    return make(
        method=FitMethod(row.method),
        verdict=FitVerdict(row.verdict),
        reason=row.reason,
        rotation=_back(row.rotation),
        translation=(translation[0], translation[1], translation[2]),
        place_m=None if place is None else (_or_nan(place[0]), _or_nan(place[1])),
        heading_rad=row.heading_rad,
        shape=_back(row.shape),
        size_m=(_or_unknown(row.length_m), _or_unknown(row.width_m), _or_unknown(row.height_m)),
        rms_px=_or_unknown(row.rms_px),
        sigma_px=_or_unknown(row.noise_px),
        residuals_px=tuple(row.residuals),
        outliers=tuple(row.outliers),
        used=row.used,
        swapped=bool(row.swapped),
        sigmas=None if row.sigmas is None else _from_sigmas(row.sigmas),
    )


def sigma_of_place_m(fit: Fit) -> float:
    """How far its place may be off, one standard deviation, metres; UNKNOWN where nothing says."""
    if fit.sigmas is None:
        return UNKNOWN
    return _known(math.hypot(fit.sigmas.along_m, fit.sigmas.across_m))


def _body_text(fit: BodyFit) -> str:
    sigmas = fit.pose_sigmas_rad
    return json.dumps(
        {
            "pose": [_number(value) for value in fit.pose],
            "contacts": [foot.value for foot in fit.contacts],
            "height_ratio": None if fit.height_ratio is None else _number(fit.height_ratio),
            "pose_sigmas_rad": None if sigmas is None else [_number(value) for value in sigmas],
        },
        allow_nan=False,
    )


def _from_body(said: dict[str, Any]) -> dict[str, Any]:
    sigmas = said["pose_sigmas_rad"]
    return {
        "pose": _back(said["pose"]),
        "contacts": tuple(Foot(foot) for foot in said["contacts"]),
        "height_ratio": said["height_ratio"],
        "pose_sigmas_rad": None if sigmas is None else _back(sigmas),
    }


def _sigmas_text(sigmas: FitSigmas) -> str:
    return json.dumps(
        {
            "along_m": _number(sigmas.along_m),
            "across_m": _number(sigmas.across_m),
            "place": None if sigmas.place is None else [_number(value) for value in sigmas.place],
            "heading_rad": _number(sigmas.heading_rad),
            "shape": [_number(value) for value in sigmas.shape],
        },
        allow_nan=False,
    )


def _from_sigmas(said: dict[str, Any]) -> FitSigmas:
    place = said["place"]
    return FitSigmas(
        along_m=_or_nan(said["along_m"]),
        across_m=_or_nan(said["across_m"]),
        place=None if place is None else (_or_nan(place[0]), _or_nan(place[1]), _or_nan(place[2])),
        heading_rad=_or_nan(said["heading_rad"]),
        shape=_back(said["shape"]),
    )


def _text(values: Sequence[float | None]) -> str:
    return json.dumps([None if value is None else _number(value) for value in values], allow_nan=False)


def _back(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(_or_nan(value) for value in values)


def _number(value: float) -> float | None:
    # float() also takes numpy's numbers; an index stays whole
    if isinstance(value, int):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float:
    number = float(value)
    return min(number, UNKNOWN) if math.isfinite(number) else UNKNOWN


def _or_unknown(value: float) -> float:
    return math.inf if value >= UNKNOWN else value
