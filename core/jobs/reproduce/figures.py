"""How well the street's detectors find whole objects, and how far that may be chance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from core.evaluation.average_precision import Compared, average_precision
from core.geometry.boxes import iou_matrix, to_array
from core.geometry.masks import patch_area, patch_box, patch_iou, rle_to_patch
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluation import FoundObject, TrueObject
from core.records.masks import MaskPatch, Rle
from core.training.data.detection import MOST_HIDDEN
from core.training.data.street_frames import KnownFrame, StreetTruth

DRAWS = 100
HIDDEN = 0.25
"""From such a share on an object counts as hidden."""

LEAST_SIDE_PX = 8.0
"""Objects whose whole box is narrower or lower within the picture are ignored."""

_MATCHED = 0.5
_COMPARED = ("amodal mask AP", "amodal mask AP, hidden")


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An object of the test.

    Attributes:
        hidden: the share of what is within the picture that is not seen.
        ignored: it may be found or not.
    """

    category: Category
    box: Box
    whole: Rle
    seen: Rle
    hidden: float
    ignored: bool


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One find of a detector."""

    category: Category
    score: float
    box: Box
    whole: Rle
    modal: Rle


@dataclass(slots=True)
class Figures:
    """What came out.

    Attributes:
        rows: the figures of each detector, over its seeds the mean, and the spread of the first one.
        gains: of one over another, the first of `_COMPARED` and so on: mean, and the ends of the interval.
        intervals: of each detector's own, likewise.
    """

    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    gains: dict[str, dict[str, tuple[float, float, float]]] = field(default_factory=dict)
    intervals: dict[str, dict[str, tuple[float, float, float]]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"figures": self.rows, "gains": self.gains, "intervals": self.intervals}


def figures_of(test: StreetTruth, found: Mapping[str, Mapping[int, Path]], draws: int = DRAWS) -> Figures:
    """The figures of all detectors.

    Args:
        found: for each arm and seed a file of finds, one list for each picture.
        draws: of the test's pictures.
    """
    known = [known_of(test.frame(place)) for place in range(len(test))]
    finds = {arm: [read_finds(path, known) for path in seeds.values()] for arm, seeds in found.items()}
    out = Figures()
    for arm, seeds in finds.items():
        each = [one_row(known, said) for said in seeds]
        out.rows[arm] = {key: float(np.mean([row[key] for row in each])) for key in each[0]}
        first = _COMPARED[0]
        out.rows[arm] |= {
            "seeds": float(len(each)),
            "spread of seeds": float(np.ptp([r[first] for r in each])),
        }
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(known), size=len(known)).tolist() for _ in range(draws)]
    values = {
        arm: np.array([np.mean([_two(known, said, pick) for said in seeds], axis=0) for pick in drawn])
        for arm, seeds in finds.items()
        if draws
    }
    for arm, of_arm in values.items():
        out.intervals[arm] = {
            key: _interval(out.rows[arm][key], of_arm[:, place]) for place, key in enumerate(_COMPARED)
        }
    for less, more in combinations(values, 2):
        out.gains[f"{more} over {less}"] = {
            key: _interval(out.rows[more][key] - out.rows[less][key], (values[more] - values[less])[:, place])
            for place, key in enumerate(_COMPARED)
        }
    return out


def one_row(known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]]) -> dict[str, float]:
    """All figures of one detector on some pictures."""
    everywhere = range(len(known))
    row = {
        "amodal mask AP": _ap(known, said, everywhere, "whole"),
        "amodal mask AP50": _ap(known, said, everywhere, "whole", half=True),
        "amodal mask AP, hidden": _ap(known, said, everywhere, "whole", least=HIDDEN),
        "amodal mask AP, the rest": _ap(known, said, everywhere, "whole", most=HIDDEN),
        "modal mask AP": _ap(known, said, everywhere, "modal"),
        "whole box AP": _ap(known, said, everywhere, "box"),
    }
    matched = [pair for place in everywhere for pair in _matched(known[place], said[place])]
    hidden = [(one, find) for one, find in matched if one.hidden > HIDDEN]
    total = sum(not one.ignored and one.hidden > HIDDEN for row_ in known for one in row_)
    row |= {
        "hidden objects": float(total),
        "hidden found": len(hidden) / max(total, 1),
        "their whole IoU": _mean(
            [patch_iou(rle_to_patch(a.whole), rle_to_patch(b.whole)) for a, b in hidden]
        ),
        "their hidden part's IoU": _mean([hidden_iou(a, b) for a, b in hidden]),
    }
    return row


def hidden_iou(one: Known, find: Found) -> float:
    """Of the part that is not seen: what is said to be of the object beyond what is truly seen of it."""
    seen = _full(one.seen)
    true, told = _full(one.whole) & ~seen, _full(find.whole) & ~seen
    union = int(np.count_nonzero(true | told))
    return int(np.count_nonzero(true & told)) / union if union else 0.0


def known_of(frame: KnownFrame) -> list[Known]:
    """The objects of a picture of the test."""
    objects = []
    for one in frame.objects:
        whole, seen = rle_to_patch(one.whole), rle_to_patch(one.seen)
        area = patch_area(whole)
        if not area:
            continue
        box, hidden = patch_box(whole), 1 - patch_area(seen) / area
        ignored = hidden > MOST_HIDDEN or min(box.w, box.h) < LEAST_SIDE_PX
        objects.append(Known(one.category, box, one.whole, one.seen, hidden, ignored))
    return objects


def read_finds(path: Path, known: Sequence[Sequence[Known]]) -> list[list[Found]]:
    """Finds out of a file of JSON."""
    sizes = {(one.whole.height, one.whole.width) for row in known for one in row}
    [(height, width)] = sizes
    return [
        [
            Found(
                Category(one["category"]),
                one["score"],
                Box(*one["box"]),
                Rle(height, width, one["whole"].encode()),
                Rle(height, width, one["modal"].encode()),
            )
            for one in row
        ]
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def _two(
    known: Sequence[Sequence[Known]], said: Sequence[Sequence[Found]], pick: Sequence[int]
) -> tuple[float, float]:
    return _ap(known, said, pick, "whole"), _ap(known, said, pick, "whole", least=HIDDEN)


def _ap(
    known: Sequence[Sequence[Known]],
    said: Sequence[Sequence[Found]],
    pick: Sequence[int],
    what: str,
    *,
    half: bool = False,
    least: float = -1.0,
    most: float = 1.0,
) -> float:
    """Average precision on some pictures; what is hidden less than `least` or more than `most` is ignored."""
    truth, finds = [], []
    for number, place in enumerate(pick):
        for one in known[place]:
            mask = one.seen if what == "modal" else one.whole
            ignored = one.ignored or not least < one.hidden <= most
            truth.append(TrueObject(number, one.category, one.box, mask, ignored))
        finds += [
            FoundObject(number, one.category, one.box, one.score, one.modal if what == "modal" else one.whole)
            for one in said[place]
        ]
    found = average_precision(truth, finds, Compared.BOX if what == "box" else Compared.MASK)
    if found is None:
        return 0.0
    return found.ap50 if half else found.ap


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


def _interval(value: float, drawn: np.ndarray) -> tuple[float, float, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return value, float(low), float(high)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0


def _full(rle: Rle) -> np.ndarray:
    patch: MaskPatch = rle_to_patch(rle)
    out = np.zeros((rle.height, rle.width), dtype=np.bool_)
    h, w = patch.bits.shape
    out[patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return out
