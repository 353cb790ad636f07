"""Bodies as fits put them into the camera's frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import BodyModelError
from core.records.fits import BodyFit
from core.shapes.body.coco import FacePoints, face_points
from core.shapes.body.labels import is_same_body
from core.shapes.body.model import BodyModel, PosedBody
from core.shapes.body.model_file import body_digest, load_body, stand_in_body
from core.shapes.body.skeleton import Joint

FloatArray = NDArray[np.float64]

STAND_IN = "stand-in"
_MOSTLY = 0.5
_SKIN_OF = {
    "the head": [Joint.HEAD],
    "the left foot": [Joint.LEFT_ANKLE, Joint.LEFT_FOOT],
    "the right foot": [Joint.RIGHT_ANKLE, Joint.RIGHT_FOOT],
}


@dataclass(frozen=True, slots=True, eq=False)
class NamedBody:
    """A body model as fits name it.

    Attributes:
        name: of its file without the suffix, or "stand-in".
        label: name and hashes of what it is: what fits were made with.
        model: the body.
        face: where COCO's points of the face are on it.
    """

    name: str
    label: str
    model: BodyModel
    face: FacePoints

    def is_meant_by(self, label: str) -> bool:
        """Whether a fit's label names this body, see `is_same_body`."""
        return is_same_body(self.label, label)


def named_body(path: Path | None = None) -> NamedBody:
    """The body of a file, or the one that comes with the program.

    Raises:
        BodyModelError: as `load_body`; or no skin of it moves with the head or a foot, so that nothing could
            be said of where it looks and stands.
    """
    model = stand_in_body() if path is None else load_body(path)
    name = STAND_IN if path is None else path.stem
    for part, joints in _SKIN_OF.items():
        if not (model.weights[:, joints] > _MOSTLY).any():
            raise BodyModelError(
                f"{name} has weights by which no skin moves with {part}.",
                "Choose a whole body of SMPL or SMPL-X, or use the body that comes with the program.",
            )
    return NamedBody(name, f"{name} {body_digest(model)}", model, face_points(model))


def pose_of(fit: BodyFit, model: BodyModel) -> FloatArray:
    """(J, 3) the joints' rotations of a fit, its root's zero: axis times angle, radians.

    Raises:
        ValueError: the fit was made with a body of another skeleton.
    """
    pose = np.zeros((len(model.parents), 3))
    if len(fit.pose) != pose.size - 3:
        raise ValueError(f"a pose of {len(fit.pose)} numbers, where the body has {len(pose)} joints")
    pose[1:] = np.reshape(fit.pose, (-1, 3))
    return pose


def placed_body(fit: BodyFit, model: BodyModel) -> PosedBody:
    """The body of a fit in the camera's frame, metres.

    Raises:
        ValueError: as `pose_of`.
    """
    shape = np.array(fit.shape[: model.betas])
    body = model.posed(pose_of(fit, model), shape)
    turn, place = np.reshape(fit.rotation, (3, 3)), np.array(fit.translation)
    pelvis = body.joints[0]
    return PosedBody(
        (body.vertices - pelvis) @ turn.T + place,
        (body.joints - pelvis) @ turn.T + place,
    )
