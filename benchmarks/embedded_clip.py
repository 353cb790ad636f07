"""How right mining is on the embedded clip, of which the truth is known to the pixel.

    python -m benchmarks.embedded_clip

The truth is the drawing's own: an object is unoccluded if nothing hides more than 2 % of its whole extent.
Parked cars are left out, since `motion` cannot see what stands still.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from core.geometry.masks import patch_area, patch_iou, rle_to_patch
from core.jobs.demo import make_demo
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.occlusion import OcclusionLabel
from core.records.project import InstanceRow
from core.store.project import Project
from core.store.queries import frames as frame_queries
from core.store.queries import instances as instance_queries
from core.store.queries import sources as source_queries
from core.synthesis.street_scene import SceneSettings, StreetScene
from core.synthesis.truth import ObjectTruth

SECONDS = 20.0
EVERY = 5  # frames in a row are nearly the same
SMALLEST_PX = 100  # seen pixels from which an object counts as there to be found
SAME_IOU = 0.5
HIDDEN_FROM = 0.02


def main() -> dict[str, Any]:
    """Mines the clip, prints and gives shares found, and precision and recall of "unoccluded"."""
    with tempfile.TemporaryDirectory() as folder:
        counts = _count(make_demo(Path(folder), seconds=SECONDS))
    figures: dict[str, Any] = {"frames": counts["frames"]}
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


def _count(path: Path) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    scene = StreetScene(SceneSettings(seconds=SECONDS))
    with Project.open(path, read_only=True) as project, project.read() as connection:
        (source,) = source_queries.list_sources(connection, project)
        for index, frame in enumerate(frame_queries.frames_of(connection, source.id, limit=100_000)):
            if index % EVERY:
                continue
            rows = instance_queries.of_frame(connection, frame.id)
            masks = instance_queries.masks(connection, [row.id for row in rows])
            mined = [(row, rle_to_patch(masks[row.id])) for row in rows if row.id in masks]
            _compare(mined, scene.frame(index)[1].objects, counts)
            counts["frames"] += 1
    return counts


def _compare(
    mined: list[tuple[InstanceRow, MaskPatch]], truth: tuple[ObjectTruth, ...], counts: Counter[Any]
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
    json.dump(main(), sys.stdout, indent=1)
