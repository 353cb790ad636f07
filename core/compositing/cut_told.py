"""How well a cut-out can be told from its surroundings, and whether anything is there at all."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.compositing.pixels import decode_planes
from core.records.recipes import Cutout

Image = NDArray[np.uint8]
Array = NDArray[np.float32]

LEAST_OWN_PERCENT = 30
"""Of a real object more differs from its background, even of a grey car on a grey road."""

_FROM_PX, _TO_PX = 2, 5  # from the object, where its surroundings are looked at
_DIFFERENT, _DIFFERENT_LEVELS = 0.10, 14.0  # of the ground's brightness, and levels, whichever is more
_TINT, _DARKEST = 0.15, 0.6  # a shadow's channels differ by less, and leave more light
_SMOOTH_PX = 3  # a pixel's own noise says nothing
_FEWEST_COMPARED = 32


@dataclass(frozen=True, slots=True)
class ToldApart:
    """Whole percents.

    Attributes:
        edge_percent: of the pixels right beside the object, those that show clear ground, or its shadow. What
            else is there is another object, of which the mask may hold a part, or the object's own, which the
            mask lacks.
        own_percent: of its pixels, those that differ from the background: hardly any where nothing is, or
            where the background shows it too.
    """

    edge_percent: int
    own_percent: int


def told_apart(cutout: Cutout, background: Image) -> ToldApart:
    """Looks at a cut-out against the background that it was cut by.

    Args:
        cutout: whose `pixels` reach a few pixels beyond the object.
        background: (H, W, 3) uint8 RGB, the one that `background_id` names.

    Raises:
        CompositeError: the cut-out is damaged.
    """
    colour, alpha, shade = decode_planes(cutout)
    bare = background[cutout.y : cutout.y + cutout.h, cutout.x : cutout.x + cutout.w].astype(np.float32)
    light = np.ones(3, np.float32)
    if cutout.light[3] >= _FEWEST_COMPARED and min(cutout.background_light) > 0:
        light = (np.array(cutout.light[:3]) / np.array(cutout.background_light)).astype(np.float32)
    expected = np.clip(bare * light, 0, 255) * (shade.astype(np.float32) / 255)[..., None]
    here, there = _smooth(colour.astype(np.float32)), _smooth(expected)
    differs = np.abs(here - there).max(axis=2) > np.maximum(_DIFFERENT_LEVELS, _DIFFERENT * there.max(axis=2))
    ratio = (here + 1) / (there + 1)
    left = ratio.mean(axis=2)
    shadow = (np.ptp(ratio, axis=2) < _TINT) & (left < 1) & (left > _DARKEST)
    body = alpha > 127
    away = cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    beside = (away > _FROM_PX) & (away <= _TO_PX)
    return ToldApart(_percent(~differs | shadow, beside), _percent(differs, body))


def _percent(bits: NDArray[np.bool_], where: NDArray[np.bool_]) -> int:
    """The share of True ones, rounded down; 100 of nothing."""
    whole = int(np.count_nonzero(where))
    return 100 * int(np.count_nonzero(bits & where)) // whole if whole else 100


def _smooth(image: Array) -> Array:
    return np.asarray(cv2.blur(image, (_SMOOTH_PX, _SMOOTH_PX)), dtype=np.float32)
