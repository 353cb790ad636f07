"""Average precision of some of the objects, the others ignored: by occlusion, distance or what you like.

COCO's figure for its areas, made general: objects of other bins are ignored, not removed. A find that goes
with one of them is dropped, neither right nor wrong; a find that goes with nothing is wrong in every bin, and
so is a second find of an object of another bin. So the bins' figures are no parts of the whole's. Finds and
objects are matched as COCO does it, all bins and thresholds at once, and then counted with any weights of the
pictures, so that drawing pictures anew costs no matching.

COCO's own evaluator is not used: it takes what is ignored for a crowd, of which the intersection counts over
the find's area, and many finds may be in it. With one bin of everything both agree (ALGORITHMS 8).

WALT's protocol stands beside (ALGORITHMS 4.6): categories are one, of each bin only its own objects stay,
and only finds whose boxes meet one of them by more than 0.4. What is found elsewhere is not counted, so its
figures are higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.average_precision import MOST_FOUND, Compared, check
from core.evaluation.matching import THRESHOLDS, match, overlaps_of
from core.evaluation.weighed_precision import CategoryFinds, PictureFinds, WeighedPrecision
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject

Bools = NDArray[np.bool_]

_WALTS_NEAR = 0.4


class Protocol(StrEnum):
    """What becomes of objects of other bins."""

    IGNORED = "ignored"
    WALT = "walt"


class BinnedPrecision(WeighedPrecision):
    """AP in bins of objects.

    Args:
        truth, found: all objects of all pictures, and what a network says.
        compared: by boxes or masks.
        bins: (b, n) bool, which objects of the truth each bin has. What is ignored anyway counts in none.
        protocol: what becomes of the others.
        pictures: the numbers of all pictures, in the order of all weights; those with an object or a find
            without it. To compare two systems over the same draws, name them.

    Raises:
        ValueError: as `average_precision`; the bins are of other objects; or something lies in a picture
            that is not among those named.
    """

    def __init__(
        self,
        truth: Sequence[TrueObject],
        found: Sequence[FoundObject],
        compared: Compared,
        bins: ArrayLike,
        protocol: Protocol = Protocol.IGNORED,
        pictures: Sequence[int] | None = None,
    ) -> None:
        members = np.asarray(bins, dtype=np.bool_)
        if members.ndim != 2 or members.shape[1] != len(truth):
            raise ValueError(f"bins of {members.shape} for {len(truth)} objects")
        check(truth, found, compared)
        members = members & ~np.array([one.ignored for one in truth], dtype=np.bool_)
        there = {one.picture for one in truth} | {one.picture for one in found}
        numbers = sorted(there) if pictures is None else list(pictures)
        if len(set(numbers)) != len(numbers) or not there <= set(numbers):
            raise ValueError("a picture is named twice, or not at all")
        kinds = list(Category) if protocol is Protocol.IGNORED else [None]
        tables = [_of_category(truth, found, compared, members, kind, protocol, numbers) for kind in kinds]
        super().__init__(numbers, len(members), [one for one in tables if one is not None])


def _of_category(
    truth: Sequence[TrueObject],
    found: Sequence[FoundObject],
    compared: Compared,
    members: Bools,
    kind: Category | None,
    protocol: Protocol,
    pictures: Sequence[int],
) -> CategoryFinds | None:
    """The finds of a category, or of all; None where no bin has an object of it."""
    own_truth: dict[int, list[int]] = {picture: [] for picture in pictures}
    own_found: dict[int, list[FoundObject]] = {picture: [] for picture in pictures}
    for number, one in enumerate(truth):
        if kind is None or one.category is kind:
            own_truth[one.picture].append(number)
    for find in found:
        if kind is None or find.category is kind:
            own_found[find.picture].append(find)
    if not members[:, [number for numbers in own_truth.values() for number in numbers]].any():
        return None
    rows = []
    for picture, numbers in own_truth.items():
        surest = sorted(own_found[picture], key=lambda one: -one.score)[:MOST_FOUND]
        own = members[:, numbers]
        right, dropped = _of_picture([truth[n] for n in numbers], surest, compared, own, protocol)
        scores = np.array([one.score for one in surest], dtype=np.float64)
        rows.append(PictureFinds(own.sum(axis=1), scores, right, dropped))
    return CategoryFinds.of(rows)


def _of_picture(
    truth: Sequence[TrueObject],
    found: Sequence[FoundObject],
    compared: Compared,
    members: Bools,
    protocol: Protocol,
) -> tuple[Bools, Bools]:
    """Which of a picture's finds, the surest first, are right, which dropped: (bins, thresholds, finds)."""
    shape = (len(members), len(THRESHOLDS), len(found))
    if not truth or not found:
        # where a bin keeps only what is near its own, nothing is near nothing
        return np.zeros(shape, np.bool_), np.full(shape, protocol is Protocol.WALT)
    overlaps = overlaps_of(truth, found, compared)
    crowd = np.array([one.ignored for one in truth], dtype=np.bool_)
    if protocol is Protocol.IGNORED:
        matched = match(overlaps, members[:, None], ~members[:, None], crowd)
        right = (matched >= 0) & members[np.arange(len(members))[:, None, None], matched]
        return right, (matched >= 0) & ~right
    boxes = overlaps if compared is Compared.BOX else overlaps_of(truth, found, Compared.BOX)
    near: Bools = np.any((boxes > _WALTS_NEAR)[None] & members[:, None], axis=2)
    # what is far is gone before anything is matched, so it takes no object away
    matched = match(overlaps, members[:, None] & near[..., None], np.zeros((1, 1, 1), np.bool_))
    return matched >= 0, np.broadcast_to(~near[:, None], shape)
