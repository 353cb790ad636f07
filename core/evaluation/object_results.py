"""What was found of each object, and how well of the part that is not seen.

The hidden part of an object is its whole mask less what is seen of it; what a find says of it is the find's
whole mask less the same. So a find is not asked which part of it is seen, and pixels that it wrongly says of
the object elsewhere count against it (ALGORITHMS 8). Masks end with the picture, and so does this figure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.evaluation.average_precision import Compared, check
from core.evaluation.matching import coded, match, overlaps_of
from core.evaluation.occlusion_bins import occlusions
from core.geometry.boxes import iou_matrix, to_array
from core.records.detections import Category
from core.records.evaluation import FoundObject, MatchedObjects, ObjectResult, TrueObject
from core.records.masks import Rle

MATCHED = 0.5
"""The overlap from which a find is of an object."""


def object_results(
    truth: Sequence[TrueObject], found: Sequence[FoundObject], compared: Compared, least: float = MATCHED
) -> MatchedObjects:
    """Which find is of which object, matched as for AP at one threshold, but all finds of a picture.

    Args:
        truth, found: all objects of all pictures, and what a network says. Finds that shall not count, such
            as unsure ones, are to be left out before.
        compared: by boxes or masks.
        least: the overlap from which a find is of an object.

    Raises:
        ValueError: as `average_precision`.
    """
    check(truth, found, compared)
    hidden = occlusions(truth)
    masks = all(one.mask is not None for one in found)
    results = {
        place: _missed(place, one, hidden[place], masks) for place, one in enumerate(truth) if not one.ignored
    }
    extra, dropped = [], []
    for numbers, said in _together(truth, found):
        known, finds = [truth[number] for number in numbers], [found[number] for number in said]
        crowd = np.array([one.ignored for one in known], dtype=np.bool_)
        overlaps = overlaps_of(known, finds, compared)
        chosen = match(overlaps, ~crowd[None, None], crowd[None, None], crowd, np.array([least]))[0, 0]
        for number, place in zip(said, chosen.tolist(), strict=True):
            if place < 0:
                extra.append(number)
            elif crowd[place]:
                dropped.append(number)
            else:
                results[numbers[place]] = _found(results[numbers[place]], truth, number, found[number])

    def surest(places: list[int]) -> tuple[int, ...]:
        return tuple(sorted(places, key=lambda place: -found[place].score))

    return MatchedObjects(tuple(results.values()), surest(extra), surest(dropped))


def hidden_iou(whole: Rle, visible: Rle, found: Rle) -> float | None:
    """Intersection over union of what is hidden of an object and what a find says of it.

    Args:
        whole, visible: of the object. found: the find's whole mask. All of one picture.

    Returns:
        0 to 1; None where nothing is hidden: a find that says more than is there is told by other figures.

    Raises:
        ValueError: they are of pictures of different sizes.
    """
    from faster_coco_eval.core import mask

    if len({(one.height, one.width) for one in (whole, visible, found)}) > 1:
        raise ValueError("masks of pictures of different sizes")
    true, seen, said = coded(whole), coded(visible), coded(found)

    def unseen(some: dict[str, object]) -> int:
        return int(mask.area(some)) - int(mask.area(mask.merge([some, seen], 1)))

    hidden = unseen(true)
    both = unseen(mask.merge([true, said], 1))
    return both / (hidden + unseen(said) - both) if hidden else None


def hidden_ious(
    results: Sequence[ObjectResult], least: float = 0.0, missed: bool = True
) -> NDArray[np.float64]:
    """The hidden part's IoU of each object, to be averaged (`core.evaluation.bootstrap.means`).

    Args:
        least: only objects of which more than this share is hidden; few pixels tell little.
        missed: whether an object that was not found counts, as 0; else it is left out.

    Returns:
        (n,) 0 to 1; NaN for what is left out: objects with nothing hidden, or of which it is not known.
    """
    return np.array(
        [
            np.nan
            if one.hidden_iou is None
            or (one.occlusion is not None and one.occlusion <= least)
            or (one.found is None and not missed)
            else one.hidden_iou
            for one in results
        ],
        dtype=np.float64,
    )


def _together(truth: Sequence[TrueObject], found: Sequence[FoundObject]) -> list[tuple[list[int], list[int]]]:
    """Objects and finds of one picture and category, the surest find first, by their places."""
    groups: dict[tuple[int, Category], tuple[list[int], list[int]]] = {}
    for place, one in enumerate(truth):
        groups.setdefault((one.picture, one.category), ([], []))[0].append(place)
    for place in sorted(range(len(found)), key=lambda place: -found[place].score):
        groups.setdefault((found[place].picture, found[place].category), ([], []))[1].append(place)
    return list(groups.values())


def _missed(place: int, one: TrueObject, hidden: float, masks: bool) -> ObjectResult:
    """Of an object of which nothing was found; what is said of masks only where finds have some."""
    occlusion = None if np.isnan(hidden) else float(hidden)
    return ObjectResult(
        truth=place,
        picture=one.picture,
        found=None,
        score=None,
        box_iou=0.0,
        mask_iou=0.0 if masks and one.mask is not None else None,
        hidden_iou=0.0 if masks and _anything_hidden(one) else None,
        occlusion=occlusion,
    )


def _found(missed: ObjectResult, truth: Sequence[TrueObject], place: int, find: FoundObject) -> ObjectResult:
    one = truth[missed.truth]
    [[box]] = iou_matrix(to_array([one.box]), to_array([find.box]))
    mask = hidden = None
    if one.mask is not None and find.mask is not None:
        mask = float(overlaps_of([one], [find], Compared.MASK)[0, 0])
        hidden = None if one.visible is None else hidden_iou(one.mask, one.visible, find.mask)
    return ObjectResult(
        truth=missed.truth,
        picture=missed.picture,
        found=place,
        score=float(find.score),
        box_iou=float(box),
        mask_iou=mask,
        hidden_iou=hidden,
        occlusion=missed.occlusion,
    )


def _anything_hidden(one: TrueObject) -> bool:
    if one.mask is None or one.visible is None:
        return False
    return hidden_iou(one.mask, one.visible, one.mask) is not None
