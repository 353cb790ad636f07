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
from typing import Any

import numpy as np

from benchmarks._unoccluded_data import CACHE, DATA
from core.jobs.reproduce.footage.clips import CLIPS
from core.jobs.reproduce.footage.unoccluded import groups, joined, judge, rule_rows

TARGET = "junction: ours at least precision 0.70 at recall 0.60, and above WALT's rule on every clip"


def main() -> dict[str, Any]:
    """Prints and gives the figures of every rule, for each clip, over all labels and the held-out ones."""
    if not (DATA / "README.md").exists():
        return {"skipped": "the real footage in ../shared/data is absent here"}
    judged = {clip.name: judge(clip, DATA, CACHE) for clip in CLIPS}
    truth, words = joined(list(judged.values()))
    missed = {name: one.missed for name, one in judged.items()}
    report: dict[str, Any] = {"target": TARGET, "not found by the network": missed, "groups": {}}
    for name, chosen in groups(truth).items():
        group = {
            "labels": len(chosen),
            "base_rate": float(np.mean([truth[place].unoccluded for place in chosen])),
            **rule_rows(truth, words, chosen),
        }
        report["groups"][name] = group
        _show(name, group)
    return report


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
