"""What a moving blob is, and how certain: from its shape, its contrast and its edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.mining.detectors.protocol import GroundSize
from core.mining.detectors.settings import LookFor
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch

Plane = NDArray[np.uint8]

_RING = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))

# a standing person is about 2.5 times as high as wide and leaves much of the box empty; a car is the reverse
_EVEN_ASPECT = 1.4
_EVEN_FILL = 0.66
_ASPECT_WEIGHT, _FILL_WEIGHT = 6.0, 8.0

_FULL_HULL = 0.86  # share of its convex hull that one object fills
_LEGS = 0.14
_FLATTEST = 7.0  # longer side over shorter of what is no object any more

_PERSON_HEIGHT_M = (1.0, 2.3)
_PERSON_WIDTH_M = 1.4
_CAR_HEIGHT_M = (1.0, 4.5)
_CAR_WIDTH_M = (1.3, 14.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a blob is.

    Attributes:
        category: car or person.
        certainty: 0 (could as well be the other) to 1.
    """

    category: Category
    certainty: float


def kind_of(box: Box, fill: float, look_for: LookFor, ground_size: GroundSize | None = None) -> Kind:
    """Car or person.

    Args:
        box: of the blob, pixels. fill: share of the box that the blob covers.
        look_for: what may be in the picture.
        ground_size: of a calibrated camera; without one, shape alone decides.
    """
    person = _person_share_by_shape(box, fill)
    if ground_size is not None:
        scale = ground_size(box.x + box.w / 2, box.bottom)
        if scale is not None:
            person = _person_share_by_size(box.w * scale, box.h * scale, person)
    if look_for is LookFor.CARS:
        return Kind(Category.CAR, min(1.0, 2.0 * (1.0 - person)))
    if look_for is LookFor.PEOPLE:
        return Kind(Category.PERSON, min(1.0, 2.0 * person))
    if person > 0.5:
        return Kind(Category.PERSON, 2.0 * person - 1.0)
    return Kind(Category.CAR, 1.0 - 2.0 * person)


def _person_share_by_shape(box: Box, fill: float) -> float:
    """0 (a car) to 1 (a person) by proportions: tall and ragged, or wide and full."""
    tall = math.log(box.h / box.w / _EVEN_ASPECT)
    return 1.0 / (1.0 + math.exp(-_ASPECT_WEIGHT * tall - _FILL_WEIGHT * (_EVEN_FILL - fill)))


def _person_share_by_size(width_m: float, height_m: float, by_shape: float) -> float:
    """0 (a car) to 1 (a person) by size on the ground; by shape where size fits both or neither."""
    person = _PERSON_HEIGHT_M[0] <= height_m <= _PERSON_HEIGHT_M[1] and width_m <= _PERSON_WIDTH_M
    car = _CAR_HEIGHT_M[0] <= height_m <= _CAR_HEIGHT_M[1] and _CAR_WIDTH_M[0] <= width_m <= _CAR_WIDTH_M[1]
    if person == car:
        return by_shape
    return 0.95 if person else 0.05


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a blob counts as an object; each 0 (against) to 1 (for).

    Attributes:
        contrast: how much of it stands out clearly from the background.
        compact: how well it fills its convex hull, and is no mere streak: leaves, tapes, and objects run
            together are not compact.
        present: whether its outline shows in the frame rather than in the background, where it would be
            something that has gone since.
        large: whether it is clearly larger than the smallest object asked for.
    """

    contrast: float
    compact: float
    present: float
    large: float

    def score(self, kind: Kind) -> float:
        """0 to 1: 0.9 and more for a clear object of a clear kind, below 0.3 for what is likely none.

        The product of the reasons, so that one strong reason against is enough; doubt about the kind
        takes a quarter at most.
        """
        doubt = 0.75 + 0.25 * min(1.0, 2.0 * kind.certainty)
        return 0.99 * self.contrast * self.compact * self.present * self.large * doubt


def reasons_for(
    blob: MaskPatch,
    *,
    difference: Plane,
    threshold: float,
    solidity: float,
    frame_gray: Plane,
    background_gray: Plane,
    least_side: float,
    least_score: float,
) -> Reasons | None:
    """Why a blob may be an object; None where it cannot reach the least score.

    Args:
        blob: pixels of the small picture, like the (h, w) uint8 planes that follow.
        difference: of frame and background. threshold: above which a pixel stands out.
        solidity: share of its convex hull that the blob fills.
        least_side: of the smallest object asked for, small pixels.
        least_score: below which nobody asks for it.
    """
    h, w = blob.bits.shape
    place = np.s_[blob.y : blob.y + h, blob.x : blob.x + w]
    clear = float(np.mean(difference[place][blob.bits] > threshold))
    side = max(h, w)
    # legs leave much of a tall blob's hull empty
    full = _FULL_HULL - _LEGS * _ramp(h / w, 1.0, 2.0)
    contrast = _ramp(clear, 0.05, 0.45)
    compact = _ramp(solidity, full - 0.35, full) * _ramp(_FLATTEST - max(w / h, h / w), 0.0, 2.0)
    large = _ramp(side / least_side, 0.5, 1.3)
    if contrast * compact * large < least_score:
        return None
    present = _ramp(_edge_share(blob, frame_gray, background_gray), 0.35, 0.55)
    if contrast * compact * large * present < least_score:
        return None
    return Reasons(contrast, compact, present, large)


def _edge_share(blob: MaskPatch, frame_gray: Plane, background_gray: Plane) -> float:
    """Share of the edges along a blob's outline that the frame has; the background has the rest."""
    height, width = frame_gray.shape
    left, top = max(blob.x - 2, 0), max(blob.y - 2, 0)
    right = min(blob.x + blob.bits.shape[1] + 2, width)
    bottom = min(blob.y + blob.bits.shape[0] + 2, height)
    inside = np.zeros((bottom - top, right - left), dtype=np.uint8)
    inside[blob.y - top :, blob.x - left :][: blob.bits.shape[0], : blob.bits.shape[1]] = blob.bits
    ring = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, _RING)
    place = np.s_[top:bottom, left:right]
    now = cv2.mean(cv2.morphologyEx(frame_gray[place], cv2.MORPH_GRADIENT, _RING), ring)[0]
    then = cv2.mean(cv2.morphologyEx(background_gray[place], cv2.MORPH_GRADIENT, _RING), ring)[0]
    return now / (now + then) if now + then > 0 else 0.5


def _ramp(value: float, low: float, high: float) -> float:
    """0 below `low`, 1 above `high`, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
