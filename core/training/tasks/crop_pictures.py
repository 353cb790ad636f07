"""Pictures of crops for a run's gallery: a car's points by tag, a verdict and what it was given."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.records.runs import RunPicture
from core.records.shapes import KeypointTag
from core.shapes.keypoints import SKELETON
from core.training.data.crops import TAGS, CropSample

_SIDE = 256
_QUALITY = 88
_LEFT, _RIGHT = (255, 170, 60), (70, 200, 255)  # of the driver's two sides, RGB
_FORMS = {
    KeypointTag.VISIBLE: None,  # a disc
    KeypointTag.SELF_OCCLUDED: cv2.MARKER_SQUARE,
    KeypointTag.OTHER_OCCLUDED: cv2.MARKER_TILTED_CROSS,
    KeypointTag.TRUNCATED: cv2.MARKER_TRIANGLE_UP,
}

Bytes = NDArray[np.uint8]


def drawn_points(sample: CropSample, points: NDArray[np.float64], tags: NDArray[np.int64]) -> Bytes:
    """A crop, enlarged, with points by side (colour) and tag (shape).

    Args:
        points: (12, 2) in the crop's pixels. tags: (12,) numbers into TAGS; -1 is not drawn.
    """
    picture, scale = _enlarged(sample)
    places = (points + 0.5) * scale - 0.5
    placed = [
        bool(tag >= 0) and bool(np.isfinite(place).all()) for tag, place in zip(tags, places, strict=True)
    ]
    for first, second in SKELETON:
        if placed[first] and placed[second]:
            cv2.line(picture, _pixel(places[first]), _pixel(places[second]), (200, 200, 200), 1, cv2.LINE_AA)
    for number, (place, tag) in enumerate(zip(places, tags, strict=True)):
        if not placed[number]:
            continue
        colour, form = _LEFT if number % 2 else _RIGHT, _FORMS[TAGS[tag]]
        if form is None:
            cv2.circle(picture, _pixel(place), 4, colour, -1, cv2.LINE_AA)
        else:
            cv2.drawMarker(picture, _pixel(place), colour, form, 9, 2, cv2.LINE_AA)
    return picture


def drawn_masks(sample: CropSample) -> Bytes:
    """A crop, enlarged, with the outlines of the object's mask (light) and of the others' (dark)."""
    picture, _ = _enlarged(sample)
    height, width = picture.shape[:2]
    for mask, colour in ((sample.others, (40, 60, 160)), (sample.own, (255, 220, 90))):
        if mask is None:
            continue
        fine = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outlines, -1, colour, 1, cv2.LINE_AA)
    return picture


def run_picture(place: int, step: int, picture: Bytes, truth: Bytes, caption: str) -> RunPicture:
    """One picture of the gallery from two (H, W, 3) uint8 RGB ones."""
    return RunPicture(place, step, _jpeg(picture), _jpeg(truth), caption)


def _enlarged(sample: CropSample) -> tuple[Bytes, float]:
    height, width = sample.image.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.ascontiguousarray(
        cv2.resize(sample.image, size, interpolation=cv2.INTER_CUBIC), np.uint8
    ), scale


def _pixel(place: NDArray[np.float64]) -> tuple[int, int]:
    x, y = np.clip(np.round(place), -4 * _SIDE, 4 * _SIDE).astype(int).tolist()
    return x, y


def _jpeg(picture: Bytes) -> bytes:
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return data.tobytes()
