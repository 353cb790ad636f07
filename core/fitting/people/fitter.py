"""People in single frames: pose, shape and place from seventeen points, the box's ends and the ground.

Levenberg and Marquardt's method from eight headings and both legs in front, all people of a batch at once;
left and right exchanged where the points fit badly as they are named (ALGORITHMS.md, 6; decision 0046).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.arrays import kit_of
from core.fitting.people.ends import Ends, ends_of, of_upright
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.marks import body_marks
from core.fitting.people.objective import Objective, Sightings
from core.fitting.people.prior import pose_prior
from core.fitting.people.report import Reporter, Row
from core.fitting.people.search import OUTLIER_SQUARE, Found, search
from core.fitting.people.starts import Starts
from core.fitting.vehicles.uncertainty import noise_square
from core.fitting.vehicles.verdict import looks_wrong
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.fits import BodyFit, FitMethod
from core.records.shapes import KeypointTag
from core.shapes.body.placed import NamedBody
from core.shapes.person_keypoints import COUNT, FLIP

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

FEWEST_POINTS = 6
# a thousand times likelier: 2 ln 1000
SWAP_MARGIN = 13.8
# and the points as they are named must lie this many times their noise off
SWAP_NOISE_TIMES = 2.0
_BATCH, _BATCH_ON_DEVICE = 24, 512


class BodyFitter:
    """Fits people whom one camera sees."""

    def __init__(
        self, camera: Camera, plane: GroundPlane | None, body: NamedBody, *, device: str | None = None
    ) -> None:
        """Works out what does not depend on the evidence.

        Args:
            plane: the ground in the camera frame, or None.
            device: None for numpy on the processor; else torch's device, such as "cuda".

        Raises:
            FittingError: where torch has no such device, or it has no double precision (Apple's MPS).
        """
        self.camera, self.plane, self.body, self.device = camera, plane, body, device
        marks, prior = body_marks(body), pose_prior()
        self.objective = Objective(kit_of(device), camera.without_distortion(), plane, marks, prior)
        self.starts = Starts(camera, plane, marks, prior)
        self.reporter = Reporter(camera, plane, body, marks, self.starts)
        self._batch = _BATCH if device is None else _BATCH_ON_DEVICE

    @property
    def fewest_points(self) -> int:
        """Below this many points no fit is tried."""
        return FEWEST_POINTS

    def fit(self, evidence: BodyEvidence) -> BodyFit:
        """One person; whatever the evidence, a fit with its verdict."""
        return self.fit_many([evidence])[0]

    def fit_many(self, evidences: Sequence[BodyEvidence]) -> list[BodyFit]:
        """Many people, in their order; see `fit`."""
        fits: list[BodyFit] = []
        for begin in range(0, len(evidences), self._batch):
            fits += self._fits(evidences[begin : begin + self._batch])
        return fits

    def ends(self, evidence: BodyEvidence) -> Ends:
        """What box, mask and tags know of where a person begins and ends."""
        found = ends_of(evidence, self.camera.width, self.camera.height)
        if self.plane is None:
            return found
        return of_upright(found, self.camera, self.plane, self.starts.tall)

    def sightings(self, evidences: Sequence[BodyEvidence], ends: Sequence[Ends]) -> tuple[Array, ...]:
        """Evidence as numpy's arrays of the ideal picture, in the order of `Sightings`."""
        pixels = np.stack([evidence.points for evidence in evidences])
        sigma = np.stack([evidence.sigma_px for evidence in evidences])
        if self.camera.is_distorted:
            there = np.isfinite(sigma)
            pixels[there] = self.camera.undistort(pixels[there])
        lost = ~np.isfinite(pixels).all(axis=-1)
        pixels[lost], sigma[lost] = 0.0, np.inf
        middles = np.array([[[one.middle, one.top], [one.middle, one.bottom]] for one in ends])
        rows = self.camera.undistort(middles)[..., 1]
        spread = np.array([[one.top_px, one.bottom_px] for one in ends])
        spread[~np.isfinite(rows)] = np.inf
        return pixels, 1 / sigma, np.nan_to_num(rows), 1 / spread

    def _fits(self, evidences: Sequence[BodyEvidence]) -> list[BodyFit]:
        ends = [self.ends(one) for one in evidences]
        arrays = self.sightings(evidences, ends)
        rows = [row for row, count in enumerate((arrays[1] > 0).sum(axis=1)) if count >= FEWEST_POINTS]
        fits = [
            self.reporter.standing(evidence, end, FEWEST_POINTS)
            for evidence, end in zip(evidences, ends, strict=True)
        ]
        if not rows:
            return fits
        pixels, weights, edges, edge_weights = (part[rows] for part in arrays)
        tags = [list(evidences[row].tags) for row in rows]
        at_ends = [ends[row] for row in rows]
        found = self.searched(pixels, weights, edges, edge_weights, tags, at_ends)
        swapped, torn = np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        doubtful = np.flatnonzero(self._doubtful(found, weights, edge_weights))
        if len(doubtful):
            flip = list(FLIP)
            mirrored = self.searched(
                pixels[doubtful][:, flip], weights[doubtful][:, flip], edges[doubtful],
                edge_weights[doubtful], [[tags[row][index] for index in flip] for row in doubtful],
                [at_ends[row] for row in doubtful],
            )  # fmt: skip
            ours, theirs = whole_cost(found)[doubtful], whole_cost(mirrored)
            freedom = self.freedom(
                weights[doubtful], edge_weights[doubtful], np.zeros((len(doubtful), COUNT))
            )
            noise = np.array([noise_square(a, int(b)) for a, b in zip(theirs, freedom, strict=True)])
            shown = np.array([noise_square(a, int(b)) for a, b in zip(ours, freedom, strict=True)])
            better = ours > theirs + SWAP_MARGIN * noise
            # a face that is seen where none can be is as telling as points that are far off
            faces = found.unseen[doubtful] > mirrored.unseen + 1
            surely = better & (faces | (shown > SWAP_NOISE_TIMES**2))
            self._put(found, doubtful[surely], mirrored, np.flatnonzero(surely))
            swapped[doubtful[surely]], torn[doubtful[better & ~surely]] = True, True
        freedom = self.freedom(weights, edge_weights, found.outliers)
        for row, fit in zip(
            rows, self._report(evidences, rows, ends, found, freedom, swapped, torn), strict=True
        ):
            fits[row] = fit
        return fits

    def searched(
        self,
        pixels: Array,
        weights: Array,
        edges: Array,
        edge_weights: Array,
        tags: list[list[KeypointTag]],
        ends: list[Ends],
    ) -> Found:
        """The best body of each person, from all starts; arrays as `sightings` gives them."""
        kit = self.objective.kit
        seen = Sightings(*(kit.array(part) for part in (pixels, weights, edges, edge_weights)))
        places = self.starts.places(pixels, weights, ends)
        return search(self.objective, seen, tags, self.starts.turns, places, self.starts.poses)

    def freedom(self, weights: Array, edge_weights: Array, outliers: Array | Bits) -> Array:
        """(n,) degrees of freedom of the cost: shape and pose bring and take as many."""
        points = ((weights > 0) & (np.asarray(outliers) == 0)).sum(axis=1)
        held = (edge_weights > 0).sum(axis=1) + (6 if self.plane is not None else 2)
        return np.asarray(2 * points + held - 6, dtype=np.float64)

    def _doubtful(self, found: Found, weights: Array, edge_weights: Array) -> Bits:
        freedom = self.freedom(weights, edge_weights, np.zeros(weights.shape))
        cost = whole_cost(found)
        wrong = np.array([looks_wrong(float(a), float(b)) for a, b in zip(cost, freedom, strict=True)])
        return wrong | (found.unseen > 0)

    def _put(self, found: Found, rows: NDArray[np.intp], other: Found, those: NDArray[np.intp]) -> None:
        kit = self.objective.kit
        if not len(rows):
            return
        found.best.put(kit.indices(rows), other.best.of(kit.indices(those)))
        found.cost[rows], found.outliers[rows] = other.cost[those], other.outliers[those]
        found.squares[rows], found.unseen[rows] = other.squares[those], other.unseen[those]
        found.rival_cost[rows], found.rival_turn[rows] = other.rival_cost[those], other.rival_turn[those]

    def _report(
        self, evidences: Sequence[BodyEvidence], rows: list[int], ends: Sequence[Ends], found: Found,
        freedom: Array, swapped: Bits, torn: Bits,
    ) -> list[BodyFit]:  # fmt: skip
        kit, best = self.objective.kit, found.best
        state, local = best.state, best.local
        turn, place, beta, pose = (
            np.array(kit.numpy(part)) for part in (state.turn, state.place, state.beta, state.pose)
        )
        cost, information = np.array(kit.numpy(local.cost)), np.array(kit.numpy(local.information))
        skin = np.array(kit.numpy(self.objective.chain.posed(state, self.objective.body.skin).points))
        marks = np.array(kit.numpy(self.objective.chain.posed(state, self.objective.body.marks).points))
        return [
            self.reporter.fit(
                evidences[row],
                Row(
                    method=FitMethod.BODY,
                    ends=ends[row],
                    fewest=FEWEST_POINTS,
                    turn=turn[i],
                    place=place[i],
                    beta=beta[i],
                    pose=pose[i],
                    cost=float(cost[i]),
                    freedom=int(freedom[i]),
                    information=information[i],
                    skin=skin[i],
                    marks=marks[i],
                    outliers=found.outliers[i],
                    swapped=bool(swapped[i]),
                    torn=bool(torn[i]),
                    unseen=int(found.unseen[i]),
                    rival_cost=float(found.rival_cost[i]),
                    rival_turn=float(found.rival_turn[i]),
                ),
            )
            for i, row in enumerate(rows)
        ]


def whole_cost(found: Found) -> Array:
    """(n,) the cost with outliers back in it, each at what made it one."""
    return np.asarray(found.cost + OUTLIER_SQUARE * found.outliers.sum(axis=1))
