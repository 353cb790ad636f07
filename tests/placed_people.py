"""People whose bodies are known: how they stand, walk and are seen, for tests of fits of people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import full_to_patch
from core.records.fits import BodyFit, FitSigmas, Foot
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.gait import Gait, walking_pose
from core.shapes.body.placed import NamedBody, named_body, placed_body
from tests.store.doing_cars import body_fit_of


@cache
def stand_in() -> NamedBody:
    """The body that comes with the program, read once."""
    return named_body()


def person_at(
    ground: GroundPlane,
    place: tuple[float, float],
    heading_rad: float = 0.0,
    *,
    phase: float = 0.0,
    swing: float = 1.0,
    betas: Sequence[float] = (0.0,) * 10,
    sigmas: FitSigmas | None = None,
) -> BodyFit:
    """A walker whose pelvis is above a place of the ground and whose lower foot is on it.

    Args:
        heading_rad: where the pelvis faces, from the ground's x towards its y.
        phase, swing: of the walk.
    """
    model = stand_in().model
    pose = walking_pose(phase, Gait(swing=swing))
    pose[0] = 0
    body = model.posed(pose, np.array(betas))
    frame, up = ground.frame(), ground.normal
    forward = frame.rotate([np.cos(heading_rad), np.sin(heading_rad), 0.0])
    turn = np.stack([np.cross(up, forward), up, forward], axis=1)
    height = float(body.joints[0, 1] - body.vertices[:, 1].min())
    pelvis = frame.apply([*place, height])
    across, tall, deep = np.ptp(body.vertices, axis=0).tolist()
    return body_fit_of(
        rms_px=0.0,
        rotation=tuple(turn.ravel().tolist()),
        translation=tuple(pelvis.tolist()),
        place_m=place,
        heading_rad=heading_rad,
        shape=tuple(betas),
        size_m=(deep, across, tall),
        pose=tuple(pose[1:].ravel().tolist()),
        contacts=(Foot.LEFT, Foot.RIGHT),
        height_ratio=1.0,
        sigmas=sigmas,
    )


def points_of(
    fit: BodyFit, camera: Camera, count: int = 17, origin: LabelOrigin = LabelOrigin.IMPORT
) -> KeypointSet:
    """The last so many of the person's points, all called visible: what hides some is not at issue."""
    body = stand_in()
    pixels = camera.project(coco_keypoints(placed_body(fit, body.model), body.face)).tolist()
    placed = [PlacedPoint(x, y, KeypointTag.VISIBLE, origin) for x, y in pixels]
    return KeypointSet(Template.PERSON, (*(None,) * (17 - count), *placed[17 - count :]))


def outline_of(fit: BodyFit, camera: Camera) -> MaskPatch:
    """All pixels that the body covers."""
    body = stand_in()
    corners = np.round(camera.project(placed_body(fit, body.model).vertices)).astype(np.int32)
    full = np.zeros((camera.height, camera.width), dtype=np.uint8)
    for face in corners[body.model.faces]:
        cv2.fillConvexPoly(full, face, 1)
    return full_to_patch(full.astype(bool))
