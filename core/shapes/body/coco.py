"""COCO's 17 keypoints of a posed body, from its joints and a few points of its face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.model import BodyModel, PosedBody
from core.shapes.body.skeleton import Joint

FloatArray = NDArray[np.float64]

COCO_JOINTS = (
    *(Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW),
    *(Joint.LEFT_WRIST, Joint.RIGHT_WRIST, Joint.LEFT_HIP, Joint.RIGHT_HIP),
    *(Joint.LEFT_KNEE, Joint.RIGHT_KNEE, Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE),
)
SKIN_M: tuple[float, ...] = (
    *(0.05, 0.05, 0.05, 0.05, 0.05),
    *(0.13, 0.13, 0.10, 0.10, 0.08, 0.08),
    *(0.20, 0.20, 0.12, 0.12, 0.15, 0.15),
)
"""How far before each of the 17 points the first surface along its ray may lie for it to be visible: metres.

Points of the face lie on the skin: 5 cm, as for a car's. Joints lie within the body, which must not hide
them: the flesh around each (an adult's, from the front or the back; of an ankle also the foot that points at
the camera) and the same 5 cm. So a joint's tag says what hides the skin nearest to it: self-occluded where
the body's own first surface lies farther before it than this, other-occluded where something else's does;
self-occluded wins. All that gives a person's points their tags from surfaces goes by this.
"""

_EYE_OUT, _EYE_UP = 0.21, 0.035
"""Eyes against the nose: out, as part of the head's width, and up, metres."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePoints:
    """The vertices of nose, left eye, right eye, left ear and right ear."""

    vertices: tuple[int, int, int, int, int]


def face_points(model: BodyModel) -> FacePoints:
    """Finds the face's points on a body at rest: the nose is foremost, the ears are outermost."""
    of_head = np.flatnonzero(model.weights[:, Joint.HEAD] > 0.5)
    head = model.template[of_head]
    nose = head[:, 2].argmax()
    width = np.ptp(head[:, 0])
    front = head[:, 2] > np.median(head[:, 2])
    picked = [int(of_head[nose])]
    for side in (1.0, -1.0):
        eye = head[nose] + [side * _EYE_OUT * width, _EYE_UP, 0]
        miss = np.linalg.norm((head - eye)[:, :2], axis=1) + np.where(front, 0.0, 1.0)
        picked.append(int(of_head[miss.argmin()]))
    picked += [int(of_head[(side * head[:, 0]).argmax()]) for side in (1.0, -1.0)]
    return FacePoints((picked[0], picked[1], picked[2], picked[3], picked[4]))


def coco_keypoints(body: PosedBody, face: FacePoints) -> FloatArray:
    """(..., 17, 3) in COCO's order, metres, in the posed body's frame."""
    points = body.vertices[..., list(face.vertices), :]
    return np.concatenate([points, body.joints[..., list(COCO_JOINTS), :]], axis=-2)
