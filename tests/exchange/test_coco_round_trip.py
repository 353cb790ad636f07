"""Any project's objects, out as COCO and into another project with the same footage, are the same objects."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.exchange.coco import export_coco, import_coco
from core.geometry.masks import full_to_patch, patch_area, patch_to_rle
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin, OcclusionDecision, OcclusionLabel, Verdict
from core.records.shapes import KeypointTag
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.writers.decisions import write_decisions
from core.store.writers.tracks import write_track

from .conftest import HEIGHT, WIDTH, Place

bits = hnp.arrays(bool, (HEIGHT, WIDTH), elements=st.booleans(), fill=st.just(False))
side = st.floats(0.5, 20)


@st.composite
def found_instances(draw: st.DrawFn) -> FoundInstance:
    w, h = draw(side), draw(side)
    box = Box(draw(st.floats(0, WIDTH - w)), draw(st.floats(0, HEIGHT - h)), w, h)
    category, score = draw(st.sampled_from(Category)), draw(st.floats(0, 1))
    mask = draw(st.none() | bits)
    if mask is None or not mask.any():
        return FoundInstance(box, category, score)
    patch = full_to_patch(np.asarray(mask))
    return FoundInstance(box, category, score, patch_to_rle(patch, HEIGHT, WIDTH), patch_area(patch))


placed = st.builds(
    PlacedPoint,
    st.floats(-20, WIDTH + 20),
    st.floats(-20, HEIGHT + 20),
    st.sampled_from([tag for tag in KeypointTag if tag is not KeypointTag.UNLABELLED]),
    st.sampled_from(LabelOrigin),
    st.floats(0, 1),
)


def pointed(template: Template) -> st.SearchStrategy[KeypointSet]:
    points = st.lists(st.none() | placed, min_size=template.size, max_size=template.size)
    return points.map(lambda found: KeypointSet(template, tuple(found)))


def with_points(found: FoundInstance) -> st.SearchStrategy[tuple[FoundInstance, KeypointSet | None]]:
    """An object, and a person's points or a car's, which other vehicles may have too."""
    template = Template.PERSON if found.category is Category.PERSON else Template.CAR
    return st.tuples(st.just(found), st.none() | pointed(template))


scene = st.lists(
    st.tuples(
        st.integers(0, 11),
        found_instances().flatmap(with_points),
        st.sampled_from([None, 0, 1]),
        st.sampled_from([None, *OcclusionLabel]),
        st.sampled_from([None, None, Verdict.UNOCCLUDED, Verdict.OCCLUDED]),
    ),
    max_size=8,
)


def facts(path: Path) -> list[Any]:
    """What a file says, without ids: each object with its picture, and the partners in its track."""
    data = json.loads(path.read_text())
    images = {row["id"]: row["file_name"] for row in data["images"]}

    def key(row: dict[str, Any]) -> str:
        shown = [images[row["image_id"]], row["category_id"], row["bbox"], row["score"], row["area"]]
        said = [row.get("keypoints"), row.get("num_keypoints"), row["amodal"].get("keypoints")]
        return json.dumps([*shown, row["segmentation"], row["occlusion"]["label"], *said])

    tracks: dict[Any, list[str]] = {}
    for row in data["annotations"]:
        tracks.setdefault(row.get("track_id", f"none {row['id']}"), []).append(key(row))
    return sorted((key(row), sorted(tracks.get(row.get("track_id"), []))) for row in data["annotations"])


def fill(place: Place, objects: list[Any]) -> None:
    frames = [*place.folder_frames, *place.video_frames]
    tracked: dict[tuple[int, int], list[int]] = {}
    by_frame: dict[int, list[Any]] = {}
    for one in objects:
        by_frame.setdefault(one[0], []).append(one)
    for number, group in by_frame.items():
        ids = place.detect(frames[number], [found for _, (found, _), *_ in group])
        for instance_id, (_, (_, keypoints), track, label, verdict) in zip(ids, group, strict=True):
            if track is not None:
                tracked.setdefault((number // 6, track), []).append(instance_id)
            if label is not None:
                margin = 0.5 if label is OcclusionLabel.UNOCCLUDED else -0.5
                decision = OcclusionDecision(instance_id, label, margin, ())
                with place.project.bulk() as bulk:
                    bulk.run(lambda c, d=decision: write_decisions(c, [d]))
            if verdict is not None:
                set_verdict(place.history, [instance_id], verdict)
            if keypoints is not None:
                save_keypoints(place.history, instance_id, keypoints, "Place points")
    for (part, _), ids in tracked.items():
        source = (place.folder, place.video)[part]
        with place.project.bulk() as bulk:
            bulk.run(lambda c, s=source, p=part, i=ids: write_track(c, s, p + 1, i, taken=set()))


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(objects=scene)
def test_out_and_in_again(objects: list[Any]) -> None:
    folder = Path(tempfile.mkdtemp())
    first, second = Place(folder / "first.amodal"), Place(folder / "second.amodal")
    try:
        fill(first, objects)
        export_coco(first.project, folder / "first.json")
        summary = import_coco(second.project, folder / "first.json")
        assert summary.added == len(facts(folder / "first.json"))
        export_coco(second.project, folder / "second.json")
        assert facts(folder / "second.json") == facts(folder / "first.json")
        for row in json.loads((folder / "second.json").read_text())["annotations"]:
            said = row["occlusion"]
            assert said["origin"] == ("human" if said["reviews"] else "import" if said["label"] else None)
            assert said["annotator"] == ("Ann" if said["reviews"] else None)
        again = import_coco(second.project, folder / "first.json")
        assert (again.added, again.found_again) == (0, summary.added)
        export_coco(second.project, folder / "third.json")
        assert facts(folder / "third.json") == facts(folder / "first.json")
        assert (folder / "third.json").read_text().split("\n", 2)[2] == (
            folder / "second.json"
        ).read_text().split("\n", 2)[2]
    finally:
        first.project.close()
        second.project.close()
        shutil.rmtree(folder)
