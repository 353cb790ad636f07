"""A person's fit as the records have it: from a state and what was found about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people import degrees
from core.fitting.people.ends import Ends, way_up
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.marks import LEFT_SOLE, POINTS, RIGHT_SOLE, BodyMarks
from core.fitting.people.starts import Starts
from core.fitting.people.uncertainty import spread_of
from core.fitting.people.verdict import Findings, judge, too_few
from core.fitting.vehicles.uncertainty import noise_square
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.fits import BodyFit, FitMethod, FitVerdict, Foot
from core.records.shapes import KeypointTag
from core.shapes.body.placed import NamedBody
from core.shapes.person_keypoints import COUNT, FLIP

Array = NDArray[np.float64]

STANDS_M = 0.03
"""A foot of which the sole comes so near to the ground stands on it."""
_UPSIDE_DOWN = 0.15
_UPPER, _LOWER = (0, 1, 2, 3, 4, 5, 6), (11, 12, 13, 14, 15, 16)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What was found of one person; see `verdict.Findings` for what is not said here.

    Attributes:
        turn (3, 3), place (3,), beta (B,), pose (28,): the state. information: (K, K) at it.
        skin: (N, 3) its outermost skin, camera frame. marks: (P, 3) its points, soles and crown.
        outliers: (17,) of the points as they were fitted, exchanged where `swapped`.
    """

    method: FitMethod
    ends: Ends
    fewest: int
    turn: Array
    place: Array
    beta: Array
    pose: Array
    cost: float
    freedom: int
    information: Array
    skin: Array
    marks: Array
    outliers: NDArray[np.bool_]
    swapped: bool
    torn: bool
    unseen: int
    rival_cost: float
    rival_turn: float


class Reporter:
    """Makes the records of one camera's fits."""

    def __init__(
        self, camera: Camera, plane: GroundPlane | None, body: NamedBody, marks: BodyMarks, starts: Starts
    ) -> None:
        self._camera, self._plane, self._body, self._marks = camera, plane, body, marks
        self._frame = None if plane is None else plane.frame()
        self._starts = starts
        self._joints = len(body.model.parents)

    def fit(self, evidence: BodyEvidence, row: Row) -> BodyFit:
        """The record of a state, with its verdict."""
        noise = noise_square(row.cost, row.freedom)
        spread = spread_of(
            row.information, row.turn, row.place, len(row.beta), noise, self._frame, self._joints
        )
        named = np.array(FLIP) if row.swapped else np.arange(COUNT)
        outliers = tuple(sorted(int(named[index]) for index in np.flatnonzero(row.outliers)))
        height = self._height_ratio(row.skin, row.ends)
        used = int(evidence.used.sum()) - len(outliers)
        verdict, reason = judge(
            Findings(
                placed=int(evidence.used.sum()),
                fewest=row.fewest,
                truncated=sum(tag is KeypointTag.TRUNCATED for tag in evidence.tags),
                cost=row.cost,
                freedom=row.freedom,
                shape_square=float(row.beta @ row.beta),
                components=len(row.beta),
                outliers=outliers,
                grounded=self._plane is not None,
                upside_down=self._is_upside_down(evidence, row.place),
                ends=row.ends,
                height_ratio=height,
                standing_ratio=self._standing_ratio(row.ends),
                along_m=np.inf if spread is None else spread.sigmas.along_m,
                heading_rad=np.inf if spread is None else spread.sigmas.heading_rad,
                rival_cost=row.rival_cost / noise,
                rival_turn_rad=row.rival_turn,
                swapped=row.swapped,
                torn=row.torn,
                unseen=row.unseen,
            )
        )
        residuals = self._residuals(evidence, row.marks[POINTS][named])
        kept = [value for i, value in enumerate(residuals) if value is not None and i not in outliers]
        pose = degrees.pose_of_degrees(row.pose, self._joints)
        place, heading = self._on_ground(row.turn, row.place)
        return BodyFit(
            method=row.method,
            verdict=verdict,
            reason=reason,
            rotation=tuple(row.turn.reshape(-1).tolist()),
            translation=(float(row.place[0]), float(row.place[1]), float(row.place[2])),
            place_m=place,
            heading_rad=heading,
            shape=tuple(row.beta.tolist()),
            size_m=self._size(row.turn, row.skin, row.beta),
            rms_px=float(np.sqrt(np.mean(np.square(kept)))) if kept else 0.0,
            sigma_px=evidence.sharp_px,
            residuals_px=residuals,
            outliers=outliers,
            used=used,
            swapped=row.swapped,
            sigmas=None if spread is None else spread.sigmas,
            pose=tuple(pose[1:].reshape(-1).tolist()),
            contacts=self._contacts(row.marks),
            height_ratio=height,
            pose_sigmas_rad=None if spread is None else spread.joints,
        )

    def standing(self, evidence: BodyEvidence, ends: Ends, fewest: int) -> BodyFit:
        """Somebody who stands where the box ends: what is told where points are too few for a fit."""
        starts, model = self._starts, self._body.model
        place = starts.standing(ends)
        forward = -place - (-place @ starts.up) * starts.up
        forward = forward / max(float(np.linalg.norm(forward)), 1e-9)
        turn = np.stack([np.cross(starts.up, forward), starts.up, forward], axis=1)
        pose = degrees.pose_of_degrees(starts.poses[0], self._joints)
        spot, heading = self._on_ground(turn, place)
        rest = self._marks.skin.rest
        deep, wide = float(np.ptp(rest[:, 2])), float(np.ptp(rest[:, 0])) / 3
        return BodyFit(
            method=FitMethod.BODY,
            verdict=FitVerdict.TOO_FEW_POINTS,
            reason=too_few(int(evidence.used.sum()), fewest),
            rotation=tuple(turn.reshape(-1).tolist()),
            translation=(float(place[0]), float(place[1]), float(place[2])),
            place_m=spot,
            heading_rad=heading,
            shape=(0.0,) * min(self._marks.betas, model.betas),
            size_m=(deep, wide, float(np.ptp(rest[:, 1]))),
            rms_px=0.0,
            sigma_px=evidence.sharp_px,
            residuals_px=(None,) * COUNT,
            outliers=(),
            used=int(evidence.used.sum()),
            swapped=False,
            sigmas=None,
            pose=tuple(pose[1:].reshape(-1).tolist()),
            contacts=(),
            height_ratio=None,
            pose_sigmas_rad=None,
        )

    def _on_ground(self, turn: Array, place: Array) -> tuple[tuple[float, float] | None, float | None]:
        if self._frame is None:
            return None, None
        spot = self._frame.inverse().apply(place)
        forward = self._frame.inverse().rotate(turn[:, 2])
        return (float(spot[0]), float(spot[1])), float(np.arctan2(forward[1], forward[0]))

    def _size(self, turn: Array, skin: Array, beta: Array) -> tuple[float, float, float]:
        """Depth and width of the posed body on the ground, by where its pelvis faces, and stature upright."""
        up, forward = self._starts.up, turn[:, 2]
        ahead = forward - (forward @ up) * up
        ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
        rest = self._marks.skin.rest[:, 1] + self._marks.skin.steps[:, 1] @ beta
        return float(np.ptp(skin @ ahead)), float(np.ptp(skin @ np.cross(up, ahead))), float(np.ptp(rest))

    def _contacts(self, marks: Array) -> tuple[Foot, ...]:
        if self._plane is None:
            return ()
        heights = self._plane.heights(marks)
        feet = ((Foot.LEFT, LEFT_SOLE), (Foot.RIGHT, RIGHT_SOLE))
        return tuple(foot for foot, sole in feet if heights[sole].min() < STANDS_M)

    def _height_ratio(self, skin: Array, ends: Ends) -> float | None:
        pixels = self._camera.project(skin)[:, 1]
        if ends.height <= 0 or not np.isfinite(pixels).all():
            return None
        return float(np.ptp(pixels) / ends.height)

    def _standing_ratio(self, ends: Ends) -> float | None:
        """How tall somebody of mean shape who stands where the box ends would be, against the box.

        None where the box does not end at the feet, or is not as tall as the person.
        """
        if self._plane is None or ends.height <= 0 or not np.isfinite(ends.bottom_px):
            return None
        foot = self._plane.points_or_nan(self._camera, np.array([ends.middle, ends.bottom]))
        ends_px = self._camera.project(np.stack([foot, foot + self._starts.tall * self._plane.normal]))
        if not np.isfinite(ends_px).all():
            return None
        return float(abs(ends_px[1, 1] - ends_px[0, 1]) / ends.height)

    def _is_upside_down(self, evidence: BodyEvidence, place: Array) -> bool:
        """Whether head and shoulders lie below hips and feet in the picture, by a good part of the height.

        Below is where the picture shows the ground's normal to point down at that place (3,), camera frame:
        a camera may be mounted askew, and one that looks steeply down sees heads below feet at its own feet.
        """
        upper = evidence.points[[index for index in _UPPER if evidence.used[index]]]
        lower = evidence.points[[index for index in _LOWER if evidence.used[index]]]
        if not len(upper) or not len(lower):
            return False
        way = way_up(place, self._camera, self._starts.up, self._starts.tall / 2)
        if way is None:
            way = np.array([0.0, -1.0])
        length = float(np.linalg.norm(way))
        if length == 0:
            return False
        up = way / length
        height = float(np.abs(up) @ [evidence.box.w, evidence.box.h])
        return bool((lower.mean(axis=0) - upper.mean(axis=0)) @ up > _UPSIDE_DOWN * max(height, 1.0))

    def _residuals(self, evidence: BodyEvidence, points: Array) -> tuple[float | None, ...]:
        distance = np.linalg.norm(self._camera.project(points) - evidence.points, axis=1)
        return tuple(
            float(value) if used and np.isfinite(value) else None
            for value, used in zip(distance, evidence.used, strict=True)
        )


def state_of(fit: BodyFit, joints: int) -> tuple[Array, Array, Array, Array]:
    """(3, 3) turn, (3,) place, betas, and (28,) degrees of a fit."""
    pose = np.zeros((joints, 3))
    pose[1:] = np.reshape(fit.pose, (-1, 3))
    return (
        np.reshape(fit.rotation, (3, 3)),
        np.array(fit.translation),
        np.array(fit.shape),
        degrees.degrees_of(pose),
    )
