"""The hand labels, and our tests on real footage with a real network."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.geometry.boxes import iou_matrix, to_array
from core.jobs.reproduce.footage.labels import hand_labels
from core.mining.detectors.registry import create_detector
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.settings import WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.records.detections import DetectorFrame
from core.records.occlusion import Observation, OcclusionLabel

SIZES = {"junction": (640, 360), "suburb": (640, 352), "highway": (320, 240)}
FRAMES = 10


@pytest.fixture(scope="module")
def labels() -> list[dict[str, Any]]:
    return hand_labels("occlusion_labels")["labels"]


def test_the_labels_are_whole(labels: list[dict[str, Any]]) -> None:
    assert len(labels) >= 150
    for label in labels:
        width, height = SIZES[label["clip"]]
        x, y, w, h = label["box"]
        assert x >= 0 and y >= 0 and w > 0 and h > 0  # noqa: PT018
        assert x + w <= width + 0.5
        assert y + h <= height + 0.5
        assert label["label"] in set(OcclusionLabel)
        assert ("by" in label) == (label["label"] == "occluded")
        block = f"{label['clip']}:{label['frame'] // 50}"
        odd = hashlib.sha256(block.encode()).digest()[0] % 2
        assert label["split"] == ("dev" if odd else "test")
    places = {(label["clip"], label["frame"], *label["box"]) for label in labels}
    assert len(places) == len(labels)


@pytest.mark.slow
@pytest.mark.real_data
def test_on_the_junction_ours_is_right_more_often_than_walts_rule(
    labels: list[dict[str, Any]], real_data: Path
) -> None:
    """Ten labelled frames, without any track: what overlap and border alone can say."""
    rows = [row for row in labels if row["clip"] == "junction" and not row.get("doubtful")]
    by_frame: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_frame.setdefault(row["name"], []).append(row)
    chosen = sorted(by_frame, key=lambda name: (-len(by_frame[name]), name))[:FRAMES]
    network = real_data / "networks" / "yolov8n-seg_int8.onnx"
    detector = create_detector("onnx", model=network, min_score=0.25, tiles=True, tile_px=200)
    right = {"ours": 0, "walt": 0}
    judged = 0
    for number, name in enumerate(chosen):
        image = cv2.cvtColor(cv2.imread(str(real_data / "junction" / "frames" / name)), cv2.COLOR_BGR2RGB)
        found = detector.detect([DetectorFrame(image.astype(np.uint8))])[0]
        seen = [
            Observation(place, number, 0.0, None, one.box, one.category, one.score, one.mask)
            for place, one in enumerate(found)
        ]
        words = {
            "ours": decide_occlusion(seen, 640, 360),
            "walt": decide_walt(seen, WaltSettings(quirk=False, keep_score=0.0)),
        }
        for row in by_frame[name]:
            iou = iou_matrix([row["box"]], to_array(one.box for one in seen))[0]
            best = int(np.argmax(iou))
            if iou[best] < 0.5:
                continue
            judged += 1
            for rule, decisions in words.items():
                right[rule] += decisions[best].label == row["label"]
    assert judged >= FRAMES
    assert right["ours"] >= 0.75 * judged
    assert right["ours"] > right["walt"]
