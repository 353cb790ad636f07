"""Pictures with objects drawn on them, for the gallery of a run.

What is seen is tinted, and the whole is outlined. A point that is seen is a disc, one that its own object
hides a ring, one that something else hides a square: so that colour is not all there is.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import HALF_PIXEL
from core.geometry.masks import patch_contours
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.seen import SeenObject
from core.records.shapes import KeypointTag

Picture = NDArray[np.uint8]

_LONGEST_PX = 640
_TINT = 0.35
_QUALITY = 85
_RADIUS_PX = 3
_FRACTION = 4  # binary places of a coordinate, as OpenCV takes them
_COLOURS = {
    Category.CAR: (255, 140, 0),
    Category.PERSON: (0, 200, 255),
}
_OTHERS = (190, 120, 255)
_POINTS = {
    KeypointTag.VISIBLE: (80, 255, 80),
    KeypointTag.SELF_OCCLUDED: (255, 255, 80),
    KeypointTag.OTHER_OCCLUDED: (255, 80, 80),
    KeypointTag.UNLABELLED: (255, 255, 255),  # told without a tag
}


def drawn(picture: Picture, objects: Sequence[SeenObject]) -> bytes:
    """JPEG of a picture with objects on it, no longer than 640 pixels.

    Args:
        picture: (H, W, 3) uint8 RGB.
        objects: the surest are drawn last.
    """
    scale = min(1.0, _LONGEST_PX / max(picture.shape[:2]))
    canvas = picture.copy()
    for one in reversed(objects):
        if one.modal is not None:
            _tint(canvas, one.modal, _COLOURS.get(one.category, _OTHERS))
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    canvas = np.ascontiguousarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA))
    for one in reversed(objects):
        _outline(canvas, one, scale)
        _points(canvas, one, scale)
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    assert done
    return bytes(data)


def _tint(canvas: Picture, mask: MaskPatch, colour: tuple[int, int, int]) -> None:
    h, w = mask.bits.shape
    part = canvas[mask.y : mask.y + h, mask.x : mask.x + w]
    part[mask.bits] = ((1 - _TINT) * part[mask.bits] + _TINT * np.array(colour)).astype(np.uint8)


def _outline(canvas: Picture, one: SeenObject, scale: float) -> None:
    colour = _COLOURS.get(one.category, _OTHERS)
    if one.whole is None:
        box = one.box
        corners = [(box.x, box.y), (box.right, box.y), (box.right, box.bottom), (box.x, box.bottom)]
        lines = [np.array(corners)]
    else:
        lines = patch_contours(one.whole)
    for line in lines:
        cv2.polylines(canvas, [_fixed(line, scale)], True, colour, 1, cv2.LINE_AA, _FRACTION)


def _points(canvas: Picture, one: SeenObject, scale: float) -> None:
    for place, tag in zip(one.places, one.tags, strict=True):
        if not np.isfinite(place).all() or tag not in _POINTS:
            continue
        x, y = _fixed(place[None], scale)[0].tolist()
        radius, colour = _RADIUS_PX << _FRACTION, _POINTS[tag]
        if tag is KeypointTag.OTHER_OCCLUDED:
            cv2.rectangle(
                canvas,
                (x - radius, y - radius),
                (x + radius, y + radius),
                colour,
                1,
                cv2.LINE_AA,
                _FRACTION,
            )
        else:
            thick = 1 if tag is KeypointTag.SELF_OCCLUDED else cv2.FILLED
            cv2.circle(canvas, (x, y), radius, colour, thick, cv2.LINE_AA, _FRACTION)


def _fixed(edges: NDArray[np.float64], scale: float) -> NDArray[np.int32]:
    """Places on pixel edges in OpenCV's fixed-point numbers of the scaled picture, on pixels' centres."""
    return np.rint((edges * scale - HALF_PIXEL) * (1 << _FRACTION)).astype(np.int32)
