"""Which objects are unoccluded: WALT's rule and ours against hand labels of three real clips.

Both rules judge the same finds of one network, tracked by the project's tracker. A label belongs to the
find that meets its box best, from IoU 0.5 up; what the network did not find is listed apart. The first run
searches the clips (about ten minutes on two cores) and keeps the finds in .bench/unoccluded/.

Ours beats WALT's rule on a clip when it is behind in none of three figures and ahead in at least one:
precision at the recall of what WALT's rule keeps, F1 of what each keeps, and average precision. It is held
against the rule in four forms: as published (with its quirk, least score 0.9), without that least score,
without the quirk, and without both, which is the strongest here. A lead is called clear where the 95 %
interval of the difference, over resampled blocks of 50 frames and on the same objects, lies above zero.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

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
from benchmarks._unoccluded_figures import Figure, Judged, lead, own_figures, resamples, with_intervals
from core.geometry.boxes import iou_matrix, to_array
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.evidence import StaticEvidence
from core.mining.occlusion.settings import OcclusionSettings, WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel

MATCH_IOU = 0.5
BLOCK_FRAMES = 50  # as the labels' split into dev and test
TARGET = "junction: ours at least precision 0.70 at recall 0.60, and above WALT's rule on every clip"
OURS = "ours"
WALTS = {
    "WALT": WaltSettings(),
    "WALT, no least score": WaltSettings(keep_score=0.0),
    "WALT, no quirk": WaltSettings(quirk=False),
    "WALT, neither": WaltSettings(quirk=False, keep_score=0.0),
}


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
            **_rows(truth, joined, chosen),
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
    for name, rule in WALTS.items():
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
    """Places of the labels of each clip and of all: over everything, the held-out part, and each draw."""
    kinds = {
        "all labels": lambda label: True,
        "held out": lambda label: label.split == "test",
        "draw A": lambda label: label.draw == "A",
        "draw B": lambda label: label.draw == "B",
        "draw C, on which nothing was tuned": lambda label: label.draw == "C",
        "without doubtful labels": lambda label: not label.doubtful,
    }
    groups: dict[str, list[int]] = {}
    for kind, wanted in kinds.items():
        for name in ("all clips", *(clip.name for clip in CLIPS)):
            chosen = [
                place
                for place, label in enumerate(truth)
                if name in ("all clips", label.clip) and wanted(label)
            ]
            if chosen:
                groups[f"{name}, {kind}"] = chosen
    return groups


def _rows(truth: Sequence[Label], words: dict[str, Judged], chosen: Sequence[int]) -> dict[str, Any]:
    """Each rule's figures on some labels, and how far ours is ahead of each form of WALT's rule."""
    good = np.array([truth[place].unoccluded for place in chosen])
    blocks = [f"{truth[place].clip}:{truth[place].frame // BLOCK_FRAMES}" for place in chosen]
    draws = resamples(blocks)
    own = {name: word.at(chosen) for name, word in words.items()}
    rules = {
        name: with_intervals(
            own_figures(good, word), [own_figures(good[draw], word.at(draw)) for draw in draws]
        )
        for name, word in own.items()
    }
    ours = own[OURS]
    leads = {
        name: with_intervals(
            lead(good, ours, own[name]),
            [lead(good[draw], ours.at(draw), own[name].at(draw)) for draw in draws],
        )
        for name in WALTS
    }
    return {
        "blocks": len(set(blocks)),
        "rules": {name: _plain(row) for name, row in rules.items()},
        "lead": {name: _plain(row) for name, row in leads.items()},
        "beats": {name: _beats(row) for name, row in leads.items()},
        "clearly": {name: [key for key, one in row.items() if one.low > 0] for name, row in leads.items()},
    }


def _beats(row: dict[str, Figure]) -> bool:
    # a rule that keeps nothing has no precision to be held against
    values = [one.value for one in row.values() if not np.isnan(one.value)]
    return min(values) >= 0 and max(values) > 0


def _plain(row: dict[str, Figure]) -> dict[str, Any]:
    return {name: asdict(one) for name, one in row.items()}


def _show(name: str, group: dict[str, Any]) -> None:
    blocks, share = group["blocks"], 100 * group["base_rate"]
    print(f"\n{name}: {group['labels']} labels in {blocks} blocks, {share:.0f} % unoccluded")
    _table(
        group["rules"],
        {
            "precision": "precision",
            "recall": "recall",
            "f1": "F1",
            "average_precision": "AP",
            "precision_at_recall_0.60": "P at R 0.60",
        },
    )
    print("  ours ahead of")
    _table(
        group["lead"],
        {"precision_at_its_recall": "P at its recall", "f1": "F1", "average_precision": "AP"},
        {name: "beats" if beats else "does not beat" for name, beats in group["beats"].items()},
    )


def _table(
    rows: dict[str, dict[str, Any]], heads: dict[str, str], words: dict[str, str] | None = None
) -> None:
    print(f"  {'':24}" + "".join(f"{head:>22}" for head in heads.values()))
    for name, row in rows.items():
        cells = [f"{row[key]['value']:.2f} ({row[key]['low']:.2f} {row[key]['high']:.2f})" for key in heads]
        word = "" if words is None else f"  {words[name]}"
        print(f"  {name:24}" + "".join(f"{cell:>22}" for cell in cells) + word)


if __name__ == "__main__":
    print(json.dumps(main(), indent=2))
