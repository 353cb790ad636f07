"""From a plane of differences to the outlines of separate objects."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.mining.detectors.motion_split import convex_hull, solidity, split_blob
from core.mining.detectors.settings import LookFor
from core.records.masks import MaskPatch

Plane = NDArray[np.uint8]
Bits = NDArray[np.bool_]

_WEAK_SHARE = 0.85  # of the threshold: what joins a blob that has pixels above the threshold itself
_SEED_PIXELS = 3
_WHOLE_SOLIDITY = 0.94  # a blob with its inside taken back that is this convex is one object
_SPECK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def find_blobs(
    difference: Plane, light: Plane | None, threshold: float, least_side: float
) -> list[MaskPatch]:
    """Connected blobs of pixels that differ by more than the light, without specks and holes.

    Args:
        difference: (h, w) uint8. light: (h, w) uint8, 1 where light alone may explain it, or None.
        threshold: grey levels. least_side: of a blob's longer side, pixels.
    """
    weak = differing(difference, threshold)
    evidence = weak if light is None else cv2.subtract(weak, light)
    cleaned = cv2.morphologyEx(evidence, cv2.MORPH_OPEN, _SPECK)
    joined = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, _SPECK)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_16U)
    blobs = []
    longer = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    for number in np.flatnonzero(longer >= least_side).tolist():
        if number == 0 or number >= count:
            continue
        x, y, w, h = (int(value) for value in stats[number, :4])
        bits = labels[y : y + h, x : x + w] == number
        strong = difference[y : y + h, x : x + w][bits] > threshold
        if np.count_nonzero(strong) >= _SEED_PIXELS:
            blobs.append(MaskPatch(x, y, fill_holes(bits)))
    return blobs


def differing(difference: Plane, threshold: float) -> Plane:
    """(h, w) uint8, 1 where the difference, smoothed a little, comes near the threshold."""
    smooth = cv2.blur(difference, (3, 3))
    weak = cv2.threshold(smooth, threshold * _WEAK_SHARE, 1, cv2.THRESH_BINARY)[1]
    return np.asarray(weak, dtype=np.uint8)


def take_inside_back(blob: MaskPatch, weak: Plane) -> MaskPatch:
    """A blob with all that differs inside its convex hull.

    Args:
        weak: (h, w) uint8 of the whole picture, 1 where it differs.
    """
    h, w = blob.bits.shape
    there = weak[blob.y : blob.y + h, blob.x : blob.x + w].view(np.bool_)
    return MaskPatch(blob.x, blob.y, fill_holes(blob.bits | (convex_hull(blob.bits) & there)))


def fill_holes(bits: Bits) -> Bits:
    """A mask with its holes filled."""
    outlines, _ = cv2.findContours(bits.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros(bits.shape, dtype=np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, thickness=cv2.FILLED)
    return filled.view(np.bool_)


def separate(
    blob: MaskPatch, weak: Plane, least_side: float, split: bool, look_for: LookFor
) -> list[MaskPatch]:
    """The whole objects that a blob of evidence stands for.

    Args:
        weak: (h, w) uint8 of the whole picture, 1 where it differs, light or not.
        least_side: of an object's longer side, pixels. split: whether one blob may be several objects.
        look_for: what may be in the picture.
    """
    whole = take_inside_back(blob, weak)
    if not split or solidity(whole.bits) >= _WHOLE_SOLIDITY:
        return [whole]
    parts = split_blob(blob, least_side, look_for)
    return [take_inside_back(part, weak) for part in parts] if len(parts) > 1 else [whole]


def largest(bits: Bits) -> Bits:
    """The largest connected part of a mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bits.view(np.uint8))
    if count <= 2:
        return bits
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))
