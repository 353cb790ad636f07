"""Where a data set's annotators, or a network, put the keypoints on a car, learned from their own points.

One set's tail lamp is the lamp's middle, another's its outer edge; one's roof corner is the windscreen's,
another's the rack's. Fitted to many cars, such habits show as residuals that are the same on all of them.
They are learned as one offset of each keypoint, alike on both sides, together with how far the points
scatter. No pose need be known. What would move, tip or scale the whole car cannot be told apart from its
pose, and is left at nought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import FittingError
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import fit_keypoints, fit_pose
from core.fitting.vehicles.fitter import FitSettings, VehicleFitter
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.fits import FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]

FEWEST_CARS = 20
_ROUNDS = 6
_PULLS = 20
# offsets of more than a few hand breadths are no habit
_OFFSET_SIGMA_M = 0.1
_ACROSS = np.array([1.0, -1.0, 1.0])
# beyond so many sigmas a point was put on something else
_FARTHEST = 10.0
_USABLE = (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)


@dataclass(frozen=True, eq=False)
class KeypointConvention:
    """A habit of placing keypoints.

    Attributes:
        offsets: (12, 3) from the shape space's keypoints to theirs, car frame, metres.
        noise_times: how many times the assumed noise their points scatter, 1 at least.
        cars: how many it was learned from.
    """

    offsets: Array
    noise_times: float
    cars: int

    def space(self, space: CarShapeSpace) -> CarShapeSpace:
        """The same cars with the keypoints where this convention has them; the mesh stays as it is."""
        return replace(space, mean=space.mean + self.offsets)

    def evidence(self, evidence: KeypointEvidence) -> KeypointEvidence:
        """The same points with their true noise."""
        return KeypointEvidence(evidence.pixels, evidence.sigma_px * self.noise_times, evidence.seen)


def learn_convention(
    camera: Camera,
    plane: GroundPlane | None,
    space: CarShapeSpace,
    evidences: Sequence[KeypointEvidence],
    settings: FitSettings = FitSettings(),
) -> KeypointConvention:
    """Fits the cars, moves the keypoints to where the residuals say, and again.

    Args:
        evidences: of many cars, from many sides, placed by the same people or network.

    Raises:
        FittingError: where fewer than 20 of the cars can be fitted.
    """
    learned = KeypointConvention(np.zeros((COUNT, 3)), 1.0, 0)
    for _ in range(_ROUNDS):
        moved = learned.space(space)
        scattered = [learned.evidence(evidence) for evidence in evidences]
        fits = VehicleFitter(camera, plane, moved, settings).fit_many(scattered)
        pairs = [(e, f) for e, f in zip(scattered, fits, strict=True) if f.verdict in _USABLE]
        if len(pairs) < FEWEST_CARS:
            raise FittingError(
                f"Only {len(pairs)} of {len(evidences)} cars can be fitted; {FEWEST_CARS} are needed.",
                "Give more cars with at least six points each.",
            )
        offsets = learned.offsets + _steps(camera, moved, pairs)
        noise = max(1.0, learned.noise_times * _noise_times(pairs, pose=6 if plane is None else 3))
        learned = KeypointConvention(_without_pose(space.mean, offsets), noise, len(pairs))
    return learned


def _steps(
    camera: Camera, space: CarShapeSpace, pairs: Sequence[tuple[KeypointEvidence, VehicleFit]]
) -> Array:
    """(12, 3) where each pair of keypoints should go, by the least sum of distances over all cars."""
    steps = np.zeros((COUNT, 3))
    slopes: list[list[Array]] = [[] for _ in range(COUNT)]
    wrongs: list[list[Array]] = [[] for _ in range(COUNT)]
    for evidence, fit in pairs:
        points = fit_keypoints(fit, space)
        slope = camera.project_jacobian(points) @ fit_pose(fit).rotation / evidence.sigma_px[:, None, None]
        wrong = (evidence.pixels - camera.project(points)) / evidence.sigma_px[:, None]
        for index in np.flatnonzero(evidence.used & np.isfinite(wrong).all(axis=1)).tolist():
            right = index - index % 2
            slopes[right].append(slope[index] * (_ACROSS if index % 2 else 1.0))
            wrongs[right].append(wrong[index])
    for right in range(0, COUNT, 2):
        if wrongs[right]:
            steps[right] = _nearest(np.stack(slopes[right]), np.stack(wrongs[right]))
            steps[right + 1] = steps[right] * _ACROSS
    return steps


def _nearest(slopes: Array, wrongs: Array) -> Array:
    """(3,) offset with the least sum of distances, by reweighting."""
    weights = np.ones(len(wrongs))
    offset = np.zeros(3)
    for _ in range(_PULLS):
        normal = np.einsum("n,nij,nik->jk", weights, slopes, slopes) + np.eye(3) / _OFFSET_SIGMA_M**2
        offset = np.linalg.solve(normal, np.einsum("n,nij,ni->j", weights, slopes, wrongs))
        weights = 1 / np.maximum(np.linalg.norm(wrongs - slopes @ offset, axis=1), 1.0)
    return offset


def _without_pose(mean: Array, offsets: Array) -> Array:
    """(12, 3) offsets without what moves the whole car ahead or up, tips it forward, or scales it."""
    around = mean - mean.mean(axis=0)
    ahead, up = np.tile([1.0, 0.0, 0.0], (COUNT, 1)), np.tile([0.0, 0.0, 1.0], (COUNT, 1))
    tipped = np.stack([around[:, 2], np.zeros(COUNT), -around[:, 0]], axis=1)
    whole = np.stack([part.reshape(-1) for part in (ahead, up, around, tipped)], axis=1)
    flat = offsets.reshape(-1)
    return (flat - whole @ np.linalg.lstsq(whole, flat, rcond=None)[0]).reshape(COUNT, 3)


def _noise_times(pairs: Sequence[tuple[KeypointEvidence, VehicleFit]], pose: int) -> float:
    """How many times their noise the points lie off, root mean square, for the freedom that the fits took.

    The mean and not the median: where a few lie far off, the habit is looser than half of them show.
    """
    squares: list[float] = []
    freedom = 0.0
    for evidence, fit in pairs:
        there = [index for index in range(COUNT) if fit.residuals_px[index] is not None]
        squares += [(fit.residuals_px[index] or 0.0) ** 2 / evidence.sigma_px[index] ** 2 for index in there]
        held = sum(1 - sigma**2 for sigma in fit.sigmas.shape) if fit.sigmas is not None else 0.0
        freedom += max(2 * len(there) - pose - held, 0.0)
    return float(np.sqrt(np.sum(np.minimum(squares, _FARTHEST**2)) / max(freedom, 1.0)))
