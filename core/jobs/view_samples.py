"""A project's objects as the small networks are shown them: mining's crops with the masks in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import window
from core.jobs.keypoint_views import ObjectView
from core.records.detections import Category
from core.records.keypoints import KeypointSet
from core.records.masks import MaskPatch
from core.training.data.crops import POINTS, CropSample, numbers_of, shrunk

UNKNOWN = float("nan")


def sample_of(
    view: ObjectView, category: Category, keypoints: KeypointSet | None = None, hidden: float = UNKNOWN
) -> CropSample:
    """An object as a sample.

    Args:
        view: it, with what is around it.
        category: what it is.
        keypoints: a car's, in the whole picture's pixels; what nobody stands behind (`PlacedPoint.is_label`)
            is left out.
        hidden: 0 where nothing covers it, 1 where something does, if that is known.
    """
    image, seen = view.crop.image, view.seen
    height, width = image.shape[:2]
    scale = np.array([width / seen.w, height / seen.h])
    points, tags = np.full((POINTS, 2), np.nan), np.full(POINTS, -1, dtype=np.int64)
    size_px = view.crop.box.size
    if keypoints is not None:
        placed = [
            (number, point)
            for number, point in enumerate(keypoints.points)
            if point is not None and point.is_label
        ]
        numbers = [number for number, _ in placed]
        in_picture = np.array([(point.x, point.y) for _, point in placed]).reshape(-1, 2)
        points[numbers] = (in_picture + 0.5 - (seen.x, seen.y)) * scale - 0.5
        tags[numbers] = numbers_of([point.tag for _, point in placed])
        if placed:
            # the box shows what is seen; hidden points tell how large the whole is at least
            size_px = max(size_px, float((points[numbers].max(axis=0) - points[numbers].min(axis=0)).max()))
    others = np.zeros((height, width), dtype=np.bool_)
    for mask in view.masks.values():
        others |= _in_crop(mask, view)
    own = None if view.known.mask is None else _in_crop(view.known.mask, view)
    return CropSample(image, view.crop.box, own, others, points, tags, size_px, hidden, category)


def _in_crop(mask: MaskPatch, view: ObjectView) -> NDArray[np.bool_]:
    """A mask of the picture in the crop's pixels, which may be fewer."""
    seen = view.seen
    cut = window(mask, round(seen.x), round(seen.y), round(seen.w), round(seen.h))
    height, width = view.crop.image.shape[:2]
    return cut if cut.shape == (height, width) else shrunk(cut, (width, height))
