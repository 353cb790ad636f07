"""What a street knows of each frame: everything that a label could say, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.geometry.poses import Pose
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag

Floats = NDArray[np.float64]


class CoverKind(StrEnum):
    """What can hide a part of an object. A car that stands still counts as a car."""

    CAR = "car"
    PERSON = "person"
    STATIC = "static"
    BORDER = "border"


@dataclass(frozen=True, slots=True)
class Cover:
    """One thing that hides a part of an object.

    Attributes:
        kind: what it is.
        track_id: whose track, or None for things of the street and the picture's border.
        share: of the object's whole extent, 0 to 1. A pixel counts for what is seen there.
    """

    kind: CoverKind
    track_id: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Hider:
    """What lies in front of a point: a track (perhaps the own one), or a still thing such as "sign"."""

    track_id: int | None
    thing: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PointsTruth:
    """Named points of one object: a car's twelve keypoints, a person's 24 joints, or a person's 17 of COCO.

    Attributes:
        space: (N, 3) camera frame, metres.
        pixels: (N, 2), the first pixel's centre at (0, 0); not a number behind the camera.
        tags: of each point. Joints lie within the body, so theirs say what hides the nearest skin.
        hiders: the first thing in front of each point, None where nothing is.
    """

    space: Floats
    pixels: Floats
    tags: tuple[KeypointTag, ...]
    hiders: tuple[Hider | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StreetObject:
    """One object in one frame.

    Attributes:
        track_id: the same for one object over all frames and cameras.
        category: car or person.
        parked: whether it stands still during the whole clip.
        pose: body frame (x forward, y left, z up, on the ground) to camera.
        distance_m: from the camera to the origin of the body's frame.
        box: of the part that is seen, or None where nothing is.
        amodal_box: of the whole extent; it may leave the picture.
        modal, amodal: the part that is seen, and the whole extent cut to the picture.
        occlusion: share of the whole extent, also beyond the border, that is not seen.
        covers: what hides it, largest share first; the shares add up to `occlusion`.
        points: a car's twelve keypoints, or a person's 24 joints.
        person_keypoints: a person's 17 of COCO; None for cars.
        shape: (K,) coefficients of the shape space or of the body model.
        body_pose: (24, 3) a person's joint rotations as axis times angle, radians; None for cars.
    """

    track_id: int
    category: Category
    parked: bool
    pose: Pose
    distance_m: float
    box: Box | None
    amodal_box: Box
    modal: MaskPatch
    amodal: MaskPatch
    occlusion: float
    covers: tuple[Cover, ...]
    points: PointsTruth
    person_keypoints: PointsTruth | None
    shape: Floats
    body_pose: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class StreetFrame:
    """One camera's picture of one moment, and the truth about it.

    Attributes:
        index: place in the clip, from 0.
        time_s: seconds from the first frame.
        picture: (H, W, 3) uint8 RGB.
        depth: (H, W) float32 along the camera's axis, metres; inf for the sky.
        objects: those with at least one pixel of whole extent in the picture, farthest first.
    """

    index: int
    time_s: float
    picture: NDArray[np.uint8]
    depth: NDArray[np.float32]
    objects: tuple[StreetObject, ...]
