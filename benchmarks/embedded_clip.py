"""How right mining is on the demo's street, of which the truth is known to the pixel, and how long it takes.

    python -m benchmarks.embedded_clip [FOLDER]

The truth stands beside the clip: an object is unoccluded if nothing hides more than 2 % of its whole extent.
Parked cars are left out, since `motion` cannot see what stands still. A demo that is in FOLDER already is
taken as it is.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.geometry.masks import patch_area, patch_iou, rle_to_patch
from core.jobs.demo import CLIP_NAME, make_demo
from core.jobs.street_footage import read_truth
from core.records.detections import Category
from core.records.masks import MaskPatch, Rle
from core.records.occlusion import OcclusionLabel
from core.records.project import InstanceRow
from core.store.project import Project
from core.store.queries import frames as frame_queries
from core.store.queries import instances as instance_queries
from core.store.queries import sources as source_queries
from core.synthesis.street.clip_writer import ClipFiles

MOST_DEMO_SECONDS = 90.0
EVERY = 5  # frames in a row are nearly the same
SMALLEST_PX = 225  # seen pixels from which an object counts as there to be found
SAME_IOU = 0.5
HIDDEN_FROM = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class TrueObject:
    """One object of a frame, from the truth's row."""

    track_id: int
    category: Category
    parked: bool
    occlusion: float
    modal: MaskPatch

    @classmethod
    def of(cls, row: dict[str, Any]) -> TrueObject:
        """Reads one row."""
        height, width = row["modal"]["size"]
        rle = Rle(height, width, row["modal"]["counts"].encode("ascii"))
        return cls(
            row["track_id"], Category(row["category"]), row["parked"], row["occlusion"], rle_to_patch(rle)
        )


def main(folder: Path | None = None) -> dict[str, Any]:
    """Makes and mines the demo, prints and gives shares found, and precision and recall of "unoccluded"."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return main(Path(made))
    began = time.perf_counter()
    path = make_demo(folder)
    figures: dict[str, Any] = {"demo_s": time.perf_counter() - began, "most_demo_s": MOST_DEMO_SECONDS}
    print(f"the demo was there after {figures['demo_s']:.1f} s (limit {MOST_DEMO_SECONDS:.0f} s)")
    counts = _count(path, read_truth(ClipFiles.of(folder / CLIP_NAME, depth=False))["pictures"])
    figures["frames"] = counts["frames"]
    for category in (Category.CAR, Category.PERSON):
        figures[category.value] = _figures(counts, category)
        words = ", ".join(f"{name} {value:.2f}" for name, value in figures[category.value].items())
        print(f"{category.value}: {words}")
    figures["no_object"] = counts["none"] / max(counts["mined"], 1)
    print(f"{figures['no_object']:.2f} of what was mined is no single object (a part, or several in one)")
    return figures


def _figures(counts: Counter[Any], category: Category) -> dict[str, float]:
    both, said = counts[category, "both"], counts[category, "said"]
    return {
        "found": counts[category, "found"] / max(counts[category, "there"], 1),
        "right_category": counts[category, "named"] / max(counts[category, "matched"], 1),
        "base_rate": counts[category, "true"] / max(counts[category, "matched"], 1),
        "precision": both / max(said, 1),
        "recall": both / max(counts[category, "true"], 1),
    }


def _count(path: Path, pictures: Sequence[dict[str, Any]]) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    with Project.open(path, read_only=True) as project, project.read() as connection:
        (source,) = source_queries.list_sources(connection, project)
        for index, frame in enumerate(frame_queries.frames_of(connection, source.id, limit=100_000)):
            if index % EVERY:
                continue
            rows = instance_queries.of_frame(connection, frame.id)
            masks = instance_queries.masks(connection, [row.id for row in rows])
            mined = [(row, rle_to_patch(masks[row.id])) for row in rows if row.id in masks]
            _compare(mined, [TrueObject.of(row) for row in pictures[index]["objects"]], counts)
            counts["frames"] += 1
    return counts


def _compare(
    mined: list[tuple[InstanceRow, MaskPatch]], truth: Sequence[TrueObject], counts: Counter[Any]
) -> None:
    """Adds one frame: each mined object counts for the true one that it shares most with."""
    found: set[int] = set()
    for row, mask in mined:
        counts["mined"] += 1
        same = max(truth, key=lambda one: patch_iou(one.modal, mask), default=None)
        if same is None or patch_iou(same.modal, mask) < SAME_IOU:
            counts["none"] += 1
            continue
        if same.parked:
            continue
        found.add(same.track_id)
        unoccluded = same.occlusion <= HIDDEN_FROM
        called = row.label is OcclusionLabel.UNOCCLUDED
        counts[same.category, "matched"] += 1
        counts[same.category, "named"] += row.category is same.category
        counts[same.category, "true"] += unoccluded
        counts[same.category, "said"] += called
        counts[same.category, "both"] += unoccluded and called
    for one in truth:
        if not one.parked and patch_area(one.modal) >= SMALLEST_PX:
            counts[one.category, "there"] += 1
            counts[one.category, "found"] += one.track_id in found


if __name__ == "__main__":
    json.dump(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None), sys.stdout, indent=1)
