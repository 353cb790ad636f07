"""Which objects are unoccluded: WALT's rule and ours against hand labels of three real clips.

Both rules judge the same finds of one network, tracked by the project's tracker. A label belongs to the
find that meets its box best, from IoU 0.5 up; what the network did not find is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.geometry.boxes import iou_matrix, to_array
from core.jobs.reproduce.footage.clips import (
    CLIPS,
    Clip,
    Label,
    crops_from,
    frames_of,
    observations_of,
    read_labels,
    search,
    without_masks,
)
from core.jobs.reproduce.footage.label_figures import (
    Figure,
    Judged,
    lead,
    own_figures,
    resamples,
    with_intervals,
)
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.evidence import StaticEvidence
from core.mining.occlusion.settings import OcclusionSettings, WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel

MATCH_IOU = 0.5
BLOCK_FRAMES = 50  # as the labels' split into dev and test
OURS = "ours"
WALTS = {
    "WALT": WaltSettings(),
    "WALT, no least score": WaltSettings(keep_score=0.0),
    "WALT, no quirk": WaltSettings(quirk=False),
    "WALT, neither": WaltSettings(quirk=False, keep_score=0.0),
}


@dataclass(frozen=True, slots=True, eq=False)
class JudgedClip:
    """A clip's labels that were found, each rule's word on them, and how many were not found."""

    labels: tuple[Label, ...]
    words: Mapping[str, Judged]
    missed: int


def judge(clip: Clip, footage: Path, cache: Path) -> JudgedClip:
    """All rules on one clip.

    Args:
        footage: the folder of real footage. cache: where the network's finds are kept.
    """
    labels = labels_of(clip)
    table, images = frames_of(clip, footage)
    seen = observations_of(table, search(clip, footage, images, cache))
    places = _matches(labels, seen)
    found = tuple(label for label, place in zip(labels, places, strict=True) if place is not None)
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
    return JudgedClip(found, judged, len(labels) - len(found))


def labels_of(clip: Clip) -> list[Label]:
    """The hand labels of one clip."""
    return [label for label in read_labels() if label.clip == clip.name]


def joined(clips: Sequence[JudgedClip]) -> tuple[list[Label], dict[str, Judged]]:
    """All labels that were found, and each rule's word on them."""
    rules = list(clips[0].words) if clips else []
    words = {
        rule: Judged(
            np.concatenate([one.words[rule].kept for one in clips]),
            np.concatenate([one.words[rule].belief for one in clips]),
        )
        for rule in rules
    }
    return [label for one in clips for label in one.labels], words


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


def groups(truth: Sequence[Label]) -> dict[str, list[int]]:
    """Places of the labels of each clip and of all: over everything, the held-out part, and each draw."""
    kinds = {
        "all labels": lambda label: True,
        "held out": lambda label: label.split == "test",
        "draw A": lambda label: label.draw == "A",
        "draw B": lambda label: label.draw == "B",
        "draw C, on which nothing was tuned": lambda label: label.draw == "C",
        "without doubtful labels": lambda label: not label.doubtful,
    }
    chosen_by: dict[str, list[int]] = {}
    for kind, wanted in kinds.items():
        for name in ("all clips", *(clip.name for clip in CLIPS)):
            chosen = [
                place
                for place, label in enumerate(truth)
                if name in ("all clips", label.clip) and wanted(label)
            ]
            if chosen:
                chosen_by[f"{name}, {kind}"] = chosen
    return chosen_by


def rule_rows(truth: Sequence[Label], words: dict[str, Judged], chosen: Sequence[int]) -> dict[str, Any]:
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
