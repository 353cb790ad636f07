"""Whether predictions can be compared with labels: what comes from files is seen to before it is counted.

What passes is counted by these conventions, and never as a silent nought:

- Without predictions every figure of finding is 0, and everything is missed.
- Without labels there is no figure (None or NaN), and predictions are of nothing.
- Predictions in a picture without labels are wrong.
- A predicted mask without a pixel goes with nothing, so it is wrong.
- What is ignored may have a box without area: nothing goes with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np

from core.errors import EvaluationError
from core.evaluation.average_precision import Compared
from core.evaluation.similarity import FoundPoints, TruePoints
from core.evaluation.tracking import TracksInFrame
from core.geometry.masks import rle_area
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import Rle

_Record = TypeVar("_Record")

_WAYS_OUT = {
    "Label": "Correct the labels, or leave this one out.",
    "Prediction": "Make the predictions anew for these labels, or leave this one out.",
}


def check_comparable(
    truth: Sequence[TrueObject],
    found: Sequence[FoundObject],
    pictures: Mapping[int, tuple[int, int]],
    compared: Compared,
    *,
    categories: Collection[Category] = tuple(Category),
    truth_ids: Sequence[int | str] | None = None,
    found_ids: Sequence[int | str] | None = None,
) -> None:
    """See that labels and predictions are of the same pictures and categories, and all of them whole.

    Args:
        pictures: height and width of each picture that is labelled, by its number; those without an object
            with them.
        compared: by boxes or masks.
        categories: which were labelled.
        truth_ids, found_ids: what the records are called in their files; their places, from 1, without them.

    Raises:
        EvaluationError: the first record that does not fit, by its name, and what is wrong with it.
    """

    def problem(one: TrueObject | FoundObject) -> str | None:
        return _problem(one, pictures, compared, categories)

    _check_all("Label", truth, truth_ids, problem)
    _check_all("Prediction", found, found_ids, problem)


def check_points_comparable(
    truth: Sequence[TruePoints],
    found: Sequence[FoundPoints],
    pictures: Collection[int],
    points: int,
    *,
    truth_ids: Sequence[int | str] | None = None,
    found_ids: Sequence[int | str] | None = None,
) -> None:
    """The same of keypoints.

    Args:
        pictures: numbers of the pictures that are labelled. points: how many each object has.
        truth_ids, found_ids: as `check_comparable`.

    Raises:
        EvaluationError: as `check_comparable`.
    """

    def problem(one: TruePoints | FoundPoints) -> str | None:
        if one.picture not in pictures:
            return f"picture {one.picture} is none of those that are labelled"
        if one.points.shape != (points, 2):
            return f"it has {len(one.points)} points, not {points}"
        if isinstance(one, FoundPoints):
            return None if math.isfinite(one.score) else "its score is no number"
        if not (math.isfinite(one.area) and one.area > 0):
            return f"it has no area ({one.area:g} px^2)"
        return None if np.isfinite(one.points[one.labelled]).all() else "a labelled point lies nowhere"

    _check_all("Label", truth, truth_ids, problem)
    _check_all("Prediction", found, found_ids, problem)


def check_tracks(name: str, truth: Sequence[TracksInFrame], found: Sequence[TracksInFrame]) -> None:
    """The same of a sequence of tracks.

    Args:
        name: of the sequence.

    Raises:
        EvaluationError: it has more frames on one side, or the first frame that does not fit.
    """
    if len(truth) != len(found):
        raise EvaluationError(
            f"Sequence {name} has {len(truth)} labelled frames, and predictions for {len(found)}.",
            "Give both the same frames; one without an object is an empty one.",
        )
    for kind, frames in (("labels", truth), ("predictions", found)):
        for number, frame in enumerate(frames, start=1):
            problem = None
            if len(np.unique(frame.ids)) != len(frame.ids):
                problem = "an id stands twice"
            elif frame.boxes.shape != (len(frame.ids), 4):
                problem = f"there are {len(frame.boxes)} boxes for {len(frame.ids)} ids"
            elif not np.isfinite(frame.boxes).all() or (frame.boxes[:, 2:] <= 0).any():
                problem = "a box has no area, or a side that is no number"
            if problem:
                raise EvaluationError(
                    f"The {kind} of sequence {name} cannot be used: in frame {number} {problem}.",
                    "Correct the frame, or leave the sequence out.",
                )


def _check_all(
    kind: str,
    records: Sequence[_Record],
    ids: Sequence[int | str] | None,
    problem: Callable[[_Record], str | None],
) -> None:
    """Raises for the first record whose id was met before, or of which there is a problem."""
    names = list(range(1, len(records) + 1)) if ids is None else list(ids)
    if len(names) != len(records):
        raise ValueError(f"{len(names)} names of {len(records)} records")
    met: set[int | str] = set()
    for name, one in zip(names, records, strict=True):
        wrong = f"there are two with the id {name}" if name in met else problem(one)
        met.add(name)
        if wrong:
            raise EvaluationError(f"{kind} {name} cannot be used: {wrong}.", _WAYS_OUT[kind])


def _problem(
    one: TrueObject | FoundObject,
    pictures: Mapping[int, tuple[int, int]],
    compared: Compared,
    categories: Collection[Category],
) -> str | None:
    """What is wrong with a record; None where nothing is."""
    if one.picture not in pictures:
        return f"picture {one.picture} is none of those that are labelled"
    if one.category not in categories:
        return f"objects of the kind {one.category.value} were not labelled"
    box = one.box
    if not all(map(math.isfinite, (box.x, box.y, box.w, box.h))):
        return "its box has a side that is no number"
    ignored = isinstance(one, TrueObject) and one.ignored
    if (box.w <= 0 or box.h <= 0) and not ignored:
        return f"its box has no area ({box.w:g} x {box.h:g})"
    if isinstance(one, FoundObject):
        if not math.isfinite(one.score):
            return "its score is no number"
        return _problem_of_mask("mask", one.mask, pictures[one.picture], needed=compared is Compared.MASK)
    if one.occlusion is not None and not 0 <= one.occlusion <= 1:
        return f"its occlusion of {one.occlusion:g} is no share between 0 and 1"
    size, needed = pictures[one.picture], compared is Compared.MASK
    return _problem_of_mask("mask", one.mask, size, needed=needed, filled=not ignored) or _problem_of_mask(
        "visible mask", one.visible, size
    )


def _problem_of_mask(
    name: str, mask: Rle | None, size: tuple[int, int], *, needed: bool = False, filled: bool = False
) -> str | None:
    """What is wrong with a mask.

    Args:
        needed: whether it must be there. filled: whether it must have a pixel.
    """
    if mask is None:
        return f"it has no {name}, and masks are compared" if needed else None
    if (mask.height, mask.width) != size:
        return f"its {name} is of {mask.width} x {mask.height} px, its picture of {size[1]} x {size[0]}"
    try:
        area = rle_area(mask)
    except ValueError:
        return f"its {name} is damaged"
    return f"its {name} has no pixel" if filled and not area else None
