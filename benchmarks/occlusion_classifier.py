"""The occlusion classifier that comes with the program: on an unseen street, and on labels made by eye.

    python -m benchmarks.occlusion_classifier [--weights FILE]

The street is the one that `amodal synth crops` keeps to test on. The labels are those of
resources/hand_labels, on real footage in ../shared/data that it has not learned from. Its peers see the
same finds of the same network, one frame at a time as it does: our tests without what a track or the clip
teaches, and WALT's rule in its strongest form. The limit is the paper's classifier (WALT3D, Supp D):
precision 0.70 at recall 0.81, on its own data, which are not public.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._small_networks import classifier, unseen_crops
from benchmarks._unoccluded_data import DATA, ROOT
from core.geometry.boxes import iou_matrix, to_array
from core.jobs.reproduce.footage.clips import (
    CLIPS,
    Clip,
    Label,
    frames_of,
    read_finds,
    read_labels,
    write_finds,
)
from core.jobs.reproduce.footage.label_figures import Judged, own_figures, resamples, with_intervals
from core.mining.detectors.registry import create_detector
from core.mining.occlusion.classified import decide_by_belief
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.settings import WaltSettings
from core.mining.occlusion.walt import decide_walt
from core.networks.classifier import OcclusionClassifier
from core.records.detections import Detection, DetectorFrame
from core.records.occlusion import Observation, OcclusionDecision, OcclusionLabel
from core.training.data.crops import cut_sample
from core.training.tasks.classifier import believed, figures, is_unoccluded, sure_ones

LIMIT = "the paper's classifier: precision 0.70 at recall 0.81"
MATCH_IOU, BLOCK_FRAMES, BATCH = 0.5, 50, 64
CPU = torch.device("cpu")


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.occlusion_classifier")
    parser.add_argument(
        "--weights", type=Path, default=None, help="of a run, instead of those that come along"
    )
    network = classifier(parser.parse_args(arguments).weights)
    report: dict[str, Any] = {"limit": LIMIT, "street": on_the_street(network)}
    _show("an unseen street", {"classifier": report["street"]})
    if not (DATA / "README.md").exists():
        return report | {"skipped": "the real footage in ../shared/data is absent here"}
    labels: list[Label] = []
    words: dict[str, list[Judged]] = {}
    for clip in CLIPS:
        found, judged = on_labels(network, clip)
        labels += found
        for name, word in judged.items():
            words.setdefault(name, []).append(word)
    joined = {
        name: Judged(np.concatenate([one.kept for one in all_]), np.concatenate([one.belief for one in all_]))
        for name, all_ in words.items()
    }
    report["labels"] = {}
    for name in ("all clips", *(clip.name for clip in CLIPS)):
        chosen = [place for place, one in enumerate(labels) if name in ("all clips", one.clip)]
        report["labels"][name] = _rows([labels[place] for place in chosen], joined, chosen)
        _show(f"{name}, {len(chosen)} labels", report["labels"][name])
    return report


def on_the_street(network: OcclusionClassifier) -> dict[str, float]:
    """Figures on the objects of a street that no network has learned from."""
    crops = sure_ones(unseen_crops(streets=True))
    beliefs = [
        believed(network, network.settings, [one.open() for one in crops[start : start + BATCH]], CPU)
        for start in range(0, len(crops), BATCH)
    ]
    right = np.array([is_unoccluded(one.hidden) for one in crops])
    return figures(np.concatenate(beliefs), right) | {"objects": len(crops), "base_rate": float(right.mean())}


def on_labels(network: OcclusionClassifier, clip: Clip) -> tuple[list[Label], dict[str, Judged]]:
    """The labels of a clip whose objects the detector found, and each rule's word on them."""
    labels = [label for label in read_labels() if label.clip == clip.name]
    table, images = frames_of(clip, DATA)
    frames = sorted({label.frame for label in labels})
    seen = dict(zip(frames, _detections(clip, frames, images), strict=True))
    found: list[Label] = []
    words: dict[str, list[tuple[bool, float]]] = {"classifier": [], "our tests, one frame": [], "WALT": []}
    for label in labels:
        others = seen[label.frame]
        iou = iou_matrix([label.box], to_array(one.box for one in others))[0] if others else np.zeros(1)
        if iou.max() < MATCH_IOU:
            continue
        place = int(iou.argmax())
        found.append(label)
        objects = [
            Observation(number, 0, 0.0, None, one.box, one.category, one.score, one.mask)
            for number, one in enumerate(others)
        ]
        belief = _belief(network, images[label.frame], others, place)
        size = table.width, table.height
        walt = decide_walt(objects, WaltSettings(quirk=False, keep_score=0.0))[place]
        words["classifier"].append(_word(decide_by_belief([objects[place]], {place: belief}, *size, 0.5)[0]))
        words["our tests, one frame"].append(_word(decide_occlusion(objects, *size)[place]))
        kept = walt.label is OcclusionLabel.UNOCCLUDED
        words["WALT"].append((kept, others[place].score if kept else walt.margin))
    return found, {
        name: Judged(np.array([kept for kept, _ in said]), np.array([sure for _, sure in said]))
        for name, said in words.items()
    }


def _belief(
    network: OcclusionClassifier, image: NDArray[np.uint8], objects: Sequence[Detection], place: int
) -> float:
    one = objects[place]
    beside = [other.mask for other in objects if other is not one and other.mask is not None]
    sample = cut_sample(
        image, one.box, one.mask, beside, None, (), one.box.size, float("nan"), one.category, 256
    )
    return float(believed(network, network.settings, [sample], CPU)[0])


def _word(decision: OcclusionDecision) -> tuple[bool, float]:
    return decision.label is OcclusionLabel.UNOCCLUDED, decision.margin


def _rows(labels: Sequence[Label], words: dict[str, Judged], chosen: Sequence[int]) -> dict[str, Any]:
    good = np.array([label.unoccluded for label in labels])
    draws = resamples([f"{label.clip}:{label.frame // BLOCK_FRAMES}" for label in labels])
    rows: dict[str, Any] = {}
    for name, word in words.items():
        own = word.at(chosen)
        spread = [own_figures(good[draw], own.at(draw)) for draw in draws]
        rows[name] = {
            key: [one.value, one.low, one.high]
            for key, one in with_intervals(own_figures(good, own), spread).items()
        }
    return rows


def _detections(
    clip: Clip, frames: Sequence[int], images: Sequence[NDArray[np.uint8]]
) -> list[list[Detection]]:
    """What the network finds in the frames that have labels; kept for the next run."""
    path = ROOT / ".bench" / "occlusion_classifier" / f"{clip.name}.npz"
    if not path.exists():
        settings: dict[str, Any] = {"model": DATA / "networks/yolov8n-seg_int8.onnx", "min_score": 0.25}
        if clip.tile_px is not None:
            settings |= {"tiles": True, "tile_px": clip.tile_px}
        detector = create_detector("onnx", threads=1, **settings)
        write_finds(path, [detector.detect([DetectorFrame(images[frame])])[0] for frame in frames])
    return read_finds(path, len(frames))


def _show(title: str, rows: dict[str, Any]) -> None:
    print(f"\n{title}")
    for name, row in rows.items():
        cells = [f"{key} {_cell(value)}" for key, value in row.items()]
        print(f"  {name:22} {', '.join(cells)}")


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return f"{value[0]:.2f} ({value[1]:.2f} {value[2]:.2f})"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    import sys

    print(json.dumps(main(sys.argv[1:]), indent=2))
