"""Cars of several streets as one calibrated camera sees them: what a tool may know of each, and its truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.synthesis.street.mounts import default_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import Hider, StreetFrame, StreetObject

Array = NDArray[np.float64]

WIDTH, HEIGHT = 1920, 1080
FRAMES_A_SECOND = 2.0
# dense traffic, in which cars hide each other
CARS = 40
# a car that has moved as far is seen anew
APART_M = 3.0
_LOW_M, _LOW_RAD = 3.0, 0.14


@dataclass(frozen=True, slots=True, eq=False)
class CarView:
    """One car in one frame.

    Attributes:
        track_id: the same for one car over all frames. parked: whether it never moves.
        box: amodal. size_px: L. mask: the part that is seen.
        occlusion: share of its whole extent that is not seen.
        rotation, translation: car frame to camera frame. shape: (K,) of the default space.
        pixels: (12, 2) where its keypoints are. tags: how they are seen. hiders: the first thing in front.
    """

    track_id: int
    parked: bool
    box: Box
    size_px: float
    mask: MaskPatch
    occlusion: float
    rotation: Array
    translation: Array
    shape: Array
    pixels: Array
    tags: tuple[KeypointTag, ...]
    hiders: tuple[Hider | None, ...]

    @property
    def visible(self) -> NDArray[np.bool_]:
        """(12,) which keypoints are seen."""
        return np.array([tag is KeypointTag.VISIBLE for tag in self.tags])


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame.

    Attributes:
        time_s: from the clip's first frame.
        cars: all that are in the picture, however small.
        masks: of all objects, people too, by track: what mining would have found.
    """

    time_s: float
    cars: tuple[CarView, ...]
    masks: dict[int, MaskPatch]

    def car(self, track_id: int | None) -> CarView | None:
        """The view of a car, if it is seen at all."""
        return next((car for car in self.cars if car.track_id == track_id), None)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One street through one camera."""

    seed: int
    camera: Camera
    plane: GroundPlane
    moments: tuple[Moment, ...]


def clips(seeds: Sequence[int], frames: int, *, low: bool = False) -> Iterator[Clip]:
    """One clip for each seed, two frames a second.

    Args:
        low: from a camera 3 m high that looks 8 degrees down, before which cars hide each other, one frame a
            second; else from the reference camera.
    """
    for seed in seeds:
        settings = StreetSettings(
            width=WIDTH,
            height=HEIGHT,
            fps=FRAMES_A_SECOND / 2 if low else FRAMES_A_SECOND,
            frame_count=frames,
            seed=seed,
            cars=CARS,
        )
        street = Street(settings)
        mount = street.default_mount()
        if low:
            mount = default_mount(street.layout, WIDTH, HEIGHT, above_m=_LOW_M, down_rad=_LOW_RAD)
        view = StreetCamera(street, mount)
        moments = tuple(_moment(view.frame(index)) for index in range(frames))
        yield Clip(seed, mount.camera, mount.ground, moments)


def _moment(frame: StreetFrame) -> Moment:
    cars = tuple(
        _car(item) for item in frame.objects if item.category is Category.CAR and item.box is not None
    )
    masks = {item.track_id: item.modal for item in frame.objects if item.box is not None}
    return Moment(frame.time_s, cars, masks)


def _car(item: StreetObject) -> CarView:
    return CarView(
        track_id=item.track_id,
        parked=item.parked,
        box=item.amodal_box,
        size_px=max(item.amodal_box.w, item.amodal_box.h),
        mask=item.modal,
        occlusion=item.occlusion,
        rotation=item.pose.rotation,
        translation=item.pose.translation,
        shape=np.asarray(item.shape, dtype=np.float64),
        pixels=item.points.pixels,
        tags=item.points.tags,
        hiders=item.points.hiders,
    )
