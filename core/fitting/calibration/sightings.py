"""Which keypoints of which cars a calibration rests on: several frames of many cars, stacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.levenberg_marquardt import Sightings
from core.geometry.calibration.lens import Lens

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

# three degrees of freedom take three coordinates; what is over speaks of size and camera
LEAST_POINTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class CarSighting:
    """One car in one frame.

    Attributes:
        evidence: its keypoints.
        car: number of the physical car (its track); the same car in other frames shares its shape.
    """

    evidence: KeypointEvidence
    car: int


@dataclass(frozen=True, eq=False)
class Stack:
    """Sightings with points enough, as arrays.

    Attributes:
        seen: (b rows) pixels from the principal point, of an ideal lens; weights 1 / px.
        car: (b,) which car each row shows, from 0.
        cars: how many cars there are.
        rows: (b,) index of each row among the sightings given.
        allowed: how many times the noise of the evidence the weights stand for.
    """

    seen: Sightings
    car: Indices
    cars: int
    rows: Indices
    allowed: float = 1.0

    def of(self, chosen: Indices | NDArray[np.bool_]) -> Stack:
        """Some of the rows, their cars counted anew."""
        names, car = np.unique(self.car[chosen], return_inverse=True)
        return Stack(self.seen.of(chosen), car.astype(np.intp), len(names), self.rows[chosen], self.allowed)

    def noisier(self, times: float) -> Stack:
        """The same rows with so many times the noise."""
        seen = replace(self.seen, weights=self.seen.weights / times)
        return replace(self, seen=seen, allowed=self.allowed * times)

    @property
    def worth(self) -> Array:
        """(b,) how much a row says: its points' spread in sigmas times their number."""
        weights, pixels = self.seen.weights, self.seen.pixels
        count = (weights > 0).sum(axis=1)
        total = np.maximum(weights.sum(axis=1), 1e-12)
        middle = (pixels * weights[:, None]).sum(axis=2) / total[:, None]
        apart = ((pixels - middle[..., None]) * weights[:, None]) ** 2
        return np.asarray(np.sqrt(apart.sum(axis=(1, 2)) / np.maximum(count, 1)) * count)


def stack(sightings: Sequence[CarSighting], lens: Lens) -> Stack:
    """The sightings that have at least LEAST_POINTS points.

    Raises:
        CalibrationError: where none has.
    """
    pixels = np.stack([one.evidence.pixels for one in sightings]) if sightings else np.zeros((0, 12, 2))
    sigma = np.stack([one.evidence.sigma_px for one in sightings]) if sightings else np.zeros((0, 12))
    flat = lens.flatten(pixels)
    good = np.isfinite(flat).all(axis=-1) & np.isfinite(sigma)
    kept = np.flatnonzero(good.sum(axis=1) >= LEAST_POINTS)
    if not len(kept):
        raise CalibrationError(
            f"No car has {LEAST_POINTS} keypoints or more.",
            "Place the keypoints of some cars first, of near ones with every point that can be seen.",
        )
    weights = np.where(good, 1.0 / sigma, 0.0)[kept]
    places = np.where(good[..., None], flat, 0.0)[kept].swapaxes(1, 2)
    names = np.array([sightings[row].car for row in kept.tolist()])
    _, car = np.unique(names, return_inverse=True)
    return Stack(
        Sightings(np.ascontiguousarray(places), weights), car.astype(np.intp), int(car.max()) + 1, kept
    )
