"""Calibration from four or more points whose place on the map, or by GPS, is known (ALGORITHMS, 7.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.planar import calibrate_planar
from core.geometry.calibration.result import CalibrationResult
from core.records.cameras import CalibrationMethod

Array = NDArray[np.float64]

# WGS 84
_EQUATOR_M = 6378137.0
_ECCENTRICITY_SQUARED = 6.69437999014e-3
_WIDEST_DEG = 0.2


@dataclass(frozen=True, slots=True)
class TangentPlane:
    """The plane that touches the earth at a place: x east, y north, metres.

    Attributes:
        latitude_deg, longitude_deg: of its origin, WGS 84.
    """

    latitude_deg: float
    longitude_deg: float

    def metres(self, places: ArrayLike) -> Array:
        """(..., 2) latitude and longitude in degrees -> (..., 2) metres east and north, at sea level."""
        origin = np.array([self.latitude_deg, self.longitude_deg])
        away = _on_ellipsoid(np.asarray(places, dtype=np.float64)) - _on_ellipsoid(origin)
        (sine, sine_east), (cosine, cosine_east) = np.sin(np.deg2rad(origin)), np.cos(np.deg2rad(origin))
        east = np.array([-sine_east, cosine_east, 0.0])
        north = np.array([-sine * cosine_east, -sine * sine_east, cosine])
        return np.stack([away @ east, away @ north], axis=-1)


def _on_ellipsoid(places: Array) -> Array:
    """(..., 2) latitude and longitude in degrees -> (..., 3) metres from the earth's centre."""
    latitude, longitude = np.deg2rad(places[..., 0]), np.deg2rad(places[..., 1])
    across = _EQUATOR_M / np.sqrt(1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2)
    return np.stack(
        [
            across * np.cos(latitude) * np.cos(longitude),
            across * np.cos(latitude) * np.sin(longitude),
            across * (1.0 - _ECCENTRICITY_SQUARED) * np.sin(latitude),
        ],
        axis=-1,
    )


def tangent_plane(places: ArrayLike) -> TangentPlane:
    """The tangent plane in the middle of places (n, 2), latitude and longitude in degrees.

    Raises:
        CalibrationError: where these are no places, or too far apart for one street.
    """
    rows = np.asarray(places, dtype=np.float64)
    fine = rows.ndim == 2 and rows.shape[1] == 2 and len(rows) > 0 and bool(np.isfinite(rows).all())
    if not fine or np.abs(rows[:, 0]).max() >= 89.0 or np.abs(rows[:, 1]).max() > 180.0:
        raise CalibrationError(
            "These are no places on earth.",
            "Give latitude, then longitude, in degrees, such as 40.4433, -79.9436.",
        )
    if np.ptp(rows, axis=0).max() > _WIDEST_DEG:
        raise CalibrationError(
            "These places are more than 10 km apart, which no street camera sees.",
            "Check for a place with latitude and longitude exchanged.",
        )
    latitude, longitude = rows.mean(axis=0).tolist()
    return TangentPlane(latitude, longitude)


def calibrate_ground_points(lens: Lens, pixels: ArrayLike, map_points: ArrayLike) -> CalibrationResult:
    """The camera that sees points of a flat map at these pixels.

    Args:
        pixels: (n, 2), n >= 4.
        map_points: (n, 2) x east and y north (or any x, and y to its left), metres.

    Raises:
        CalibrationError: with the reason and what to choose instead.
    """
    seen, places = np.asarray(pixels, dtype=np.float64), np.asarray(map_points, dtype=np.float64)
    if seen.ndim != 2 or seen.shape[1:] != (2,) or seen.shape != places.shape or len(seen) < 4:
        raise CalibrationError(
            "Four points at least, each with its pixel and its place, are needed.",
            "Choose more points that are easy to find both in the picture and on the map.",
        )
    if not (np.isfinite(seen).all() and np.isfinite(places).all()):
        raise CalibrationError("A point has no place.", "Give two numbers for each point.")
    return calibrate_planar(lens, seen, places, CalibrationMethod.GROUND_POINTS)


def calibrate_gps_points(lens: Lens, pixels: ArrayLike, places: ArrayLike) -> CalibrationResult:
    """`calibrate_ground_points` for places (n, 2) as latitude and longitude in degrees, WGS 84."""
    return calibrate_ground_points(lens, pixels, tangent_plane(places).metres(places))
