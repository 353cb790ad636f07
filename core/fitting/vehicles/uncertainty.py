"""Standard deviations of a fit's parameters from its normal equations at the optimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles import free_model, ground_model
from core.records.fits import FitSigmas

Array = NDArray[np.float64]

# the noise that is assumed counts as two residuals known beforehand (docs/decisions/0016)
_KNOWN = 2.0


def noise_square(cost: float, freedom: int) -> float:
    """How many times the assumed variance the residuals show, 1 at least."""
    return float(noise_squares(np.array(cost), np.array(freedom)))


def noise_squares(cost: Array, freedom: NDArray[np.intp]) -> Array:
    """`noise_square` of many."""
    return np.asarray(np.maximum(1.0, (cost + _KNOWN) / (np.maximum(freedom, 0) + _KNOWN)))


def covariance(information: Array) -> Array | None:
    """(P, P) inverse of J^T W J plus prior, or None where some direction is not held at all."""
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    unit = information / np.outer(scale, scale)
    try:
        values, vectors = np.linalg.eigh(unit)
    except np.linalg.LinAlgError:
        return None
    if not values[0] > 1e-12 * values[-1]:
        return None
    return (vectors / values) @ vectors.T / np.outer(scale, scale)


@dataclass(frozen=True, eq=False)
class GroundSpread:
    """Of a car on the ground."""

    information: Array
    state: Array
    noise: float

    def sigmas(self) -> FitSigmas | None:
        """As the record tells them; the shape's never above the prior's 1."""
        spread = covariance(self.information)
        if spread is None:
            return None
        pose = spread[:3, :3] * self.noise
        place = pose[:2, :2]
        away = float(np.hypot(*self.state[:2]))
        along = self.state[:2] / away if away > 0 else np.array([1.0, 0.0])
        across = np.array([-along[1], along[0]])
        return FitSigmas(
            along_m=float(np.sqrt(along @ place @ along)),
            across_m=float(np.sqrt(across @ place @ across)),
            place=(float(place[0, 0]), float(place[0, 1]), float(place[1, 1])),
            heading_rad=float(np.sqrt(pose[2, 2])),
            shape=_shape(spread, ground_model.POSE, self.noise),
        )


@dataclass(frozen=True, eq=False)
class FreeSpread:
    """Of a car anywhere."""

    information: Array
    state: Array
    noise: float

    def sigmas(self) -> FitSigmas | None:
        """As the record tells them; the shape's never above the prior's 1."""
        spread = covariance(self.information)
        if spread is None:
            return None
        pose = spread[: free_model.POSE, : free_model.POSE] * self.noise
        turn, place = pose[:3, :3], pose[3:, 3:]
        towards = self.state[free_model.ROTATION : free_model.PLACE]
        away = float(np.linalg.norm(towards))
        along = towards / away if away > 0 else np.array([0.0, 0.0, 1.0])
        beside = np.eye(3) - np.outer(along, along)
        return FitSigmas(
            along_m=float(np.sqrt(along @ place @ along)),
            across_m=float(np.sqrt(max(0.0, np.linalg.eigvalsh(beside @ place @ beside)[-1]))),
            place=None,
            heading_rad=float(np.sqrt(np.trace(turn) / 3)),
            shape=_shape(spread, free_model.POSE, self.noise),
        )


def _shape(spread: Array, begin: int, noise: float) -> tuple[float, ...]:
    return tuple(np.minimum(1.0, np.sqrt(np.diag(spread)[begin:] * noise)).tolist())
