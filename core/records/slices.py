"""Slices of an evaluation: the bars of its charts, numbered, with their borders and titles."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.records.detections import Category
from core.records.shapes import KeypointTag


class By(StrEnum):
    """What objects are told apart by."""

    ALL = "all"
    OCCLUSION = "occlusion"
    DISTANCE = "distance"
    SIZE = "size"
    HOUR = "hour"
    CATEGORY = "category"
    TAG = "tag"  # of points; an object is in the slice of each tag that a point of it has


UNKNOWN = -1
"""The bin of objects of which that is not known: they stand in a bar of their own, never in another's."""

OCCLUSION_BINS = 10
"""Of ten percent each, as WALT has them (ALGORITHMS 4.6); what is hidden altogether is in the last."""

_ROUNDING = 1e-9  # of a tenth: far more than a division's error, far less than a pixel of any picture

DISTANCE_EDGES_M = (0.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0)
"""From where each bin begins; the last is open."""

SIZE_EDGES_PX = (0.0, 16.0, 32.0, 64.0, 96.0, 192.0, 384.0)
"""Of L = max(w, h), likewise."""

NOTHING_THERE, NOT_FOUND = "nothing there", "not found"
"""The words of a confusion of categories for what is no category."""

CATEGORIES = tuple(Category)
POINT_TAGS = (
    KeypointTag.VISIBLE,
    KeypointTag.SELF_OCCLUDED,
    KeypointTag.OTHER_OCCLUDED,
    KeypointTag.TRUNCATED,
)
"""What bins of categories and tags mean, in this order."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of an evaluation's objects.

    Attributes:
        by: what they are told apart by. bin: which of its bins, from 0; `UNKNOWN`; 0 of `By.ALL`.
    """

    by: By = By.ALL
    bin: int = 0

    @property
    def title(self) -> str:
        """For people: "20-30 %", "10-20 m", "14 h", "car", "not known"."""
        return title_of(self.by, self.bin)


ALL = Slice()


def occlusion_bin(share: float | None) -> int:
    """Of a hidden share, 0 to 1."""
    return UNKNOWN if share is None else int(occlusion_bins(share))


def occlusion_bins(shares: ArrayLike) -> NDArray[np.int64]:
    """The tenth in which each of some hidden shares (n), 0 to 1, falls, lower edge and all; NaN: `UNKNOWN`.

    What is a tenth by its pixels is one, though 1 - 360 / 400 is a little less in floating point.
    """
    values = np.asarray(shares, dtype=np.float64)
    tenths = np.floor(np.nan_to_num(values) * OCCLUSION_BINS + _ROUNDING).astype(np.int64)
    return np.where(np.isnan(values), UNKNOWN, np.minimum(tenths, OCCLUSION_BINS - 1))


def distance_bin(distance_m: float | None) -> int:
    """Of a distance from the camera."""
    return UNKNOWN if distance_m is None else bisect_right(DISTANCE_EDGES_M, distance_m) - 1


def size_bin(size_px: float) -> int:
    """Of L of an object's box."""
    return bisect_right(SIZE_EDGES_PX, size_px) - 1


def hour_bin(hour: int | None) -> int:
    """Of a local hour."""
    return UNKNOWN if hour is None else hour


def category_bin(category: Category) -> int:
    """Of a category."""
    return CATEGORIES.index(category)


def bins_of(by: By) -> range:
    """The bins that there can be, without `UNKNOWN`."""
    return range(_COUNTS[by])


def title_of(by: By, bin: int) -> str:
    """A bin's title, for people."""
    if by is By.ALL:
        return "all"
    if bin == UNKNOWN:
        return "not known"
    if by is By.OCCLUSION:
        return f"{10 * bin}-{10 * bin + 10} %"
    if by is By.DISTANCE:
        return f"{_between(DISTANCE_EDGES_M, bin)} m"
    if by is By.SIZE:
        return f"{_between(SIZE_EDGES_PX, bin)} px"
    if by is By.HOUR:
        return f"{bin} h"
    words = CATEGORIES[bin].value if by is By.CATEGORY else POINT_TAGS[bin].value
    return words.replace("_", " ")


def _between(edges: tuple[float, ...], bin: int) -> str:
    last = bin == len(edges) - 1
    return f"over {edges[bin]:g}" if last else f"{edges[bin]:g}-{edges[bin + 1]:g}"


_COUNTS = {
    By.ALL: 1,
    By.OCCLUSION: OCCLUSION_BINS,
    By.DISTANCE: len(DISTANCE_EDGES_M),
    By.SIZE: len(SIZE_EDGES_PX),
    By.HOUR: 24,
    By.CATEGORY: len(CATEGORIES),
    By.TAG: len(POINT_TAGS),
}
