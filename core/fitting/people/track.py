"""One person over many frames: one shape, a smooth way, and a facing that the walk tells.

Frames are fitted alone first. Where a frame's facing is not its neighbours', or its points are few, it starts
again from theirs; then all is solved together (ALGORITHMS.md, 6; decision 0046).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.chain import State
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.fitter import BodyFitter
from core.fitting.people.objective import Sightings
from core.fitting.people.report import Row, state_of
from core.fitting.people.search import OUTLIER_SQUARE
from core.fitting.people.track_solver import Solved, TrackSolver
from core.records.fits import BodyFit, FitMethod, FitVerdict
from core.shapes.person_keypoints import COUNT, FLIP

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

FEWEST_POINTS = 3
"""A frame's neighbours hold what so few points leave open."""
MOVING_M_S = 0.5
_WALK_S = 0.6
_TURNED_RAD = np.deg2rad(75.0)
_LONG_S = 1.5
# who faces so far aside from the way is tried with left and right exchanged; walking aside or backwards all
# along is a hundred times rarer than wrong names, in squared sigmas
_ASIDE_RAD, _ASIDE_COST = np.deg2rad(40.0), 9.2
# after so long without points a track is another stretch
_GAP_S = 2.0


def fit_body_track(
    fitter: BodyFitter, evidences: Sequence[BodyEvidence | None], times_s: Sequence[float]
) -> list[BodyFit | None]:
    """All frames of one person.

    Args:
        fitter: of its camera.
        evidences: of each frame in time order; None where nothing is known.
        times_s: of each frame, seconds, increasing.

    Returns:
        A fit for each frame with evidence, whatever it is worth; else None. Frames that the track holds have
        the method BODY_TRACK; others are as they are alone.
    """
    if len(evidences) != len(times_s):
        raise ValueError(f"{len(evidences)} frames have {len(times_s)} times")
    rows = [row for row, one in enumerate(evidences) if one is not None]
    fits: list[BodyFit | None] = [None] * len(evidences)
    given = [one for one in evidences if one is not None]
    times = np.asarray(times_s, dtype=np.float64)[rows]
    for row, fit in zip(rows, fitter.fit_many(given), strict=True):
        fits[row] = fit
    if fitter.plane is None:
        return fits
    enough = [number for number, one in enumerate(given) if one.used.sum() >= FEWEST_POINTS]
    for stretch in _stretches(np.array(enough, dtype=np.intp), times):
        singles = [fits[rows[number]] for number in stretch]
        track = _Track(
            fitter, [given[number] for number in stretch], times[stretch], [fit for fit in singles if fit]
        )
        for number, fit in zip(stretch, track.fits(), strict=True):
            fits[rows[number]] = fit
    return fits


def _stretches(rows: NDArray[np.intp], times: Array) -> list[list[int]]:
    """Frames that belong together: two or more, with no long gap between."""
    if not len(rows):
        return []
    cuts = np.flatnonzero(np.diff(times[rows]) > _GAP_S) + 1
    return [part.tolist() for part in np.split(rows, cuts) if len(part) > 1]


class _Track:
    """The work on one stretch."""

    def __init__(
        self, fitter: BodyFitter, evidences: list[BodyEvidence], times: Array, singles: list[BodyFit]
    ) -> None:
        self._fitter, self._evidences, self._times, self._singles = fitter, evidences, times, singles
        self._ends = [fitter.ends(one) for one in evidences]
        self._arrays = fitter.sightings(evidences, self._ends)
        self._swapped = np.array([fit.swapped for fit in singles])

    def fits(self) -> list[BodyFit]:
        """The fits of all frames; each alone where no frame holds the person."""
        anchors = self._anchors()
        if not anchors.any():
            return self._singles
        start = self._start(anchors)
        outliers = self._outliers()
        solved, outliers = self._settled(start, outliers)
        if self._aside(solved.state) > _ASIDE_RAD:
            other = self._exchanged(solved, outliers)
            if other is not None:
                solved, outliers = other
        return self._report(solved, outliers, self._walk(solved.state.place)[1])

    def _aside(self, state: State) -> float:
        """How far from the way that it walks the person faces, the median of frames; 0 where it stands."""
        ways, moving = self._walk(state.place)
        off = _apart(self._headings(state.turn), ways)[moving]
        return float(np.median(off)) if len(off) > 1 else 0.0

    def _anchors(self) -> Bits:
        """(T,) frames whose own fits may be built upon."""
        held = (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
        return np.array([fit.verdict in held and fit.sigmas is not None for fit in self._singles])

    def _start(self, anchors: Bits) -> State:
        """Each frame's own pose where it faces as those around it do, else the nearest such frame's."""
        joints = len(self._fitter.body.model.parents)
        parts = [state_of(fit, joints) for fit in self._singles]
        turn, place, beta, pose = (np.stack([part[index] for part in parts]) for index in range(4))
        known = np.flatnonzero(anchors)
        beta[:] = np.median(beta[known], axis=0)
        headings = self._headings(turn)
        ways, moving = self._walk(place, known)
        sure = np.array([fit.verdict is FitVerdict.GOOD for fit in self._singles])
        agree = anchors.copy()
        for frame in range(len(parts)):
            near = known[np.abs(self._times[known] - self._times[frame]) < _LONG_S]
            weights = np.where(sure[near], 3.0, 1.0)
            votes = np.exp(1j * headings[near]) * weights
            total = votes.sum()
            if moving[frame]:
                # people walk forwards, but for left and right exchanged in all of the track
                sign = 1.0 if np.cos(headings[known] - ways[known]).mean() > -0.5 else -1.0
                total += sign * weights.sum() * np.exp(1j * ways[frame])
            if len(near) and abs(total) > 0:
                agree[frame] &= bool(_apart(headings[frame], np.angle(total)) < _TURNED_RAD)
        kept = np.flatnonzero(agree) if agree.any() else known
        for frame in np.flatnonzero(~agree).tolist():
            nearest = kept[np.abs(self._times[kept] - self._times[frame]).argmin()]
            turn[frame], pose[frame] = turn[nearest], pose[nearest]
            self._swapped[frame] = self._swapped[nearest]
            if not anchors[frame]:
                place[frame] = [
                    np.interp(self._times[frame], self._times[known], place[known, axis]) for axis in range(3)
                ]
        return State(turn, place, beta, pose)

    def _walk(self, place: Array, known: NDArray[np.intp] | None = None) -> tuple[Array, Bits]:
        """(T,) which way the person walks, and whether; from places of some frames over a second or so."""
        assert self._fitter.plane is not None
        spots = self._fitter.plane.frame().inverse().apply(place)[:, :2]
        every = np.arange(len(place)) if known is None else known
        ways, moving = np.zeros(len(place)), np.zeros(len(place), dtype=np.bool_)
        for frame, time in enumerate(self._times):
            near = every[np.abs(self._times[every] - time) <= _WALK_S]
            if len(near) < 2:
                near = every[np.argsort(np.abs(self._times[every] - time))[:2]]
            if len(near) < 2 or np.ptp(self._times[near]) <= 0:
                continue
            past = self._times[near] - self._times[near].mean()
            velocity = (past @ (spots[near] - spots[near].mean(axis=0))) / (past @ past)
            ways[frame], moving[frame] = (
                np.arctan2(velocity[1], velocity[0]),
                np.hypot(*velocity) > MOVING_M_S,
            )
        return ways, moving

    def _headings(self, turn: Array) -> Array:
        """(T,) where pelvises face on the ground, radians."""
        assert self._fitter.plane is not None
        forward = self._fitter.plane.frame().inverse().rotate(turn[:, :, 2])
        return np.asarray(np.arctan2(forward[:, 1], forward[:, 0]))

    def _outliers(self) -> Bits:
        """(T, 17) points that frames alone leave out, as they are named for the fit."""
        found = np.zeros((len(self._singles), COUNT), dtype=np.bool_)
        for row, fit in enumerate(self._singles):
            found[row, list(fit.outliers)] = True
        return found

    def _seen(self, outliers: Bits) -> Sightings:
        pixels, weights, edges, edge_weights = (part.copy() for part in self._arrays)
        weights[outliers] = 0.0
        flip = list(FLIP)
        pixels[self._swapped], weights[self._swapped] = (
            pixels[self._swapped][:, flip], weights[self._swapped][:, flip],
        )  # fmt: skip
        kit = self._fitter.objective.kit
        return Sightings(*(kit.array(part) for part in (pixels, weights, edges, edge_weights)))

    def _settled(self, start: State, outliers: Bits) -> tuple[Solved, Bits]:
        """Solved with the points that agree with the track: twice, once it is known which."""
        kit, objective = self._fitter.objective.kit, self._fitter.objective
        solved = TrackSolver(objective, self._seen(outliers), self._times).solve(start)
        state = objective.chain.state(
            solved.state.turn, solved.state.place, solved.state.beta, solved.state.pose
        )
        none = np.zeros_like(outliers)
        squares = np.array(kit.numpy(objective.at(state, self._seen(none)).squares))
        squares[self._swapped] = squares[self._swapped][:, list(FLIP)]
        there = self._arrays[1] > 0
        marked = there & (squares > OUTLIER_SQUARE)
        many = marked.sum(axis=1) > np.maximum(there.sum(axis=1) // 3, 1)
        marked[many] = outliers[many]
        if (marked == outliers).all():
            return solved, outliers
        return TrackSolver(objective, self._seen(marked), self._times).solve(solved.state), marked

    def _exchanged(self, solved: Solved, outliers: Bits) -> tuple[Solved, Bits] | None:
        """All frames with left and right exchanged, where that explains them as well."""
        evidences = [_flipped(one) for one in self._evidences]
        singles = [replace(fit, swapped=False) for fit in self._fitter.fit_many(evidences)]
        other = _Track(self._fitter, evidences, self._times, singles)
        anchors = other._anchors()
        if not anchors.any():
            return None
        found, marked = other._settled(other._start(anchors), other._outliers())
        lost = OUTLIER_SQUARE * (float(marked.sum()) - float(outliers.sum()))
        better = other._aside(found.state) < self._aside(solved.state) / 2
        if not better or found.total + lost > solved.total + _ASIDE_COST:
            return None
        self._swapped = ~other._swapped
        return found, marked[:, list(FLIP)]

    def _report(self, solved: Solved, outliers: Bits, moving: Bits) -> list[BodyFit]:
        fitter, state = self._fitter, solved.state
        kit, chain = fitter.objective.kit, fitter.objective.chain
        there = chain.state(state.turn, state.place, state.beta, state.pose)
        skin = np.array(kit.numpy(chain.posed(there, fitter.objective.body.skin).points))
        marks = np.array(kit.numpy(chain.posed(there, fitter.objective.body.marks).points))
        freedom = fitter.freedom(self._arrays[1], self._arrays[3], outliers)
        sure = any(fit.verdict is FitVerdict.GOOD for fit in self._singles)
        flip = list(FLIP)
        fits = []
        for row, evidence in enumerate(self._evidences):
            marked = outliers[row][flip] if self._swapped[row] else outliers[row]
            found = Row(
                method=FitMethod.BODY_TRACK,
                ends=self._ends[row],
                fewest=FEWEST_POINTS,
                turn=state.turn[row],
                place=state.place[row],
                beta=state.beta[row],
                pose=state.pose[row],
                cost=float(solved.cost[row]),
                freedom=int(freedom[row]),
                information=solved.information[row],
                skin=skin[row],
                marks=marks[row],
                outliers=marked,
                swapped=bool(self._swapped[row]),
                torn=False,
                unseen=0,
                rival_cost=np.inf if sure or moving.any() else 0.0,
                rival_turn=np.pi,
            )
            fits.append(fitter.reporter.fit(evidence, found))
        return fits


def _apart(first: Array, second: Array) -> Array:
    return np.asarray(np.abs((first - second + np.pi) % (2 * np.pi) - np.pi))


def _flipped(evidence: BodyEvidence) -> BodyEvidence:
    flip = list(FLIP)
    return BodyEvidence(
        evidence.points[flip],
        evidence.used[flip],
        evidence.sigma_px[flip],
        tuple(evidence.tags[index] for index in flip),
        evidence.box,
        evidence.mask,
        evidence.hiders,
    )
