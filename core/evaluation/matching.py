"""Which finds are which objects of a picture, as COCO matches them, for all bins and thresholds at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.average_precision import Compared
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import Rle

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
"""Of the intersection over union, or of OKS."""


def overlaps_of(truth: Sequence[TrueObject], found: Sequence[FoundObject], compared: Compared) -> Floats:
    """(finds, objects) intersection over union in one picture; with what is ignored, over the find's area."""
    from faster_coco_eval.core import mask

    if not truth or not found:
        return np.zeros((len(found), len(truth)))
    crowd = [int(one.ignored) for one in truth]
    if compared is Compared.BOX:
        said, known = (
            np.array([(one.box.x, one.box.y, one.box.w, one.box.h) for one in some], dtype=np.float64)
            for some in (found, truth)
        )
        return np.asarray(mask.iou(said, known, crowd), dtype=np.float64)
    codes = [[coded(one.mask) for one in some if one.mask is not None] for some in (found, truth)]
    return np.asarray(mask.iou(*codes, crowd), dtype=np.float64)


def coded(mask: Rle) -> dict[str, object]:
    """A mask as COCO's tools take it."""
    return {"size": [mask.height, mask.width], "counts": mask.counts}


def match(
    overlaps: Floats,
    counted: Bools,
    others: Bools,
    several: ArrayLike | None = None,
    thresholds: Floats = THRESHOLDS,
) -> NDArray[np.int64]:
    """Let the finds choose, the surest first, each the object that it overlaps most.

    As COCO does it: what counts is chosen before what does not, and of equal overlaps the last. What was
    chosen is taken.

    Args:
        overlaps: (finds, objects), the surest find first.
        counted: (bins, finds or 1, objects) which objects count in a bin, for a find.
        others: likewise, which may be chosen without counting.
        several: (objects,) bool, which are never taken: several finds may be in them.
        thresholds: (t,) the least overlap.

    Returns:
        (bins, t, finds) each find's object; -1 where it has none.
    """
    finds, objects = overlaps.shape
    shape = (len(counted), len(thresholds), finds)
    matched = np.full(shape, -1, dtype=np.int64)
    if not objects or not finds:
        return matched
    endless = np.zeros(objects, dtype=np.bool_) if several is None else np.asarray(several, dtype=np.bool_)
    first, second = (np.broadcast_to(some, (shape[0], finds, objects)) for some in (counted, others))
    taken = np.zeros((*shape[:2], objects), dtype=np.bool_)
    bins, levels = np.indices(shape[:2])
    least = np.minimum(thresholds, 1 - 1e-10)[:, None]
    for find in np.flatnonzero(overlaps.max(axis=1) >= least.min()):
        free = (overlaps[find] >= least) & (~taken | endless)
        best = _best(overlaps[find], free & first[:, None, find])
        best = np.where(best < 0, _best(overlaps[find], free & second[:, None, find]), best)
        matched[:, :, find] = best
        hit = best >= 0
        taken[bins[hit], levels[hit], best[hit]] = True
    return matched


def _best(overlaps: Floats, allowed: Bools) -> NDArray[np.int64]:
    """The last of the best among what is allowed, as COCO's loop finds it; -1 where nothing is."""
    masked = np.where(allowed, overlaps, -1.0)
    last = masked.shape[-1] - 1 - masked[..., ::-1].argmax(axis=-1)
    return np.where(allowed.any(axis=-1), last, -1)
