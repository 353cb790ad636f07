"""The motion detector: finds what differs from the median background; needs no network.

It looks for blobs in a shrunk picture and draws their outlines at full size. What only the light explains
(shadows, clouds, headlights on the road) is no evidence for an object, but is taken back inside one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.geometry.masks import patch_area, patch_box, patch_intersection_area, tighten
from core.mining.detectors.motion_blobs import Evidence, fill_holes, find_blobs, separate
from core.mining.detectors.motion_difference import (
    BackgroundModel,
    Exposure,
    explained_by_light,
    measure_exposure,
    outside_range,
    shrunk,
    strongest_channel,
)
from core.mining.detectors.motion_judge import kind_of, reasons_for
from core.mining.detectors.motion_split import largest, solidity
from core.mining.detectors.protocol import GroundSize
from core.mining.detectors.settings import MotionSettings
from core.records.detections import Detection, DetectorFrame
from core.records.masks import MaskPatch

_NOISE_SIGMAS = 3.0  # a pixel must stand out of the noise by this much
_SAME_OBJECT = 0.7  # a blob this much inside another is a part of it
_HALF = 0.5  # of the contrast nearby
_CLEAR = 1.5  # thresholds: contrast above this is a clear edge
_AROUND = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
_SPECK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


class MotionDetector:
    """Objects that differ from the background of their camera and hour.

    Args:
        settings: see `MotionSettings`.
        ground_size: of a calibrated camera: tells cars from people by their size on the ground.
    """

    name = "motion"
    needs_background = True

    def __init__(self, settings: MotionSettings | None = None, ground_size: GroundSize | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._ground_size = ground_size
        self._model: BackgroundModel | None = None  # of the last background, which many frames share

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first.

        Raises:
            DetectionError: a frame has no background, or one of another size.
        """
        return [self._detect_one(frame) for frame in frames]

    def _detect_one(self, frame: DetectorFrame) -> list[Detection]:
        settings = self._settings
        model = self._model_of(frame)
        least_side = settings.min_size_px / model.factor
        small = shrunk(frame.image, model.factor)
        exposure = measure_exposure(small, model)
        small = exposure.corrected(small)
        difference = outside_range(small, model)
        threshold = max(float(settings.min_contrast), _NOISE_SIGMAS * exposure.noise)
        light = explained_by_light(small, model, exposure.noise) if settings.remove_shadows else None
        evidence = Evidence.of(difference, light, threshold)
        blobs = [
            part
            for blob in find_blobs(evidence, least_side)
            for part in separate(blob, evidence, least_side, settings.split_touching, settings.look_for)
        ]
        gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        found = []
        for blob in _without_parts(blobs):
            filled = solidity(blob.bits)
            reasons = reasons_for(
                blob,
                difference=difference,
                threshold=threshold,
                solidity=filled,
                frame_gray=gray,
                background_gray=model.gray,
                least_side=least_side,
                least_score=settings.min_score,
            )
            if reasons is None:
                continue
            mask = _at_full_size(blob, frame.image, exposure, model, threshold)
            if mask.bits.size == 0 or max(mask.bits.shape) < settings.min_size_px:
                continue
            box = patch_box(mask)
            kind = kind_of(box, patch_area(mask) / box.area, settings.look_for, self._ground_size)
            score = reasons.score(kind)
            if score >= settings.min_score:
                found.append(Detection(box, kind.category, score, mask))
        return sorted(found, key=lambda one: -one.score)

    def _model_of(self, frame: DetectorFrame) -> BackgroundModel:
        background = frame.background
        if background is None:
            raise DetectionError(
                "The motion detector needs a background and this frame has none.",
                "Make a background of the camera first, or choose a detector with a network.",
            )
        if background.shape != frame.image.shape:
            raise DetectionError(
                f"The background is {background.shape[1]}x{background.shape[0]} px and the frame "
                f"{frame.image.shape[1]}x{frame.image.shape[0]} px.",
                "Make a background from frames of this size.",
            )
        if self._model is None or self._model.image is not background:
            self._model = BackgroundModel.of(background)
        return self._model


def _without_parts(blobs: list[MaskPatch]) -> list[MaskPatch]:
    """Blobs that do not lie inside a larger one."""
    kept: list[MaskPatch] = []
    for blob in sorted(blobs, key=patch_area, reverse=True):
        area = patch_area(blob)
        if all(patch_intersection_area(blob, larger) < _SAME_OBJECT * area for larger in kept):
            kept.append(blob)
    return kept


def _at_full_size(
    blob: MaskPatch, image: NDArray[np.uint8], exposure: Exposure, model: BackgroundModel, threshold: float
) -> MaskPatch:
    """A blob of the small picture with its outline drawn anew from the full one.

    Within about two small pixels of its outline, the full picture decides where there is a clear edge.
    """
    factor = model.factor
    if factor == 1:
        return tighten(blob)
    height, width = image.shape[:2]
    across, down = width / model.small.shape[1], height / model.small.shape[0]
    margin = 1  # of small pixels around the blob
    bits = np.zeros((blob.bits.shape[0] + 2 * margin, blob.bits.shape[1] + 2 * margin), dtype=np.uint8)
    bits[margin:-margin, margin:-margin] = blob.bits
    left, top = round((blob.x - margin) * across), round((blob.y - margin) * down)
    size = (round(bits.shape[1] * across), round(bits.shape[0] * down))
    inside = _scaled(np.asarray(cv2.erode(bits, _AROUND), dtype=np.uint8), size) > 127
    reach = _scaled(bits, size) > 51
    skip_x, skip_y = max(-left, 0), max(-top, 0)
    left, top = max(left, 0), max(top, 0)
    within = np.s_[skip_y : skip_y + height - top, skip_x : skip_x + width - left]
    inside, reach = inside[within], reach[within]
    place = np.s_[top : top + reach.shape[0], left : left + reach.shape[1]]
    off = cv2.absdiff(exposure.corrected(image[place]), model.image[place])
    contrast = cv2.blur(strongest_channel(np.asarray(off, dtype=np.uint8)), (3, 3))
    nearby = cv2.dilate(contrast, _disc(factor))
    # a blurred edge lies where the contrast is half of what it is inside
    beyond = (contrast < _HALF * nearby) & (nearby > _CLEAR * threshold)
    drawn = reach & (inside | ~beyond)
    clean = cv2.morphologyEx(drawn.view(np.uint8), cv2.MORPH_OPEN, _SPECK).view(np.bool_)
    if not clean.any():
        return tighten(MaskPatch(left, top, drawn))
    return tighten(MaskPatch(left, top, fill_holes(largest(clean))))


def _scaled(bits: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask of 0 and 1, enlarged to 0 to 255 with slopes between."""
    return np.asarray(cv2.resize(bits * np.uint8(255), size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


@lru_cache(maxsize=8)
def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), dtype=np.uint8)
