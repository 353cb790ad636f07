"""From a plane of differences to the outlines of separate objects."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import tighten
from core.mining.detectors.motion_difference import LIGHT, LIGHT_EDGE
from core.mining.detectors.motion_split import convex_hull, solidity, split_blob
from core.mining.detectors.settings import LookFor
from core.records.masks import MaskPatch

Plane = NDArray[np.uint8]
Bits = NDArray[np.bool_]

_WEAK_SHARE = 0.85  # of the threshold: what joins a blob that has pixels above the threshold itself
_LEAST_HARD = 2  # pixels of a blob that no light explains
_LEAST_HARD_SHARE = 0.03
_REACH = 0.05  # of a blob's longer side, around what no light explains
_WHOLE_SOLIDITY = 0.94  # a blob with its inside taken back that is this convex is one object
_SPECK = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What speaks for objects in a frame; planes of (h, w) uint8, 0 or 1.

    Attributes:
        weak: where it differs from the background, for whatever reason.
        edges: where it differs, and light alone does not explain it.
        hard: where it differs, and no light could explain it.
    """

    weak: Plane
    edges: Plane
    hard: Plane

    @classmethod
    def of(cls, difference: Plane, light: Plane | None, threshold: float) -> Evidence:
        """From a difference in grey levels and what light explains of it, or None to ask of no light."""
        smooth = cv2.blur(difference, (3, 3))
        weak = np.asarray(
            cv2.threshold(smooth, threshold * _WEAK_SHARE, 1, cv2.THRESH_BINARY)[1], dtype=np.uint8
        )
        if light is None:
            return cls(weak, weak, weak)
        edges = cv2.threshold(light, LIGHT - 1, 1, cv2.THRESH_BINARY_INV)[1]
        hard = cv2.threshold(light, LIGHT_EDGE - 1, 1, cv2.THRESH_BINARY_INV)[1]
        return cls(
            weak,
            np.asarray(cv2.bitwise_and(weak, edges), dtype=np.uint8),
            np.asarray(cv2.bitwise_and(weak, hard), dtype=np.uint8),
        )


def find_blobs(evidence: Evidence, least_side: float) -> list[MaskPatch]:
    """Connected blobs of what light alone does not explain, without specks and holes.

    Args:
        least_side: of a blob's longer side, pixels.
    """
    cleaned = cv2.morphologyEx(evidence.edges, cv2.MORPH_OPEN, _SPECK)
    joined = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, _SPECK)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8, ltype=cv2.CV_16U)
    blobs = []
    longer = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    for number in np.flatnonzero(longer >= least_side).tolist():
        if number == 0 or number >= count:
            continue
        x, y, w, h = (int(value) for value in stats[number, :4])
        bits = labels[y : y + h, x : x + w] == number
        trimmed = without_shadow(MaskPatch(x, y, bits), evidence)
        if trimmed is not None:
            blobs.append(MaskPatch(trimmed.x, trimmed.y, fill_holes(trimmed.bits)))
    return blobs


def without_shadow(blob: MaskPatch, evidence: Evidence) -> MaskPatch | None:
    """A blob without the outline of a shadow that hangs on it; None where it is nothing but light.

    What no light explains is the object for certain; of the edges, those near its convex hull are its own.
    """
    h, w = blob.bits.shape
    hard = blob.bits & evidence.hard[blob.y : blob.y + h, blob.x : blob.x + w].view(np.bool_)
    hard_area = int(np.count_nonzero(hard))
    if hard_area < max(_LEAST_HARD, _LEAST_HARD_SHARE * np.count_nonzero(blob.bits)):
        return None
    if hard_area == np.count_nonzero(blob.bits):
        return blob
    reach = 1 + round(_REACH * max(h, w))
    around = cv2.getStructuringElement(cv2.MORPH_RECT, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(convex_hull(hard).view(np.uint8), around).view(np.bool_)
    return tighten(MaskPatch(blob.x, blob.y, blob.bits & near))


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
    blob: MaskPatch, evidence: Evidence, least_side: float, split: bool, look_for: LookFor
) -> list[MaskPatch]:
    """The whole objects that a blob of evidence stands for.

    Args:
        evidence: of the whole picture.
        least_side: of an object's longer side, pixels. split: whether one blob may be several objects.
        look_for: what may be in the picture.
    """
    whole = take_inside_back(blob, evidence.weak)
    if not split or solidity(whole.bits) >= _WHOLE_SOLIDITY:
        return [whole]
    parts = split_blob(blob, least_side, look_for)
    if len(parts) < 2:
        return [whole]
    trimmed = [without_shadow(part, evidence) for part in parts]
    return [take_inside_back(part, evidence.weak) for part in trimmed if part is not None]
