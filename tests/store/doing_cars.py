"""Keypoints and fits that the store's tests write."""

from __future__ import annotations

from typing import Any

from core.records.fits import BodyFit, FitMadeFrom, FitMethod, FitSigmas, FitVerdict, Foot, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag

FROM_NOTHING = FitMadeFrom(None, None, None, "default 0123")


def points(*places: tuple[float, float], origin: LabelOrigin = LabelOrigin.HUMAN) -> KeypointSet:
    """A car with its first points at these places, all visible."""
    placed = tuple(PlacedPoint(x, y, KeypointTag.VISIBLE, origin) for x, y in places)
    return KeypointSet(Template.CAR, placed + (None,) * (Template.CAR.size - len(placed)))


def fit_of(
    rms_px: float = 1.5,
    *,
    distance_m: float = 20.0,
    along_m: float = 0.3,
    length_m: float = 4.5,
    verdict: FitVerdict = FitVerdict.GOOD,
    **more: Any,
) -> VehicleFit:
    """A fit of a car that stands on the ground straight ahead."""
    return VehicleFit(verdict=verdict, rms_px=rms_px, **(_values(distance_m, along_m, length_m) | more))


def body_fit_of(rms_px: float = 1.5, *, verdict: FitVerdict = FitVerdict.GOOD, **more: Any) -> BodyFit:
    """A fit of a person who stands on the ground straight ahead and faces the camera."""
    values = _values(20.0, 0.3, 0.4) | {
        "method": FitMethod.BODY,
        "rotation": (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0),
        "shape": (0.25,) * 10,
        "size_m": (0.4, 0.6, 1.75),
        "residuals_px": (0.5, None, 2.5) + (None,) * 14,
        "pose": (0.125, -0.5, 0.0) * 23,
        "contacts": (Foot.LEFT,),
        "height_ratio": 0.875,
        "pose_sigmas_rad": (0.25,) * 23,
    }
    return BodyFit(verdict=verdict, rms_px=rms_px, **(values | more))


def _values(distance_m: float, along_m: float, length_m: float) -> dict[str, Any]:
    return {
        "method": FitMethod.GROUND,
        "reason": "",
        "rotation": (0.0, -1.0, 0.0, 0.0, 0.0, -1.0, 1.0, 0.0, 0.0),
        "translation": (0.0, 0.0, distance_m),
        "place_m": (distance_m, -0.25),
        "heading_rad": 0.125,
        "shape": (0.5, -1.0, 0.0, 0.25, 2.0),
        "size_m": (length_m, 1.8, 1.5),
        "sigma_px": 1.25,
        "residuals_px": (0.5, None, 2.5) + (None,) * 9,
        "outliers": (2,),
        "used": 2,
        "swapped": False,
        "sigmas": FitSigmas(along_m, 0.0, (0.09, 0.0, 0.0), 0.02, (0.5, 0.75, 1.0, 1.0, 1.0)),
    }
