"""People as other systems estimate them, put on the ground: what such a system is asked, and what it answers.

HMR 2.0's network is one (`core.networks.hmr2`); adapters outside this program are others. A posed body comes
without a place, or with one that is only as good as the system's guess of the size: the box and the ground
tell it better (ALGORITHMS 6.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import BodyEstimatorError
from core.fitting.people.crop_camera import view_rotation
from core.fitting.people.ends import ends_of
from core.fitting.people.estimate_verdict import EstimateFindings, judge_estimate
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.report import STANDS_M
from core.fitting.people.stand_by_evidence import stand_by_evidence
from core.fitting.people.standing import Stand
from core.geometry.boxes import centres_from_edges
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import vector_from_rotation
from core.records.boxes import Box
from core.records.fits import BodyFit, FitMethod, FitSigmas, Foot
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.model import BodyModel, PosedBody
from core.shapes.body.placed import NamedBody
from core.shapes.body.skeleton import COUNT, Joint
from core.shapes.person_keypoints import COUNT as POINT_COUNT

Array = NDArray[np.float64]

SMPL_VERTICES = 6890
"""Of SMPL's own body: its betas mean nothing on another."""
HEADING_SIGMA_RAD = float(np.deg2rad(20.0))
"""Assumed of every estimate's heading, as none says how sure it is."""
_SHARED_JOINTS = 22
"""SMPL's joints that SMPL-X has in the same places; SMPL's two hands are none of its fingers."""
_PICTURES_UP = np.array([0.0, -1.0, 0.0])
"""Stands in for the ground's normal where there is none."""
_SKEW = 0.05
_LARGEST_BETA = 30.0
_FAR_POINT = 0.15
"""A point farther from the body than this part of the box's larger side disagrees with it."""


class RootFrame(StrEnum):
    """What a system tells the body's own turn against."""

    CROP = "crop"  # a camera that looks straight at the middle of the box, as HMR 2.0's network takes it
    CAMERA = "camera"  # the real camera, whose matrix the system was told


@dataclass(frozen=True, slots=True, eq=False)
class PersonPicture:
    """What a system is asked about: one person in one frame.

    Attributes:
        image: (H, W, 3) RGB, the whole frame as the camera delivers it; several people of a frame share it.
        box: of the person, pixels on pixel edges.
        camera: that took it, lens distortion included.
    """

    image: NDArray[np.uint8]
    box: Box
    camera: Camera


@dataclass(frozen=True, slots=True, eq=False)
class BodyEstimate:
    """What a system says of one person, in SMPL's terms.

    Attributes:
        rotations: (24, 3, 3) of SMPL's joints against their parents, the body's own turn first.
        root_frame: what that first one is told against.
        betas: (b,) of SMPL's shape, or None. They are used where the body is SMPL's own, and left at the mean
            elsewhere, as they mean nothing there.
        pelvis: (3,) where the pelvis joint is, camera frame, metres, or None: used where box and ground do
            not tell.
        method: HMR2 or ADAPTER.
    """

    rotations: Array
    root_frame: RootFrame = RootFrame.CROP
    betas: Array | None = None
    pelvis: Array | None = None
    method: FitMethod = FitMethod.ADAPTER


class BodyEstimator(Protocol):
    """A system that estimates people's bodies from pictures."""

    def estimate(self, people: Sequence[PersonPicture]) -> Sequence[BodyEstimate | None]:
        """One answer for each person, in their order; None where there is none."""
        ...


def check_estimate(estimate: object) -> BodyEstimate:
    """An estimate whose numbers can be used; rotations are made orthonormal.

    Raises:
        BodyEstimatorError: it is none, or has other shapes or numbers than an estimate's.
    """
    if not isinstance(estimate, BodyEstimate):
        raise _refused(f"it gave a {type(estimate).__name__} instead of a BodyEstimate")
    turns = np.asarray(estimate.rotations, dtype=np.float64)
    if turns.shape != (COUNT, 3, 3):
        raise _refused(f"its rotations are of shape {turns.shape} instead of ({COUNT}, 3, 3)")
    square = turns @ np.swapaxes(turns, -1, -2) - np.eye(3)
    if not (np.isfinite(turns).all() and np.abs(square).max() < _SKEW and (np.linalg.det(turns) > 0).all()):
        raise _refused("its rotations are no rotations")
    left, _, right = np.linalg.svd(turns)
    betas = None if estimate.betas is None else np.asarray(estimate.betas, dtype=np.float64)
    if betas is not None and not (betas.ndim == 1 and (np.abs(betas) < _LARGEST_BETA).all()):
        raise _refused("its betas are no row of usual numbers")
    pelvis = None if estimate.pelvis is None else np.asarray(estimate.pelvis, dtype=np.float64)
    if pelvis is not None and not (pelvis.shape == (3,) and np.isfinite(pelvis).all() and pelvis[2] > 0):
        raise _refused("its pelvis is no point before the camera")
    return BodyEstimate(left @ right, RootFrame(estimate.root_frame), betas, pelvis, estimate.method)


def place_estimate(
    estimate: BodyEstimate,
    camera: Camera,
    plane: GroundPlane | None,
    body: NamedBody,
    evidence: BodyEvidence,
    *,
    turn_to_ray: bool = True,
    centred: bool = True,
    occluded: bool = False,
) -> BodyFit:
    """A fit from an estimate: the body on the ground where its box ends (ALGORITHMS 6.3).

    Where the feet are hidden or cut, or the body says that the box does not end at them
    (`stand_by_evidence`), the box's end tells nothing: the pelvis' ray does then, or the head's. Without a
    ground, the estimate's own place or the box's size. Standard deviations come from what box and stature are
    assumed to be off by (`stand_doubt`); that of the heading is assumed too, and those of pose and shape are
    not told.

    Args:
        estimate: as `check_estimate` gives it.
        evidence: of the person: its box above all; mask, hiders and tags tell whether the feet show, and
            points are compared with the body, but move nothing.
        turn_to_ray: whether a root that is told against the crop is turned by the ray to the box's middle.
        centred: see `standing.stand_on_box`.
        occluded: whether the person is labelled so: what hides a part may hide the feet.

    Raises:
        BodyEstimatorError: the body would not be before the camera.
    """
    model = body.model
    root = estimate.rotations[0]
    if estimate.root_frame is RootFrame.CROP and turn_to_ray:
        view = view_rotation(camera, _middle(evidence.box))
        root = view @ root if np.isfinite(view).all() else root
    pose = _pose(estimate, model)
    betas = _betas(estimate, model)
    rest = model.posed(pose, betas)
    skin, joints = ((points - rest.joints[0]) @ root.T for points in (rest.vertices, rest.joints))
    ends = ends_of(evidence, camera.width, camera.height)
    found = stand_by_evidence(
        camera, plane, skin, evidence, ends, pelvis=estimate.pelvis, centred=centred, occluded=occluded
    )
    if found is None:
        raise BodyEstimatorError(
            "The body would not be before the camera.", "Check the box and the calibration."
        )
    where = found.where
    placed = PosedBody(skin + where.pelvis, joints + where.pelvis)
    residuals, outliers = _against_points(placed, camera, body, evidence)
    sigmas = _sigmas(plane, where, found.spread, len(betas))
    verdict, reason = judge_estimate(
        EstimateFindings(
            grounded=plane is not None,
            upside_down=_is_upside_down(joints @ (_PICTURES_UP if plane is None else plane.normal)),
            height_ratio=_height_ratio(placed, camera, evidence.box),
            at_border=ends.at_border,
            feet_show=found.feet_show,
            disagrees=found.disagrees,
            by=where.by,
            along_m=np.inf if sigmas is None else sigmas.along_m,
            outliers=len(outliers),
            points=int(evidence.used.sum()),
        )
    )
    spot, heading = _on_ground(plane, where.pelvis, root)
    return BodyFit(
        method=estimate.method,
        verdict=verdict,
        reason=reason,
        rotation=tuple(root.reshape(-1).tolist()),
        translation=(float(where.pelvis[0]), float(where.pelvis[1]), float(where.pelvis[2])),
        place_m=spot,
        heading_rad=heading,
        shape=tuple(betas.tolist()),
        size_m=_size(plane, skin, root, model, betas),
        rms_px=0.0,
        sigma_px=evidence.sharp_px,
        residuals_px=residuals,
        outliers=outliers,
        used=0,
        swapped=False,
        sigmas=sigmas,
        pose=tuple(pose[1:].reshape(-1).tolist()),
        contacts=_contacts(plane, placed, model),
        height_ratio=_height_ratio(placed, camera, evidence.box),
        pose_sigmas_rad=None,
    )


def _refused(what: str) -> BodyEstimatorError:
    return BodyEstimatorError(
        f"What the body estimator says cannot be used: {what}.", "Correct the adapter, or name other weights."
    )


def _middle(box: Box) -> Array:
    return centres_from_edges([box.x + box.w / 2, box.y + box.h / 2])


def _pose(estimate: BodyEstimate, model: BodyModel) -> Array:
    """(J, 3) axis-angle of the joints that the body shares with SMPL; the root stays at rest."""
    count = len(model.parents)
    shared = COUNT if count == COUNT else _SHARED_JOINTS
    pose = np.zeros((count, 3))
    pose[1:shared] = vector_from_rotation(estimate.rotations[1:shared])
    return pose


def _betas(estimate: BodyEstimate, model: BodyModel) -> Array:
    betas = np.zeros(min(10, model.betas))
    if estimate.betas is not None and is_smpl(model):
        betas = estimate.betas[: model.betas]
    return betas


def is_smpl(model: BodyModel) -> bool:
    """Whether it is SMPL's own body, whose betas HMR 2.0 speaks of."""
    return len(model.template) == SMPL_VERTICES and len(model.parents) == COUNT


def _height_ratio(placed: PosedBody, camera: Camera, box: Box) -> float | None:
    rows = camera.project(placed.vertices)[:, 1]
    return float(np.ptp(rows) / box.h) if box.h > 0 and np.isfinite(rows).all() else None


def _is_upside_down(heights: Array) -> bool:
    """Whether the head is below the feet."""
    feet = heights[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]]
    return bool(heights[Joint.HEAD] < min(feet.min(), heights[Joint.PELVIS]))


def _against_points(
    placed: PosedBody, camera: Camera, body: NamedBody, evidence: BodyEvidence
) -> tuple[tuple[float | None, ...], tuple[int, ...]]:
    """How far each point is from the body's, pixels, and which are too far to be the same person's."""
    away = np.linalg.norm(camera.project(coco_keypoints(placed, body.face)) - evidence.points, axis=1)
    known = evidence.used & np.isfinite(away)
    far = np.flatnonzero(known & (away > _FAR_POINT * max(evidence.box.size, 1.0)))
    residuals = tuple(float(away[i]) if known[i] else None for i in range(POINT_COUNT))
    return residuals, tuple(int(index) for index in far)


def _on_ground(
    plane: GroundPlane | None, pelvis: Array, root: Array
) -> tuple[tuple[float, float] | None, float | None]:
    if plane is None:
        return None, None
    back = plane.frame().inverse()
    spot, forward = back.apply(pelvis), back.rotate(root[:, 2])
    return (float(spot[0]), float(spot[1])), float(np.arctan2(forward[1], forward[0]))


def _size(
    plane: GroundPlane | None, skin: Array, root: Array, model: BodyModel, betas: Array
) -> tuple[float, float, float]:
    """Depth and width of the posed body on the ground, by where its pelvis faces, and stature upright."""
    up = root[:, 1] if plane is None else plane.normal
    ahead = root[:, 2] - (root[:, 2] @ up) * up
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
    tall = float(np.ptp(model.shaped(betas)[:, 1]))
    return float(np.ptp(skin @ ahead)), float(np.ptp(skin @ np.cross(up, ahead))), tall


def _contacts(plane: GroundPlane | None, placed: PosedBody, model: BodyModel) -> tuple[Foot, ...]:
    """The feet of which some skin is as good as on the ground."""
    if plane is None:
        return ()
    low = plane.heights(placed.vertices) < STANDS_M
    found = []
    for foot, sole in (
        (Foot.LEFT, (Joint.LEFT_ANKLE, Joint.LEFT_FOOT)),
        (Foot.RIGHT, (Joint.RIGHT_ANKLE, Joint.RIGHT_FOOT)),
    ):
        of_foot = model.weights[:, list(sole)].sum(axis=1) > 0.5
        if (low & of_foot).any():
            found.append(foot)
    return tuple(found)


def _sigmas(plane: GroundPlane | None, where: Stand, spread: Array | None, betas: int) -> FitSigmas | None:
    if spread is None:
        return None
    shape = (1.0,) * betas
    if plane is None:
        sight = where.pelvis / np.linalg.norm(where.pelvis)
        beside = np.eye(3) - np.outer(sight, sight)
        across = float(np.sqrt(np.linalg.eigvalsh(beside @ spread @ beside)[-1]))
        return FitSigmas(float(np.sqrt(sight @ spread @ sight)), across, None, HEADING_SIGMA_RAD, shape)
    frame = plane.frame()
    axes = frame.rotation[:, :2]
    ground = axes.T @ spread @ axes
    along = axes.T @ where.pelvis
    along = along / max(float(np.linalg.norm(along)), 1e-9)
    side = np.array([-along[1], along[0]])
    return FitSigmas(
        along_m=float(np.sqrt(along @ ground @ along)),
        across_m=float(np.sqrt(side @ ground @ side)),
        place=(float(ground[0, 0]), float(ground[0, 1]), float(ground[1, 1])),
        heading_rad=HEADING_SIGMA_RAD,
        shape=shape,
    )
