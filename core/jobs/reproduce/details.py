"""Further figures of one network on the street's test: what it finds of hidden objects, and how well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.geometry.boxes import iou_matrix, to_array
from core.geometry.masks import patch_iou, rle_to_patch
from core.jobs.reproduce.known_and_found import HIDDEN, Found, Known
from core.jobs.reproduce.precision import What, precision_of
from core.records.masks import Rle

_MATCHED = 0.5


def details_of(known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]]) -> dict[str, float]:
    """Figures of one network; NaN where there is nothing to measure."""
    whole = precision_of(known, said).by_threshold()
    row = {"amodal mask AP50": float(whole[0, 0])}
    for place, name in enumerate(("amodal mask AP", "amodal mask AP, hidden", "amodal mask AP, the rest")):
        row[name] = float(whole[place].mean())
    for name, what in (("modal mask AP", What.MODAL), ("whole box AP", What.BOX)):
        row[name] = float(precision_of(known, said, what).average()[0])
    matched = [pair for own, told in zip(known, said, strict=True) for pair in _matched(own, told)]
    hidden = [(one, find) for one, find in matched if one.hidden > HIDDEN]
    total = sum(not one.ignored and one.hidden > HIDDEN for own in known for one in own)
    return row | {
        "hidden objects": float(total),
        "hidden found": len(hidden) / total if total else float("nan"),
        "their whole IoU": _mean(
            [patch_iou(rle_to_patch(a.whole), rle_to_patch(b.whole)) for a, b in hidden]
        ),
        "their hidden part's IoU": _mean([hidden_iou(a, b) for a, b in hidden]),
    }


def mean_details(
    known: Sequence[Sequence[Known]], seeds: Sequence[Sequence[Sequence[Found]]]
) -> dict[str, float]:
    """The mean of `details_of` over seeds; NaN where one of them has nothing."""
    rows = [details_of(known, said) for said in seeds]
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def hidden_iou(one: Known, find: Found) -> float:
    """Of the part that is not seen: what is said to be of the object beyond what is truly seen of it."""
    seen = _full(one.seen)
    true, told = _full(one.whole) & ~seen, _full(find.whole) & ~seen
    union = int(np.count_nonzero(true | told))
    return int(np.count_nonzero(true & told)) / union if union else float("nan")


def _matched(known: Sequence[Known], said: Sequence[Found]) -> list[tuple[Known, Found]]:
    """Which objects are found: the surest choose first, by whole boxes that overlap by half."""
    overlaps = iou_matrix(to_array(one.box for one in known), to_array(one.box for one in said))
    taken: dict[int, int] = {}
    for place in sorted(range(len(said)), key=lambda one: -said[one].score):
        free = [
            row for row, one in enumerate(known) if row not in taken and one.category is said[place].category
        ]
        best = max(free, key=lambda row: float(overlaps[row, place]), default=None)
        if best is not None and overlaps[best, place] >= _MATCHED:
            taken[best] = place
    return [(known[row], said[place]) for row, place in taken.items() if not known[row].ignored]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _full(rle: Rle) -> NDArray[np.bool_]:
    patch = rle_to_patch(rle)
    out = np.zeros((rle.height, rle.width), dtype=np.bool_)
    h, w = patch.bits.shape
    out[patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return out
