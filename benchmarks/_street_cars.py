"""Cars of several streets as one calibrated camera sees them: what a tool may know of each, and its truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import tighten
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
_CELLS, _BOX_SHARE, _CELL_NOISE = 28, 0.02, 0.1


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


def roughened(mask: MaskPatch, camera: Camera, rng: np.random.Generator) -> MaskPatch:
    """A mask as a network's head of 28 x 28 cells would give it, in a box that is off by 2 % on each side.

    What the box misses is lost.
    """
    height, width = mask.bits.shape
    if not height or not width:
        return mask
    off = rng.normal(0.0, _BOX_SHARE, 4)
    left, right = mask.x + off[0] * width, mask.x + width + off[1] * width
    top, bottom = mask.y + off[2] * height, mask.y + height + off[3] * height
    left, top = max(left, 0.0), max(top, 0.0)
    right, bottom = min(right, float(camera.width)), min(bottom, float(camera.height))
    if right - left < 2 or bottom - top < 2:
        return mask
    columns = left + (np.arange(_CELLS) + 0.5) * (right - left) / _CELLS
    rows = top + (np.arange(_CELLS) + 0.5) * (bottom - top) / _CELLS
    shares = _share_inside(mask, columns, rows, (right - left) / _CELLS, (bottom - top) / _CELLS)
    shares += rng.normal(0.0, _CELL_NOISE, shares.shape)
    # back to pixels: bilinear, cut at one half
    x, y = np.arange(round(left), round(right)), np.arange(round(top), round(bottom))
    across, down = np.meshgrid(
        (x + 0.5 - left) * _CELLS / (right - left) - 0.5, (y + 0.5 - top) * _CELLS / (bottom - top) - 0.5
    )
    fine = cv2.remap(
        shares.astype(np.float32),
        across.astype(np.float32),
        down.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    rough = tighten(MaskPatch(int(x[0]), int(y[0]), fine > 0.5))
    return rough if rough.bits.size else mask


def _share_inside(mask: MaskPatch, columns: Array, rows: Array, width: float, height: float) -> Array:
    """(cells, cells) share of each cell that the mask fills, by 4 x 4 samples."""
    steps = (np.arange(4) + 0.5) / 4 - 0.5
    x = np.floor((columns[:, None] + steps * width).reshape(-1)).astype(int) - mask.x
    y = np.floor((rows[:, None] + steps * height).reshape(-1)).astype(int) - mask.y
    there = (y[:, None] >= 0) & (y[:, None] < mask.bits.shape[0]) & (x >= 0) & (x < mask.bits.shape[1])
    bits = np.where(
        there, mask.bits[y.clip(0, mask.bits.shape[0] - 1)][:, x.clip(0, mask.bits.shape[1] - 1)], False
    )
    return np.asarray(bits.reshape(_CELLS, 4, _CELLS, 4).mean(axis=(1, 3)))
