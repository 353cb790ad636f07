"""A fit as JSON for other programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.records.fits import BodyFit, Fit


def plain_fit(fit: Fit) -> dict[str, Any]:
    """Pose, shape and error; numbers that are not known are null.

    Of a person, `rotation` and `translation_m` are of the body's root: where the pelvis joint is, and how the
    body is turned about it.
    """
    whole: dict[str, Any] = {
        "method": fit.method.value,
        "verdict": fit.verdict.value,
        "reason": fit.reason,
        "rotation": _finite(fit.rotation),
        "translation_m": _finite(fit.translation),
        "place_m": None if fit.place_m is None else _finite(fit.place_m),
        "heading_rad": fit.heading_rad,
        "shape": _finite(fit.shape),
        "size_m": _finite(fit.size_m),
        "rms_px": _finite([fit.rms_px])[0],
        "used": fit.used,
    }
    if isinstance(fit, BodyFit):
        whole |= {
            "pose": _finite(fit.pose),
            "contacts": [foot.value for foot in fit.contacts],
            "height_ratio": None if fit.height_ratio is None else _finite([fit.height_ratio])[0],
        }
    return whole


def _finite(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]
