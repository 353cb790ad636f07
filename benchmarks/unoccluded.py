"""Which objects are unoccluded: WALT's rule and ours against hand labels of three real clips.

Both rules judge the same finds of one network, tracked by the project's tracker. A label belongs to the
find that meets its box best, from IoU 0.5 up; what the network did not find is listed apart. The first run
searches the clips (about ten minutes on two cores) and keeps the finds in .bench/unoccluded/.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._unoccluded_data import (
    CLIPS,
    DATA,
    Clip,
    Label,
    crops_from,
    frames_of,
    observations_of,
    read_labels,
    without_masks,
)
from core.geometry.boxes import iou_matrix, to_array
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.evidence import StaticEvidence
from core.mining.occlusion.settings import OcclusionSettings, WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel

MATCH_IOU = 0.5
RECALL = 0.60
RESAMPLES = 1000
TARGET = "junction: ours at least precision 0.70 at recall 0.60, and above WALT's rule on every clip"

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's word on the labelled objects: which it calls unoccluded, and in which order of belief."""

    kept: Bools
    belief: Floats


def main() -> dict[str, Any]:
    """Prints and gives the figures of every rule, for each clip, over all labels and the held-out ones."""
    if not (DATA / "README.md").exists():
        return {"skipped": "the real footage in ../shared/data is absent here"}
    labels = read_labels()
    truth: list[Label] = []
    words: dict[str, list[Judged]] = {}
    missed: dict[str, int] = {}
    for clip in CLIPS:
        own = [label for label in labels if label.clip == clip.name]
        found, judged, missing = _judge(clip, own)
        truth += found
        missed[clip.name] = missing
        for rule, word in judged.items():
            words.setdefault(rule, []).append(word)
    joined = {
        rule: Judged(
            np.concatenate([one.kept for one in parts]), np.concatenate([one.belief for one in parts])
        )
        for rule, parts in words.items()
    }
    report: dict[str, Any] = {"target": TARGET, "not found by the network": missed, "groups": {}}
    for name, chosen in _groups(truth).items():
        group = {
            "labels": len(chosen),
            "base_rate": float(np.mean([truth[place].unoccluded for place in chosen])),
            "rules": _rows(truth, joined, chosen),
        }
        report["groups"][name] = group
        _show(name, group)
    return report


def _judge(clip: Clip, labels: Sequence[Label]) -> tuple[list[Label], dict[str, Judged], int]:
    """All rules on one clip: the labels that were found, each rule's word on them, how many were not."""
    table, images = frames_of(clip)
    seen = observations_of(clip, table, images)
    places = _matches(labels, seen)
    found = [label for label, place in zip(labels, places, strict=True) if place is not None]
    at = [place for place in places if place is not None]
    settings = OcclusionSettings()
    evidence = StaticEvidence(table.width, table.height, settings)
    evidence.add(seen, crops_from(seen, images))
    static = evidence.map()
    bare = without_masks(seen)

    def ours(objects: Sequence[Observation], **more: Any) -> list[OcclusionDecision]:
        return decide_occlusion(objects, table.width, table.height, settings, **more)

    judged = {
        "ours": _word(ours(seen, static=static), at),
        "ours, masks only": _word(ours(seen), at),
        "ours, boxes only": _word(ours(bare, static=static), at),
    }
    for name, quirk, cut in (
        ("WALT", True, 0.9),
        ("WALT, no score cut", True, 0.0),
        ("WALT without quirk", False, 0.9),
        ("WALT without quirk, no score cut", False, 0.0),
    ):
        rule = WaltSettings(quirk=quirk, keep_score=cut)
        judged[name] = _word(decide_walt(seen, rule), at, [one.score for one in seen])
    return found, judged, len(labels) - len(found)


def _matches(labels: Sequence[Label], seen: Sequence[Observation]) -> list[int | None]:
    """For each label the place of the find that meets it best, or None."""
    frames: dict[int, list[int]] = {}
    for place, one in enumerate(seen):
        frames.setdefault(one.frame, []).append(place)
    matches: list[int | None] = []
    for label in labels:
        near = frames.get(label.frame, [])
        iou = iou_matrix([label.box], to_array(seen[place].box for place in near))[0]
        best = int(np.argmax(iou)) if near else 0
        matches.append(near[best] if near and iou[best] >= MATCH_IOU else None)
    return matches


def _word(
    decisions: Sequence[OcclusionDecision], at: Sequence[int], scores: Sequence[float] | None = None
) -> Judged:
    """A rule's word on some objects. WALT's has no margin of its own: its kept objects rank by score."""
    chosen = [decisions[place] for place in at]
    kept = np.array([one.label is OcclusionLabel.UNOCCLUDED for one in chosen])
    belief = np.array([one.margin for one in chosen], dtype=np.float64)
    if scores is not None:
        belief = np.where(kept, np.array([scores[place] for place in at]), belief)
    return Judged(kept, belief)


def _groups(truth: Sequence[Label]) -> dict[str, list[int]]:
    """Places of the labels of each clip and of all, over everything and over the held-out half."""
    groups: dict[str, list[int]] = {}
    for split in ("all labels", "held out"):
        for name in ("all clips", *(clip.name for clip in CLIPS)):
            groups[f"{name}, {split}"] = [
                place
                for place, label in enumerate(truth)
                if name in ("all clips", label.clip) and (split == "all labels" or label.split == "test")
            ]
    groups["junction draw B, all labels"] = [
        place for place, label in enumerate(truth) if label.clip == "junction" and label.draw == "B"
    ]
    groups["all clips, without doubtful labels"] = [
        place for place, label in enumerate(truth) if not label.doubtful
    ]
    return groups


def _rows(truth: Sequence[Label], words: dict[str, Judged], chosen: Sequence[int]) -> dict[str, Any]:
    """Each rule's figures on some labels, with 95 % intervals from resampling frames."""
    good = np.array([truth[place].unoccluded for place in chosen])
    frames = np.unique([f"{truth[p].clip}{truth[p].frame}" for p in chosen], return_inverse=True)[1]
    parts = [np.flatnonzero(frames == number) for number in range(frames.max() + 1)]
    random = np.random.default_rng(1)
    draws = [
        np.concatenate([parts[pick] for pick in random.integers(0, len(parts), size=len(parts))])
        for _ in range(RESAMPLES)
    ]
    walt = words["WALT without quirk, no score cut"]
    rows: dict[str, Any] = {}
    for name, word in words.items():
        kept, belief = word.kept[list(chosen)], word.belief[list(chosen)]
        bar = walt.kept[list(chosen)]

        def figures(
            at: NDArray[np.int64], kept: Bools = kept, belief: Floats = belief, bar: Bools = bar
        ) -> dict[str, float]:
            return _figures(good[at], kept[at], belief[at], bar[at])

        value = figures(np.arange(good.size))
        spread = [figures(at) for at in draws]
        rows[name] = {
            key: {
                "value": value[key],
                "low": float(np.nanpercentile([one[key] for one in spread], 2.5)),
                "high": float(np.nanpercentile([one[key] for one in spread], 97.5)),
            }
            for key in value
        }
    return rows


def _figures(good: Bools, kept: Bools, belief: Floats, bar: Bools) -> dict[str, float]:
    """Precision and recall of what is kept, and of the ranking.

    Args:
        good: which are unoccluded. kept, belief: the rule's word. bar: what WALT's rule keeps, to read
            this rule's precision at that recall.
    """
    hits = np.count_nonzero(kept & good)
    precision = hits / kept.sum() if kept.any() else np.nan
    recall = hits / good.sum() if good.any() else np.nan
    order = np.argsort(-belief, kind="stable")
    ranked = good[order]
    # equal beliefs cannot be told apart: a threshold takes all of them or none
    last = np.append(np.diff(belief[order]) != 0, True) if good.size else np.zeros(0, dtype=np.bool_)
    found = np.cumsum(ranked)
    curve_precision = (found / np.arange(1, good.size + 1))[last]
    curve_recall = (found / max(good.sum(), 1))[last]
    steps = np.diff(np.concatenate([[0.0], curve_recall]))
    walt_recall = np.count_nonzero(bar & good) / max(good.sum(), 1)
    return {
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(2 * hits / (kept.sum() + good.sum())) if good.any() else np.nan,
        "average_precision": float((curve_precision * steps).sum()),
        "precision_at_recall_0.60": _at_recall(curve_precision, curve_recall, RECALL),
        "precision_at_walt_recall": _at_recall(curve_precision, curve_recall, walt_recall),
    }


def _at_recall(precision: Floats, recall: Floats, least: float) -> float:
    """The best precision among the thresholds that reach a recall."""
    reached = precision[recall >= least - 1e-9]
    return float(reached.max()) if reached.size else float("nan")


def _show(name: str, group: dict[str, Any]) -> None:
    print(f"\n{name}: {group['labels']} labels, {100 * group['base_rate']:.0f} % unoccluded")
    heads = ("precision", "recall", "f1", "average_precision", "precision_at_recall_0.60")
    print(
        f"  {'':34}" + "".join(f"{head:>22}" for head in ("precision", "recall", "F1", "AP", "P at R 0.60"))
    )
    for rule, row in group["rules"].items():
        cells = [f"{row[key]['value']:.2f} ({row[key]['low']:.2f}-{row[key]['high']:.2f})" for key in heads]
        print(f"  {rule:34}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
