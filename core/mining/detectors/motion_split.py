"""Cuts a blob of several touching objects apart, at its narrow places between concavities."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import tighten
from core.mining.detectors.settings import LookFor
from core.records.masks import MaskPatch

Bits = NDArray[np.bool_]
Points = NDArray[np.int32]

_ONE_OBJECT_SOLIDITY = 0.94  # a blob that fills this share of its convex hull is one object
_MOST_CONCAVITIES = 6  # the deepest ones are tried
_LEAST_DEPTH = 0.05  # of a concavity, as a share of the blob's longer side
_LEAST_GAIN = 0.08  # in solidity by a cut as long as the smaller part is large
_LONGEST_CUT = 0.95  # in sizes of the smaller part, the square root of its area
_LEAST_PART = 0.2  # of the larger part's area
_TALL = 1.3  # height over width of a blob that may be one standing person
_BESIDE = 0.6  # share of such a blob's height that each of two people side by side reaches
_CAR_FILL = 0.68  # of its box: a car's least; legs leave more of it empty
_CAR_WIDENS = 0.85  # the nearer of two cars is at least this wide, in widths of the other
_CAR_WIDEST = 1.6
_MOST_CUTS = 12
_PERSON_FILL = 0.75  # of its box: a person's most
_UPRIGHT = 1.8  # height over width of one person, at least, where two are parted
_NARROWEST_PAIR, _WIDEST_PAIR = 0.45, 2.0  # width over height of people side by side
_LEAST_DIP = 0.06  # of the outline between two heads, in heights
_LEAST_SHOULDERS = 0.17  # width of a person, in heights


def solidity(bits: Bits) -> float:
    """Share of its convex hull that a mask fills, 0 to 1; 0 for an empty one."""
    hull_area = int(np.count_nonzero(convex_hull(bits)))
    return int(np.count_nonzero(bits)) / max(hull_area, 1)


def convex_hull(bits: Bits) -> Bits:
    """The pixels of a mask's convex hull (counted, for a hull's area misses half a pixel all round)."""
    filled = np.zeros(bits.shape, dtype=np.uint8)
    # the outlines hold far fewer points than the mask
    outlines, _ = cv2.findContours(bits.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if outlines:
        points = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
        cv2.fillConvexPoly(filled, cv2.convexHull(points), 1)
    return filled.view(np.bool_)


def split_blob(blob: MaskPatch, least_side: float, look_for: LookFor = LookFor.BOTH) -> list[MaskPatch]:
    """Parts of a blob that looks like several objects touching; the blob alone if it does not.

    Args:
        least_side: of a part's longer side, pixels.
        look_for: a tall blob is not cut across where people may be in the picture, unless both halves
            look like cars.
    """
    done: list[MaskPatch] = []
    waiting = [blob]
    for _ in range(_MOST_CUTS):
        if not waiting:
            break
        piece = waiting.pop()
        parts = _cut_once(piece, least_side, look_for)
        if parts is None and look_for is not LookFor.CARS:
            parts = _cut_between_heads(piece, least_side, look_for)
        if parts is None:
            done.append(piece)
        else:
            waiting.extend(parts)
    return done + waiting


def _cut_once(blob: MaskPatch, least_side: float, look_for: LookFor) -> tuple[MaskPatch, MaskPatch] | None:
    """The two parts of the best cut, or None where no cut is worth it."""
    if max(blob.bits.shape) < 2 * least_side or solidity(blob.bits) >= _ONE_OBJECT_SOLIDITY:
        return None
    outlines, _ = cv2.findContours(blob.bits.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = np.asarray(max(outlines, key=len), dtype=np.int32)
    ends = _best_cut(outline, least_side, look_for)
    if ends is None:
        return None
    first, second = ends
    polygon = np.zeros(blob.bits.shape, dtype=np.uint8)
    cv2.fillPoly(polygon, [outline[first : second + 1]], 1)
    inside = polygon.view(np.bool_)
    return (
        tighten(MaskPatch(blob.x, blob.y, blob.bits & inside)),
        tighten(MaskPatch(blob.x, blob.y, blob.bits & ~inside)),
    )


def _cut_between_heads(
    blob: MaskPatch, least_side: float, look_for: LookFor
) -> tuple[MaskPatch, MaskPatch] | None:
    """Two people side by side, cut straight down from the dip between their heads; None if it is not that."""
    h, w = blob.bits.shape
    if h < least_side or not _WIDEST_PAIR >= w / h >= _NARROWEST_PAIR:
        return None
    tops = np.where(blob.bits.any(axis=0), blob.bits.argmax(axis=0), h)
    # in each column, how far below the higher of the two sides' highest points the outline dips
    left, right = np.minimum.accumulate(tops), np.minimum.accumulate(tops[::-1])[::-1]
    dip = tops - np.maximum(left, right)
    column = int(np.argmax(dip))
    if dip[column] < _LEAST_DIP * h:
        return None
    one, two = blob.bits[:, :column], blob.bits[:, column:]
    if min(one.shape[1], two.shape[1]) < _LEAST_SHOULDERS * h:
        return None
    parts = (
        tighten(MaskPatch(blob.x, blob.y, largest(one))),
        tighten(MaskPatch(blob.x + column, blob.y, largest(two))),
    )
    upright = all(part.bits.shape[0] >= max(_UPRIGHT * part.bits.shape[1], _BESIDE * h) for part in parts)
    # a van's two halves stand upright too, but fill their boxes
    ragged = look_for is LookFor.PEOPLE or all(part.bits.mean() <= _PERSON_FILL for part in parts)
    return parts if upright and ragged else None


def largest(bits: Bits) -> Bits:
    """The largest connected part of a mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bits.astype(np.uint8))
    if count <= 2:
        return bits
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _best_cut(outline: Points, least_side: float, look_for: LookFor) -> tuple[int, int] | None:
    """Places on the outline between which a cut makes the parts most convex, or None."""
    size = np.ptp(outline.reshape(-1, 2), axis=0).max()
    concave = _concavities(outline, max(1.5, _LEAST_DEPTH * float(size)))
    if not concave:
        return None
    area, hull_area = cv2.contourArea(outline), cv2.contourArea(cv2.convexHull(outline))
    before = area / max(hull_area, 1.0)
    best, best_gain = None, 0.0
    for first, second in _candidates(outline, concave):
        one = outline[first : second + 1]
        two = np.concatenate([outline[second:], outline[: first + 1]])
        if _halves_a_person(one, two, look_for):
            continue
        length = math.dist(outline[first, 0].tolist(), outline[second, 0].tolist())
        small = math.sqrt(min(cv2.contourArea(one), cv2.contourArea(two)))
        after = _solidity_of_parts(one, two, length, least_side)
        # the longer the cut, the more it must explain
        gain = after - before - _LEAST_GAIN * length / max(small, 1.0)
        if after > 0 and gain > best_gain:
            best, best_gain = (first, second), gain
    return best


def _concavities(outline: Points, least_depth: float) -> list[int]:
    """Places of the deepest concavities on the outline."""
    hull = cv2.convexHull(outline, returnPoints=False)
    if hull is None or len(hull) < 4:
        return []
    try:
        defects = cv2.convexityDefects(outline, np.sort(hull, axis=0)[::-1])
    except cv2.error:  # an outline that touches itself
        return []
    if defects is None:
        return []
    rows = np.asarray(defects).reshape(-1, 4)
    depth = rows[:, 3] / 256.0
    order = np.argsort(-depth, kind="stable")[:_MOST_CONCAVITIES]
    return [int(rows[index, 2]) for index in order if depth[index] >= least_depth]


def _candidates(outline: Points, concave: list[int]) -> list[tuple[int, int]]:
    """Pairs of places to cut between: two concavities, or one and the nearest place across."""
    count = len(outline)
    points = outline.reshape(-1, 2).astype(np.float64)
    pairs = {(min(a, b), max(a, b)) for a in concave for b in concave if a != b}
    for place in concave:
        away = np.abs(np.arange(count) - place)
        away = np.minimum(away, count - away)
        steps = points - points[place]
        distance = np.sqrt((steps * steps).sum(axis=1))
        # across the blob, not a little further along the same side
        distance[away < np.maximum(2.0 * distance, 4.0)] = np.inf
        across = int(np.argmin(distance))
        if np.isfinite(distance[across]):
            pairs.add((min(place, across), max(place, across)))
    return sorted(pairs)


def _solidity_of_parts(one: Points, two: Points, length: float, least_side: float) -> float:
    """Share of their convex hulls that both parts of a cut fill; 0 where they are no two objects."""
    if len(one) < 4 or len(two) < 4:
        return 0.0
    area_one, area_two = cv2.contourArea(one), cv2.contourArea(two)
    small, large = min(area_one, area_two), max(area_one, area_two)
    if small < _LEAST_PART * large or length > _LONGEST_CUT * math.sqrt(small):
        return 0.0
    box_one, box_two = cv2.boundingRect(one), cv2.boundingRect(two)
    if max(box_one[2:]) < least_side or max(box_two[2:]) < least_side:
        return 0.0
    hulls = cv2.contourArea(cv2.convexHull(one)) + cv2.contourArea(cv2.convexHull(two))
    return (area_one + area_two) / max(hulls, 1.0)


def _halves_a_person(one: Points, two: Points, look_for: LookFor) -> bool:
    """Whether a cut may part a standing person into body and legs rather than one object from another."""
    if look_for is LookFor.CARS:
        return False
    boxes = sorted((cv2.boundingRect(one), cv2.boundingRect(two)), key=lambda box: box[1] + box[3])
    (x1, y1, w1, h1), (x2, y2, w2, h2) = boxes  # the lower one is second
    width = max(x1 + w1, x2 + w2) - min(x1, x2)
    height = y2 + h2 - min(y1, y2)
    if height < _TALL * width or min(h1, h2) >= _BESIDE * height:
        return False
    if look_for is LookFor.PEOPLE or not _CAR_WIDENS * w1 <= w2 <= _CAR_WIDEST * w1:
        return True  # a head on shoulders, or legs
    if h1 > _TALL * w1 or h2 > _TALL * w2:
        return True
    return min(_fill(one), _fill(two)) < _CAR_FILL


def _fill(outline: Points) -> float:
    """Share of its box that an outline encloses."""
    _, _, w, h = cv2.boundingRect(outline)
    return float(cv2.contourArea(outline)) / max((w - 1) * (h - 1), 1)
