"""What a synthetic clip knows of itself: where everything is, and what hides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch


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


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTruth:
    """One object in one frame.

    Attributes:
        track_id: the same for one object over all frames.
        category: what it is.
        parked: whether it stands still during the whole clip.
        distance_m: from the camera to the middle of the object's footprint, metres.
        box: of the part that is seen, or None where nothing is.
        amodal_box: of the whole extent; it may leave the picture.
        modal: the part that is seen.
        amodal: the whole extent, cut to the picture.
        occlusion: share of the whole extent (with what lies beyond the border) that is not seen.
        covers: what hides it, largest share first; the shares add up to `occlusion`.
    """

    track_id: int
    category: Category
    parked: bool
    distance_m: float
    box: Box | None
    amodal_box: Box
    modal: MaskPatch
    amodal: MaskPatch
    occlusion: float
    covers: tuple[Cover, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FrameTruth:
    """All objects that reach into one frame, nearest last.

    Attributes:
        index: place in the clip, from 0.
        time_s: presentation time, seconds from the first frame.
        objects: farthest first.
    """

    index: int
    time_s: float
    objects: tuple[ObjectTruth, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ViewTruth:
    """The camera, in its own frame: x right, y down, z forward, metres.

    Attributes:
        intrinsics: (3, 3) K for pixels whose first centre is (0, 0); no distortion.
        plane_normal: (3,) unit normal of the ground, up towards the camera.
        plane_d: the camera's height in metres: normal . X + d = 0 on the ground.
    """

    intrinsics: NDArray[np.float64]
    plane_normal: NDArray[np.float64]
    plane_d: float


@dataclass(frozen=True, slots=True, eq=False)
class DemoTruth:
    """Everything that a rendered clip knows of itself.

    Attributes:
        width, height: picture size in pixels.
        fps: frames a second.
        seed: it was drawn from.
        view: the camera.
        frames: one for each frame of the clip.
    """

    width: int
    height: int
    fps: int
    seed: int
    view: ViewTruth
    frames: tuple[FrameTruth, ...]
