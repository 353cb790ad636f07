"""One car over many frames: one shape for all of them, each frame's pose, and perhaps how cars move between.

The best seen frames are fitted alone and give a first shape; with it every frame is searched as a rigid car
from all headings, which needs fewer points and mistakes front for back more seldom; then all is solved
together, and frames that have a better heading by the final shape get it (ALGORITHMS.md, 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles import free_model, ground_model
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import SWAP_MARGIN, VehicleFitter
from core.fitting.vehicles.free_model import FreeModel
from core.fitting.vehicles.ground_model import GroundModel
from core.fitting.vehicles.levenberg_marquardt import Sightings
from core.fitting.vehicles.motion import Motion, MotionPrior, smooth_velocity, wrapped
from core.fitting.vehicles.search import OUTLIER_SQUARE, UNSEEN_COST, Found, search
from core.fitting.vehicles.shape_basis import ShapeBasis
from core.fitting.vehicles.track_report import Frame, report
from core.fitting.vehicles.track_solver import Solved, solve_track
from core.fitting.vehicles.verdict import looks_wrong
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT, FLIP

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]
Indices = NDArray[np.intp]

# cars head the way they drive to within this; against it speaks no more than a thousand to one, with a motion
# prior a million to one, in squared sigmas
_ALONG_RAD = 0.35
_SURE, _SURER = 13.8, 27.6
# a frame whose points are off by twice their noise, and by more than chance, is not of this car
_STRANGE = 4.0


@dataclass(frozen=True)
class TrackSettings:
    """How tracks are fitted.

    Attributes:
        motion: what is known of how cars move; None for frames that share the shape alone. Without a ground
            plane it is not used.
        first_frames: how many of the best seen frames give the first shape.
        moving_m_s: above this speed a car is taken to drive forward where its points leave that open.
    """

    motion: MotionPrior | None = field(default=None)
    first_frames: int = 16
    moving_m_s: float = 2.0


def fit_track(
    fitter: VehicleFitter,
    evidences: Sequence[KeypointEvidence | None],
    times_s: Sequence[float],
    settings: TrackSettings = TrackSettings(),
) -> list[VehicleFit | None]:
    """All frames of one car.

    Args:
        fitter: of its camera.
        evidences: of each frame in time order; None where there are no keypoints.
        times_s: of each frame, seconds, increasing.

    Returns:
        A fit for each frame with keypoints, whatever they are worth, and with a motion prior for each frame
        between two such; else None.
    """
    if len(evidences) != len(times_s):
        raise ValueError(f"{len(evidences)} frames have {len(times_s)} times")
    rows = np.array([row for row, one in enumerate(evidences) if one is not None], dtype=np.intp)
    if not len(rows):
        return [None] * len(evidences)
    blank = KeypointEvidence(np.full((COUNT, 2), np.nan), np.full(COUNT, np.inf))
    if settings.motion is not None and fitter.plane is not None:
        rows = np.arange(rows[0], rows[-1] + 1)
    given = [evidences[row] or blank for row in rows.tolist()]
    track = _Track(fitter, given, np.asarray(times_s, dtype=np.float64)[rows], settings)
    fits: list[VehicleFit | None] = [None] * len(evidences)
    for row, fit in zip(rows.tolist(), track.fits(), strict=True):
        # what nobody has seen is told only where the track holds it
        if evidences[row] is not None or fit.method is FitMethod.TRACK:
            fits[row] = fit
    return fits


class _Track:
    """The work on one track."""

    def __init__(
        self,
        fitter: VehicleFitter,
        evidences: Sequence[KeypointEvidence],
        times_s: Array,
        settings: TrackSettings,
    ) -> None:
        self._fitter, self._evidences, self._settings = fitter, evidences, settings
        self._pose = ground_model.POSE if fitter.plane is not None else free_model.POSE
        self._fewest = fitter.fewest_points - 1
        self._seen = fitter.sightings(evidences)
        self._points = (self._seen.weights > 0).sum(axis=1)
        self._swapped = np.zeros(len(evidences), dtype=np.bool_)
        self._motion = None
        if settings.motion is not None and fitter.plane is not None:
            rear = -float(fitter.space.mean[[2, 3], 0].mean())
            self._motion = Motion(times_s, settings.motion, rear)
        self._times = times_s

    def fits(self) -> list[VehicleFit]:
        """The fits of all frames; each alone where no frame holds the car."""
        shape = self._first_shape()
        if shape is None:
            return self._fitter.fit_many(self._evidences)
        found = self._searched(shape)
        held = self._held(found)
        if not held.any():
            return self._fitter.fit_many(self._evidences)
        if held.sum() < 2:
            self._motion = None  # one frame says nothing of speed
        solved = self._solve(found, shape)
        shape = self._shape_of(solved)
        again = self._searched(shape)
        if self._changed(again, solved):
            found, solved = again, self._solve(again, shape)
        else:
            found = again
        return self._report(found, solved)

    def _first_shape(self) -> Array | None:
        """(K,) the shape by the best seen frames, or None where none holds a car."""
        worth = np.where(self._points >= self._fitter.fewest_points, self._worth(), 0.0)
        rows = np.argsort(-worth, kind="stable")[: self._settings.first_frames]
        rows = np.sort(rows[worth[rows] > 0])
        if not len(rows):
            return None
        fits = self._fitter.fit_many([self._evidences[row] for row in rows.tolist()])
        good = [number for number, fit in enumerate(fits) if fit.verdict is FitVerdict.GOOD]
        if not good:
            good = [n for n, fit in enumerate(fits) if fit.verdict is not FitVerdict.TOO_FEW_POINTS]
        if not good:
            return None
        kept, chosen = rows[good], [fits[number] for number in good]
        self._swapped[kept] = [fit.swapped for fit in chosen]
        state = np.stack([self._fitter.state_of(fit) for fit in chosen])
        components = self._fitter.model.basis.components
        if components:
            state[:, -components:] = np.median(state[:, -components:], axis=0)
        solved = solve_track(
            self._fitter.model, self._pose, self._named(kept), state, huber=self._fitter.settings.huber_sigmas
        )
        return self._shape_of(solved)

    def _worth(self) -> Array:
        """(n,) how well frames are seen: their points' spread in sigmas times their number."""
        weights, pixels = self._seen.weights, self._seen.pixels
        middle = (pixels * weights[:, None]).sum(axis=2) / np.maximum(weights.sum(axis=1), 1e-12)[:, None]
        spread = ((pixels - middle[..., None]) * weights[:, None]) ** 2
        return np.asarray(np.sqrt(spread.sum(axis=(1, 2)) * self._points))

    def _named(self, rows: Indices) -> Sightings:
        """What some frames show, left and right exchanged where they are."""
        seen = self._seen.of(rows)
        turned = self._swapped[rows]
        pixels, weights = seen.pixels.copy(), seen.weights.copy()
        pixels[turned] = pixels[turned][..., list(FLIP)]
        weights[turned] = weights[turned][..., list(FLIP)]
        claims = None
        if seen.seen is not None:
            claims = seen.seen.copy()
            claims[turned] = claims[turned][..., list(FLIP)]
        return Sightings(pixels, weights, claims)

    def _shape_of(self, solved: Solved) -> Array:
        components = self._fitter.model.basis.components
        return solved.state[0, solved.state.shape[1] - components :]

    def _rigid(self, shape: Array) -> GroundModel | FreeModel:
        """The car of a shape, which no longer changes."""
        fitter = self._fitter
        points = fitter.model.basis.points(shape[None])[0]
        # one coefficient that does nothing: models have at least one
        basis = ShapeBasis(points, np.zeros((1, *points.shape)))
        if fitter.plane is None:
            return FreeModel(fitter.camera, basis, fitter.settings.upright)
        return GroundModel(fitter.camera, fitter.plane, basis)

    def _searched(self, shape: Array) -> Found:
        """Each frame's best pose of the car of this shape, exchanged left and right where only that fits."""
        model, settings = self._rigid(shape), self._fitter.settings
        every = np.arange(len(self._evidences))
        headings: Array = np.linspace(0.0, 2 * np.pi, settings.headings, endpoint=False)

        def of(seen: Sightings) -> Found:
            return search(
                model, seen, model.starts(seen.pixels, seen.weights, headings), settings.huber_sigmas
            )

        found = of(self._named(every))
        if settings.try_swapped:
            rows = np.flatnonzero([self._looks_wrong(found, row) for row in every.tolist()])
            if len(rows):
                self._swapped[rows] ^= True
                other = of(self._named(rows))
                cost = _whole(found)[rows]
                better = _whole(other) + SWAP_MARGIN < cost
                self._swapped[rows[~better]] ^= True
                found.put(rows[better], _rows(other, np.flatnonzero(better)))
        self._drive_forward(found)
        return found

    def _looks_wrong(self, found: Found, row: int) -> bool:
        if self._points[row] < self._fewest:
            return False
        return looks_wrong(float(_whole(found)[row]), float(2 * self._points[row] - self._pose))

    def _held(self, found: Found) -> Bits:
        """(n,) which frames have points enough, and points that agree with the car."""
        left = self._points - found.outliers.sum(axis=1)
        far = found.best.cost > _STRANGE * 2 * left
        wrong = far & np.array([self._looks_wrong(found, row) for row in range(len(left))])
        return np.asarray((left >= self._fewest) & np.isfinite(found.best.cost) & ~wrong)

    def _drive_forward(self, found: Found) -> None:
        """Where the points leave two headings open, takes the one that the car drives along."""
        held = self._held(found)
        if self._fitter.plane is None or held.sum() < 3:
            return
        velocity = smooth_velocity(self._times[held], found.best.state[held, :2], self._times)
        moving = np.linalg.norm(velocity, axis=1) > self._settings.moving_m_s
        way = np.arctan2(velocity[:, 1], velocity[:, 0])
        most = _SURE if self._motion is None else _SURER
        against = [
            np.minimum((wrapped(state[:, 2] - way) / _ALONG_RAD) ** 2, most)
            for state in (found.best.state, found.rival)
        ]
        lead = found.rival_cost + against[1] - against[0]
        other = held & moving & (lead < 0)
        found.best.state[other], found.rival[other] = found.rival[other], found.best.state[other]
        known = held & moving & np.isfinite(lead)
        found.rival_cost[known] = np.abs(lead[known])

    def _solve(self, found: Found, shape: Array) -> Solved:
        """All frames that are held, together; with a motion prior the others lie between them."""
        held = self._held(found)
        every = np.arange(len(held))
        seen = self._named(every)
        weights = np.where(found.outliers | ~held[:, None], 0.0, seen.weights)
        poses = found.best.state[:, :-1]
        state = np.concatenate([poses, np.broadcast_to(shape, (len(held), len(shape)))], axis=1)
        if self._motion is not None:
            state[:, :3] = _between(state[:, :3], held, self._times)
        return solve_track(
            self._fitter.model,
            self._pose,
            Sightings(seen.pixels, weights),
            state,
            self._motion,
            self._fitter.settings.huber_sigmas,
        )

    def _changed(self, found: Found, solved: Solved) -> bool:
        """Whether a frame's best heading by the solved shape is clearly another than the solved one."""
        model = self._rigid(self._shape_of(solved))
        pose = solved.state[:, : solved.state.shape[1] - self._fitter.model.basis.components]
        turned = model.apart(found.best.state, pose) > np.deg2rad(60)
        return bool((turned & self._held(found)).any())

    def _report(self, found: Found, solved: Solved) -> list[VehicleFit]:
        held = self._held(found)
        fits = []
        for row, evidence in enumerate(self._evidences):
            frame = Frame(
                evidence=evidence,
                state=solved.state[row],
                covariance=solved.covariance[row],
                squares=solved.squares[row],
                outliers=found.outliers[row],
                unseen=found.unseen[row],
                placed=int(self._points[row]),
                fewest=self._fewest,
                held=bool(held[row]),
                by_motion=self._motion is not None,
                rival_cost=float(found.rival_cost[row]),
                rival_turn_rad=float(self._fitter.model.apart(found.rival[row], found.best.state[row])),
                swapped=bool(self._swapped[row]),
            )
            fits.append(report(self._fitter, frame))
        return fits


def _whole(found: Found) -> Array:
    """(n,) the cost with outliers back in it, each at what made it one, and with what should not be seen."""
    contradicted = OUTLIER_SQUARE * found.outliers.sum(axis=1) + UNSEEN_COST * found.unseen.sum(axis=1)
    return np.asarray(found.best.cost + contradicted)


def _rows(found: Found, rows: Indices) -> Found:
    return Found(
        found.best.of(rows),
        found.outliers[rows],
        found.squares[rows],
        found.unseen[rows],
        found.rival_cost[rows],
        found.rival[rows],
    )


def _between(poses: Array, held: Bits, times: Array) -> Array:
    """Poses with those that are not held put between their neighbours in time."""
    if held.all() or not held.any():
        return poses
    out = poses.copy()
    heading = np.unwrap(poses[held, 2])
    out[held, 2] = heading
    for column, known in ((0, poses[held, 0]), (1, poses[held, 1]), (2, heading)):
        out[~held, column] = np.interp(times[~held], times[held], known)
    return out
