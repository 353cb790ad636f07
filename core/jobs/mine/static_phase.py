"""What stands in front of a camera's objects: drawn from their masks and from the crops that mining kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.jobs.context import JobContext
from core.mining.occlusion.evidence import Crop, Crops, StaticEvidence
from core.mining.occlusion.settings import OcclusionSettings
from core.mining.occlusion.static_map import StaticMap
from core.records.boxes import Box
from core.records.occlusion import Observation
from core.store.queries import instances


def static_map(
    context: JobContext,
    size: tuple[int, int],
    parts: Iterable[Sequence[Observation]],
    settings: OcclusionSettings,
) -> StaticMap:
    """Where static things stand in front, after what all objects of some bursts show.

    Args:
        size: width and height of the pictures.
        parts: the bursts' objects with masks and tracks, in runs of whole frames of one burst.
    """
    evidence = StaticEvidence(*size, settings)
    for part in parts:
        context.check_stop()
        evidence.add(part, _kept_crops(context))
    return evidence.map()


def _kept_crops(context: JobContext) -> Crops:
    def crops(ids: Sequence[int]) -> Mapping[int, Crop]:
        with context.project.read() as connection:
            data = instances.crops(connection, ids)
            places = instances.crop_boxes(connection, ids)
        return {number: _decoded(data[number], places[number]) for number in data}

    return crops


def _decoded(data: bytes, place: Box) -> Crop:
    """A kept crop at the picture's scale; large ones were shrunk."""
    image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("a crop in the project cannot be decoded")
    pixels: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8)
    size = (round(place.w), round(place.h))
    if (pixels.shape[1], pixels.shape[0]) != size:
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return Crop(round(place.x), round(place.y), pixels)
