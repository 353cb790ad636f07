"""One frame of a solved track as a fit, with its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles import free_model, ground_model
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import sizes_m
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.uncertainty import FreeSpread, GroundSpread, noise_square
from core.fitting.vehicles.verdict import Findings, judge
from core.geometry.ground_plane import pose_on_ground
from core.geometry.poses import Pose
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit
from core.shapes.keypoints import COUNT, FLIP

Array = NDArray[np.float64]

_STRANGE = "Its points disagree with the car of the track's other frames."
_PREDICTED = "No point speaks for this frame: it is predicted from the frames around it."
_LEFT_OUT = f"{_STRANGE} It is placed by the frames around it."


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a track.

    Attributes:
        evidence: its keypoints.
        state, covariance: as the track's solution has them, of pose and shape.
        squares: (12,) squared residuals in sigmas of the points that took part.
        outliers: (12,) points that disagree.
        unseen: (12,) points that are said to be visible, and that the pose turns away.
        placed, fewest: how many points there are, and how many are needed.
        held: whether its points took part.
        by_motion: whether a motion prior holds it where they did not.
        rival_cost, rival_turn_rad: of the best pose of another heading.
        swapped: whether left and right are exchanged.
    """

    evidence: KeypointEvidence
    state: Array
    covariance: Array
    squares: Array
    outliers: NDArray[np.bool_]
    unseen: NDArray[np.bool_]
    placed: int
    fewest: int
    held: bool
    by_motion: bool
    rival_cost: float
    rival_turn_rad: float
    swapped: bool


def report(fitter: VehicleFitter, frame: Frame) -> VehicleFit:
    """The fit of one frame; where nothing of the track holds it, the frame's own."""
    if not frame.held and not frame.by_motion:
        alone = fitter.fit_many([frame.evidence])[0]
        if alone.verdict is FitVerdict.GOOD:
            return replace(alone, verdict=FitVerdict.AMBIGUOUS, reason=f"{_STRANGE} It is fitted alone.")
        return alone
    pose, place, heading = _pose(fitter, frame.state)
    beta = frame.state[-fitter.model.basis.components :] if fitter.model.basis.components else np.zeros(0)
    # a swapped fit's outliers and residuals are told of the points as they are named
    named = np.array(FLIP) if frame.swapped else np.arange(COUNT)
    residuals = _residuals(fitter, frame, pose, beta, named)
    outliers = _named(frame.outliers, named)
    used = frame.placed - len(outliers) if frame.held else 0
    kept = [
        value for index, value in enumerate(residuals) if value is not None and index not in outliers
    ] if frame.held else []  # fmt: skip
    cost = float(frame.squares.sum())
    freedom = 2 * used - (ground_model.POSE if fitter.plane is not None else 4)
    sigmas = _sigmas(fitter, frame, noise_square(cost, max(freedom, 0)) if frame.held else 1.0)
    size = sizes_m(fitter.space, beta[None])[0]
    verdict, reason = _verdict(
        fitter, frame, cost, freedom, beta, outliers, named, sigmas, pose, float(size[0])
    )
    return VehicleFit(
        method=FitMethod.TRACK,
        verdict=verdict,
        reason=reason,
        rotation=tuple(pose.rotation.reshape(-1).tolist()),
        translation=(float(pose.translation[0]), float(pose.translation[1]), float(pose.translation[2])),
        place_m=place,
        heading_rad=heading,
        shape=tuple(beta.tolist()),
        size_m=(float(size[0]), float(size[1]), float(size[2])),
        rms_px=float(np.sqrt(np.mean(np.square(kept)))) if kept else 0.0,
        sigma_px=frame.evidence.sharp_px,
        residuals_px=residuals,
        outliers=outliers if frame.held else (),
        used=used,
        swapped=frame.swapped,
        sigmas=sigmas,
    )


def _verdict(
    fitter: VehicleFitter,
    frame: Frame,
    cost: float,
    freedom: int,
    beta: Array,
    outliers: tuple[int, ...],
    named: NDArray[np.intp],
    sigmas: FitSigmas | None,
    pose: Pose,
    length_m: float,
) -> tuple[FitVerdict, str]:
    along = np.inf if sigmas is None else sigmas.along_m
    half = length_m / 2
    held_m = half if fitter.plane is not None else max(half, 0.2 * float(np.linalg.norm(pose.translation)))
    loose = along > held_m or sigmas is None or sigmas.heading_rad > np.deg2rad(15)
    if not frame.held:
        reason = _PREDICTED if frame.placed == 0 else _LEFT_OUT
        return (FitVerdict.AMBIGUOUS if loose or frame.placed else FitVerdict.GOOD), reason
    return judge(
        Findings(
            placed=frame.placed,
            fewest=1 if frame.by_motion else frame.fewest,
            cost=cost + float(beta @ beta),
            freedom=freedom + len(beta),
            shape_square=float(beta @ beta),
            components=max(len(beta), 1),
            outliers=outliers,
            along_m=along,
            held_m=held_m,
            heading_rad=np.inf if sigmas is None else sigmas.heading_rad,
            rival_cost=frame.rival_cost,
            rival_turn_rad=frame.rival_turn_rad,
            swapped=frame.swapped,
            torn=False,
            unseen=_named(frame.unseen, named),
        )
    )


def _named(points: NDArray[np.bool_], named: NDArray[np.intp]) -> tuple[int, ...]:
    """Points by the index that they have in the evidence."""
    return tuple(sorted(int(named[index]) for index in np.flatnonzero(points)))


def _pose(fitter: VehicleFitter, state: Array) -> tuple[Pose, tuple[float, float] | None, float | None]:
    if fitter.plane is None:
        turn, place = state[: free_model.ROTATION], state[free_model.ROTATION : free_model.PLACE]
        return Pose(turn.reshape(3, 3), place), None, None
    heading = float((state[2] + np.pi) % (2 * np.pi) - np.pi)
    where = (float(state[0]), float(state[1]))
    return pose_on_ground(fitter.plane, where, heading), where, heading


def _residuals(
    fitter: VehicleFitter, frame: Frame, pose: Pose, beta: Array, named: NDArray[np.intp]
) -> tuple[float | None, ...]:
    pixels = fitter.camera.project(pose.apply(fitter.space.keypoints(beta)))[named]
    distance = np.linalg.norm(pixels - frame.evidence.pixels, axis=1)
    return tuple(
        float(value) if used and np.isfinite(value) else None
        for value, used in zip(distance, frame.evidence.used, strict=True)
    )


def _sigmas(fitter: VehicleFitter, frame: Frame, noise: float) -> FitSigmas | None:
    spread = frame.covariance
    if not np.isfinite(spread).all() or (np.diag(spread) <= 0).any():
        return None
    make = GroundSpread if fitter.plane is not None else FreeSpread
    return make(np.asarray(np.linalg.inv(spread), dtype=np.float64), frame.state, noise).sigmas()
