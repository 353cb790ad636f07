"""People of simulated streets as one calibrated camera sees them: points with true tags, and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people.evidence import HIDDEN_TIMES, BodyEvidence
from core.fitting.people.predict import point_tags
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes.body.coco import COCO_JOINTS, coco_keypoints
from core.shapes.body.gait import on_ground
from core.shapes.body.model import PosedBody, upright
from core.shapes.body.placed import NamedBody
from core.shapes.body.skeleton import Joint
from core.synthesis.street.mounts import Mount
from core.synthesis.street.street import StreetCamera
from core.synthesis.street.truth import StreetObject

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StreetPerson:
    """One person in one frame.

    Attributes:
        item: all that the street knows. body: posed, camera frame. points: (17, 3) camera frame.
        tags: true ones, of what is seen in the street. spot: (2,) below the pelvis. heading: of the pelvis.
    """

    item: StreetObject
    body: PosedBody
    points: Array
    tags: tuple[KeypointTag, ...]
    spot: Array
    heading: float

    def evidence(self, mount: Mount, rng: np.random.Generator, noise_px: float) -> BodyEvidence:
        """Points within the picture with noise, three times as much of hidden ones; the box that is seen."""
        pixels = mount.camera.project(self.points)
        hidden = np.array([tag is not KeypointTag.VISIBLE for tag in self.tags])
        sigma = np.where(hidden, HIDDEN_TIMES * noise_px, noise_px)
        pixels = pixels + rng.normal(size=(17, 2)) * sigma[:, None]
        used = np.array([tag is not KeypointTag.TRUNCATED for tag in self.tags])
        box = self.item.box or self.item.amodal_box
        edges = np.array([box.x, box.y, box.right, box.bottom]) + rng.normal(0.0, noise_px / 2, 4)
        whole = Box(edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1])
        return BodyEvidence(pixels, used, sigma, self.tags, whole)


def people_of(view: StreetCamera, index: int, body: NamedBody) -> list[StreetPerson]:
    """Everybody of a frame of whom a part is seen."""
    objects = view.frame(index).objects
    return [
        _person(item, view.mount, body)
        for item in objects
        if item.category is Category.PERSON and item.box is not None
    ]


def _person(item: StreetObject, mount: Mount, body: NamedBody) -> StreetPerson:
    assert item.body_pose is not None
    posed = on_ground(body.model.posed(item.body_pose, item.shape))
    placed = PosedBody(item.pose.apply(upright(posed.vertices)), item.pose.apply(upright(posed.joints)))
    points = coco_keypoints(placed, body.face)
    own = point_tags(placed.vertices, body.model.faces, points, mount.camera)
    head = item.points.tags[Joint.HEAD]
    # the street tells of joints: what hides the head hides the face, unless the face is turned away
    face = [
        head if head is KeypointTag.OTHER_OCCLUDED and tag is KeypointTag.VISIBLE else tag for tag in own[:5]
    ]
    frame = mount.ground.frame().inverse()
    # the pelvis turns and leans in a walk: where it faces is across the hips
    across = frame.apply(placed.joints[Joint.LEFT_HIP]) - frame.apply(placed.joints[Joint.RIGHT_HIP])
    spot = frame.apply(placed.joints[0])[:2]
    return StreetPerson(
        item, placed, points, (*face, *(item.points.tags[joint] for joint in COCO_JOINTS)), spot,
        float(np.arctan2(-across[0], across[1])),
    )  # fmt: skip
