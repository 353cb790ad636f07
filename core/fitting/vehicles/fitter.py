"""Cars from keypoints in single frames: on the ground where the camera has one, free in space where not.

The objective is ALGORITHMS 5.2's for one frame: Huber's loss at two sigmas over the points' distances in
the picture, and a unit Gaussian on the shape. Points are undistorted once and fitted in the ideal picture,
where a pixel's noise is taken to be what it is in the real one; residuals are told in real pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles import free_model, ground_model
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import sizes_m
from core.fitting.vehicles.free_model import FreeModel, UprightPrior
from core.fitting.vehicles.ground_model import GroundModel
from core.fitting.vehicles.levenberg_marquardt import HUBER_SIGMAS, Sightings
from core.fitting.vehicles.outline_model import HullBasis, hull_basis
from core.fitting.vehicles.search import OUTLIER_SQUARE, TOLERANCE, UNSEEN_COST, Found, search
from core.fitting.vehicles.shape_basis import basis_of
from core.fitting.vehicles.uncertainty import FreeSpread, GroundSpread, noise_square
from core.fitting.vehicles.verdict import Findings, judge, looks_wrong
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import Pose
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT, FLIP
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

# a thousand times likelier: 2 ln 1000
SWAP_MARGIN = 13.8
# and the points as they are named must lie this many times their noise off, or two more of them on the
# averted side or beside the car: short of that, a lumpy noise is as likely as taking left for right
SWAP_NOISE_TIMES = 3.0
_BATCH = 64
# fewer than coarse fits look in: a fit that is guided by an outline must keep pace with a hand
_HULL_DIRECTIONS = 64


@dataclass(frozen=True)
class FitSettings:
    """How cars are fitted.

    Attributes:
        components: shape coefficients, at most as many as the space has.
        headings: how many starts, evenly around.
        huber_sigmas: residuals beyond it count linearly.
        try_swapped: whether left and right exchanged is tried where the points fit badly.
        upright: how cars stand where no ground is known.
        tolerance: a fit has arrived when a step lowers its cost by less, in squared sigmas.
    """

    components: int = 5
    headings: int = 8
    huber_sigmas: float = HUBER_SIGMAS
    try_swapped: bool = True
    upright: UprightPrior = field(default_factory=UprightPrior)
    tolerance: float = TOLERANCE


class VehicleFitter:
    """Fits cars that one camera sees."""

    def __init__(
        self,
        camera: Camera,
        plane: GroundPlane | None,
        space: CarShapeSpace,
        settings: FitSettings = FitSettings(),
    ) -> None:
        """Works out what does not depend on the points.

        Args:
            plane: the ground in the camera frame, or None for six degrees of freedom.
        """
        self.camera, self.plane, self.space, self.settings = camera, plane, space, settings
        basis = basis_of(space, settings.components)
        self.model: GroundModel | FreeModel
        if plane is None:
            self.model = FreeModel(camera, basis, settings.upright)
        else:
            self.model = GroundModel(camera, plane, basis)
        self._headings = evenly_around(settings.headings)

    @cached_property
    def hull(self) -> HullBasis:
        """What the outlines of its cars can touch; ValueError where the space has no mesh."""
        return hull_basis(self.space, self.model.basis.components, _HULL_DIRECTIONS)

    @property
    def fewest_points(self) -> int:
        """Below this many points no fit is tried."""
        return 3 if self.plane is not None else 4

    def fit(self, evidence: KeypointEvidence, start: VehicleFit | None = None) -> VehicleFit:
        """One car.

        Args:
            start: a fit of the same car with other points, such as that of the moment before while a point is
                dragged: tried alone, and all headings only where it no longer explains the points.

        Returns:
            a fit with its verdict, whatever the evidence.
        """
        if start is not None:
            again = self._from_start(evidence, start)
            if again is not None:
                return again
        return self.fit_many([evidence])[0]

    def fit_many(self, evidences: Sequence[KeypointEvidence]) -> list[VehicleFit]:
        """Many cars, in their order; see `fit`."""
        fits: list[VehicleFit] = []
        for begin in range(0, len(evidences), _BATCH):
            batch = evidences[begin : begin + _BATCH]
            seen = self.sightings(batch)
            fits += self._fits(batch, seen, *self._search(seen))
        return fits

    def sightings(self, evidences: Sequence[KeypointEvidence]) -> Sightings:
        """Evidence as arrays of the ideal picture; a pixel that the lens brings nothing to has weight 0."""
        pixels = np.stack([evidence.pixels for evidence in evidences])
        sigma = np.stack([evidence.sigma_px for evidence in evidences])
        if self.camera.is_distorted:
            there = np.isfinite(sigma)
            pixels[there] = self.camera.undistort(pixels[there])
        lost = ~np.isfinite(pixels).all(axis=-1)
        pixels[lost], sigma[lost] = 0.0, np.inf
        claims = np.stack([evidence.seen for evidence in evidences if evidence.seen is not None])
        return Sightings(np.ascontiguousarray(pixels.swapaxes(1, 2)), 1 / sigma, claims)

    def state_of(self, fit: VehicleFit) -> Array:
        """(S,) a fit's pose and shape as this fitter's model has them; zeros for components that it lacks."""
        beta = np.zeros(self.model.basis.components)
        shape = fit.shape[: len(beta)]
        beta[: len(shape)] = shape
        if self.plane is None:
            return np.concatenate([fit.rotation, fit.translation, beta])
        if fit.place_m is None or fit.heading_rad is None:
            raise ValueError("a fit without a place on the ground is no start for one on the ground")
        return np.array([*fit.place_m, fit.heading_rad, *beta])

    def _search(self, seen: Sightings) -> tuple[Found, Bits, Bits]:
        """The best pose of each car, whether left and right are exchanged for it, or might have to be."""
        starts = self.model.starts(seen.pixels, seen.weights, self._headings)
        found = search(self.model, seen, starts, self.settings.huber_sigmas, self.settings.tolerance)
        swapped, torn = np.zeros(len(starts), dtype=np.bool_), np.zeros(len(starts), dtype=np.bool_)
        doubtful = self._doubtful(seen, found) if self.settings.try_swapped else swapped
        rows = np.flatnonzero(doubtful)
        if len(rows):
            other = _exchanged(seen.of(rows))
            starts = self.model.starts(other.pixels, other.weights, self._headings)
            mirrored = search(self.model, other, starts, self.settings.huber_sigmas, self.settings.tolerance)
            theirs, ours = _whole_cost(mirrored), _whole_cost(_rows(found, rows))
            better = ours > theirs + SWAP_MARGIN * self._noise_squares(other, theirs)
            shown = mirrored.unseen.sum(axis=1) + 1 < found.unseen[rows].sum(axis=1)
            fewer = mirrored.outliers.sum(axis=1) + 1 < found.outliers[rows].sum(axis=1)
            far = self._noise_squares(other, ours) > SWAP_NOISE_TIMES**2
            surely = better & (shown | fewer | far)
            found.put(rows[surely], _rows(mirrored, np.flatnonzero(surely)))
            swapped[rows[surely]], torn[rows[better & ~surely]] = True, True
        return found, swapped, torn

    def _doubtful(self, seen: Sightings, found: Found) -> Bits:
        cost = _whole_cost(found)
        freedom = self._freedom((seen.weights > 0).sum(axis=1))
        return np.array([looks_wrong(float(a), float(b)) for a, b in zip(cost, freedom, strict=True)])

    def _noise_squares(self, seen: Sightings, cost: Array) -> Array:
        """(n,) how many times the assumed variance the residuals show."""
        freedom = self._freedom((seen.weights > 0).sum(axis=1))
        return np.array([noise_square(float(a), int(b)) for a, b in zip(cost, freedom, strict=True)])

    def _freedom(self, points: NDArray[np.intp]) -> NDArray[np.intp]:
        """Degrees of freedom of the cost: two a point, less the pose; each beta brings and takes one."""
        return 2 * points - (3 if self.plane is not None else 4)  # leaning is held by a prior, too

    def _from_start(self, evidence: KeypointEvidence, start: VehicleFit) -> VehicleFit | None:
        if start.verdict is FitVerdict.TOO_FEW_POINTS or start.swapped:
            return None
        if self.plane is not None and start.place_m is None:
            return None
        seen = self.sightings([evidence])
        if (seen.weights > 0).sum() < self.fewest_points:
            return None
        state, settings = self.state_of(start)[None, None], self.settings
        found = search(self.model, seen, state, settings.huber_sigmas, settings.tolerance)
        if self._is_lost(seen, found):
            return None
        no = np.zeros(1, dtype=np.bool_)
        fit = self._fits([evidence], seen, found, no, no)[0]
        return fit if fit.verdict is FitVerdict.GOOD and start.verdict is FitVerdict.GOOD else None

    def _is_lost(self, seen: Sightings, found: Found) -> bool:
        """Whether a car that was followed from a fit before must be looked for anew."""
        return bool(self._doubtful(seen, found)[0] or found.outliers.any() or found.unseen.any())

    def _fits(
        self, evidences: Sequence[KeypointEvidence], seen: Sightings, found: Found, swapped: Bits, torn: Bits
    ) -> list[VehicleFit]:
        pose = ground_model.POSE if self.plane is not None else free_model.PLACE
        sizes = sizes_m(self.space, found.best.state[:, pose:])
        return [
            self._fit_of(
                evidence, seen.weights[row] > 0, found, row, bool(swapped[row]), bool(torn[row]), sizes[row]
            )
            for row, evidence in enumerate(evidences)
        ]

    def _fit_of(
        self,
        evidence: KeypointEvidence,
        there: Bits,
        found: Found,
        row: int,
        swapped: bool,
        torn: bool,
        size: Array,
    ) -> VehicleFit:
        """The record of one row."""
        state, outliers = found.best.state[row], found.outliers[row]
        placed, cost = int(there.sum()), float(found.best.cost[row])
        used = placed - int(outliers.sum())
        freedom = int(self._freedom(np.array(used)))
        noise = noise_square(cost, freedom)
        held = placed >= self.fewest_points and np.isfinite(cost)
        spread = self._spread(found, row, noise) if held else None
        pose, place, heading = self._pose(state)
        beta = state[-self.model.basis.components :]
        # a swapped fit's outliers and residuals are told of the points as they are named
        named = np.array(FLIP) if swapped else np.arange(COUNT)
        disagreeing = tuple(sorted(int(named[index]) for index in np.flatnonzero(outliers)))
        verdict, reason = judge(
            Findings(
                placed=placed,
                fewest=self.fewest_points,
                cost=cost,
                freedom=freedom,
                shape_square=float(beta @ beta),
                components=len(beta),
                outliers=disagreeing,
                along_m=np.inf if spread is None else spread.along_m,
                held_m=self._held_m(pose, size),
                heading_rad=np.inf if spread is None else spread.heading_rad,
                rival_cost=float(found.rival_cost[row]) / noise,
                rival_turn_rad=float(self.model.apart(found.rival[row], state)),
                swapped=swapped,
                torn=torn,
                unseen=tuple(sorted(int(named[index]) for index in np.flatnonzero(found.unseen[row]))),
            )
        )
        residuals = self._residuals(evidence, pose, beta, named)
        kept = [
            value for index, value in enumerate(residuals) if value is not None and index not in disagreeing
        ]
        determined = spread is not None and verdict is not FitVerdict.TOO_FEW_POINTS
        return VehicleFit(
            method=FitMethod.FREE if self.plane is None else FitMethod.GROUND,
            verdict=verdict,
            reason=reason,
            rotation=tuple(pose.rotation.reshape(-1).tolist()),
            translation=(float(pose.translation[0]), float(pose.translation[1]), float(pose.translation[2])),
            place_m=place,
            heading_rad=heading,
            shape=tuple(beta.tolist()),
            size_m=(float(size[0]), float(size[1]), float(size[2])),
            rms_px=float(np.sqrt(np.mean(np.square(kept)))) if kept else 0.0,
            sigma_px=evidence.sharp_px,
            residuals_px=residuals,
            outliers=disagreeing,
            used=used,
            swapped=swapped,
            sigmas=spread if determined else None,
        )

    def _spread(self, found: Found, row: int, noise: float) -> FitSigmas | None:
        information, state = found.best.information[row], found.best.state[row]
        make = GroundSpread if self.plane is not None else FreeSpread
        return make(information, state, noise).sigmas()

    def _pose(self, state: Array) -> tuple[Pose, tuple[float, float] | None, float | None]:
        if self.plane is None:
            return Pose(state[:9].reshape(3, 3), state[9:12]), None, None
        heading = float((state[2] + np.pi) % (2 * np.pi) - np.pi)
        place = (float(state[0]), float(state[1]))
        return pose_on_ground(self.plane, place, heading), place, heading

    def _held_m(self, pose: Pose, size: Array) -> float:
        """How well the distance must be known: half a car, or without a ground a fifth of the distance."""
        half = float(size[0]) / 2
        return half if self.plane is not None else max(half, 0.2 * float(np.linalg.norm(pose.translation)))

    def _residuals(
        self, evidence: KeypointEvidence, pose: Pose, beta: Array, named: NDArray[np.intp]
    ) -> tuple[float | None, ...]:
        pixels = self.camera.project(pose.apply(self.space.keypoints(beta)))[named]
        distance = np.linalg.norm(pixels - evidence.pixels, axis=1)
        return tuple(
            float(value) if used and np.isfinite(value) else None
            for value, used in zip(distance, evidence.used, strict=True)
        )


def evenly_around(count: int) -> Array:
    """(count,) headings, radians."""
    return np.asarray(np.linspace(0.0, 2 * np.pi, count, endpoint=False), dtype=np.float64)


def _exchanged(seen: Sightings) -> Sightings:
    """The same points under the names of the other side."""
    flip = list(FLIP)
    return Sightings(
        np.ascontiguousarray(seen.pixels[..., flip]),
        np.ascontiguousarray(seen.weights[..., flip]),
        None if seen.seen is None else seen.seen[..., flip],
    )


def _whole_cost(found: Found) -> Array:
    """(n,) the cost with outliers back in it, each at what made it one, and with what should not be seen."""
    return (
        found.best.cost + OUTLIER_SQUARE * found.outliers.sum(axis=1) + UNSEEN_COST * found.unseen.sum(axis=1)
    )


def _rows(found: Found, rows: NDArray[np.intp]) -> Found:
    return Found(
        found.best.of(rows),
        found.outliers[rows],
        found.squares[rows],
        found.unseen[rows],
        found.rival_cost[rows],
        found.rival[rows],
    )
