"""Coarse fits for cars without keypoints: the mean car, a little changed, fitted to a mask's outline.

The heading comes from the track's motion on the ground; place and size from how far the outline reaches,
below all from its contact with the road. A car that never moves is tried from all sides, and an outline that
two headings explain alike is called ambiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import FittingError
from core.fitting.vehicles.coarse_cuts import LEAST_COST, cut
from core.fitting.vehicles.coarse_headings import PLACE_M, Headings, headings_of
from core.fitting.vehicles.fit_mesh import sizes_m
from core.fitting.vehicles.ground_model import POSE
from core.fitting.vehicles.levenberg_marquardt import Minimum, Sightings, minimise
from core.fitting.vehicles.outline import COUNT, Outline
from core.fitting.vehicles.outline_model import HEADING, OutlineModel, hull_basis
from core.fitting.vehicles.uncertainty import GroundSpread, covariance, noise_square
from core.fitting.vehicles.verdict import is_far_shape
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, metres_per_pixel, pose_on_ground
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT as KEYPOINTS
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

_BATCH = 512
_KEPT = 4
_CUTS_AT_ONCE = 32
_NOISE_BESIDES = 3.0


@dataclass(frozen=True, slots=True)
class CoarseSettings:
    """How outlines are fitted.

    Attributes:
        components: shape coefficients; an outline holds little more than the car's size.
        edge_px, edge_share: noise of an outline's reach: in pixels, and as a share of the car's size in the
            picture for what its shape is off by; their squares are added.
        contact_share: standard deviation of how far a mask's whole lower edge lies beside the car's, as a
            share of its size: shadows come with masks. It widens what is said of the distance.
        fewest: directions of the outline that must be the car's own.
        headings: how many starts for a car of which no motion tells the heading.
        rival_margin: a car turned another way that costs less than this more, in squared sigmas, is another
            answer.
    """

    components: int = 2
    edge_px: float = 1.0
    edge_share: float = 0.015
    contact_share: float = 0.02
    fewest: int = 7
    headings: int = 16
    rival_margin: float = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class OutlineSighting:
    """One car in one frame.

    Attributes:
        outline: of its mask.
        time_s: of the frame.
        track: number of the physical car, or None where nothing was tracked.
    """

    outline: Outline
    time_s: float
    track: int | None


def fit_coarse(
    camera: Camera,
    plane: GroundPlane,
    space: CarShapeSpace,
    sightings: Sequence[OutlineSighting],
    settings: CoarseSettings = CoarseSettings(),
) -> list[VehicleFit]:
    """Coarse fits of cars, of many frames and tracks at once.

    Args:
        camera, plane: where they are seen, and stand.
        space: what cars look like; it must have a mesh.
        sightings: in any order.

    Returns:
        One fit each, of the method COARSE, with a verdict.

    Raises:
        FittingError: where the shape space has no mesh.
    """
    if space.mesh is None:
        raise FittingError(
            f"The shape space {space.name!r} has keypoints only, and coarse fits need a mesh.",
            "Use the default shape space, or one that is built from meshes.",
        )
    if not sightings:
        return []
    ideal = camera.without_distortion()
    model = OutlineModel(ideal, plane, hull_basis(space, settings.components))
    work = _Work(model, ideal, plane, sightings, settings)
    places, ready = work.contacts()
    jumps = work.jumps_m(places)
    headings = headings_of(sightings, places, ready, jumps)
    best, rival = work.fit(places, ready, headings)
    # places of whole cars tell the motion better than their lower edges do
    again = headings_of(sightings, np.where(ready[:, None], best.state[:, :2], places), ready, jumps)
    best, rival = work.fit(places, ready, again)
    return work.report(space, best, rival, ready, again)


class _Work:
    """The arrays of all sightings."""

    def __init__(
        self,
        model: OutlineModel,
        camera: Camera,
        plane: GroundPlane,
        sightings: Sequence[OutlineSighting],
        settings: CoarseSettings,
    ) -> None:
        self._model, self._camera, self._plane, self._settings = model, camera, plane, settings
        self._supports = np.stack([one.outline.supports_px for one in sightings])
        self._free = np.stack([one.outline.free for one in sightings]) & np.isfinite(self._supports)
        self._contact = np.stack([one.outline.contact_px for one in sightings])
        size = np.array([one.outline.size_px for one in sightings])
        self._sigma = np.hypot(settings.edge_px, settings.edge_share * size)
        self._contact_px = settings.contact_share * size
        self._own = self._free.copy()
        size_of_state = POSE + settings.components
        self._spread = np.zeros((len(sightings), size_of_state, size_of_state))

    def contacts(self) -> tuple[Array, Bits]:
        """(n, 2) where the masks' lower edges meet the road, and whether there is enough of an outline."""
        frame = self._plane.frame()
        found = frame.inverse().apply(self._plane.points_or_nan(self._camera, self._contact))[:, :2]
        ready = np.isfinite(found).all(axis=1) & (self._free.sum(axis=1) >= self._settings.fewest)
        # the lower edge is the near one: the car's middle lies behind it
        away = np.linalg.norm(found, axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            return found + 1.2 * found / away, ready

    def jumps_m(self, places: Array) -> Array:
        """(n, 2) metres by which places may jump between frames, along the line of sight and across it."""
        away = np.linalg.norm(places, axis=1)
        with np.errstate(invalid="ignore"):
            pixel = np.stack(metres_per_pixel(self._camera, self._plane, away), axis=1)
        jumps = np.hypot(PLACE_M, pixel * np.hypot(self._sigma, self._contact_px)[:, None])
        return np.where(np.isfinite(jumps), jumps, np.inf)

    def fit(self, places: Array, ready: Bits, headings: Headings) -> tuple[Minimum, Array]:
        """The best fit of each, and how much more a car turned another way costs; (n,) inf where none was."""
        count, components = len(places), self._model.basis.components
        pixels, weights = self._seen(headings)
        best = _nothing(count, components)
        rival = np.full(count, np.inf)
        known = ready & headings.known
        around = np.linspace(0.0, 2 * np.pi, self._settings.headings, endpoint=False)
        for rows, turns in ((np.flatnonzero(known), np.zeros(1)), (np.flatnonzero(ready & ~known), around)):
            for first in range(0, len(rows), _BATCH):
                some = rows[first : first + _BATCH]
                starts = np.zeros((len(some), len(turns), POSE + components))
                starts[..., :2] = places[some, None]
                starts[..., 2] = np.where(known[some], headings.heading[some], 0.0)[:, None] + turns
                seen = Sightings(pixels[some], weights[some])
                if len(turns) > _KEPT:
                    starts = self._promising(seen, starts)
                many = starts.shape[1]
                every = seen.of(np.repeat(np.arange(len(some)), many))
                found = minimise(
                    self._model, every, starts.reshape(len(some) * many, -1), rounds=20, tolerance=1e-2
                )
                self._choose(some, found, many, best, rival)
                self._try_cuts(some, seen, best)
        return best, rival

    def _promising(self, seen: Sightings, starts: Array) -> Array:
        """(n, kept, S) the best of some starts after a few steps, each turned away from the others."""
        cars, many, size = starts.shape
        rough = minimise(
            self._model, seen.of(np.repeat(np.arange(cars), many)), starts.reshape(-1, size), 3, 1e-2
        )
        state = rough.state.reshape(cars, many, size)
        cost = np.where(np.isfinite(rough.cost), rough.cost, np.inf).reshape(cars, many)
        each = np.arange(cars)
        chosen = []
        for _ in range(_KEPT):
            index = np.argmin(cost, axis=1)
            chosen.append(state[each, index])
            near = self._model.apart(state, state[each, index][:, None]) < np.deg2rad(25.0)
            cost = np.where(near, np.inf, cost)
            cost[each, index] = np.inf
        return np.stack(chosen, axis=1)

    def _seen(self, headings: Headings) -> tuple[Array, Array]:
        """What `OutlineModel` is to meet: reaches, then the heading."""
        count = len(self._supports)
        pixels, weights = np.zeros((count, 2, COUNT + 1)), np.zeros((count, COUNT + 1))
        pixels[:, 0, :COUNT] = np.where(self._free, self._supports, 0.0)
        weights[:, :COUNT] = np.where(self._free, 1.0 / self._sigma[:, None], 0.0)
        pixels[:, 0, HEADING] = np.where(headings.known, headings.heading, 0.0)
        weights[:, HEADING] = np.where(headings.known, 1.0 / headings.sigma_rad, 0.0)
        return pixels, weights

    def _choose(self, rows: NDArray[np.intp], found: Minimum, many: int, best: Minimum, rival: Array) -> None:
        cost = np.where(np.isfinite(found.cost), found.cost, np.inf).reshape(-1, many)
        each = np.arange(len(rows))
        first = np.argmin(cost, axis=1)
        best.put(rows, found.of(each * many + first))
        state = found.state.reshape(len(rows), many, -1)
        away = self._model.apart(state, state[each, first][:, None]) > np.deg2rad(30.0)
        with np.errstate(invalid="ignore"):
            rival[rows] = np.where(away, cost - cost[each, first][:, None], np.inf).min(axis=1)

    def _try_cuts(self, rows: NDArray[np.intp], seen: Sightings, best: Minimum) -> None:
        """Where an outline fits no car well, perhaps something cuts it that is not known."""
        self._own[rows], self._spread[rows] = self._free[rows], 0.0
        suspect = np.flatnonzero(np.isfinite(best.cost[rows]) & (best.cost[rows] > LEAST_COST))
        for first in range(0, len(suspect), _CUTS_AT_ONCE):
            some = suspect[first : first + _CUTS_AT_ONCE]
            guess = cut(self._model, seen.of(some), best.of(rows[some]), self._settings.fewest)
            best.put(rows[some], guess.best)
            self._own[rows[some]], self._spread[rows[some]] = guess.own, guess.spread

    def report(
        self, space: CarShapeSpace, best: Minimum, rival: Array, ready: Bits, headings: Headings
    ) -> list[VehicleFit]:
        """The fits as records."""
        sizes = sizes_m(space, best.state[:, POSE:])
        return [
            self._fit_of(row, best, float(rival[row]), bool(ready[row]), headings, sizes[row])
            for row in range(len(rival))
        ]

    def _fit_of(
        self, row: int, best: Minimum, rival: float, ready: bool, headings: Headings, size: Array
    ) -> VehicleFit:
        state, free = best.state[row], int(self._own[row].sum())
        cost = float(best.cost[row])
        solved = ready and np.isfinite(cost)
        sigmas: FitSigmas | None = None
        if solved:
            noise = noise_square(cost, free - POSE)
            sigmas = self._widened(row, state, self._sigmas(row, best.information[row], state, noise))
        is_guess = free < int(self._free[row].sum()) and not headings.moving[row]
        by_motion = bool(headings.known[row])
        beta = state[POSE:]
        verdict, reason = self._verdict(
            free, cost, rival, by_motion, is_guess, solved, sigmas, float(size[0]), beta
        )
        heading = float((state[2] + np.pi) % (2 * np.pi) - np.pi)
        place = (float(state[0]), float(state[1]))
        pose = pose_on_ground(self._plane, place, heading)
        there = self._own[row]
        squares = best.squares[row, :COUNT][there] if solved else np.zeros(0)
        return VehicleFit(
            method=FitMethod.COARSE,
            verdict=verdict,
            reason=reason,
            rotation=tuple(pose.rotation.reshape(-1).tolist()),
            translation=(float(pose.translation[0]), float(pose.translation[1]), float(pose.translation[2])),
            place_m=place,
            heading_rad=heading,
            shape=tuple(beta.tolist()),
            size_m=(float(size[0]), float(size[1]), float(size[2])),
            rms_px=float(np.sqrt(squares.mean()) * self._sigma[row]) if squares.size else 0.0,
            sigma_px=float(self._sigma[row]),
            residuals_px=(None,) * KEYPOINTS,
            outliers=(),
            used=0,
            swapped=False,
            sigmas=sigmas,
        )

    def _sigmas(self, row: int, information: Array, state: Array, noise: float) -> FitSigmas | None:
        if self._spread[row].any():
            own = covariance(information)
            if own is None:
                return None
            information, noise = np.linalg.inv(own * noise + self._spread[row]), 1.0
        return GroundSpread(information, state, noise).sigmas()

    def _widened(self, row: int, state: Array, sigmas: FitSigmas | None) -> FitSigmas | None:
        """With what a lower edge that is not the car's does to the distance."""
        away = float(np.hypot(state[0], state[1]))
        if sigmas is None or sigmas.place is None or away == 0.0:
            return sigmas
        along, _ = metres_per_pixel(self._camera, self._plane, [away])
        more = float(self._contact_px[row] * along[0]) ** 2
        if not np.isfinite(more):
            return sigmas
        x, y = (state[:2] / away).tolist()
        xx, xy, yy = sigmas.place
        return replace(
            sigmas,
            along_m=float(np.sqrt(sigmas.along_m**2 + more)),
            place=(xx + more * x * x, xy + more * x * y, yy + more * y * y),
        )

    def _verdict(
        self,
        free: int,
        cost: float,
        rival: float,
        by_motion: bool,
        is_guess: bool,
        solved: bool,
        sigmas: FitSigmas | None,
        length_m: float,
        beta: Array,
    ) -> tuple[FitVerdict, str]:
        if not solved:
            if free < self._settings.fewest:
                return FitVerdict.TOO_FEW_POINTS, (
                    f"Only {free} of {COUNT} sides of the outline are its own: the rest is hidden or cut."
                )
            return FitVerdict.TOO_FEW_POINTS, "The outline does not reach the ground that this camera sees."
        if cost > _NOISE_BESIDES**2 * max(free - POSE, 1):
            return FitVerdict.OUTSIDE_SHAPE_SPACE, (
                "No car of the shape space has this outline: perhaps the mask holds a shadow or a second car."
            )
        if not by_motion and rival < self._settings.rival_margin:
            return (
                FitVerdict.AMBIGUOUS,
                "It never moves, and facing another way it would look the same.",
            )
        if is_guess:
            return FitVerdict.AMBIGUOUS, "It does not move, and something seems to cut its outline."
        if sigmas is None or sigmas.along_m > length_m / 2 or sigmas.heading_rad > np.deg2rad(25.0):
            return FitVerdict.AMBIGUOUS, "The outline hardly holds the car."
        if is_far_shape(float(beta @ beta), len(beta)):
            return FitVerdict.OUTSIDE_SHAPE_SPACE, (
                f"The car that has this outline is {np.linalg.norm(beta):.1f} sigmas from the mean car: "
                "perhaps the mask holds a shadow or lacks a part."
            )
        return FitVerdict.GOOD, "" if by_motion else "Its heading is by its outline alone: it never moves."


def _nothing(count: int, components: int) -> Minimum:
    size = POSE + components
    return Minimum(
        np.zeros((count, size)),
        np.full(count, np.inf),
        np.zeros((count, COUNT + 1)),
        np.zeros((count, size, size)),
        np.zeros((count, size)),
    )
