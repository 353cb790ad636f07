"""The people of a street: stand-in bodies in a walk, each phase of the stride a body of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.clothing import clothing_regions
from core.shapes.body.coco import FacePoints, coco_keypoints, face_points
from core.shapes.body.gait import Gait, cycle_length_m, on_ground, walking_pose
from core.shapes.body.model import BodyModel, upright
from core.shapes.body.model_file import stand_in_body
from core.shapes.meshes import face_normals
from core.synthesis.street.solid import Solid

Floats = NDArray[np.float64]

PHASES = 16


@dataclass(frozen=True, slots=True, eq=False)
class Stride:
    """A person at one phase of the stride, in the person's frame: x forward, y left, z up, feet on z = 0.

    Attributes:
        solid: the body.
        joints: (24, 3) metres.
        keypoints: (17, 3) COCO's, metres.
        pose: (24, 3) joint rotations as the body model takes them, radians.
    """

    solid: Solid
    joints: Floats
    keypoints: Floats
    pose: Floats


class PersonModel:
    """One person's body; strides are made when they are first needed."""

    def __init__(self, body: BodyModel, face: FacePoints, shape: Floats, gait: Gait) -> None:
        """`shape` (B,) are the body model's coefficients."""
        self.shape = shape
        self._body, self._face, self._gait = body, face, gait
        self._regions = clothing_regions(body)
        self._cycle = max(cycle_length_m(body, shape, gait), 0.3)
        self._strides: dict[int, Stride] = {}

    def at(self, walked: float) -> Stride:
        """The person after so many metres; rounded to a sixteenth of a cycle, so that bodies can be kept."""
        phase = round(walked / self._cycle * PHASES) % PHASES
        if phase not in self._strides:
            self._strides[phase] = self._stride(phase / PHASES)
        return self._strides[phase]

    def _stride(self, phase: float) -> Stride:
        pose = walking_pose(phase, self._gait)
        body = on_ground(self._body.posed(pose, self.shape))
        vertices = upright(body.vertices)
        faces = self._body.faces
        solid = Solid(vertices, faces, self._regions, _smooth_normals(vertices, faces))
        return Stride(solid, upright(body.joints), upright(coco_keypoints(body, self._face)), pose)


def draw_people(count: int, seed: int) -> tuple[PersonModel, ...]:
    """Draws bodies and ways of walking."""
    body = stand_in_body()
    face = face_points(body)
    rng = np.random.default_rng([seed, 149])
    people = []
    for _ in range(count):
        shape = np.clip(rng.standard_normal(body.betas), -1.5, 1.5)
        gait = Gait(float(rng.uniform(0.8, 1.1)), float(rng.uniform(0.5, 1.2)))
        people.append(PersonModel(body, face, shape, gait))
    return tuple(people)


def _smooth_normals(vertices: Floats, faces: NDArray[np.int32]) -> Floats:
    """(F, 3, 3) unit normals of the faces' corners: skin has no creases, so one for each vertex."""
    across = face_normals(vertices, faces)
    sums = np.stack(
        [np.bincount(faces.ravel(), across[:, axis].repeat(3), len(vertices)) for axis in range(3)], axis=1
    )
    return np.asarray((sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))[faces])
