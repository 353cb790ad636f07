"""People in poses wider than the fitter's prior, before the reference camera.

Nothing of the prior's own generator is in them: no walk, every turn of every joint drawn evenly from a range
and independent of the others, joints too that the fitter holds still (wrists, feet, forearms, each spine
joint of its own), and pelvises that lean. Who would fall over (the body's middle more than 20 cm from above
the line between the ankles) is drawn again. Bodies are drawn by their betas, a unit Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._fitting_scenes import reference_camera
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.predict import point_tags
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import rotation_from_vector, vector_from_rotation
from core.records.boxes import Box
from core.records.shapes import KeypointTag
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.model import PosedBody
from core.shapes.body.placed import NamedBody
from core.shapes.body.skeleton import COUNT, Joint

Array = NDArray[np.float64]

_SPINE = ((-0.08, 0.25), (-0.2, 0.2), (-0.12, 0.12))
_HEAD = ((-0.3, 0.3), (-0.45, 0.45), (-0.15, 0.15))
_MIDDLE = {
    Joint.SPINE1: _SPINE,
    Joint.SPINE2: _SPINE,
    Joint.SPINE3: _SPINE,
    Joint.NECK: _HEAD,
    Joint.HEAD: _HEAD,
}
# of the left side; turns about y and z are mirrored for the right
_SIDES = {
    "HIP": ((-1.0, 0.4), (-0.4, 0.4), (-0.15, 0.4)),
    "KNEE": ((0.0, 1.3), (-0.1, 0.1), (-0.05, 0.05)),
    "ANKLE": ((-0.35, 0.45), (-0.15, 0.15), (-0.1, 0.1)),
    "FOOT": ((-0.2, 0.2), (0.0, 0.0), (0.0, 0.0)),
    "COLLAR": ((-0.1, 0.1), (-0.18, 0.18), (-0.18, 0.18)),
    "SHOULDER": ((-1.5, 0.6), (-0.8, 0.8), (-0.15, 1.2)),
    "ELBOW": ((-0.6, 0.6), (-1.9, 0.0), (-0.1, 0.1)),
    "WRIST": ((-0.2, 0.2), (-0.4, 0.4), (-0.5, 0.5)),
}
_LEAN_RAD = 0.12
_ARMS_DOWN_RAD = 1.33
_FALLS_M = 0.2


@dataclass(frozen=True, eq=False)
class TrueBody:
    """A person, and where it is seen.

    Attributes:
        pose: (24, 3); betas: (B,); turn: (3, 3) pelvis to camera; place: (3,) the pelvis, camera frame.
        body: posed, camera frame, metres. points: (17, 3), pixels: (17, 2). tags: true ones, by its own body.
        spot: (2,) below the pelvis on the ground's frame. heading: of the pelvis there, radians.
    """

    pose: Array
    betas: Array
    turn: Array
    place: Array
    body: PosedBody
    points: Array
    pixels: Array
    tags: tuple[KeypointTag, ...]
    box: Box
    spot: Array
    heading: float

    def evidence(self, rng: np.random.Generator, noise_px: float = 2.0) -> BodyEvidence:
        """All seventeen points with noise, the true tags, and a box of which each edge is a pixel off."""
        pixels = self.pixels + rng.normal(0.0, noise_px, (17, 2))
        edges = np.array([self.box.x, self.box.y, self.box.right, self.box.bottom]) + rng.normal(0.0, 1.0, 4)
        box = Box(edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1])
        return BodyEvidence(pixels, np.ones(17, dtype=np.bool_), np.full(17, noise_px), self.tags, box)


def drawn_pose(rng: np.random.Generator) -> Array:
    """(24, 3) turns of all joints but the root's."""
    pose = np.zeros((COUNT, 3))
    for joint, ranges in _MIDDLE.items():
        pose[joint] = [rng.uniform(*ends) for ends in ranges]
    for name, ranges in _SIDES.items():
        for side in ("LEFT", "RIGHT"):
            turn = np.array([rng.uniform(*ends) for ends in ranges])
            pose[Joint[f"{side}_{name}"]] = turn if side == "LEFT" else turn * [1, -1, -1]
    for joint, sign in ((Joint.LEFT_SHOULDER, -1.0), (Joint.RIGHT_SHOULDER, 1.0)):
        hanging = rotation_from_vector(np.array([0.0, 0.0, sign * _ARMS_DOWN_RAD]))
        pose[joint] = vector_from_rotation(rotation_from_vector(pose[joint]) @ hanging)
    return pose


def person_at(
    body: NamedBody, camera: Camera, plane: GroundPlane, spot: Array, heading: float, pose: Array,
    betas: Array, lean: Array | None = None,
) -> TrueBody:  # fmt: skip
    """A person whose pelvis is above a spot and who stands with the lowest point on the ground."""
    frame = plane.frame()
    forward = frame.rotate([np.cos(heading), np.sin(heading), 0.0])
    turn = np.stack([np.cross(plane.normal, forward), plane.normal, forward], axis=1)
    if lean is not None:
        turn = turn @ rotation_from_vector(np.asarray(lean))
    rest = body.model.posed(pose, betas)
    pelvis = rest.joints[0]
    vertices, joints = (rest.vertices - pelvis) @ turn.T, (rest.joints - pelvis) @ turn.T
    ground = frame.apply([spot[0], spot[1], 0.0])
    place = ground - float((vertices @ plane.normal).min()) * plane.normal
    posed = PosedBody(vertices + place, joints + place)
    points = coco_keypoints(posed, body.face)
    seen = camera.project(posed.vertices)
    low, high = seen.min(axis=0) + 0.5, seen.max(axis=0) + 0.5
    tags = point_tags(posed.vertices, body.model.faces, points, camera)
    facing = frame.inverse().rotate(turn[:, 2])
    return TrueBody(
        pose, betas, turn, place, posed, points, camera.project(points), tags,
        Box(low[0], low[1], high[0] - low[0], high[1] - low[1]),
        np.asarray(spot), float(np.arctan2(facing[1], facing[0])),
    )  # fmt: skip


def draw_people(body: NamedBody, distance: float, count: int, seed: int) -> list[TrueBody]:
    """People at a distance along the ground, of all headings, wholly in the picture, who would not fall."""
    camera, plane = reference_camera()
    rng = np.random.default_rng(seed)
    found: list[TrueBody] = []
    while len(found) < count:
        across = rng.uniform(-0.3, 0.3) * distance
        heading, pose, betas = (
            float(rng.uniform(-np.pi, np.pi)),
            drawn_pose(rng),
            rng.normal(size=body.model.betas),
        )
        lean = np.array([rng.normal(0, _LEAN_RAD), 0.0, rng.normal(0, _LEAN_RAD)])
        one = person_at(body, camera, plane, np.array([distance, across]), heading, pose, betas, lean)
        if camera.contains(camera.project(one.body.vertices)).all() and _stands(one, plane):
            found.append(one)
    return found


def _stands(one: TrueBody, plane: GroundPlane) -> bool:
    """Whether the body's middle is above the line between the ankles, nearly."""
    to_ground = plane.frame().inverse()
    left, right = to_ground.apply(one.points[15:])[:, :2]
    middle = to_ground.apply(one.body.vertices).mean(axis=0)[:2]
    along = right - left
    part = np.clip((middle - left) @ along / max(float(along @ along), 1e-9), 0.0, 1.0)
    return float(np.linalg.norm(middle - left - part * along)) < _FALLS_M
